// What may happen between a kill and the next run, and places where a kill could leave more behind.
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "scenario/robust.hpp"
#include "support/catch.hpp"

using namespace ps_sync::test;
namespace fs = std::filesystem;

namespace {

/// Kills the command at the point; false where it never got there.
bool killed_at(Clone& clone, const std::string& command, const std::string& point) {
  const Outcome outcome = clone.ps({command}, {{"PROMPTSYNC_FAILPOINT", point}});
  if (outcome.exit != 137) CHECK(outcome.exit == 0);
  return outcome.exit == 137;
}

bool has_failpoints(Clone& clone) {
  const fs::path log = clone.root().parent_path() / "tmp" / "points";
  clone.ok({"sync"}, {{"PROMPTSYNC_FAILPOINT_LOG", log.string()}});
  clone.write(planning + "probe.md", "probe\n").ok({"sync"}, {{"PROMPTSYNC_FAILPOINT_LOG", log.string()}});
  const bool found = fs::exists(log);
  fs::remove(log);
  if (!found) WARN("skipped: this ps-sync was built without failpoints");
  return found;
}

const std::vector<std::string> apply_points = {
    "apply-journal-written", "apply-file-in-place:1", "apply-file-in-place:2", "apply-file-in-place:3",
    "apply-all-in-place",    "before-ref:1",          "before-ref:2",          "after-ref:1",
    "after-ref:2",           "index-before-write",    "index-after-write",     "apply-finished"};

}  // namespace

TEST_CASE("who edits what had already come before the kill has no conflict with where it came from", "[robust][kill]") {
  Pair pair(Files{{planning + "a.md", "a 0\n"}, {planning + "b.md", "b 0\n"}, {planning + "c.md", "c 0\n"}});
  if (!has_failpoints(pair.code)) return;
  pair.desktop.ok({"pull"});
  int round = 0;
  for (const char* command : {"pull", "sync"}) {
    for (const std::string& point : apply_points) {
      ++round;
      INFO(command << " killed at " << point);
      const std::string from_desktop = "desktop " + std::to_string(round) + "\n";
      for (const char* name : {"a.md", "b.md", "c.md"}) pair.desktop.write(planning + name, from_desktop + name);
      pair.desktop.ok({"push"});
      killed_at(pair.code, command, point);
      Files wanted;
      for (const std::string name : {"a.md", "b.md", "c.md"}) {
        wanted[planning + name] = from_desktop + name;
        // The one line of the document is changed again, and not before it had come.
        if (pair.code.read(planning + name) != from_desktop + name) continue;
        wanted[planning + name] = "code " + std::to_string(round) + ", " + name;
        pair.code.write(planning + name, wanted[planning + name]);
      }
      const Outcome again = pair.code.ps({command});
      INFO(again.describe());
      REQUIRE(again.exit == 0);
      pair.code.ok({"push"});
      pair.desktop.ok({"pull"});
      for (const auto& [path, bytes] : wanted) {
        CHECK(pair.code.read(path) == bytes);
        CHECK(pair.desktop.read(path) == bytes);
      }
    }
  }
}

TEST_CASE("who edits what had not yet come before the kill keeps the edit", "[robust][kill]") {
  const auto text = [](int first, int last) {
    return "1 " + std::to_string(first) + "\n2\n3\n4\n5\n6\n7\n8 " + std::to_string(last) + "\n";
  };
  Pair pair(Files{{planning + "a.md", text(0, 0)}});
  if (!has_failpoints(pair.code)) return;
  pair.desktop.ok({"pull"});
  int round = 0;
  for (const char* command : {"pull", "sync"}) {
    for (const std::string& point : apply_points) {
      ++round;
      INFO(command << " killed at " << point);
      pair.desktop.write(planning + "a.md", text(round, round - 1)).ok({"push"});
      killed_at(pair.code, command, point);
      const bool came = pair.code.read(planning + "a.md") == text(round, round - 1);
      pair.code.write(planning + "a.md", text(came ? round : round - 1, round));
      REQUIRE(pair.code.ps({command}).exit == 0);
      pair.desktop.ok({"pull"});
      REQUIRE(pair.code.read(planning + "a.md") == text(round, round));
      REQUIRE(pair.desktop.read(planning + "a.md") == text(round, round));
    }
  }
}

TEST_CASE("another command than the killed one puts things right as well", "[robust][kill]") {
  Pair pair(Files{{planning + "a.md", "a\n"}, {planning + "b.md", "b\n"}});
  if (!has_failpoints(pair.code)) return;
  pair.desktop.ok({"pull"});
  int round = 0;
  const std::vector<std::vector<std::string>> others = {
      {"status"}, {"push"}, {"diff"}, {"log"}, {"push", "--dry-run"}, {"queue"}, {"conflicts"}};
  for (const std::string& point : apply_points) {
    const auto& other = others[static_cast<std::size_t>(++round) % others.size()];
    INFO("pull killed at " << point << ", then " << other.front());
    const std::string number = std::to_string(round);
    pair.desktop.write(planning + "a.md", "a " + number + "\n").write(planning + "new " + number + ".md", "new\n");
    pair.desktop.ok({"push"});
    pair.code.write(planning + "b.md", "b " + number + "\n");
    killed_at(pair.code, "pull", point);
    const Outcome between = pair.code.ps(other);
    INFO(between.describe());
    CHECK(between.exit == 0);
    pair.code.ok({"sync"});
    pair.desktop.ok({"sync"});
    REQUIRE(documents(pair.code) == documents(pair.desktop));
    CHECK(pair.desktop.read(planning + "b.md") == "b " + number + "\n");
    CHECK(pair.code.read(planning + "new " + number + ".md") == "new\n");
  }
}

