// A conflict stays with the place that has it: the branch takes theirs, the working tree keeps ours, all else flows.
#include <filesystem>
#include <nlohmann/json.hpp>

#include "scenario/reading.hpp"
#include "support/catch.hpp"

using namespace ps_sync::test;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

const std::string doc = planning + "a.md";
const std::string base_text = "one\ntwo\nthree\n";
const std::string theirs_text = "one\ntwo by desktop\nthree\n";
const std::string ours_text = "one\ntwo by code\nthree\n";

/// Code has a conflict in `doc` with what desktop pushed.
struct Conflicted : Pair {
  Conflicted() : Pair(Files{{doc, base_text}, {planning + "b.md", "b\n"}}) {
    desktop.write(doc, theirs_text).ok({"push"});
    code.write(doc, ours_text);
    outcome = code.ps({"sync", "--json"});
  }
  Outcome outcome;
};

/// The trailer that a conflict leaves on the newest commit of code's store that is a merge.
std::vector<std::string> conflict_trailers(Clone& clone) {
  const std::string merge = clone.store({"rev-list", "-1", "--merges", "main"});
  return trailers(clone.message(merge), "Promptsync-Conflict");
}

}  // namespace

TEST_CASE("the same line changed differently: ours stays on disk without markers, theirs on the branch", "[conflict]") {
  Conflicted pair;
  CHECK(pair.outcome.exit == 3);
  CHECK(paths(pair.outcome.json()["conflicts"]) == std::set{doc});
  CHECK(pair.code.read(doc) == ours_text);
  CHECK(pair.world.origin_files()[doc] == theirs_text);
  CHECK(pair.desktop.json({"pull"})["conflicts"].empty());
  CHECK(pair.desktop.read(doc) == theirs_text);

  const json list = pair.code.json({"conflicts"});
  REQUIRE(list["conflicts"].size() == 1);
  const json& entry = list["conflicts"][0];
  CHECK(entry["path"] == doc);
  CHECK(entry["kind"] == "content");
  CHECK(entry["base"] == blob_id(pair.world, base_text));
  CHECK(entry["ours"] == blob_id(pair.world, ours_text));
  CHECK(entry["theirs"] == blob_id(pair.world, theirs_text));
  CHECK(entry["from"] == "desktop");
  CHECK(entry["at"].is_string());
  CHECK(pair.code.ps({"conflicts"}).exit == 0);
}

TEST_CASE("a conflict is a merge whose other parent holds ours, with a trailer that all can read", "[conflict]") {
  Conflicted pair;
  const std::string merge = pair.code.store({"rev-list", "-1", "--merges", "main"});
  REQUIRE(merge.size() == 40);
  std::set<std::string> in_parents;
  for (const char* parent : {"^1:", "^2:"}) in_parents.insert(pair.code.store({"rev-parse", merge + parent + doc}));
  CHECK(in_parents == std::set{blob_id(pair.world, ours_text), blob_id(pair.world, theirs_text)});
  CHECK(pair.code.store({"rev-parse", merge + ":" + doc}) == blob_id(pair.world, theirs_text));
  CHECK(conflict_trailers(pair.code) ==
        std::vector{"content " + blob_id(pair.world, base_text) + " " + blob_id(pair.world, ours_text) + " " +
                    blob_id(pair.world, theirs_text) + " " + doc});
  // It is on the remote too, so that everybody knows.
  CHECK(pair.world.try_origin_git({"merge-base", "--is-ancestor", merge, "refs/heads/promptsync/main"}).exit == 0);
}

TEST_CASE("a conflict's trailer quotes its path as git does, and has - for an absent blob", "[conflict]") {
  Pair pair;
  const std::string odd = planning + "plän.md";
  pair.desktop.write(odd, "desktop\n").ok({"push"});
  pair.code.write(odd, "code\n");
  CHECK(pair.code.ps({"sync"}).exit == 3);
  CHECK(conflict_trailers(pair.code) ==
        std::vector{"add/add - " + blob_id(pair.world, "code\n") + " " + blob_id(pair.world, "desktop\n") +
                    " \".claude/planning/pl\\303\\244n.md\""});
  const json entry = pair.code.json({"conflicts"})["conflicts"].at(0);
  CHECK(entry["path"] == odd);
  CHECK(entry["kind"] == "add/add");
  CHECK(entry["base"].is_null());
}

TEST_CASE("a binary file changed on both sides is a conflict, and both stay whole", "[conflict]") {
  const std::string base("\0base\0 1\n2\n3\n4\n5\n6\n7\n8\n", 23);
  Pair pair(Files{{planning + "x.bin", base}});
  pair.desktop.write(planning + "x.bin", "desktop" + base).ok({"push"});
  pair.code.write(planning + "x.bin", base + "code");
  CHECK(pair.code.ps({"sync"}).exit == 3);
  CHECK(field(pair.code.json({"conflicts"})["conflicts"], planning + "x.bin", "kind") == "content");
  CHECK(pair.code.read(planning + "x.bin") == base + "code");
  CHECK(pair.world.origin_files()[planning + "x.bin"] == "desktop" + base);
}

TEST_CASE("a file here and a folder there is a conflict at the path that clashes", "[conflict]") {
  Pair pair(Files{{planning + "b.md", "b\n"}});
  pair.desktop.write(planning + "topic/part.md", "part\n").ok({"push"});
  pair.code.write(planning + "topic", "a file\n").write(planning + "c.md", "c\n");
  CHECK(pair.code.ps({"sync"}).exit == 3);
  CHECK(field(pair.code.json({"conflicts"})["conflicts"], planning + "topic", "kind") == "type");
  CHECK(pair.code.read(planning + "topic") == "a file\n");
  const auto files = pair.world.origin_files();
  CHECK(files.contains(planning + "topic/part.md"));
  CHECK(files.contains(planning + "c.md"));
  CHECK(in_history(pair.world, pair.code, "a file\n"));

  CHECK(pair.code.ps({"resolve", planning + "topic", "--theirs"}).exit == 0);
  CHECK(pair.code.read(planning + "topic/part.md") == "part\n");
  CHECK(pair.code.ps({"sync"}).exit == 0);
}

