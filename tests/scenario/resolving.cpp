// The ways out of a conflict, from the place that has it and from any other.
#include <nlohmann/json.hpp>

#include "scenario/reading.hpp"
#include "support/catch.hpp"

using namespace ps_sync::test;
using nlohmann::json;

namespace {

const std::string doc = planning + "a.md";
const std::string theirs_text = "one\ntwo by desktop\nthree\n";
const std::string ours_text = "one\ntwo by code\nthree\n";

struct Conflicted : Pair {
  Conflicted() : Pair(Files{{doc, "one\ntwo\nthree\n"}}) {
    desktop.write(doc, theirs_text).ok({"push"});
    code.write(doc, ours_text);
    if (code.ps({"sync"}).exit != 3) throw std::runtime_error("there is no conflict to resolve");
  }

  /// Code has no conflict left, and all hold `bytes`.
  void check_settled(const std::string& bytes) {
    CHECK(code.ps({"sync"}).exit == 0);
    CHECK(code.json({"conflicts"})["conflicts"].empty());
    CHECK(code.json({"conflicts", "--all"})["conflicts"].empty());
    CHECK(code.read(doc) == bytes);
    CHECK(world.origin_files()[doc] == bytes);
    desktop.ok({"pull"});
    CHECK(desktop.read(doc) == bytes);
  }
};

}  // namespace

TEST_CASE("resolve alone takes the file as it now is on disk", "[resolve]") {
  Conflicted pair;
  pair.code.write(doc, "one\ntwo by both\nthree\n");
  CHECK(pair.code.ps({"resolve", doc}).exit == 0);
  pair.check_settled("one\ntwo by both\nthree\n");
}

TEST_CASE("resolve refuses a file that still holds conflict markers", "[resolve]") {
  Conflicted pair;
  const std::string marked = "one\n<<<<<<< ours\ntwo by code\n=======\ntwo by desktop\n>>>>>>> theirs\nthree\n";
  pair.code.write(doc, marked);
  const Outcome refused = pair.code.ps({"resolve", doc});
  CHECK(refused.exit != 0);
  CHECK(contains(refused.err, "marker"));
  CHECK(pair.code.read(doc) == marked);
  CHECK(pair.code.json({"conflicts"})["conflicts"].size() == 1);
  CHECK(pair.world.origin_files()[doc] == theirs_text);
  // A line of equals signs under a heading is Markdown and no marker.
  pair.code.write(doc, "Title\n=======\none\n");
  CHECK(pair.code.ps({"resolve", doc}).exit == 0);
  pair.check_settled("Title\n=======\none\n");
}

TEST_CASE("resolve --ours keeps what this place had", "[resolve]") {
  Conflicted pair;
  CHECK(pair.code.ps({"resolve", doc, "--ours"}).exit == 0);
  pair.check_settled(ours_text);
}

TEST_CASE("resolve --theirs takes the branch's, and commits what was on disk before it replaces that", "[resolve]") {
  Conflicted pair;
  pair.code.write(doc, "written since\n");
  CHECK(pair.code.ps({"resolve", doc, "--theirs"}).exit == 0);
  CHECK(pair.code.read(doc) == theirs_text);
  CHECK(in_history(pair.world, pair.code, "written since\n"));
  CHECK(in_history(pair.world, pair.code, ours_text));
  pair.check_settled(theirs_text);
}

TEST_CASE("resolve --union keeps the lines of both, without markers", "[resolve]") {
  Conflicted pair;
  CHECK(pair.code.ps({"resolve", doc, "--union"}).exit == 0);
  const std::string both = pair.code.read(doc);
  CHECK(contains(both, "two by code\n"));
  CHECK(contains(both, "two by desktop\n"));
  CHECK_FALSE(contains(both, "<<<<"));
  CHECK(lines_of(both).size() == 4);
  pair.check_settled(both);
}

TEST_CASE("resolve --file takes another file's bytes", "[resolve]") {
  Conflicted pair;
  pair.code.write("drafts/settled.md", "settled\r\n");
  CHECK(pair.code.ps({"resolve", doc, "--file", "drafts/settled.md"}).exit == 0);
  CHECK(pair.code.exists("drafts/settled.md"));
  CHECK(in_history(pair.world, pair.code, ours_text));
  pair.check_settled("settled\r\n");
}

