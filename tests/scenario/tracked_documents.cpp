// Documents that are also tracked on the user's branches: what git's checkout did is not an edit.
#include <nlohmann/json.hpp>

#include "scenario/reading.hpp"
#include "support/catch.hpp"

using namespace ps_sync::test;
using nlohmann::json;

namespace {

const std::string doc = planning + "plan.md";

/// Desktop tracks `doc` with the text "v1" on main; the branch `without` does not have it. Both places have it synced.
struct Tracked : Pair {
  Tracked() {
    desktop.git({"branch", "without"});
    desktop.write(doc, "v1\n");
    desktop.git({"add", "--force", doc});
    desktop.git({"commit", "--quiet", "-m", "Track the plan"});
    desktop.ok({"push"});
    code.ok({"pull"});
    if (code.read(doc) != "v1\n") throw std::runtime_error("the tracked document did not arrive");
  }
};

}  // namespace

TEST_CASE("a document that git switch took away is held back, neither deleted nor sent", "[tracked]") {
  Tracked pair;
  pair.desktop.git({"switch", "--quiet", "without"});
  REQUIRE_FALSE(pair.desktop.exists(doc));
  pair.desktop.write(planning + "other.md", "other\n");
  const Outcome pushed = pair.desktop.ps({"push", "--json"});
  CHECK(pushed.exit == 0);
  CHECK(field(pushed.json()["held_back"], doc, "reason") == "checkout");
  CHECK(pair.world.origin_files()[doc] == "v1\n");
  CHECK(pair.world.origin_files().contains(planning + "other.md"));
  CHECK(field(pair.desktop.json({"status"})["held_back"], doc, "reason") == "checkout");
  pair.code.ok({"pull"});
  CHECK(pair.code.read(doc) == "v1\n");

  pair.desktop.git({"switch", "--quiet", "main"});
  const json back = pair.desktop.json({"sync"});
  CHECK(back["held_back"].empty());
  CHECK(pair.desktop.read(doc) == "v1\n");
}

TEST_CASE("switching away from every document is no mass deletion for the guard either", "[tracked]") {
  Pair pair;
  pair.desktop.git({"branch", "without"});
  for (int n = 0; n < 15; ++n)
    pair.desktop.write(planning + "d" + std::to_string(n) + ".md", "text\n" + std::to_string(n));
  pair.desktop.git({"add", "--force", planning});
  pair.desktop.git({"commit", "--quiet", "-m", "Track them"});
  pair.desktop.ok({"push"});
  const auto files = pair.world.origin_files();
  REQUIRE(files.size() == 15);
  pair.desktop.git({"switch", "--quiet", "without"});
  CHECK(pair.desktop.ps({"sync"}).exit == 0);
  CHECK(pair.world.origin_files() == files);
}

TEST_CASE("an old version that git switch brought back is held back, and restore brings the newest", "[tracked]") {
  Tracked pair;
  pair.desktop.git({"switch", "--quiet", "-c", "newer"});
  pair.desktop.write(doc, "v2\n").ok({"push"});
  pair.desktop.git({"commit", "--quiet", "-am", "Second version"});
  pair.desktop.git({"switch", "--quiet", "main"});
  REQUIRE(pair.desktop.read(doc) == "v1\n");
  const json pushed = pair.desktop.json({"push"});
  CHECK(field(pushed["held_back"], doc, "reason") == "checkout");
  CHECK(pair.world.origin_files()[doc] == "v2\n");
  pair.desktop.ok({"sync"});
  CHECK(pair.desktop.read(doc) == "v1\n");
  CHECK(pair.world.origin_files()[doc] == "v2\n");

  pair.desktop.ok({"restore", doc});
  CHECK(pair.desktop.read(doc) == "v2\n");
  CHECK(pair.desktop.json({"push"})["held_back"].empty());
  CHECK(pair.world.origin_files()[doc] == "v2\n");
}