TEST_CASE("two names that this file system cannot hold apart are a conflict", "[conflict]") {
  World world;
  write_file(world.root() / "case probe", "");
  if (!fs::exists(world.root() / "CASE PROBE")) {
    WARN("skipped: this file system tells upper and lower case apart");
    return;
  }
  Clone& code = world.place("code");
  code.write(planning + "plan.md", "small\n").ok({"push"});
  auto files = world.origin_files();
  files[planning + "PLAN.md"] = "large\n";
  world.commit_on_origin("refs/heads/promptsync/main", files, "By hand\n\nPromptsync-Format: 1\n");
  CHECK(code.ps({"pull"}).exit == 3);
  CHECK(code.json({"conflicts"})["conflicts"].at(0)["kind"] == "case");
  CHECK(code.read(planning + "plan.md") == "small\n");
  CHECK(world.origin_files() == files);
}

TEST_CASE("other files flow while a conflict waits, and the file in conflict is held back", "[conflict]") {
  Conflicted pair;
  pair.code.write(doc, "one\ntwo by code, once more\nthree\n").write(planning + "b.md", "b by code\n");
  const Outcome pushed = pair.code.ps({"push", "--json"});
  CHECK(pushed.exit == 3);
  CHECK(field(pushed.json()["held_back"], doc, "reason") == "conflict");
  CHECK(pair.world.origin_files()[doc] == theirs_text);
  CHECK(pair.world.origin_files()[planning + "b.md"] == "b by code\n");

  pair.desktop.ok({"pull"});
  pair.desktop.write(planning + "c.md", "c\n").ok({"push"});
  CHECK(pair.code.ps({"pull"}).exit == 3);
  CHECK(pair.code.read(planning + "c.md") == "c\n");
  CHECK(pair.code.read(doc) == "one\ntwo by code, once more\nthree\n");

  const json status = pair.code.json({"status"});
  CHECK(status["state"] == "conflicts");
  CHECK(field(status["conflicts"], doc, "kind") == "content");
  CHECK(field(status["held_back"], doc, "reason") == "conflict");
  CHECK_FALSE(paths(status["outgoing"]).contains(doc));
}

TEST_CASE("a conflict follows theirs when it changes again", "[conflict]") {
  Conflicted pair;
  const std::string newer = "one\ntwo by desktop, again\nthree\n";
  pair.desktop.write(doc, newer).ok({"push"});
  CHECK(pair.code.ps({"pull"}).exit == 3);
  CHECK(pair.code.read(doc) == ours_text);
  CHECK(pair.code.json({"conflicts"})["conflicts"].at(0)["theirs"] == blob_id(pair.world, newer));
  CHECK(pair.code.ps({"resolve", doc, "--theirs"}).exit == 0);
  CHECK(pair.code.read(doc) == newer);
}

TEST_CASE("a conflict that is edited to equal theirs is not resolved by that alone", "[conflict]") {
  Conflicted pair;
  pair.code.write(doc, theirs_text);
  CHECK(pair.code.ps({"sync"}).exit == 3);
  CHECK(pair.code.json({"conflicts"})["conflicts"].size() == 1);
  CHECK(pair.code.ps({"resolve", doc}).exit == 0);
  CHECK(pair.code.ps({"sync"}).exit == 0);
}

TEST_CASE("base, ours and theirs stay in the store until the conflict is resolved", "[conflict]") {
  Conflicted pair;
  pair.code.write(doc, "changed since\n");
  pair.code.store({"reflog", "expire", "--expire=now", "--all"});
  pair.code.store({"gc", "--quiet", "--prune=now"});
  for (const std::string& bytes : {base_text, ours_text, theirs_text}) CHECK(pair.code.store_has_blob(bytes));
  CHECK(pair.code.ps({"resolve", doc, "--ours"}).exit == 0);
  CHECK(pair.code.ps({"sync"}).exit == 0);
}

TEST_CASE("a conflicted file that is gone from disk is no deletion until it is resolved", "[conflict]") {
  Conflicted pair;
  pair.code.remove(doc);
  CHECK(pair.code.ps({"sync"}).exit == 3);
  CHECK(pair.world.origin_files()[doc] == theirs_text);
  CHECK_FALSE(pair.code.exists(doc));
  CHECK(pair.code.json({"conflicts"})["conflicts"].size() == 1);
  CHECK(pair.code.ps({"resolve", doc}).exit == 0);
  CHECK(pair.code.ps({"sync"}).exit == 0);
  CHECK_FALSE(pair.world.origin_files().contains(doc));
  CHECK(in_history(pair.world, pair.code, ours_text));
}

TEST_CASE("a change in the conflicted file's neighbours does not reopen what was resolved", "[conflict]") {
  Conflicted pair;
  CHECK(pair.code.ps({"resolve", doc, "--ours"}).exit == 0);
  pair.code.ok({"sync"});
  pair.desktop.ok({"sync"});
  CHECK(pair.desktop.read(doc) == ours_text);
  pair.desktop.write(doc, "one\ntwo settled\nthree\n").ok({"push"});
  CHECK(pair.code.ps({"pull"}).exit == 0);
  CHECK(pair.code.read(doc) == "one\ntwo settled\nthree\n");
}
