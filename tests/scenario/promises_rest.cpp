// Promises that no other scenario is about: what is not read again, what is never sent half, how long anything is
// waited for, which words reach no shell, and what a clone has to allow first.
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/inotify.h>
#endif

#include <atomic>
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

const std::string doc = planning + "a.md";

std::chrono::seconds seconds_of(const std::chrono::steady_clock::time_point& start) {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - start);
}

#ifdef __linux__
/// Tells which files of one folder have been opened since it was made.
class OpenWatch {
 public:
  explicit OpenWatch(const fs::path& folder) : fd_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    if (inotify_add_watch(fd_, folder.c_str(), IN_OPEN) < 0) throw std::runtime_error("cannot watch the folder");
  }
  ~OpenWatch() { close(fd_); }
  OpenWatch(const OpenWatch&) = delete;
  OpenWatch& operator=(const OpenWatch&) = delete;

  std::set<std::string> opened() const {
    std::set<std::string> names;
    alignas(inotify_event) char buffer[1 << 14];
    for (ssize_t got = read(fd_, buffer, sizeof buffer); got > 0; got = read(fd_, buffer, sizeof buffer)) {
      for (ssize_t at = 0; at < got;) {
        const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
        if (event->len > 0) names.insert(event->name);
        at += static_cast<ssize_t>(sizeof *event + event->len);
      }
    }
    return names;
  }

 private:
  int fd_;
};
#endif

/// Appends to a file, one write each time.
class Appender {
 public:
  explicit Appender(const fs::path& path) : fd_(open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC)) {}
  ~Appender() { close(fd_); }
  Appender(const Appender&) = delete;
  Appender& operator=(const Appender&) = delete;
  bool add(const std::string& text) const {
    return write(fd_, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  }

 private:
  int fd_;
};

/// Holds the lock of a place as a ps-sync at work would.
class HeldLock {
 public:
  explicit HeldLock(Clone& clone) : fd_(open(file_of(clone).c_str(), O_RDWR | O_CLOEXEC)) {
    if (flock(fd_, LOCK_EX | LOCK_NB) != 0) throw std::runtime_error("cannot take the lock");
  }
  ~HeldLock() { release(); }
  HeldLock(const HeldLock&) = delete;
  HeldLock& operator=(const HeldLock&) = delete;
  void release() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

 private:
  static std::string file_of(Clone& clone) { return (clone.git_folder() / "promptsync" / "lock").string(); }
  int fd_;
};

}  // namespace

#ifdef __linux__
TEST_CASE("a document that did not change is not opened again", "[rest]") {
  Pair pair(Files{{doc, "a\n"}, {planning + "b.md", "b\n"}});
  for (const char* name : {"a.md", "b.md"})
    fs::last_write_time(pair.desktop.path(planning + name), fs::file_time_type::clock::now() - std::chrono::hours(1));
  pair.desktop.ok({"push"});
  const OpenWatch watch(pair.desktop.path(planning));
  pair.desktop.write(planning + "b.md", "b, changed\n");
  for (const char* command : {"push", "pull", "sync", "status"}) pair.desktop.ok({command});
  const std::set<std::string> opened = watch.opened();
  CHECK(opened.contains("b.md"));
  CHECK_FALSE(opened.contains("a.md"));
}
#endif

TEST_CASE("a document that never rests is left for the next time, and never sent half", "[rest]") {
  Pair pair;
  const std::string record = std::string(63, 'x') + "\n";
  std::string begun;
  for (int n = 0; n < 250'000; ++n) begun += record;
  pair.desktop.write(doc, begun).write(planning + "b.md", "b\n");
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    const Appender file(pair.desktop.path(doc));
    while (!stop && file.add(record)) std::this_thread::sleep_for(std::chrono::microseconds(50));
  });
  const Outcome pushed = pair.desktop.ps({"push", "--json"});
  stop = true;
  writer.join();
  INFO(pushed.describe());
  CHECK(pushed.exit == 0);
  Files there = pair.world.origin_files();
  CHECK(there[planning + "b.md"] == "b\n");
  // On a busy machine the writer may have paused for a whole read: then what went out is what stood there.
  if (there.contains(doc)) {
    CHECK(there[doc].size() % record.size() == 0);
  } else {
    CHECK(field(pushed.json()["held_back"], doc, "reason") == "busy");
  }
  pair.desktop.ok({"push"});
  CHECK(pair.world.origin_files()[doc] == pair.desktop.read(doc));
}

