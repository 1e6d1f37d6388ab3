// Nothing is ever lost: a deletion is something seen, never something inferred, and what is replaced is kept first.
#include <filesystem>
#include <nlohmann/json.hpp>

#include "scenario/reading.hpp"
#include "support/catch.hpp"

using namespace ps_sync::test;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

const std::string implementation = ".claude/implementation/";

const Files three = {{planning + "a.md", "a\n"}, {planning + "notes/n.md", "n\n"}, {implementation + "i.md", "i\n"}};

/// All files of `wanted` are on origin and at both places.
void check_everywhere(Pair& pair, const Files& wanted) {
  CHECK(pair.world.origin_files() == wanted);
  for (Clone* clone : {&pair.desktop, &pair.code})
    for (const auto& [path, bytes] : wanted) {
      INFO(clone->name() << ": " << path);
      CHECK((clone->exists(path) && clone->read(path) == bytes));
    }
}

}  // namespace

TEST_CASE("a narrower include, and a wider one later, delete nothing anywhere", "[lost]") {
  Pair pair(three);
  const std::string config = pair.desktop.read(".claude/sync/config.yml");
  pair.desktop.write(".claude/sync/config.yml", "version: 1\ninclude: [.claude/planning/]\n");
  pair.desktop.write(planning + "a.md", "a2\n").ok({"push"});
  pair.desktop.ok({"pull"});
  pair.desktop.ok({"sync"});
  CHECK(pair.desktop.read(implementation + "i.md") == "i\n");
  CHECK(pair.world.origin_files().contains(implementation + "i.md"));

  pair.desktop.remove(implementation + "i.md").ok({"sync"});
  pair.desktop.write(".claude/sync/config.yml", config);
  pair.desktop.ok({"sync"});
  pair.code.ok({"sync"});
  Files wanted = three;
  wanted[planning + "a.md"] = "a2\n";
  check_everywhere(pair, wanted);
}

TEST_CASE("what others change outside a narrower include is there once the include is wide again", "[lost]") {
  Pair pair(three);
  pair.desktop.write(".claude/sync/config.yml", "version: 1\ninclude: [.claude/planning/]\n").ok({"sync"});
  pair.code.write(implementation + "i.md", "i2\n").write(implementation + "new.md", "new\n").ok({"push"});
  pair.desktop.ok({"pull"});
  CHECK(pair.desktop.read(implementation + "i.md") == "i\n");
  CHECK_FALSE(pair.desktop.exists(implementation + "new.md"));
  pair.desktop.write(".claude/sync/config.yml", "version: 1\n").ps({"sync"});
  CHECK(pair.world.origin_files()[implementation + "i.md"] == "i2\n");
  CHECK(pair.desktop.read(implementation + "new.md") == "new\n");
}

TEST_CASE("a lost .git/promptsync deletes nothing, even where files are gone with it", "[lost]") {
  Pair pair(three);
  fs::remove_all(pair.desktop.path(".git/promptsync"));
  pair.desktop.remove(planning + "a.md").ok({"push"});
  CHECK(pair.world.origin_files() == three);
  pair.desktop.ok({"sync"});
  check_everywhere(pair, three);
  pair.desktop.write(planning + "a.md", "a2\n").ok({"push"});
  CHECK(pair.world.origin_files()[planning + "a.md"] == "a2\n");
}

TEST_CASE("a push from a fresh clone, before any pull, deletes nothing", "[lost]") {
  Pair pair(three);
  Clone& fresh = pair.world.place("fresh");
  fresh.write(planning + "f.md", "f\n").ok({"push"});
  Files wanted = three;
  wanted[planning + "f.md"] = "f\n";
  CHECK(pair.world.origin_files() == wanted);
  fresh.ok({"pull"});
  CHECK(fresh.files(planning).size() == 3);
}

TEST_CASE("a missing root of the sync set is refused with the list, and pull goes on without it", "[lost][guard]") {
  Pair pair(three);
  pair.desktop.remove(".claude/planning");
  for (const char* command : {"push", "sync"}) {
    INFO(command);
    const Outcome refused = pair.desktop.ps({command, "--json"});
    CHECK(refused.exit == 5);
    CHECK(refused.json()["result"] == "refused");
    CHECK(refused.json()["error"]["exit"] == 5);
    const Outcome text = pair.desktop.ps({command});
    CHECK(text.exit == 5);
    CHECK(contains(text.err, planning + "a.md"));
    CHECK(contains(text.err, planning + "notes/n.md"));
    CHECK(contains(text.err, "--allow-deletes"));
  }
  CHECK(pair.world.origin_files() == three);

  pair.code.write(implementation + "i.md", "i2\n").ok({"push"});
  const Outcome pulled = pair.desktop.ps({"pull"});
  CHECK(pulled.exit == 0);
  CHECK(contains(pulled.out + pulled.err, ".claude/planning"));
  CHECK(pair.desktop.read(implementation + "i.md") == "i2\n");
  CHECK(pair.world.origin_files().size() == 3);

  if (!pair.desktop.exists(planning + "a.md")) {
    CHECK(pair.desktop.ps({"push", "--allow-deletes"}).exit == 0);
    CHECK(pair.world.origin_files() == Files{{implementation + "i.md", "i2\n"}});
  }
}

