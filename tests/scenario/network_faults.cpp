// Remotes over HTTP that say nothing, stop in the middle, go on too slowly or say something else than git. What must
// hold after each command stands in faults.hpp.
#include "scenario/faults.hpp"
#include "support/catch.hpp"
#include "support/faulty_server.hpp"

using namespace ps_sync::test;

namespace {

struct HttpTrouble {
  World world;
  FaultyServer server{world};
  Troubled place{world, server.url()};

  /// All commands meet the fault, one after the other, and wait for better days; when these come, all is done.
  void queues(const Behaviour& fault, const std::string& words = "") {
    all(fault, [&](const std::string& command) { place.queues(command, words); });
  }
  void fails(const Behaviour& fault, const std::string& words) {
    all(fault, [&](const std::string& command) { place.fails(command, words); });
  }
  void gives_up(const Behaviour& fault) {
    all(fault, [&](const std::string& command) { place.gives_up(command); });
  }
  /// For what only those meet that send. The server may have taken what it did not answer for, so each has news.
  void gives_up_sending(const Behaviour& fault) {
    each_sending(fault, [&](const std::string& command) { place.gives_up(command); });
  }
  void queues_sending(const Behaviour& fault, const std::string& words = "") {
    each_sending(fault, [&](const std::string& command) { place.queues(command, words); });
  }
  void fails_sending(const Behaviour& fault, const std::string& words) {
    each_sending(fault, [&](const std::string& command) { place.fails(command, words); });
  }

 private:
  template <class Check>
  void all(const Behaviour& fault, Check check) {
    for (const std::string& command : all_commands) {
      server.behave(fault);
      check(command);
      CHECK_FALSE(server.requests().empty());
    }
    server.heal();
    place.completes("sync");
  }
  template <class Check>
  void each_sending(const Behaviour& fault, Check check) {
    place.news_may_arrive = true;
    for (const char* command : {"push", "sync", "pull"}) {
      server.behave(fault);
      check(command);
      CHECK_FALSE(server.requests().empty());
      server.heal();
      place.completes(command);
    }
  }
};

}  // namespace

TEST_CASE("the server of these tests serves git itself", "[http][faults]") {
  World world;
  FaultyServer server(world);
  const auto run = [&](const Arguments& arguments) {
    const Outcome outcome = world.run(world.root(), arguments);
    INFO(outcome.describe());
    CHECK(outcome.exit == 0);
  };
  run({"git", "clone", "-q", server.url(), "taken"});
  run({"git", "-C", "taken", "commit", "-q", "--allow-empty", "-m", "Third"});
  run({"git", "-C", "taken", "push", "-q", "origin", "HEAD:refs/heads/other"});
  CHECK(contains(world.origin_git({"log", "-1", "--format=%s", "other"}), "Third"));
}

TEST_CASE("an HTTP server that says nothing is given up, and the next run completes", "[http][faults]") {
  HttpTrouble trouble;
  SECTION("to the first request") { trouble.queues(silent()); }
  SECTION("to the request for objects") { trouble.queues(at_fetch(silent())); }
  SECTION("to what is pushed") { trouble.queues_sending(at_push(silent())); }
  SECTION("and does not even read what is pushed") { trouble.queues_sending(at_push(silent_and_unread())); }
}

TEST_CASE("an HTTP answer that stops in the middle is given up, and the next run completes", "[http][faults]") {
  HttpTrouble trouble;
  SECTION("in the headers") { trouble.queues(stalling_in_headers()); }
  SECTION("among the refs") { trouble.queues(at_info_refs(stalling_in_body())); }
  SECTION("in the pack") { trouble.queues(at_fetch(stalling_in_body())); }
  SECTION("in the report on a push") { trouble.queues_sending(at_push(stalling_in_body())); }
}

TEST_CASE("four bytes a second over HTTP are silence", "[http][faults]") {
  HttpTrouble trouble;
  SECTION("in the headers") { trouble.queues(dripping_from_headers()); }
  SECTION("among the refs") { trouble.queues(at_info_refs(dripping_from_body())); }
  SECTION("in the pack") { trouble.queues(at_fetch(dripping_from_body())); }
  SECTION("in the report on a push") { trouble.queues_sending(at_push(dripping_from_body())); }
}

