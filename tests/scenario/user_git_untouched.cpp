// The user's own git is left alone: its folder is byte for byte the same after every command, whatever the repository
// looks like and whatever is going on in it.
#include <filesystem>
#include <nlohmann/json.hpp>

#include "scenario/reading.hpp"
#include "support/catch.hpp"

using namespace ps_sync::test;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

/// Runs about every command at `here`, in a line of work shared with `other`, and looks at here's git after each.
/// A repository that `here` is only a part of (a submodule's) is looked at as well.
void tour(World& world, Clone& here, Clone& other, const Environment& extra = {}, Clone* around = nullptr) {
  const Fingerprint before = here.fingerprint();
  const std::string stashes = around != nullptr ? "" : here.try_git({"stash", "list"}).out;
  const auto run = [&](const Arguments& arguments, int exit = 0) {
    const Outcome outcome = here.ps(arguments, extra);
    INFO(arguments.front() << ": " << outcome.describe());
    CHECK(outcome.exit == exit);
    CHECK(before.changes(here.fingerprint()).empty());
  };
  here.write(planning + "tour.md", "1\n2\n3\n").write(planning + "mine.md", "mine\n");
  run({"status"});
  run({"push", "--dry-run"});
  run({"push", "-m", "On tour"});
  CHECK(world.origin_files()[planning + "mine.md"] == "mine\n");

  other.ok({"pull"});
  other.write(planning + "tour.md", "1\n2 other\n3\n").write(planning + "theirs.md", "theirs\n").ok({"push"});
  run({"status"});
  run({"pull"});
  CHECK(here.read(planning + "theirs.md") == "theirs\n");

  other.write(planning + "tour.md", "1\n2 other again\n3\n").ok({"push"});
  here.write(planning + "tour.md", "1\n2 here\n3\n");
  run({"sync"}, 3);
  run({"conflicts"});
  run({"resolve", planning + "tour.md", "--ours"});
  run({"sync"});
  CHECK(world.origin_files()[planning + "tour.md"] == "1\n2 here\n3\n");

  here.write(planning + "mine.md", "spoilt\n");
  run({"restore", planning + "mine.md"});
  CHECK(here.read(planning + "mine.md") == "mine\n");
  for (const Arguments& arguments : std::vector<Arguments>{{"queue"},
                                                           {"peers"},
                                                           {"log"},
                                                           {"show", "main"},
                                                           {"diff"},
                                                           {"beacon", "show"},
                                                           {"config", "list"},
                                                           {"git", "log", "--oneline", "main"},
                                                           {"status", "--short"}})
    run(arguments);
  if (around == nullptr) CHECK(here.try_git({"stash", "list"}).out == stashes);
}

/// A clone that another place uses in the same world.
Clone& other_place(World& world) { return world.place("other"); }

void commit_in(Clone& clone, const std::string& path, const std::string& bytes) {
  clone.write(path, bytes);
  clone.git({"add", path});
  clone.git({"commit", "--quiet", "-m", "Change " + path});
}

}  // namespace

TEST_CASE("init --no-hooks changes nothing in git but its own keys in the config", "[untouched]") {
  World world;
  Clone& clone = world.clone("desktop");
  const Fingerprint before = clone.fingerprint();
  std::string config = clone.git({"config", "--local", "--list"});
  clone.ok({"init", "--as", "desktop", "--no-hooks"});
  CHECK(before.changes(clone.fingerprint()) == "changed: config\n");
  std::string kept;
  for (const std::string& line : lines_of(clone.git({"config", "--local", "--list"})))
    if (!line.starts_with("promptsync.")) kept += (kept.empty() ? "" : "\n") + line;
  CHECK(kept == config);
}

TEST_CASE("in a plain clone every command leaves git as it was", "[untouched]") {
  World world;
  Clone& other = other_place(world);
  tour(world, world.place("desktop"), other);
}

TEST_CASE("in the middle of a rebase with a conflict every command leaves git as it was, and the rebase ends well",
          "[untouched]") {
  World world;
  Clone& other = other_place(world);
  Clone& desktop = world.place("desktop");
  commit_in(desktop, "code.c", "one\n");
  desktop.git({"switch", "--quiet", "-c", "feature"});
  commit_in(desktop, "code.c", "two\n");
  desktop.git({"switch", "--quiet", "main"});
  commit_in(desktop, "code.c", "three\n");
  desktop.write("staged.c", "staged\n");
  desktop.git({"add", "staged.c"});
  desktop.git({"stash", "--quiet"});
  desktop.git({"switch", "--quiet", "feature"});
  REQUIRE(desktop.try_git({"rebase", "main"}).exit != 0);
  tour(world, desktop, other);
  CHECK(contains(desktop.git({"status"}), "rebase in progress"));
  desktop.write("code.c", "three and two\n");
  desktop.git({"add", "code.c"});
  desktop.git({"-c", "core.editor=true", "rebase", "--continue"});
  CHECK(desktop.git({"log", "-1", "--format=%s"}) == "Change code.c");
}