TEST_CASE("what others change meanwhile waits for a document that is held back, and restore brings it", "[tracked]") {
  Tracked pair;
  pair.desktop.git({"switch", "--quiet", "without"});
  pair.code.write(doc, "v2 by code\n").ok({"push"});
  const Outcome pulled = pair.desktop.ps({"pull", "--json"});
  CHECK(pulled.exit == 0);
  CHECK(field(pulled.json()["held_back"], doc, "reason") == "checkout");
  CHECK_FALSE(pair.desktop.exists(doc));
  CHECK(pair.world.origin_files()[doc] == "v2 by code\n");
  pair.desktop.ok({"restore", doc});
  CHECK(pair.desktop.read(doc) == "v2 by code\n");
}

TEST_CASE("bytes never seen before are an edit, on any branch", "[tracked]") {
  Tracked pair;
  pair.desktop.git({"switch", "--quiet", "-c", "newer"});
  pair.desktop.write(doc, "v2\n").ok({"push"});
  pair.desktop.git({"commit", "--quiet", "-am", "Second version"});
  pair.desktop.git({"switch", "--quiet", "main"});
  pair.desktop.write(doc, "v1, and a new thought\n");
  const json pushed = pair.desktop.json({"push"});
  CHECK(pushed["held_back"].empty());
  CHECK(pair.world.origin_files()[doc] == "v1, and a new thought\n");
}

TEST_CASE("a tracked document that was deleted by hand is a deletion", "[tracked]") {
  Tracked pair;
  pair.desktop.remove(doc).ok({"push"});
  CHECK_FALSE(pair.world.origin_files().contains(doc));
  pair.code.ok({"pull"});
  CHECK_FALSE(pair.code.exists(doc));
}

TEST_CASE("what git stash -u took away is held back, and is no change once it is back", "[tracked]") {
  Pair pair(Files{{planning + "a.md", "a\n"}, {planning + "b.md", "b\n"}});
  const auto files = pair.world.origin_files();
  pair.desktop.git({"stash", "push", "--quiet", "--include-untracked"});
  REQUIRE_FALSE(pair.desktop.exists(planning + "a.md"));
  pair.world.run(pair.desktop.root(), {"mkdir", "-p", ".claude/planning", ".claude/implementation"});
  const Outcome pushed = pair.desktop.ps({"push", "--json"});
  CHECK(pushed.exit == 0);
  CHECK(field(pushed.json()["held_back"], planning + "a.md", "reason") == "checkout");
  CHECK(field(pushed.json()["held_back"], planning + "b.md", "reason") == "checkout");
  CHECK(pair.world.origin_files() == files);
  pair.desktop.git({"stash", "pop", "--quiet"});
  CHECK(pair.desktop.json({"sync"})["result"] == "nothing");
  CHECK(pair.world.origin_files() == files);
  CHECK(pair.desktop.files(planning) == files);
}

TEST_CASE("git stash -u that takes the whole folder away deletes nothing", "[tracked]") {
  Pair pair(Files{{planning + "a.md", "a\n"}, {planning + "b.md", "b\n"}});
  const auto files = pair.world.origin_files();
  pair.desktop.git({"stash", "push", "--quiet", "--include-untracked"});
  CHECK(pair.desktop.ps({"sync"}).exit == 0);
  CHECK(pair.world.origin_files() == files);
  pair.code.ok({"pull"});
  CHECK(pair.code.files(planning) == files);
}

TEST_CASE("init says which documents are tracked, and what that means", "[tracked]") {
  World world;
  Clone& desktop = world.clone("desktop");
  desktop.write(doc, "v1\n").write(planning + "free.md", "free\n");
  desktop.git({"add", "--force", doc});
  desktop.git({"commit", "--quiet", "-m", "Track the plan"});
  const Outcome init = desktop.ok({"init", "--as", "desktop", "--no-hooks"});
  CHECK(contains(init.out + init.err, doc));
  CHECK(contains(init.out + init.err, "tracked"));
  CHECK_FALSE(contains(init.out + init.err, "free.md"));
}