TEST_CASE("resolve of a path without a conflict, or with two choices, is refused", "[resolve]") {
  Conflicted pair;
  CHECK(pair.code.ps({"resolve", planning + "none.md"}).exit != 0);
  CHECK(pair.code.ps({"resolve", doc, "--ours", "--theirs"}).exit == 2);
  CHECK(pair.code.json({"conflicts"})["conflicts"].size() == 1);
}

TEST_CASE("everybody's conflicts are listed from a third clone", "[resolve]") {
  Conflicted pair;
  Clone& third = pair.world.place("third");
  third.ok({"pull"});
  CHECK(third.json({"conflicts"})["conflicts"].empty());
  const json all = third.json({"conflicts", "--all"})["conflicts"];
  REQUIRE(all.size() == 1);
  CHECK(all[0]["path"] == doc);
  CHECK(all[0]["kind"] == "content");
  CHECK(all[0]["ours"] == blob_id(pair.world, ours_text));
  CHECK(all[0]["theirs"] == blob_id(pair.world, theirs_text));
  CHECK(third.json({"status"})["state"] == "in_sync");
}

TEST_CASE("a resolution made elsewhere closes the conflict here while the file here is still that ours", "[resolve]") {
  for (const std::string choice : {"--ours", "--theirs", "--union"}) {
    INFO(choice);
    Conflicted pair;
    Clone& third = pair.world.place("third");
    third.ok({"pull"});
    CHECK(third.ps({"resolve", doc, choice}).exit == 0);
    third.ok({"sync"});
    const std::string chosen = third.read(doc);
    if (choice != "--union") CHECK(chosen == (choice == "--ours" ? ours_text : theirs_text));
    const Outcome pulled = pair.code.ps({"pull"});
    INFO(pulled.describe());
    CHECK(pulled.exit == 0);
    pair.check_settled(chosen);
  }
}

TEST_CASE("a resolution made elsewhere does not touch a file that was changed here since", "[resolve]") {
  Conflicted pair;
  Clone& third = pair.world.place("third");
  third.ok({"pull"});
  CHECK(third.ps({"resolve", doc, "--union"}).exit == 0);
  third.ok({"sync"});
  pair.code.write(doc, "one\ntwo, a new thought\nthree\n");
  CHECK(pair.code.ps({"pull"}).exit == 3);
  CHECK(pair.code.read(doc) == "one\ntwo, a new thought\nthree\n");
  CHECK(pair.code.json({"conflicts"})["conflicts"].size() == 1);
  CHECK(pair.world.origin_files()[doc] == third.read(doc));
}

TEST_CASE("a conflict can be resolved offline, and goes out later", "[resolve]") {
  Conflicted pair;
  pair.world.take_origin_away();
  CHECK(pair.code.ps({"resolve", doc, "--ours"}).exit == 0);
  CHECK(pair.code.json({"conflicts"})["conflicts"].empty());
  pair.world.bring_origin_back();
  pair.check_settled(ours_text);
}

TEST_CASE("two conflicts are resolved one by one", "[resolve]") {
  Pair pair(Files{{doc, "a\n"}, {planning + "b.md", "b\n"}});
  pair.desktop.write(doc, "a desktop\n").write(planning + "b.md", "b desktop\n").ok({"push"});
  pair.code.write(doc, "a code\n").write(planning + "b.md", "b code\n");
  CHECK(pair.code.ps({"sync"}).exit == 3);
  CHECK(pair.code.ps({"status", "--short"}).out.starts_with("!2"));
  pair.code.ps({"resolve", doc, "--ours"});
  CHECK(pair.code.ps({"sync"}).exit == 3);
  CHECK(paths(pair.code.json({"conflicts"})["conflicts"]) == std::set{planning + "b.md"});
  CHECK(pair.world.origin_files()[doc] == "a code\n");
  CHECK(pair.code.ps({"resolve", planning + "b.md", "--theirs"}).exit == 0);
  CHECK(pair.code.ps({"sync"}).exit == 0);
  CHECK(pair.code.read(planning + "b.md") == "b desktop\n");
}
