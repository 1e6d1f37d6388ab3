// When something around ps-sync is broken: clear words, the right exit status, nothing torn, and a way on.
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "scenario/reading.hpp"
#include "support/catch.hpp"

using namespace ps_sync::test;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

/// Words that start a program without root's powers; nothing where these tests do not run as root.
const Arguments without_powers = {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"};

/// Gives the world to the user nobody, who then runs ps-sync; false (with the reason) where that cannot be.
bool can_drop_powers(World& world) {
  if (geteuid() != 0) return true;
  const Outcome hand_over = world.run(world.root(), {"chown", "-R", "65534:65534", world.root().string()});
  Arguments trial = without_powers;
  trial.insert(trial.end(), {World::binary(), "--version"});
  try {
    if (hand_over.exit == 0 && world.run(world.root(), trial).exit == 0) return true;
  } catch (const std::exception&) {
    // No such program; said below.
  }
  WARN("skipped: as root everything can be written, and setpriv cannot start ps-sync as somebody else");
  return false;
}

Outcome powerless(Clone& clone, const Arguments& arguments) {
  Arguments command = geteuid() == 0 ? without_powers : Arguments{};
  command.push_back(World::binary());
  command.insert(command.end(), arguments.begin(), arguments.end());
  return clone.run(command);
}

/// Takes the write permission of a folder away, and gives it back at the end so that the world can be removed.
class ReadOnly {
 public:
  explicit ReadOnly(fs::path folder) : folder_(std::move(folder)) {
    fs::permissions(folder_, fs::perms::all & ~fs::perms(0222));
  }
  ~ReadOnly() { give_back(); }
  ReadOnly(const ReadOnly&) = delete;
  ReadOnly& operator=(const ReadOnly&) = delete;
  void give_back() { fs::permissions(folder_, fs::perms::owner_all); }

 private:
  fs::path folder_;
};

/// A small file system of its own; `mounted` is false where this may not be.
class SmallDisk {
 public:
  SmallDisk(World& world, const std::string& size) : world_(world), folder_(world.root() / "small disk") {
    fs::create_directories(folder_);
    mounted = geteuid() == 0 && mount("size=" + size);
  }
  ~SmallDisk() {
    if (mounted) world_.run(world_.root(), {"umount", "--lazy", folder_.string()});
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  void grow(const std::string& size) { mount("remount,size=" + size); }
  const fs::path& folder() const { return folder_; }

  bool mounted = false;

 private:
  bool mount(const std::string& options) {
    return world_.run(world_.root(), {"mount", "-t", "tmpfs", "-o", options, "tmpfs", folder_.string()}).exit == 0;
  }
  World& world_;
  fs::path folder_;
};

void hook_on_origin(World& world, const std::string& name, const std::string& script) {
  write_file(world.origin() / "hooks" / name, "#!/bin/sh\n" + script);
  fs::permissions(world.origin() / "hooks" / name, fs::perms::all);
}

}  // namespace

TEST_CASE("outside of a repository every command says so", "[failures]") {
  World world;
  fs::create_directories(world.root() / "nowhere");
  for (const char* command : {"push", "pull", "sync", "status", "conflicts", "queue", "log"}) {
    INFO(command);
    const Outcome outcome = world.run(world.root() / "nowhere", {World::binary(), command});
    CHECK(outcome.exit == 1);
    CHECK(outcome.err.starts_with("error: "));
    CHECK(contains(outcome.err, "not a git repository"));
    CHECK(contains(outcome.err, "hint: "));
    CHECK(outcome.out.empty());
  }
}

TEST_CASE("a repository that is not set up says so, names init, and is left alone", "[failures]") {
  World world;
  Clone& clone = world.clone("desktop");
  clone.write(planning + "a.md", "a\n");
  const Fingerprint before = clone.fingerprint();
  for (const char* command : {"push", "pull", "sync", "status"}) {
    INFO(command);
    const Outcome outcome = clone.ps({command});
    CHECK(outcome.exit == 1);
    CHECK(contains(outcome.err, "ps-sync init"));
  }
  CHECK(before.changes(clone.fingerprint()).empty());
  CHECK_FALSE(fs::exists(clone.path(".git/promptsync")));
}

TEST_CASE("a bare repository without a working tree says so", "[failures]") {
  World world;
  const Outcome outcome = world.run(world.origin(), {World::binary(), "push"});
  CHECK(outcome.exit == 1);
  CHECK(contains(outcome.err, "bare"));
  CHECK(world.run(world.origin(), {World::binary(), "init", "--as", "x", "--no-hooks"}).exit == 1);
  CHECK_FALSE(fs::exists(world.origin() / "promptsync"));
}

TEST_CASE("a remote that the settings name but git does not know is an error with its name", "[failures]") {
  Pair pair;
  pair.desktop.git({"config", "promptsync.remote", "upstraem"});
  pair.desktop.write(planning + "a.md", "a\n");
  const Outcome outcome = pair.desktop.ps({"push"});
  CHECK(outcome.exit == 1);
  CHECK(contains(outcome.err, "upstraem"));
  CHECK(contains(outcome.err, "hint: "));
}

TEST_CASE("a remote of a kind that is refused, or a URL like an option, never reaches a program", "[failures]") {
  for (const char* url : {"ext::sh -c touch% pwned", "--upload-pack=touch pwned", "git://localhost/x"}) {
    INFO(url);
    Pair pair;
    pair.desktop.git({"config", "promptsync.remote", url});
    pair.desktop.write(planning + "a.md", "a\n");
    CHECK(pair.desktop.ps({"push"}).exit == 1);
    CHECK_FALSE(pair.desktop.exists("pwned"));
  }
}

TEST_CASE("a hook of the remote that refuses is an error with its words, and the push works once it allows it",
          "[failures]") {
  Pair pair(Files{{planning + "a.md", "a\n"}});
  hook_on_origin(pair.world, "pre-receive", "echo 'frozen until Monday' >&2\nexit 1\n");
  const Outcome refused = pair.desktop.write(planning + "b.md", "b\n").ps({"push"});
  CHECK(refused.exit == 1);
  CHECK(contains(refused.err, "frozen until Monday"));
  const json error = pair.desktop.json({"push"});
  CHECK(error["error"]["exit"] == 1);
  CHECK(error["error"]["message"].is_string());
  CHECK(in_history(pair.world, pair.desktop, "b\n"));
  CHECK(pair.desktop.json({"status"})["queued_commits"] == 1);
  fs::remove(pair.world.origin() / "hooks" / "pre-receive");
  CHECK(pair.desktop.json({"push"})["result"] == "done");
  CHECK(pair.world.origin_files().contains(planning + "b.md"));
}

TEST_CASE("a hook of the remote that refuses this ref alone is an error too", "[failures]") {
  Pair pair(Files{{planning + "a.md", "a\n"}});
  hook_on_origin(pair.world, "update", "case $1 in */main) echo 'not this branch' >&2; exit 1;; esac\n");
  const Outcome refused = pair.desktop.write(planning + "b.md", "b\n").ps({"sync"});
  CHECK(refused.exit == 1);
  CHECK(contains(refused.err, "not this branch"));
}

TEST_CASE("a folder of documents that cannot be written is exit 1 with the reason, and all else is whole",
          "[failures]") {
  Pair pair(Files{{planning + "locked/a.md", "a\n"}});
  pair.desktop.write(planning + "locked/a.md", "a2\n").write(planning + "locked/b.md", "b\n").ok({"push"});
  if (!can_drop_powers(pair.world)) return;
  const std::string name = "locked";
  ReadOnly locked(pair.code.path(planning + name));
  const Outcome pulled = powerless(pair.code, {"pull"});
  CHECK(pulled.exit == 1);
  CHECK(contains(pulled.err, "ermission denied"));
  CHECK(contains(pulled.err, name));
  CHECK_FALSE(contains(pulled.out + pulled.err, "queued"));
  CHECK(pair.code.files(planning) == Files{{planning + "locked/a.md", "a\n"}});
  CHECK(powerless(pair.code, {"status"}).exit == 0);
  locked.give_back();
  CHECK(powerless(pair.code, {"pull"}).exit == 0);
  CHECK(pair.code.files(planning) == pair.desktop.files(planning));
}

TEST_CASE("a git folder that cannot be written is exit 1 with the reason, and status still answers", "[failures]") {
  Pair pair(Files{{planning + "a.md", "a\n"}});
  pair.code.write(planning + "b.md", "b\n");
  if (!can_drop_powers(pair.world)) return;
  powerless(pair.code, {"status"});
  pair.world.run(pair.code.root(), {"chmod", "-R", "a-w", ".git/promptsync"});
  const Outcome pushed = powerless(pair.code, {"push"});
  CHECK(pushed.exit == 1);
  CHECK(contains(pushed.err, "ermission denied"));
  CHECK_FALSE(contains(pushed.out + pushed.err, "queued"));
  const Outcome status = powerless(pair.code, {"status", "--json"});
  CHECK(status.exit == 0);
  CHECK(paths(status.json()["outgoing"]) == std::set{planning + "b.md"});
  pair.world.run(pair.code.root(), {"chmod", "-R", "u+w", ".git/promptsync"});
  CHECK(powerless(pair.code, {"push"}).exit == 0);
}

TEST_CASE("a document that cannot be read is held back, and is no deletion", "[failures]") {
  Pair pair(Files{{planning + "a.md", "a\n"}, {planning + "b.md", "b\n"}});
  if (!can_drop_powers(pair.world)) return;
  pair.code.write(planning + "a.md", "a2, unreadable\n").write(planning + "c.md", "c\n");
  pair.world.run(pair.code.root(), {"chown", "-R", "65534:65534", "."});
  fs::permissions(pair.code.path(planning + "a.md"), fs::perms::none);
  const Outcome pushed = powerless(pair.code, {"push", "--json"});
  fs::permissions(pair.code.path(planning + "a.md"), fs::perms::owner_all);
  CHECK(pushed.exit == 0);
  CHECK(field(pushed.json()["held_back"], planning + "a.md", "reason") == "unreadable");
  CHECK(pair.world.origin_files()[planning + "a.md"] == "a\n");
  CHECK(pair.world.origin_files().contains(planning + "c.md"));
}

TEST_CASE("a pull onto a full disk is exit 1 with the reason, nothing torn, and goes on once there is room",
          "[failures]") {
  World world;
  SmallDisk disk(world, "4m");
  if (!disk.mounted) {
    WARN("skipped: no file system can be mounted here");
    return;
  }
  Clone& desktop = world.place("desktop");
  for (int n = 0; n < 4; ++n) desktop.write(planning + "big" + std::to_string(n) + ".bin", noise(1'500'000));
  desktop.ok({"push"});
  Clone& code = world.adopt("code", disk.folder() / "code");
  world.run(world.root(), {"git", "clone", "--quiet", world.origin_url(), code.root().string()});
  code.ok({"init", "--as", "code", "--no-hooks"});
  const Outcome pulled = code.ps({"pull"});
  CHECK(pulled.exit == 1);
  CHECK(contains(pulled.err, "No space left"));
  for (const auto& [path, bytes] : code.files(planning)) {
    INFO(path);
    CHECK((desktop.exists(path) && bytes == desktop.read(path)));
  }
  CHECK(code.ps({"status", "--offline"}).exit == 0);
  CHECK(world.origin_files().size() == 4);
  disk.grow("64m");
  CHECK(code.ps({"pull"}).exit == 0);
  CHECK(code.files(planning) == desktop.files(planning));
  world.finish();
}

TEST_CASE("a push with a full disk is exit 1 and never queued, and goes out once there is room", "[failures]") {
  World world;
  SmallDisk disk(world, "8m");
  if (!disk.mounted) {
    WARN("skipped: no file system can be mounted here");
    return;
  }
  Clone& code = world.adopt("code", disk.folder() / "code");
  world.run(world.root(), {"git", "clone", "--quiet", world.origin_url(), code.root().string()});
  code.ok({"init", "--as", "code", "--no-hooks"});
  code.write(planning + "a.bin", noise(2'000'000));
  world.run(disk.folder(), {"dd", "if=/dev/zero", "of=filler", "bs=64k"});
  const Outcome pushed = code.ps({"push"});
  CHECK(pushed.exit == 1);
  CHECK(contains(pushed.err, "No space left"));
  CHECK_FALSE(contains(pushed.out + pushed.err, "queued"));
  CHECK(code.ps({"status", "--offline"}).exit == 0);
  fs::remove(disk.folder() / "filler");
  disk.grow("64m");
  CHECK(code.ps({"push"}).exit == 0);
  CHECK(world.origin_files() == code.files(planning));
  world.finish();
}

TEST_CASE("a repository of another user is not written to, unless safe.directory names it", "[failures]") {
  Pair pair(Files{{planning + "a.md", "a\n"}});
  if (geteuid() != 0) {
    WARN("skipped: only root can give a folder to somebody else");
    return;
  }
  pair.code.write(planning + "b.md", "b\n");
  pair.world.run(pair.world.root(), {"chown", "-R", "65534:65534", pair.code.root().string()});
  const Fingerprint before = Fingerprint::of(pair.code.path(".git/promptsync"));
  for (const char* command : {"push", "pull", "sync"}) {
    INFO(command);
    const Outcome refused = pair.code.ps({command});
    CHECK(refused.exit == 1);
    CHECK(contains(refused.err, "safe.directory"));
    CHECK(before.changes(Fingerprint::of(pair.code.path(".git/promptsync"))).empty());
  }
  CHECK(pair.world.origin_files().size() == 1);
  pair.world.run(pair.world.root(),
                 {"git", "config", "--global", "--add", "safe.directory", pair.code.root().string()});
  CHECK(pair.code.ps({"push"}).exit == 0);
  CHECK(pair.world.origin_files().size() == 2);
}

TEST_CASE("a branch of a newer format is read, never written, with a word on upgrading", "[failures]") {
  Pair pair(Files{{planning + "a.md", "a\n"}});
  const std::string future = pair.world.commit_on_origin(
      "refs/heads/promptsync/main", {{planning + "a.md", "a\n"}, {planning + "future.md", "future\n"}},
      "Future\n\nPromptsync-Format: 2\nPromptsync-Endpoint: future\nPromptsync-Session: main\n");
  const Outcome pulled = pair.code.ps({"pull"});
  CHECK(contains(pulled.out + pulled.err, "pgrade"));
  CHECK(pair.code.read(planning + "future.md") == "future\n");
  pair.code.write(planning + "b.md", "b\n");
  for (const char* command : {"push", "sync", "pull"}) {
    INFO(command);
    const Outcome outcome = pair.code.ps({command});
    CHECK(contains(outcome.out + outcome.err, "pgrade"));
    CHECK(pair.world.origin_tip() == future);
    CHECK(pair.code.read(planning + "b.md") == "b\n");
  }
}

TEST_CASE("wrong usage is exit 2", "[failures]") {
  Pair pair;
  CHECK(pair.desktop.ps({"pusch"}).exit == 2);
  CHECK(pair.desktop.ps({"push", "--no-such-option"}).exit == 2);
  CHECK(pair.desktop.ps({"show"}).exit == 2);
}

TEST_CASE("a lock left by a dead process is taken over", "[failures]") {
  Pair pair(Files{{planning + "a.md", "a\n"}});
  pair.desktop.write(planning + "b.md", "b\n");
  hook_on_origin(pair.world, "pre-receive", "touch \"$GIT_DIR/arrived\"; sleep 300\n");
  Process stuck = pair.desktop.start({"push"});
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!fs::exists(pair.world.origin() / "arrived") && std::chrono::steady_clock::now() < patience)
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  REQUIRE(stuck.is_running());
  stuck.kill_hard();
  CHECK(stuck.wait().exit == 128 + SIGKILL);
  fs::remove(pair.world.origin() / "hooks" / "pre-receive");
  CHECK(pair.desktop.ps({"push"}).exit == 0);
  CHECK(pair.world.origin_files().contains(planning + "b.md"));
}
