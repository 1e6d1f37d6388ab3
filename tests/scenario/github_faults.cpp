// What GitHub may answer, and what the user sees of it: documents travel all the same.
#include "scenario/github_world.hpp"
#include "support/catch.hpp"

using namespace ps_sync::test;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

/// A push while something is wrong with the ticket: the documents are there, the beacon is pending, the words are told.
void push_past(TicketPair& pair, const std::string& name, const std::string& words) {
  pair.desktop.write(planning + name, name + "\n");
  const Outcome pushed = pair.desktop.ps({"push"}, pair.on());
  INFO(pushed.describe());
  CHECK(pushed.exit == 0);
  CHECK(contains(pushed.err, words));
  CHECK(pair.world.origin_files().contains(planning + name));
  CHECK(pair.desktop.json({"status", "--offline"}).at("beacon").at("pending") == true);
  pair.code.ps({"pull"}, pair.on());
  CHECK(pair.code.read(planning + name) == name + "\n");
}

void heals(TicketPair& pair) {
  pair.github.heal();
  CHECK(pair.desktop.json({"push"}, pair.on()).at("published") == true);
  pair.code.ok({"pull"}, pair.on());
  CHECK(contains(pair.body(), "STATUS: IDLE"));
}

}  // namespace

TEST_CASE("refusals of GitHub are told one from the other, and hold up no document", "[github][faults]") {
  TicketPair pair;
  pair.travel("first.md", pair.desktop, pair.code);
  struct Case {
    const char* name;
    GitHubFault fault;
    const char* words;
    GitHubMatch match = any_request();
  };
  const std::vector<Case> cases = {
      {"a wrong token", bad_credentials(), "does not accept the token of GH_TOKEN"},
      {"a token that may not", missing_permission(), "issues=write"},
      {"single sign-on", saml(), "single sign-on"},
      {"an archived repository", error_answer(403, "Repository was archived so is read-only."), "archived"},
      {"no such ticket", error_answer(404, "Not Found"), "may not see it"},
      {"a deleted ticket", error_answer(410, "This issue was deleted"), "beacon create"},
      {"issues off", error_answer(410, "Issues are disabled for this repo"), "switched off"},
      {"a text that is refused", error_answer(422, "Validation Failed"), "Validation Failed"},
      {"trouble at GitHub", server_error(502), "in trouble"},
      {"a text that is not kept", body_refused(), "kept the old one", patch_issue()},
      {"an answer that is cut off", truncated_json(), "cut off"},
      {"an answer without end", huge_body(), "longer than 4 MB"},
      {"a hotel's page", html_page(), "GitHub"},
      {"a redirect to another server", redirect(301, "http://localhost:1/repos/octo/plans/issues/1"), "another place"},
  };
  int number = 0;
  for (const Case& each : cases) {
    INFO(each.name);
    pair.github.from_now(
        each.fault.target_type() == body_refused().target_type() && std::string(each.name) == "a text that is not kept"
            ? patch_issue()
            : any_request(),
        each.fault);
    push_past(pair, "case-" + std::to_string(++number) + ".md", each.words);
    heals(pair);
  }
}

TEST_CASE("a limit is obeyed across runs, and nothing waits for it", "[github][faults]") {
  TicketPair pair;
  pair.travel("first.md", pair.desktop, pair.code);
  for (const GitHubFault& fault : {primary_limit(403, 3600s), primary_limit(429, 3600s), secondary_limit(403, 3600s),
                                   secondary_limit(429), secondary_limit(403)}) {
    pair.github.once(any_request(), fault);
    pair.desktop.write(planning + "a.md", std::to_string(std::rand()) + "\n");
    const Outcome pushed = pair.desktop.ps({"push"}, pair.on());
    INFO(pushed.describe());
    CHECK(pushed.exit == 0);
    CHECK(contains(pushed.err, "limit"));
    pair.github.clear();
    pair.desktop.write(planning + "a.md", std::to_string(std::rand()) + " again\n");
    CHECK(contains(pair.desktop.ps({"push"}, pair.on()).err, "asks to wait until"));
    CHECK(pair.github.requests().empty());
    std::filesystem::remove(pair.desktop.git_folder() / "promptsync" / "github.json");  // as if the time were over
  }
}