TEST_CASE("an empty folder makes way for a document of its name", "[robust][kill]") {
  // So a kill may leave it: the document in it gone, the folder not yet.
  Pair pair(Files{{planning + "topic/part.md", "part\n"}, {planning + "a.md", "a\n"}});
  pair.desktop.remove(planning + "topic").write(planning + "topic", "a file now\n").ok({"push"});
  pair.code.remove(planning + "topic/part.md");
  fs::create_directories(pair.code.path(planning + "topic/also empty"));
  pair.code.ok({"pull"});
  CHECK(pair.code.read(planning + "topic") == "a file now\n");
  CHECK(pair.code.json({"status"})["state"] == "in_sync");
}

TEST_CASE("a resolve killed at every failpoint keeps both sides, and completes when it is run again",
          "[robust][kill]") {
  Pair pair(Files{{planning + "a.md", "a\n"}});
  if (!has_failpoints(pair.code)) return;
  pair.desktop.ok({"pull"});
  const fs::path log = pair.world.root() / "tmp" / "points";
  std::vector<std::string> points = {""};  // the first run passes them all, and tells which there are
  for (std::size_t n = 0; n < points.size(); ++n) {
    INFO("killed at " << points[n]);
    const std::string ours = "ours " + std::to_string(n) + "\n";
    const std::string theirs = "theirs " + std::to_string(n) + "\n";
    pair.desktop.write(planning + "a.md", theirs).ok({"push"});
    REQUIRE(pair.code.write(planning + "a.md", ours).ps({"sync"}).exit == 3);
    Environment extra = {{"PROMPTSYNC_FAILPOINT_LOG", log.string()}};
    if (n > 0) extra = {{"PROMPTSYNC_FAILPOINT", points[n]}};
    const Outcome killed = pair.code.ps({"resolve", planning + "a.md", "--theirs"}, extra);
    CHECK((killed.exit == 0 || killed.exit == 137));
    const std::string present = pair.code.read(planning + "a.md");
    CHECK((present == ours || present == theirs));
    CHECK((present == ours || in_history(pair.world, pair.code, ours)));
    if (!pair.code.json({"conflicts"})["conflicts"].empty())
      REQUIRE(pair.code.ps({"resolve", planning + "a.md", "--theirs"}).exit == 0);
    pair.code.ok({"sync"});
    pair.desktop.ok({"sync"});
    REQUIRE(pair.code.read(planning + "a.md") == theirs);
    REQUIRE(pair.desktop.read(planning + "a.md") == theirs);
    CHECK(in_history(pair.world, pair.code, ours));
    CHECK(leftovers(pair.code.git_folder() / "promptsync") == "");
    if (n > 0) continue;
    std::map<std::string, int> passed;
    for (const std::string& name : lines_of(read_file(log)))
      if (++passed[name] <= 3) points.push_back(name + ":" + std::to_string(passed[name]));
  }
}

TEST_CASE("a pull killed where the git folder is on another file system leaves nothing beside the documents",
          "[robust][kill]") {
  const fs::path other_disk = "/dev/shm/ps-sync-scenario-" + std::to_string(getpid());
  World world;
  std::error_code problem;
  fs::create_directories(other_disk, problem);
  struct stat here {};
  struct stat there {};
  stat(world.root().c_str(), &here);
  if (problem || stat(other_disk.c_str(), &there) != 0 || here.st_dev == there.st_dev) {
    WARN("skipped: /dev/shm is no other file system here");
    return;
  }
  struct Remove {
    fs::path folder;
    ~Remove() {
      std::error_code ignored;
      fs::remove_all(folder, ignored);
    }
  };
  const Remove at_the_end{other_disk};
  Clone& desktop = world.place("desktop");
  Clone& code = world.clone("code", {"--separate-git-dir=" + (other_disk / "code.git").string()});
  code.ok({"init", "--as", "code", "--no-hooks"});
  desktop.write(planning + "a.md", "a 0\n").write(planning + "gone 0.md", "gone\n").ok({"push"});
  code.ok({"pull"});
  if (!has_failpoints(code)) return;
  desktop.ok({"pull"});
  int round = 0;
  for (const std::string& point : apply_points) {
    INFO("killed at " << point);
    const std::string number = std::to_string(++round);
    desktop.write(planning + "a.md", "a " + number + "\n").write(planning + "new/" + number + ".md", "new\n");
    desktop.rename(planning + "gone " + std::to_string(round - 1) + ".md", planning + "gone " + number + ".md");
    desktop.ok({"push"});
    killed_at(code, "pull", point);
    code.ok({"pull"});
    REQUIRE(documents(code) == documents(desktop));
    CHECK(leftovers(code.path(".claude")) == "");
    CHECK(leftovers(code.git_folder() / "promptsync") == "");
  }
  world.finish();
}
