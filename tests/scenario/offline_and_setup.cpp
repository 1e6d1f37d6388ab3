// Without a network, and from nothing: queued work goes out later, and init and clone set places up.
#include <filesystem>
#include <nlohmann/json.hpp>

#include "scenario/reading.hpp"
#include "support/catch.hpp"

using namespace ps_sync::test;
using nlohmann::json;
namespace fs = std::filesystem;

TEST_CASE("without the remote a push commits, says queued and exits with 0", "[offline]") {
  Pair pair(Files{{planning + "a.md", "a\n"}});
  pair.world.take_origin_away();
  const std::string before = pair.desktop.tip();
  pair.desktop.write(planning + "b.md", "b\n");
  const Outcome outcome = pair.desktop.ps({"push", "--json"});
  CHECK(outcome.exit == 0);
  const json result = outcome.json();
  CHECK(result["result"] == "queued");
  CHECK(result["pushed"] == false);
  CHECK(result["published"] == false);
  CHECK(result["commit"] == pair.desktop.tip());
  CHECK(pair.desktop.tip() != before);
  CHECK(in_history(pair.world, pair.desktop, "b\n"));
  const Outcome text = pair.desktop.write(planning + "c.md", "c\n").ps({"push"});
  CHECK(text.exit == 0);
  CHECK(contains(text.out + text.err, "queued"));
  const json status = pair.desktop.json({"status"});
  CHECK(status["remote"]["reachable"] == false);
  CHECK(status["queued_commits"] == 2);
  pair.world.bring_origin_back();
}

TEST_CASE("what was queued goes out with the next push, pull or sync", "[offline]") {
  for (const char* command : {"push", "pull", "sync"}) {
    INFO(command);
    Pair pair(Files{{planning + "a.md", "a\n"}});
    pair.world.take_origin_away();
    pair.desktop.write(planning + "b.md", "b\n").ok({"push"});
    pair.desktop.write(planning + "c.md", "c\n").ok({"push"});
    pair.world.bring_origin_back();
    const json result = pair.desktop.json({command});
    CHECK(result["result"] == "done");
    CHECK(result["pushed"] == true);
    CHECK(pair.world.origin_tip() == pair.desktop.tip());
    CHECK(pair.desktop.json({"status"})["queued_commits"] == 0);
    pair.code.ok({"pull"});
    CHECK(pair.code.read(planning + "c.md") == "c\n");
    CHECK(contains(beacon_body(pair.world), "COMMIT: " + pair.desktop.tip()));
  }
}

TEST_CASE("work done offline at both places meets without a loss", "[offline]") {
  Pair pair(Files{{planning + "a.md", "1\n2\n3\n4\n5\n6\n7\n8\n9\n"}});
  pair.world.take_origin_away();
  pair.desktop.write(planning + "a.md", "1 desktop\n2\n3\n4\n5\n6\n7\n8\n9\n").ok({"sync"});
  pair.code.write(planning + "a.md", "1\n2\n3\n4\n5\n6\n7\n8\n9 code\n").ok({"sync"});
  pair.world.bring_origin_back();
  pair.desktop.ok({"sync"});
  pair.code.ok({"sync"});
  pair.desktop.ok({"sync"});
  CHECK(pair.desktop.read(planning + "a.md") == "1 desktop\n2\n3\n4\n5\n6\n7\n8\n9 code\n");
  CHECK(pair.code.read(planning + "a.md") == pair.desktop.read(planning + "a.md"));
}

TEST_CASE("with --require-remote a missing remote is exit 4, and the work is committed all the same", "[offline]") {
  Pair pair(Files{{planning + "a.md", "a\n"}});
  pair.world.take_origin_away();
  pair.desktop.write(planning + "b.md", "b\n");
  for (const char* command : {"push", "pull", "sync"}) {
    INFO(command);
    CHECK(pair.desktop.ps({command, "--require-remote"}).exit == 4);
  }
  CHECK(in_history(pair.world, pair.desktop, "b\n"));
  pair.world.bring_origin_back();
  CHECK(pair.desktop.ps({"push", "--require-remote"}).exit == 0);
  CHECK(pair.world.origin_files().contains(planning + "b.md"));
}