TEST_CASE("a write whose answer is lost is looked for, and not taken for failed", "[github][faults]") {
  TicketPair pair;
  pair.travel("first.md", pair.desktop, pair.code);
  for (const GitHubFault& fault : {reset_after(), server_error_after(502), reset_before(), server_error(503)}) {
    pair.github.once(patch_issue(), fault);
    const json pushed =
        pair.desktop.write(planning + "a.md", std::to_string(std::rand()) + "\n").json({"push"}, pair.on());
    INFO(pushed.dump());
    CHECK(pushed.at("published") == true);
    pair.code.ok({"pull"}, pair.on());
    CHECK(contains(pair.body(), "STATUS: IDLE"));
  }
}

TEST_CASE("a silent GitHub is given up, and the documents have gone before", "[github][faults]") {
  TicketPair pair;
  pair.travel("first.md", pair.desktop, pair.code);
  for (Clone* clone : {&pair.desktop, &pair.code}) clone->ok({"config", "set", "network.timeout", "1s"});
  for (const GitHubFault& fault : {stall_before(), stall_in_body()}) {
    pair.github.from_now(any_request(), fault);
    push_past(pair, "a-" + std::to_string(std::rand()) + ".md", "the beacon was not published");
    heals(pair);
  }
}

TEST_CASE("a copy that lags behind is no news", "[github][faults]") {
  TicketPair pair;
  pair.travel("first.md", pair.desktop, pair.code);
  pair.desktop.write(planning + "a.md", "a\n").ok({"push"}, pair.on());
  pair.github.once(get_issue(), stale_answer());
  pair.desktop.write(planning + "b.md", "b\n").ok({"push"}, pair.on());
  CHECK(contains(pair.body(), planning + "a.md"));
  CHECK(contains(pair.body(), planning + "b.md"));
}

TEST_CASE("a renamed repository is followed, a transferred ticket is named", "[github][faults]") {
  TicketPair pair;
  pair.travel("first.md", pair.desktop, pair.code);
  pair.github.rename_repository("octo/renamed");
  pair.desktop.write(planning + "a.md", "a\n");
  const json pushed = pair.desktop.json({"push"}, pair.on());
  INFO(pushed.dump());
  CHECK(pushed.at("published") == true);
  CHECK(contains(pair.github.issue(1, "octo/renamed").body.value_or(""), "UPDATE_AVAILABLE"));
  pair.github.add_repository("octo/elsewhere");
  pair.github.allow(GitHubServer::user, Access::write, "octo/elsewhere");
  const int number = pair.github.transfer(1, "octo/elsewhere");
  pair.desktop.write(planning + "b.md", "b\n");
  const Outcome refused = pair.desktop.ps({"push"}, pair.on());
  CHECK(refused.exit == 0);
  CHECK(contains(refused.err, "ps-sync beacon link octo/elsewhere#" + std::to_string(number)));
  pair.desktop.ok({"beacon", "link", "octo/elsewhere#" + std::to_string(number)}, pair.on());
  CHECK(contains(pair.github.issue(number, "octo/elsewhere").body.value_or(""), planning + "b.md"));
}

TEST_CASE("labels that GitHub leaves out are told once, and are no reason to fail", "[github][faults]") {
  TicketPair pair;
  pair.travel("first.md", pair.desktop, pair.code);
  pair.github.remove_labels(1);
  pair.github.from_now(patch_issue(), labels_dropped());
  const Outcome first = pair.desktop.write(planning + "a.md", "a\n").ps({"push"}, pair.on());
  CHECK(first.exit == 0);
  CHECK(contains(first.err, "labels"));
  const Outcome second = pair.desktop.write(planning + "b.md", "b\n").ps({"push"}, pair.on());
  CHECK(second.exit == 0);
  CHECK_FALSE(contains(second.err, "labels"));
}

TEST_CASE("a GitHub that is away leaves the beacon pending", "[github][faults]") {
  TicketPair pair;
  pair.travel("first.md", pair.desktop, pair.code);
  pair.github.stop();
  push_past(pair, "a.md", "the beacon was not published");
}