TEST_CASE("a root that never held a file may be missing", "[lost][guard]") {
  Pair pair(Files{{planning + "a.md", "a\n"}});
  pair.desktop.remove(".claude/implementation");
  pair.desktop.write(planning + "b.md", "b\n").ok({"push"});
  CHECK(pair.world.origin_files().size() == 2);
}

TEST_CASE("a folder or a file replaced by a symbolic link deletes nothing, and nothing is written through it",
          "[lost]") {
  Pair pair(three);
  pair.desktop.rename(planning + "notes", "elsewhere");
  fs::create_directory_symlink(pair.desktop.path("elsewhere"), pair.desktop.path(planning + "notes"));
  pair.desktop.rename(planning + "a.md", "a elsewhere.md");
  fs::create_symlink(pair.desktop.path("a elsewhere.md"), pair.desktop.path(planning + "a.md"));
  const Outcome pushed = pair.desktop.ps({"push", "--json"});
  CHECK(pushed.exit == 0);
  CHECK(field(pushed.json()["held_back"], planning + "a.md", "reason") == "type");
  CHECK(pair.world.origin_files() == three);

  pair.code.write(planning + "notes/n.md", "n2\n").write(planning + "notes/new.md", "new\n");
  pair.code.write(planning + "a.md", "a2\n").ok({"push"});
  pair.desktop.ps({"pull"});
  CHECK(pair.desktop.read("elsewhere/n.md") == "n\n");
  CHECK_FALSE(pair.desktop.exists("elsewhere/new.md"));
  CHECK(pair.desktop.read("a elsewhere.md") == "a\n");
  CHECK(pair.world.origin_files().size() == 4);
  CHECK(fs::is_symlink(pair.desktop.path(planning + "notes")));
  pair.code.ok({"pull"});
  CHECK(pair.code.read(planning + "notes/n.md") == "n2\n");
}

TEST_CASE("a root replaced by a symbolic link deletes nothing", "[lost]") {
  Pair pair(three);
  pair.desktop.rename(".claude/planning", "elsewhere");
  fs::create_directory_symlink(pair.desktop.path("elsewhere"), pair.desktop.path(".claude/planning"));
  pair.desktop.ps({"push"});
  pair.desktop.ps({"sync"});
  CHECK(pair.world.origin_files() == three);
  pair.code.write(planning + "a.md", "a2\n").ok({"push"});
  pair.desktop.ps({"pull"});
  CHECK(pair.desktop.read("elsewhere/a.md") == "a\n");
}

TEST_CASE("a folder that became a repository of its own deletes nothing and is not entered", "[lost]") {
  Pair pair(three);
  pair.world.run(pair.desktop.path(planning + "notes"), {"git", "init", "--quiet"});
  pair.desktop.write(planning + "notes/inside.md", "inside\n");
  CHECK(pair.desktop.ps({"push"}).exit == 0);
  CHECK(pair.world.origin_files() == three);
  pair.desktop.remove(planning + "notes/n.md");
  CHECK(pair.desktop.ps({"sync"}).exit == 0);
  CHECK(pair.world.origin_files() == three);
  pair.code.ok({"pull"});
  for (const auto& [path, bytes] : three) CHECK(pair.code.read(path) == bytes);
}

TEST_CASE("local links, sockets and devices are not sent, and are named", "[lost]") {
  Pair pair;
  pair.desktop.write("secret.txt", "outside\n").write(planning + "a.md", "a\n");
  fs::create_symlink(pair.desktop.path("secret.txt"), pair.desktop.path(planning + "link.md"));
  fs::create_symlink("nowhere", pair.desktop.path(planning + "dangling.md"));
  pair.world.run(pair.desktop.root(), {"mkfifo", planning + "pipe.md"});
  const json result = pair.desktop.json({"push"});
  CHECK(paths(result["held_back"]) == std::set{planning + "link.md", planning + "dangling.md", planning + "pipe.md"});
  CHECK(pair.world.origin_files() == Files{{planning + "a.md", "a\n"}});
}

TEST_CASE("local bytes are in a commit before a pull replaces them", "[lost]") {
  Pair pair(Files{{planning + "a.md", "1\n2\n3\n4\n5\n6\n7\n8\n9\n"}});
  pair.desktop.write(planning + "a.md", "1\n2\n3\n4\n5\n6\n7\n8\n9 desktop\n").ok({"push"});
  const std::string unsaved = "1 code\n2\n3\n4\n5\n6\n7\n8\n9\n";
  pair.code.write(planning + "a.md", unsaved).ok({"pull"});
  CHECK(pair.code.read(planning + "a.md") == "1 code\n2\n3\n4\n5\n6\n7\n8\n9 desktop\n");
  CHECK(in_history(pair.world, pair.code, unsaved));
  CHECK(pair.world.origin_files()[planning + "a.md"] == pair.code.read(planning + "a.md"));
}