TEST_CASE("GIT_DIR, GIT_INDEX_FILE and GIT_WORK_TREE of someone else are not obeyed", "[untouched]") {
  World world;
  Clone& other = other_place(world);
  Clone& desktop = world.place("desktop");
  Clone& bystander = world.clone("bystander");
  const Fingerprint before = bystander.fingerprint();
  tour(world, desktop, other,
       {{"GIT_DIR", bystander.path(".git").string()},
        {"GIT_WORK_TREE", bystander.root().string()},
        {"GIT_INDEX_FILE", bystander.path(".git/other index").string()},
        {"GIT_OBJECT_DIRECTORY", bystander.path(".git/objects").string()},
        {"GIT_COMMON_DIR", bystander.path(".git").string()},
        {"GIT_NAMESPACE", "elsewhere"},
        {"GIT_PREFIX", "src/"}});
  CHECK(before.changes(bystander.fingerprint()).empty());
  CHECK_FALSE(fs::exists(bystander.path(".git/promptsync")));
  CHECK(bystander.files().empty());
}

TEST_CASE("git status, stash, gc and a mirror push neither see nor hurt what ps-sync keeps", "[untouched]") {
  Pair pair(Files{{planning + "a.md", "a\n"}});
  const std::string status = pair.desktop.git({"status", "--porcelain"});
  pair.desktop.write(planning + "b.md", "b\n").ok({"push"});
  CHECK(pair.desktop.git({"status", "--porcelain"}) == status);
  pair.desktop.git({"gc", "--quiet", "--prune=now"});
  pair.desktop.git({"reflog", "expire", "--expire=now", "--all"});
  pair.world.run(pair.world.root(), {"git", "init", "--quiet", "--bare", "mirror.git"});
  pair.desktop.git({"push", "--quiet", "--mirror", (pair.world.root() / "mirror.git").string()});
  const Outcome refs = pair.world.run(pair.world.root() / "mirror.git", {"git", "for-each-ref"});
  CHECK_FALSE(contains(refs.out, "promptsync"));
  pair.desktop.write(planning + "c.md", "c\n").ok({"push"});
  pair.code.ok({"pull"});
  CHECK(pair.code.files(planning).size() == 3);
}

TEST_CASE("the user's hooks are not run for sync pushes", "[untouched]") {
  Pair pair;
  for (const char* name : {"pre-push", "reference-transaction", "pre-commit", "post-commit", "post-index-change"}) {
    pair.desktop.write(std::string(".git/hooks/") + name,
                       "#!/bin/sh\necho \"$0\" >>\"$HOME/hooks-that-ran\"\nexit 1\n");
    pair.desktop.make_executable(std::string(".git/hooks/") + name);
  }
  pair.desktop.write(planning + "a.md", "a\n").ok({"sync"});
  CHECK(pair.world.origin_files().contains(planning + "a.md"));
  CHECK_FALSE(fs::exists(pair.world.home() / "hooks-that-ran"));
}

TEST_CASE("a linked worktree has its own base and is an endpoint of its own", "[untouched]") {
  Pair pair(Files{{planning + "a.md", "a\n"}, {planning + "b.md", "b\n"}});
  const fs::path folder = pair.world.root() / "Linked Tree";
  pair.desktop.git({"worktree", "add", "--quiet", "-b", "linked", folder.string()});
  Clone& linked = pair.world.adopt("linked", folder);
  CHECK(linked.json({"status"})["endpoint"] == "desktop-linked-tree");
  // Its documents are not there yet: that is no deletion.
  linked.write(planning + "c.md", "c\n").ok({"push"});
  CHECK(pair.world.origin_files().size() == 3);
  linked.ok({"pull"});
  CHECK(linked.files(planning).size() == 3);
  CHECK_FALSE(pair.desktop.exists(planning + "c.md"));
  CHECK(paths(pair.desktop.json({"pull"})["received"]) == std::set{planning + "c.md"});
  const Fingerprint before = linked.fingerprint();
  linked.remove(planning + "b.md").ok({"push"});
  CHECK(before.changes(linked.fingerprint()).empty());
  CHECK(pair.world.origin_files().size() == 2);
  pair.desktop.ok({"pull"});
  CHECK_FALSE(pair.desktop.exists(planning + "b.md"));
}

TEST_CASE("in a linked worktree every command leaves git as it was", "[untouched]") {
  World world;
  Clone& other = other_place(world);
  Clone& desktop = world.place("desktop");
  const fs::path folder = world.root() / "linked";
  desktop.git({"worktree", "add", "--quiet", "-b", "linked", folder.string()});
  tour(world, world.adopt("linked", folder), other);
}