TEST_CASE("a document that is written to while a pull replaces it keeps what was written", "[rest]") {
  const std::string middle = "2\n3\n4\n5\n6\n7\n8\n";
  const std::string last = planning + "zz.md";
  Pair pair(Files{{last, "1\n" + middle}});
  for (int n = 0; n < 400; ++n) pair.desktop.write(planning + "new/" + std::to_string(n) + ".md", "new\n");
  pair.desktop.write(last, "1 desktop\n" + middle).ok({"push"});
  const fs::path journal = pair.code.git_folder() / "promptsync" / "apply";
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    const Appender before(pair.code.path(last));  // the file that is about to be replaced, held open
    while (!stop && !fs::exists(journal)) std::this_thread::yield();
    before.add("9 code\n");
  });
  const Outcome pulled = pair.code.ps({"pull"});
  stop = true;
  writer.join();
  INFO(pulled.describe());
  CHECK(pulled.exit == 0);
  pair.code.ok({"sync"});
  CHECK(pair.code.read(last) == "1 desktop\n" + middle + "9 code\n");
  CHECK(pair.world.origin_files()[last] == pair.code.read(last));
}

TEST_CASE("in a large set a pull brings what came, and leaves an edit elsewhere to the next push", "[rest]") {
  Files files{{doc, "1\n2\n3\n4\n5\n"}, {planning + "b.md", "b\n"}};
  for (int n = 0; n < 2'100; ++n) files[planning + "many/" + std::to_string(n) + ".md"] = "text\n";
  Pair pair(files);
  const auto there = [&] { return pair.world.origin_git({"cat-file", "blob", "refs/heads/promptsync/main:" + doc}); };
  pair.code.ok({"push"});  // looks at what has just been put there, for the last time
  pair.code.write(doc, "1\n2\n3\n4\n5 code\n");
  pair.desktop.write(planning + "b.md", "b2\n").ok({"push"});
  const json pulled = pair.code.json({"pull"});
  CHECK(paths(pulled["received"]) == std::set{planning + "b.md"});
  CHECK(pair.code.read(doc) == "1\n2\n3\n4\n5 code\n");
  CHECK(there() == "1\n2\n3\n4\n5");
  CHECK(pair.code.json({"status"})["state"] == "outgoing");
  // Where the edit is concerned it is seen, committed and merged.
  pair.desktop.write(doc, "1 desktop\n2\n3\n4\n5\n").ok({"push"});
  pair.code.ok({"pull"});
  CHECK(pair.code.read(doc) == "1 desktop\n2\n3\n4\n5 code\n");
  CHECK(there() == "1 desktop\n2\n3\n4\n5 code");
}

TEST_CASE("a remote that falls silent is waited for no longer than network.timeout, and the work is queued", "[rest]") {
  Pair pair(Files{{doc, "a\n"}});
  const fs::path hook = pair.world.origin() / "hooks" / "pre-receive";
  write_file(hook, "#!/bin/sh\necho $$ >silent.pid\nexec sleep 300\n");
  fs::permissions(hook, fs::perms(0755));
  pair.desktop.write(doc, "b\n");
  const auto start = std::chrono::steady_clock::now();
  const Outcome pushed = pair.desktop.ps({"push", "--json"}, {{"PROMPTSYNC_NETWORK_TIMEOUT", "1s"}});
  INFO(pushed.describe());
  CHECK(seconds_of(start) < std::chrono::seconds(20));
  CHECK(pushed.exit == 0);
  CHECK(pushed.json()["result"] == "queued");
  const int asleep = std::stoi(read_file(pair.world.origin() / "silent.pid"));
  kill(asleep, SIGKILL);
  fs::remove(hook);
  pair.desktop.ok({"push", "--require-remote"});
  CHECK(pair.world.origin_files()[doc] == "b\n");
}

TEST_CASE("a lock that another ps-sync holds is waited for, and not for ever", "[rest]") {
  Pair pair(Files{{doc, "a\n"}});
  pair.desktop.write(doc, "b\n");
  HeldLock lock(pair.desktop);
  SECTION("until it is free") {
    Process push = pair.desktop.start({"push"});
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    REQUIRE(push.is_running());
    CHECK(pair.desktop.ps({"status", "--offline"}).exit == 0);
    lock.release();
    CHECK(push.wait().exit == 0);
    CHECK(pair.world.origin_files()[doc] == "b\n");
  }
  SECTION("for half a minute at most") {
    const auto start = std::chrono::steady_clock::now();
    const Outcome outcome = pair.desktop.ps({"push"});
    CHECK(outcome.exit == 1);
    CHECK(contains(outcome.err, "another ps-sync"));
    CHECK(seconds_of(start) < std::chrono::seconds(45));
    lock.release();
    pair.desktop.ok({"push"});
    CHECK(pair.world.origin_files()[doc] == "b\n");
  }
}

TEST_CASE("without a terminal nothing is asked: init takes the host's name made to fit", "[rest]") {
  World world;
  Clone& clone = world.clone("desktop");
  const Outcome outcome = clone.ps({"init", "--no-hooks"});
  INFO(outcome.describe());
  CHECK(outcome.exit == 0);
  const std::string name = clone.git({"config", "promptsync.endpoint"});
  CHECK_FALSE(name.empty());
  CHECK(name.size() <= 39);
  CHECK(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos);
  CHECK(name.front() != '-');
}

TEST_CASE("no name of a remote or document reaches a shell or an option", "[rest]") {
  World world;
  const std::string wild = "$(touch pwned)`touch pwned`;touch pwned&'\" -x";
  world.run(world.root(), {"git", "init", "--quiet", "--bare", wild + ".git"});
  const std::string remote = (world.root() / (wild + ".git")).string();
  Clone& desktop = world.place("desktop", {"--remote", remote});
  Clone& code = world.place("code", {"--remote", remote});
  const Files files{{planning + wild + ".md", "wild\n"}, {planning + "-rf.md", "no option\n"}};
  for (const auto& [path, bytes] : files) desktop.write(path, bytes);
  desktop.ok({"push", "-m", wild});
  code.ok({"pull"});
  CHECK(code.files(planning) == files);
  code.write(planning + wild + ".md", "wilder\n").ok({"sync"});
  for (const Arguments& arguments : std::vector<Arguments>{{"log", planning + wild + ".md"},
                                                           {"show", "main", planning + wild + ".md"},
                                                           {"diff", planning + "-rf.md"},
                                                           {"restore", planning + wild + ".md", "--from", "main~1"},
                                                           {"doctor"},
                                                           {"beacon", "show"}})
    code.ok(arguments);
  CHECK(code.ps({"show", "--output=pwned"}).exit != 0);
  for (const auto& entry : fs::recursive_directory_iterator(world.root())) CHECK(entry.path().filename() != "pwned");
}

TEST_CASE("what steers an assistant travels only where this clone's git config allows it", "[rest]") {
  Pair pair;
  const std::string steering = planning + "CLAUDE.md";
  pair.desktop.write(steering, "be kind\n").write(doc, "a\n");
  CHECK(field(pair.desktop.json({"push"})["held_back"], steering, "reason") == "policy");
  CHECK(pair.world.origin_files() == Files{{doc, "a\n"}});
  pair.desktop.git({"config", "--add", "promptsync.allow", steering});
  pair.desktop.ok({"push"});
  CHECK(pair.world.origin_files()[steering] == "be kind\n");

  CHECK(field(pair.code.json({"pull"})["held_back"], steering, "reason") == "policy");
  CHECK_FALSE(pair.code.exists(steering));
  // A file that travels, or that a team commits, cannot grant it.
  pair.code.write(".claude/sync/config.yml", "version: 1\nallow: [.claude/planning]\n");
  CHECK(pair.code.ps({"pull"}).exit == 1);
  pair.code.write(".claude/sync/config.yml", "version: 1\n");
  pair.code.write(doc, "a2\n").ok({"push"});
  CHECK(pair.world.origin_files()[steering] == "be kind\n");
  pair.code.git({"config", "--add", "promptsync.allow", steering});
  pair.code.ok({"pull"});
  CHECK(pair.code.read(steering) == "be kind\n");
}

TEST_CASE("resolve --edit and --tool take what the program made of both sides, but no markers", "[rest]") {
  Pair pair(Files{{doc, "one\n"}});
  const auto clash = [&](const std::string& text) {
    pair.desktop.ok({"pull"});
    pair.desktop.write(doc, text + " by desktop\n").ok({"push"});
    pair.code.write(doc, text + " by code\n");
    REQUIRE(pair.code.ps({"sync"}).exit == 3);
  };
  clash("two");
  pair.code.git({"config", "core.editor", "true"});
  CHECK(pair.code.ps({"resolve", doc, "--edit"}).exit == 1);
  CHECK(pair.code.read(doc) == "two by code\n");
  pair.code.git({"config", "core.editor", "sed -i -e '/^[<=>|]/d' -e '/^one/d'"});
  CHECK(pair.code.ps({"resolve", doc, "--edit"}).exit == 0);
  CHECK(pair.code.read(doc) == "two by code\ntwo by desktop\n");

  clash("three");
  pair.code.git({"config", "merge.tool", "mine"});
  pair.code.git({"config", "mergetool.mine.cmd", "cat \"$REMOTE\" \"$LOCAL\" >\"$MERGED\""});
  CHECK(pair.code.ps({"resolve", doc, "--tool"}).exit == 0);
  CHECK(pair.code.read(doc) == "three by desktop\nthree by code\n");
  CHECK(pair.world.origin_files()[doc] == pair.code.read(doc));
}