TEST_CASE("with --offline nothing is asked of a remote that is there", "[offline]") {
  Pair pair(Files{{planning + "a.md", "a\n"}});
  const std::string tip = pair.world.origin_tip();
  pair.code.write(planning + "c.md", "c\n").ok({"--offline", "push"});
  CHECK(pair.world.origin_tip() == tip);
  pair.desktop.write(planning + "b.md", "b\n").ok({"push"});
  CHECK(pair.code.json({"pull", "--offline"})["received"].empty());
  CHECK_FALSE(pair.code.exists(planning + "b.md"));
  CHECK(pair.code.json({"status", "--offline"})["queued_commits"] == 1);
  pair.code.ok({"sync"});
  CHECK(pair.code.exists(planning + "b.md"));
  CHECK(pair.world.origin_files().contains(planning + "c.md"));
}

TEST_CASE("pull --no-push keeps what the merge made here until a push", "[offline]") {
  Pair pair(Files{{planning + "a.md", "a\n"}});
  pair.desktop.write(planning + "b.md", "b\n").ok({"push"});
  const std::string tip = pair.world.origin_tip();
  pair.code.write(planning + "c.md", "c\n").ok({"pull", "--no-push"});
  CHECK(pair.code.exists(planning + "b.md"));
  CHECK(pair.world.origin_tip() == tip);
  CHECK(in_history(pair.world, pair.code, "c\n"));
  pair.code.ok({"push"});
  CHECK(pair.world.origin_files().contains(planning + "c.md"));
}

TEST_CASE("init makes the folders, the config and the template, moves no document and names the next step", "[setup]") {
  World world;
  Clone& desktop = world.place("desktop");
  desktop.write(planning + "a.md", "a\n").ok({"push"});
  Clone& code = world.clone("code");
  const Outcome first = code.ok({"init", "--as", "code", "--no-hooks"});
  CHECK(contains(first.out + first.err, "ps-sync pull"));
  for (const char* folder : {".claude/planning/session-notes", ".claude/implementation", ".claude/sync"})
    CHECK(fs::is_directory(code.path(folder)));
  CHECK(code.exists(".claude/sync/config.yml"));
  CHECK(contains(code.read(".claude/sync/beacon-template.md"), "DO NOT DELETE OR CLOSE THIS TICKET"));
  CHECK_FALSE(code.exists(planning + "a.md"));
  CHECK(code.git({"config", "promptsync.endpoint"}) == "code");

  const auto files = code.files();
  const Fingerprint before = code.fingerprint();
  code.ok({"init", "--as", "code", "--no-hooks"});
  CHECK(code.files() == files);
  CHECK(before.changes(code.fingerprint()).empty());
}

TEST_CASE("the config and the template never travel", "[setup]") {
  Pair pair;
  pair.desktop.write(".claude/sync/config.yml", "version: 1\ninclude: [.claude/]\n");
  pair.desktop.write(planning + "a.md", "a\n").ok({"push"});
  CHECK(pair.world.origin_files() == Files{{planning + "a.md", "a\n"}});
}

TEST_CASE("init migrates prompts to planning where it is told to", "[setup]") {
  World world;
  Clone& desktop = world.clone("desktop");
  desktop.write(".claude/prompts/act-1.md", "act 1\n").write(".claude/prompts/keep.txt", "not Markdown\n");
  desktop.ok({"init", "--as", "desktop", "--no-hooks", "--migrate-prompts"});
  CHECK(desktop.read(planning + "act-1.md") == "act 1\n");
  CHECK_FALSE(desktop.exists(".claude/prompts/act-1.md"));
  CHECK(desktop.exists(".claude/prompts/keep.txt"));
}