TEST_CASE("in a submodule every command leaves git as it was, the superproject's too", "[untouched]") {
  World world;
  Clone& other = other_place(world);
  Clone& around = world.adopt("around", world.root() / "around");
  fs::create_directories(around.root());
  around.git({"init", "--quiet"});
  around.git({"submodule", "--quiet", "add", world.origin_url(), "part"});
  around.git({"commit", "--quiet", "-m", "Add the part"});
  Clone& part = world.adopt("part", around.path("part"));
  part.ok({"init", "--as", "part", "--no-hooks"});
  const Fingerprint before = around.fingerprint();
  tour(world, part, other, {}, &around);
  CHECK(before.changes(around.fingerprint()).empty());
  CHECK(fs::exists(around.path(".git/modules/part/promptsync/store.git")));
}

TEST_CASE("in a shallow, partial, sparse or single-branch clone every command leaves git as it was", "[untouched]") {
  for (const Arguments& options : std::vector<Arguments>{{"--depth=1"},
                                                         {"--filter=blob:none"},
                                                         {"--filter=tree:0", "--no-checkout"},
                                                         {"--sparse"},
                                                         {"--single-branch"}}) {
    INFO(options.front());
    World world;
    Clone& other = other_place(world);
    Clone& desktop = world.clone("desktop", options);
    desktop.ok({"init", "--as", "desktop", "--no-hooks"});
    tour(world, desktop, other);
  }
}

TEST_CASE("in a sparse checkout of another folder every command leaves git as it was", "[untouched]") {
  World world;
  Clone& other = other_place(world);
  Clone& desktop = world.place("desktop");
  desktop.git({"sparse-checkout", "set", "--cone", "src"});
  tour(world, desktop, other);
}

TEST_CASE("in a SHA-256 repository every command leaves git as it was", "[untouched]") {
  World world;
  Clone& other = other_place(world);
  Clone& modern = world.adopt("modern", world.root() / "modern");
  fs::create_directories(modern.root());
  modern.git({"init", "--quiet", "--object-format=sha256"});
  commit_in(modern, "code.c", "one\n");
  modern.ok({"init", "--as", "modern", "--no-hooks", "--remote", world.origin_url()});
  tour(world, modern, other);
  modern.write(planning + "a.md", "a\n").ok({"push"});
  CHECK(trailers(world.origin_message(), "Promptsync-Source") == std::vector{modern.git({"rev-parse", "HEAD"})});
}

TEST_CASE("in a repository with reftable every command leaves git as it was", "[untouched]") {
  World world;
  Clone& other = other_place(world);
  Clone& modern = world.adopt("modern", world.root() / "modern");
  fs::create_directories(modern.root());
  if (modern.try_git({"init", "--quiet", "--ref-format=reftable"}).exit != 0) {
    WARN("skipped: this git does not know reftable");
    return;
  }
  commit_in(modern, "code.c", "one\n");
  modern.ok({"init", "--as", "modern", "--no-hooks", "--remote", world.origin_url()});
  tour(world, modern, other);
}

TEST_CASE("in a worktree of a bare repository every command leaves git as it was", "[untouched]") {
  World world;
  Clone& other = other_place(world);
  Clone& hub = world.clone("hub.git", {"--bare"});
  hub.git({"worktree", "add", "--quiet", (world.root() / "tree").string(), "main"});
  Clone& tree = world.adopt("tree", world.root() / "tree");
  tree.ok({"init", "--as", "desktop", "--no-hooks"});
  tour(world, tree, other);
  CHECK(fs::exists(hub.path("promptsync/store.git")));
}

TEST_CASE("with an unborn HEAD every command leaves git as it was", "[untouched]") {
  World world(World::Origin::empty);
  Clone& other = other_place(world);
  Clone& desktop = world.place("desktop");
  REQUIRE(desktop.try_git({"rev-parse", "--verify", "HEAD"}).exit != 0);
  tour(world, desktop, other);
  desktop.write(planning + "a.md", "a\n").ok({"push"});
  CHECK(trailers(world.origin_message(), "Promptsync-Source").empty());
}

TEST_CASE("with a detached HEAD every command leaves git as it was", "[untouched]") {
  World world;
  Clone& other = other_place(world);
  Clone& desktop = world.place("desktop");
  desktop.git({"switch", "--quiet", "--detach", "HEAD~1"});
  tour(world, desktop, other);
}

TEST_CASE("what ps-sync keeps in the git folder is private to the user", "[untouched]") {
  Pair pair(Files{{planning + "a.md", "a\n"}});
  const fs::path own = pair.code.git_folder() / "promptsync";
  const auto open_to_others = fs::perms::group_all | fs::perms::others_all;
  CHECK((fs::status(own).permissions() & open_to_others) == fs::perms::none);
  for (const auto& entry : fs::recursive_directory_iterator(own)) {
    INFO(entry.path());
    CHECK((entry.status().permissions() & open_to_others) == fs::perms::none);
  }
}