TEST_CASE("restore commits the present bytes before it brings older ones", "[lost]") {
  Pair pair(Files{{planning + "a.md", "first\n"}});
  const std::string first = pair.desktop.tip();
  pair.desktop.write(planning + "a.md", "second\n").ok({"push"});
  pair.desktop.write(planning + "a.md", "unsaved\n").ok({"restore", planning + "a.md", "--from", first});
  CHECK(pair.desktop.read(planning + "a.md") == "first\n");
  CHECK(in_history(pair.world, pair.desktop, "unsaved\n"));
  pair.desktop.ok({"push"});
  CHECK(pair.world.origin_files()[planning + "a.md"] == "first\n");
}

TEST_CASE("restore brings a deleted document back", "[lost]") {
  Pair pair(Files{{planning + "a.md", "a\n"}, {planning + "b.md", "b\n"}});
  const std::string before = pair.desktop.tip();
  pair.desktop.remove(planning + "a.md").ok({"push"});
  pair.desktop.ok({"restore", planning + "a.md", "--from", before});
  CHECK(pair.desktop.read(planning + "a.md") == "a\n");
  pair.desktop.ok({"push"});
  pair.code.ok({"pull"});
  CHECK(pair.code.read(planning + "a.md") == "a\n");
}

TEST_CASE("a remote that was rewound gets the missing history back, and nothing is read as deleted", "[lost]") {
  for (const char* command : {"push", "pull", "sync"}) {
    INFO(command);
    Pair pair(Files{{planning + "a.md", "a\n"}});
    pair.desktop.write(planning + "b.md", "b\n").ok({"push"});
    const std::string tip = pair.world.origin_tip();
    pair.world.origin_git({"update-ref", "refs/heads/promptsync/main", tip + "^"});
    pair.desktop.ok({command});
    CHECK(pair.world.origin_tip() == tip);
    CHECK(pair.desktop.files(planning).size() == 2);
    pair.code.ok({"pull"});
    CHECK(pair.code.read(planning + "b.md") == "b\n");
  }
}

TEST_CASE("a remote that was rewound and written on keeps both lines", "[lost]") {
  Pair pair(Files{{planning + "a.md", "a\n"}});
  pair.desktop.write(planning + "b.md", "b\n").ok({"push"});
  pair.world.origin_git({"update-ref", "refs/heads/promptsync/main", pair.world.origin_tip() + "^"});
  pair.code.write(planning + "c.md", "c\n").ok({"push"});
  const Files wanted = {{planning + "a.md", "a\n"}, {planning + "b.md", "b\n"}, {planning + "c.md", "c\n"}};
  pair.desktop.ok({"sync"});
  pair.code.ok({"sync"});
  check_everywhere(pair, wanted);
}

TEST_CASE("a remote that was emptied or made anew gets everything back", "[lost]") {
  for (const bool anew : {false, true}) {
    INFO("made anew: " << anew);
    Pair pair(three);
    const std::string tip = pair.world.origin_tip();
    if (anew) {
      fs::remove_all(pair.world.origin());
      pair.world.run(pair.world.root(), {"git", "init", "--quiet", "--bare", "origin.git"});
    } else {
      pair.world.origin_git({"update-ref", "-d", "refs/heads/promptsync/main"});
      pair.world.origin_git({"update-ref", "-d", "refs/promptsync/beacon"});
    }
    pair.code.ok({"pull"});
    CHECK(pair.code.files(planning).size() == 2);
    pair.desktop.ok({"sync"});
    CHECK(pair.world.try_origin_git({"merge-base", "--is-ancestor", tip, "refs/heads/promptsync/main"}).exit == 0);
    check_everywhere(pair, three);
  }
}

TEST_CASE("where the base is not in the remote's history the true merge base holds", "[lost]") {
  Pair pair(Files{{planning + "a.md", "a\n"}});
  const std::string first = pair.world.origin_tip();
  pair.desktop.write(planning + "b.md", "b\n").ok({"push"});
  pair.code.ok({"pull"});
  // Somebody put another history in its place, in which b.md never was.
  pair.world.origin_git({"update-ref", "refs/heads/promptsync/main", first});
  pair.world.commit_on_origin("refs/heads/promptsync/main", {{planning + "a.md", "a\n"}, {planning + "d.md", "d\n"}},
                              "By hand\n\nPromptsync-Format: 1\nPromptsync-Endpoint: hand\nPromptsync-Session: main\n");
  pair.code.ok({"sync"});
  pair.desktop.ok({"sync"});
  check_everywhere(pair, {{planning + "a.md", "a\n"}, {planning + "b.md", "b\n"}, {planning + "d.md", "d\n"}});
}