TEST_CASE("init without a remote says so, and push keeps commits local", "[setup]") {
  World world;
  Clone& lone = world.adopt("lone", world.root() / "lone");
  fs::create_directories(lone.root());
  lone.git({"init", "--quiet"});
  const Outcome init = lone.ok({"init", "--as", "lone", "--no-hooks"});
  CHECK(contains(init.out + init.err, "remote"));
  lone.write(planning + "a.md", "a\n").ok({"push"});
  CHECK(in_history(world, lone, "a\n"));

  lone.git({"remote", "add", "origin", world.origin_url()});
  lone.ok({"push"});
  CHECK(world.origin_files().contains(planning + "a.md"));
}

TEST_CASE("a wrong endpoint name, and an --include of what makes programs run, are refused", "[setup]") {
  World world;
  Clone& clone = world.clone("desktop");
  CHECK(clone.ps({"init", "--as", "Not A Name", "--no-hooks"}).exit != 0);
  for (const char* path : {".git", ".claude/hooks", ".vscode", ".github", ".claude/settings.json", ".claude/sync"}) {
    INFO(path);
    const Outcome outcome = clone.ps({"init", "--as", "desktop", "--no-hooks", "--include", path});
    CHECK(outcome.exit != 0);
    CHECK(contains(outcome.err, path));
  }
  CHECK(clone.ps({"push"}).exit == 1);
}

TEST_CASE("clone makes a folder for documents alone, set up and pulled", "[setup]") {
  Pair pair(Files{{planning + "a.md", "a\n"}});
  const fs::path folder = pair.world.root() / "documents alone";
  const Outcome made = pair.world.run(
      pair.world.root(), {World::binary(), "clone", pair.world.origin_url(), folder.string(), "--as", "third"});
  REQUIRE(made.exit == 0);
  Clone& third = pair.world.adopt("third", folder);
  CHECK(third.files(planning) == pair.code.files(planning));
  CHECK_FALSE(third.exists("README.md"));
  third.write(planning + "b.md", "b\n").ok({"push"});
  pair.code.ok({"pull"});
  CHECK(pair.code.read(planning + "b.md") == "b\n");
}

TEST_CASE("the documents may live in another repository than the code", "[setup]") {
  World world;
  world.run(world.root(), {"git", "init", "--quiet", "--bare", "documents.git"});
  const std::string documents = "file://" + (world.root() / "documents.git").string();
  Clone& desktop = world.place("desktop", {"--remote", documents});
  Clone& code = world.place("code", {"--remote", documents});
  desktop.write(planning + "a.md", "a\n").ok({"push"});
  code.ok({"pull"});
  CHECK(code.read(planning + "a.md") == "a\n");
  CHECK(world.origin_tip().empty());
}

TEST_CASE("a branch setting below refs/ keeps the sync branch out of the host's branch list", "[setup]") {
  Pair pair;
  for (Clone* clone : {&pair.desktop, &pair.code}) clone->git({"config", "promptsync.branch", "refs/promptsync"});
  pair.desktop.write(planning + "a.md", "a\n").ok({"push"});
  pair.code.ok({"pull"});
  CHECK(pair.code.read(planning + "a.md") == "a\n");
  CHECK(pair.world.origin_git({"for-each-ref", "--format=%(refname)", "refs/heads"}) == "refs/heads/main");
  CHECK_FALSE(pair.world.origin_tip("refs/promptsync/main").empty());
}

TEST_CASE("commands find the repository from a folder below, and from -C", "[setup]") {
  Pair pair;
  pair.desktop.write(planning + "deep/a.md", "a\n");
  const auto push = pair.world.run(pair.desktop.path(planning + "deep"), {World::binary(), "push", "a.md"});
  CHECK(push.exit == 0);
  const auto pull = pair.world.run(pair.world.root(), {World::binary(), "-C", pair.code.root().string(), "pull"});
  CHECK(pull.exit == 0);
  CHECK(pair.code.read(planning + "deep/a.md") == "a\n");
}