TEST_CASE("an HTTP connection that is cut leaves the work queued, and the next run completes", "[http][faults]") {
  HttpTrouble trouble;
  SECTION("in the headers") { trouble.queues(closing_in_headers()); }
  SECTION("among the refs") { trouble.queues(at_info_refs(closing_in_body())); }
  SECTION("in the pack") { trouble.queues(at_fetch(closing_in_body())); }
  SECTION("in the report on a push") { trouble.queues_sending(at_push(closing_in_body())); }
}

TEST_CASE("an HTTP server that is away leaves the work queued", "[http][faults]") {
  HttpTrouble trouble;
  trouble.server.stop();
  for (const std::string& command : all_commands) trouble.place.queues(command);
  trouble.place.code.git({"remote", "set-url", "origin", trouble.world.origin().string()});
  trouble.place.completes("sync");
}

TEST_CASE("an HTTP server in trouble leaves the work queued: 500, 502, 503, 504, 429", "[http][faults]") {
  HttpTrouble trouble;
  SECTION("500") { trouble.queues(answering("500 Internal Server Error", "the disk is full"), "500"); }
  SECTION("502") { trouble.queues(answering("502 Bad Gateway"), "502"); }
  SECTION("503") { trouble.queues(answering("503 Service Unavailable", "back at noon"), "503"); }
  SECTION("504") { trouble.queues(answering("504 Gateway Timeout"), "504"); }
  SECTION("429") { trouble.queues(answering("429 Too Many Requests", "slow down", "Retry-After: 3600\r\n"), "429"); }
  SECTION("500 to the request for objects") { trouble.queues(at_fetch(answering("500 Oh no")), "500"); }
  SECTION("503 to what is pushed") { trouble.queues_sending(at_push(answering("503 Not now")), "503"); }
  SECTION("429 to what is pushed") {
    trouble.queues_sending(at_push(answering("429 Too Many Requests", "", "Retry-After: 3600\r\n")), "429");
  }
}

TEST_CASE("an HTTP server that says no is an error with its words, and the work stays queued", "[http][faults]") {
  HttpTrouble trouble;
  SECTION("401 without credentials") {
    trouble.fails(answering("401 Unauthorized", "", "WWW-Authenticate: Basic realm=\"plans\"\r\n"), "401");
  }
  SECTION("403") {
    trouble.fails(answering("403 Forbidden", "this repository is frozen"), "this repository is frozen");
  }
  SECTION("404") { trouble.fails(answering("404 Not Found", "no such repository"), "404"); }
  SECTION("403 to the request for objects") {
    trouble.fails(at_fetch(answering("403 Forbidden", "not for you")), "not for you");
  }
  SECTION("403 to what is pushed") {
    trouble.fails_sending(at_push(answering("403 Forbidden", "read only until Monday")), "read only until Monday");
  }
  SECTION("413 to what is pushed") {
    trouble.fails_sending(at_push(answering("413 Payload Too Large", "at most 1 MB")), "at most 1 MB");
  }
}

TEST_CASE("words of an HTTP server are shown escaped", "[http][faults]") {
  HttpTrouble trouble;
  SECTION("in the body") {
    trouble.fails(answering("403 Forbidden", "frozen \x1b]0;owned\x07\x1b[2J since \r Monday"), "frozen ");
  }
  SECTION("in the reason") { trouble.fails(answering("403 Gone \x1b[31mred\x07"), "403"); }
  SECTION("in the body of what passes") { trouble.queues(answering("503 Away", "\x1b[2Jback soon\x07"), "503"); }
}

TEST_CASE("a page of a captive portal is no answer of git's, and the work stays queued", "[http][faults]") {
  HttpTrouble trouble;
  SECTION("for the refs") { trouble.queues(captive_portal()); }
  SECTION("for the pack") { trouble.queues(at_fetch(captive_portal())); }
  SECTION("for the report") { trouble.queues_sending(at_push(captive_portal())); }
}

TEST_CASE("a push whose report is missing or cut off stays queued", "[http][faults]") {
  HttpTrouble trouble;
  const auto report = [](const std::string& bytes) { return at_push(answering_wrongly(bytes)); };
  const auto meet = [&](const Behaviour& fault) { trouble.gives_up_sending(fault); };
  SECTION("empty") { meet(report("")); }
  SECTION("no word on the refs, in a band") {
    meet(
        report("0013\x01"
               "000eunpack ok\n0000"));
  }
  SECTION("no word on the refs, plain") { meet(report("000eunpack ok\n0000")); }
  SECTION("a band that ends in the middle") {
    meet(
        report("0013\x01"
               "000eunp"));
  }
  SECTION("no such line") { meet(report("zzzz")); }
}

TEST_CASE("an answer over HTTP without end or measure is not taken for ever", "[http][faults]") {
  HttpTrouble trouble;
  SECTION("a header of a megabyte") { trouble.gives_up(huge_header()); }
  SECTION("refs without end") {
    const auto all_taken = std::make_shared<std::atomic<bool>>(false);
    trouble.gives_up(at_info_refs(endless_refs(all_taken)));
    CHECK_FALSE(*all_taken);
  }
}

TEST_CASE("what is no list of refs is not believed", "[http][faults]") {
  HttpTrouble trouble;
  const std::string title = "001e# service=git-upload-pack\n0000";
  SECTION("no length") { trouble.gives_up(at_info_refs(answering_wrongly(title + "wxyz what is this"))); }
  SECTION("a length of one") { trouble.gives_up(at_info_refs(answering_wrongly(title + "0001"))); }
  SECTION("a line that is longer than the answer") {
    trouble.gives_up(at_info_refs(answering_wrongly(title + "fff0x")));
  }
  SECTION("no title") { trouble.gives_up(at_info_refs(answering_wrongly("0000"))); }
  SECTION("nothing") { trouble.gives_up(at_info_refs(answering_wrongly(""))); }
  SECTION("bytes of zero") { trouble.gives_up(at_info_refs(answering_wrongly(std::string(5000, '\0')))); }
  SECTION("an error line") {
    trouble.fails(at_info_refs(answering_wrongly("001e# service=git-upload-pack\n00000013ERR moved away\n")),
                  "moved away");
  }
}

TEST_CASE("refs with odd names on the remote do no harm", "[http][faults]") {
  World world;
  FaultyServer server(world);
  Troubled place(world, server.url());
  const std::string id = world.origin_tip("refs/heads/main");
  server.behave(at_info_refs([&](Exchange& exchange) {
    std::string list = exchange.right_body();
    list.resize(list.size() - 4);
    for (const std::string name :
         {"refs/heads/../../../escaped", "../../x", "refs/heads/\x1b[2Jred\x07", "refs/heads/a b", "refs/heads/.lock",
          "refs/heads/-x", "refs/heads/promptsync/main.lock", "/etc/passwd", "refs/promptsync/../../../config"}) {
      const std::string line = id + " " + name + "\n";
      char length[8];
      std::snprintf(length, sizeof length, "%04x", static_cast<unsigned>(line.size() + 4));
      list += length + line;
    }
    exchange.answer("200 OK", exchange.right_type(), list + "0000");
  }));
  for (const char* command : {"status", "pull", "push", "sync"}) {
    INFO(command);
    const Outcome outcome = place.code.ps({command});
    CHECK(outcome.exit == 0);
    CHECK_FALSE(contains(outcome.out + outcome.err, "\x1b"));
  }
  CHECK_FALSE(contains(place.code.store({"for-each-ref"}), "escaped"));
  CHECK_FALSE(std::filesystem::exists(place.code.path(".git/promptsync/escaped")));
  place.desktop.ok({"sync"});
  CHECK(changes(documents(place.code), documents(place.desktop)) == "");
}
