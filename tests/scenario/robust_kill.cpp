// push, pull and sync are killed at many instants, and the same command is run again.
//
// Two places live through many rounds. In each round both sides edit; the command under test is killed at code; what is
// on disk and in the histories is looked at; the command runs again, and both places must hold exactly what a run that
// was never killed would have given. Every edit of a round is chosen so that this outcome is known beforehand.
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <thread>

#include "scenario/robust.hpp"
#include "support/catch.hpp"

using namespace ps_sync::test;
namespace fs = std::filesystem;
using std::chrono::microseconds;

namespace {

/// A list of which desktop edits one end and code the other.
std::string list_text(int desktop, int code) {
  std::string text = "# List\n\n- desktop " + std::to_string(desktop) + "\n";
  for (int n = 0; n < 12; ++n) text += "- unchanged item " + std::to_string(n) + "\n";
  return text + "- code " + std::to_string(code) + "\n";
}

/// Bytes that do not compress, other ones for each seed.
std::string noise(int seed) {
  std::minstd_rand random(static_cast<unsigned>(seed) + 1U);
  std::string bytes(40'000, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random() >> 8);
  return bytes;
}

std::string plain(const std::string& bytes) { return "- " + bytes; }

enum class RemoteMoved { no, yes };
enum class Clash { no, yes };

/// How the command under test is brought to its end.
struct Death {
  std::optional<std::string> failpoint;  ///< PROMPTSYNC_FAILPOINT
  std::optional<microseconds> after;     ///< SIGKILL, that long after the start
  bool whole_group = true;               ///< git's processes too
};

class Rounds {
 public:
  explicit Rounds(std::string command, RemoteMoved moved = RemoteMoved::yes, Clash clash = Clash::no)
      : command_(std::move(command)), moved_(moved == RemoteMoved::yes), clash_(clash == Clash::yes) {
    desktop.write(planning + "list.md", list_text(0, 0)).write(planning + "desktop.md", "desktop 0\n");
    desktop.write(planning + "new/desktop 0.md", "new 0\n").write(planning + "topic", "a file\n");
    desktop.write(planning + "run.sh", "#!/bin/sh\n").write(implementation + "desktop.bin", noise(0));
    desktop.write(planning + "code.md", "code 0\n").write(planning + "draft/moved 0.md", draft);
    desktop.write(planning + "draft/code 0.md", "draft 0\n").write(implementation + "code.bin", noise(1));
    desktop.write(planning + "clash.md", "both 0\n").ok({"push"});
    code.ok({"pull"});
    after_ = documents(desktop);
    REQUIRE(documents(code) == after_);
    users_git_ = code.fingerprint();
  }

  /// One round. True where the command was really killed.
  bool play(const Death& death, bool edit_between = false) {
    edit();
    const Outcome outcome = run(death);
    INFO(command_ << ", round " << round_ << ", killed "
                  << (death.failpoint ? *death.failpoint
                                      : std::to_string(death.after.value_or(microseconds{}).count()) + " us")
                  << "\n"
                  << outcome.describe());
    const bool killed = outcome.exit == 137;
    if (!killed) REQUIRE((outcome.exit == done() || (death.failpoint && outcome.exit == 1)));
    look_after_the_kill();
    if (edit_between) write_code(planning + "between.md", "between " + std::to_string(round_) + "\n");
    finish();
    return killed;
  }

  /// How long the command takes where it is left alone: the median of three.
  microseconds typical_time() {
    std::vector<microseconds> times;
    for (int n = 0; n < 3; ++n) {
      edit();
      const auto start = std::chrono::steady_clock::now();
      REQUIRE(code.ps({command_}).exit == done());
      times.push_back(std::chrono::duration_cast<microseconds>(std::chrono::steady_clock::now() - start));
      finish();
    }
    std::sort(times.begin(), times.end());
    return times[1];
  }

  /// Each failpoint that one run passes, and how often. Empty where the program has none.
  std::map<std::string, int> passed_points() {
    edit();
    const fs::path log = world.root() / "tmp" / "points";
    REQUIRE(code.ps({command_}, {{"PROMPTSYNC_FAILPOINT_LOG", log.string()}}).exit == done());
    std::map<std::string, int> points;
    if (fs::exists(log))
      for (const std::string& name : lines_of(read_file(log))) ++points[name];
    fs::remove(log);
    finish();
    return points;
  }

  World world;
  Clone& desktop = world.place("desktop");
  Clone& code = world.place("code");

 private:
  static inline const std::string draft = "# A draft\n\nIt is moved about.\nIts lines stay.\n";

  int done() const { return clash_ ? 3 : 0; }

  void write_desktop(const std::string& path, const std::string& bytes) {
    desktop.write(path, bytes);
    after_[path] = plain(bytes);
  }
  void write_code(const std::string& path, const std::string& bytes) {
    code.write(path, bytes);
    after_[path] = plain(bytes);
  }

  /// The edits of the next round on both sides; desktop's are pushed.
  void edit() {
    ++round_;
    const std::string number = std::to_string(round_);
    const std::string last = std::to_string(round_ - 1);
    if (moved_) edit_desktop(number, last);
    code.write(planning + "list.md", list_text(moved_ ? round_ - 1 : 0, round_));
    after_[planning + "list.md"] = plain(list_text(moved_ ? round_ : 0, round_));
    write_code(planning + "code.md", "code " + number + "\n");
    code.remove(planning + "draft/code " + last + ".md");
    after_.erase(planning + "draft/code " + last + ".md");
    write_code(planning + "draft/code " + number + ".md", "draft " + number + "\n");
    code.rename(planning + "draft/moved " + last + ".md", planning + "draft/moved " + number + ".md");
    after_.erase(planning + "draft/moved " + last + ".md");
    after_[planning + "draft/moved " + number + ".md"] = plain(draft);
    write_code(implementation + "code.bin", noise(round_ * 2 + 1));
    if (clash_) write_code(planning + "clash.md", "code " + number + "\n");
    before_ = documents(code);
    before_ids_ = document_ids(world, code);
  }

  void edit_desktop(const std::string& number, const std::string& last) {
    desktop.write(planning + "list.md", list_text(round_, round_ - 1));
    write_desktop(planning + "desktop.md", "desktop " + number + "\n");
    // The folder `new` goes and comes with its only file, and `topic` is a file and a folder in turn.
    desktop.remove(planning + "new");
    after_.erase(planning + "new/desktop " + last + ".md");
    write_desktop(planning + "new/desktop " + number + ".md", "new " + number + "\n");
    desktop.remove(planning + "topic");
    after_.erase(planning + (round_ % 2 == 1 ? "topic" : "topic/part.md"));
    write_desktop(planning + (round_ % 2 == 1 ? "topic/part.md" : "topic"), "topic " + number + "\n");
    const bool odd = round_ % 2 == 1;
    if (odd) {
      write_desktop(planning + "fleeting/in/deep.md", "deep\n");
    } else {
      desktop.remove(planning + "fleeting");
      after_.erase(planning + "fleeting/in/deep.md");
    }
    fs::permissions(desktop.path(planning + "run.sh"), odd ? fs::perms(0755) : fs::perms(0644));
    after_[planning + "run.sh"] = (odd ? "x " : "- ") + std::string("#!/bin/sh\n");
    write_desktop(implementation + "desktop.bin", noise(round_ * 2));
    if (clash_) desktop.write(planning + "clash.md", "desktop " + number + "\n");
    desktop.ok({"push"});
  }

  Outcome run(const Death& death) {
    Environment extra;
    if (death.failpoint) extra["PROMPTSYNC_FAILPOINT"] = *death.failpoint;
    const auto start = std::chrono::steady_clock::now();
    Process process = code.start({command_}, extra);
    if (death.after) {
      std::this_thread::sleep_until(start + *death.after);
      if (death.whole_group)
        process.kill_hard();
      else if (process.is_running())
        kill(process.pid(), SIGKILL);
    }
    const Outcome outcome = process.wait();
    world.note({command_, death.failpoint.value_or("killed by time")}, code.root(), outcome);
    if (death.after && death.whole_group) remove_locks_of_git();
    return outcome;
  }

  /// A killed `git receive-pack` leaves its lock on the ref, and git leaves that to the owner of the repository. A
  /// remote on another machine does not die with this one.
  void remove_locks_of_git() {
    std::vector<fs::path> locks;
    for (const auto& entry : fs::recursive_directory_iterator(world.origin()))
      if (entry.path().extension() == ".lock") locks.push_back(entry.path());
    for (const fs::path& lock : locks) fs::remove(lock);
  }

  void look_after_the_kill() {
    CHECK(users_git_.changes(code.fingerprint()) == "");
    const Files now = documents(code);
    Files all = before_;
    all.insert(after_.begin(), after_.end());
    all.insert(now.begin(), now.end());
    const auto at = [](const Files& files, const std::string& path) {
      const auto found = files.find(path);
      return found == files.end() ? std::string("(none)") : found->second;
    };
    bool whole = true;
    for (const auto& [path, bytes] : all) {
      const std::string present = at(now, path);
      if (present == at(before_, path) || present == at(after_, path)) continue;
      whole = false;
      UNSCOPED_INFO(path << " holds neither the old nor the new bytes: " << present.substr(0, 200));
    }
    CHECK(whole);
    check_nothing_lost(now);
    CHECK(leftovers(code.path(".claude")) == "");
  }

  /// Every version that was on disk when the command began is on disk or in a history.
  void check_nothing_lost(const Files& now) {
    std::set<std::string> kept;
    for (const auto& [path, state] : now) kept.insert(state.substr(2));
    std::map<std::string, std::string> missing;  // path → id
    for (const auto& [path, state] : before_)
      if (!kept.contains(state.substr(2))) missing[path] = before_ids_.at(path);
    for (const fs::path& repository : {code.store_folder(), world.origin()}) {
      if (missing.empty()) return;
      const std::set<std::string> history = reachable_objects(world, repository);
      std::erase_if(missing, [&](const auto& version) { return history.contains(version.second); });
    }
    std::string lost;
    for (const auto& [path, id] : missing) lost += path + "\n";
    CHECK(lost == "");
  }

  /// Runs the command again, lets the other place pull, and looks at both.
  void finish() {
    const Outcome again = code.ps({command_, "--json"});
    INFO("run again: " << again.describe());
    REQUIRE(again.exit == done());
    if (clash_) settle_clash();
    // push leaves the documents here alone, even where it merged.
    if (command_ == "push") code.ok({"pull"});
    desktop.ok({"pull"});
    const Files now = documents(code);
    compare("code", now);
    compare("desktop", documents(desktop));
    check_nothing_lost(now);
    CHECK(users_git_.changes(code.fingerprint()) == "");
    // A broken object stays: to look for one now and then, and at the world's end, finds what each round did.
    const bool is_fsck_due = round_ % 10 == 0;
    for (Clone* clone : {&code, &desktop}) {
      CHECK(leftovers(clone->path(".claude")) == "");
      CHECK(leftovers(clone->git_folder() / "promptsync") == "");
      CHECK(empty_folders(*clone) == planning + "session-notes\n");  // made by init, and never used here
      if (is_fsck_due) check_fsck(world, clone->store_folder());
    }
    if (is_fsck_due) check_fsck(world, world.origin());
  }

  /// Folders with nothing in them below the sync set's roots, one a line.
  static std::string empty_folders(const Clone& clone) {
    std::string found;
    for (const std::string& root : {planning, implementation})
      for (const auto& entry : fs::recursive_directory_iterator(clone.path(root)))
        if (entry.is_directory() && fs::is_empty(entry.path()))
          found += entry.path().lexically_relative(clone.root()).string() + "\n";
    return found;
  }

  void settle_clash() {
    CHECK(paths(code.json({"conflicts"})["conflicts"]) == std::set{planning + "clash.md"});
    CHECK(code.read(planning + "clash.md") == "code " + std::to_string(round_) + "\n");
    REQUIRE(code.ps({"resolve", planning + "clash.md", "--ours"}).exit == 0);
    code.ok({"sync"});
  }

  /// A difference ends the scenario: later rounds would only repeat it.
  void compare(const std::string& who, const Files& found) {
    INFO("at " << who << ", against what is expected:\n" << changes(after_, found));
    REQUIRE(found == after_);
  }

  std::string command_;
  bool moved_;
  bool clash_;
  int round_ = 0;
  Files before_;  ///< code's documents when the command began
  Files after_;   ///< both places' documents when all is done
  std::map<std::string, std::string> before_ids_;
  Fingerprint users_git_;
};

constexpr int kills_by_time = 30;

/// Kills `kills_by_time` runs, spread over the time that one takes; in every third round code edits before it goes on.
void kill_by_time(Rounds& rounds) {
  double span = static_cast<double>(rounds.typical_time().count());
  int killed = 0;
  for (int attempt = 0; killed < kills_by_time && attempt < 2 * kills_by_time; ++attempt) {
    const double part = (killed + 0.5) / kills_by_time;
    const microseconds delay(static_cast<long>(span * part));
    if (rounds.play({std::nullopt, delay, attempt % 2 == 0}, attempt % 3 == 0))
      ++killed;
    else
      span *= 0.96;  // it was quicker than before, and ended by itself
  }
  CHECK(killed == kills_by_time);
}

/// Kills one run at each passing of each failpoint; of a point that is passed often, at the first and last passings.
void kill_at_points(Rounds& rounds) {
  const std::map<std::string, int> points = rounds.passed_points();
  if (points.empty()) {
    WARN("skipped: this ps-sync was built without failpoints");
    return;
  }
  int run = 0;
  for (const auto& [name, count] : points) {
    int killed = 0;
    for (int passing = 1; passing <= count; ++passing) {
      if (count > 8 && passing > 4 && passing < count - 2) continue;
      if (rounds.play({name + ":" + std::to_string(passing), std::nullopt}, ++run % 3 == 0)) ++killed;
    }
    INFO(name);
    CHECK(killed > 0);
  }
}

/// Lets the code throw at each failpoint once, as it would where a disk is full.
void fail_at_points(Rounds& rounds) {
  for (const auto& [name, count] : rounds.passed_points()) rounds.play({name + ":error", std::nullopt});
}

}  // namespace

TEST_CASE("push killed at 30 instants: nothing is lost, and the next push completes", "[robust][kill]") {
  Rounds rounds("push");
  kill_by_time(rounds);
}

TEST_CASE("pull killed at 30 instants: nothing is lost, and the next pull completes", "[robust][kill]") {
  Rounds rounds("pull");
  kill_by_time(rounds);
}

TEST_CASE("sync killed at 30 instants: nothing is lost, and the next sync completes", "[robust][kill]") {
  Rounds rounds("sync");
  kill_by_time(rounds);
}

TEST_CASE("a sync that meets a conflict killed at 30 instants: ours stays, and the next sync completes",
          "[robust][kill]") {
  Rounds rounds("sync", RemoteMoved::yes, Clash::yes);
  kill_by_time(rounds);
}

TEST_CASE("push killed at every failpoint, the remote as it was: the next push completes", "[robust][kill]") {
  Rounds rounds("push", RemoteMoved::no);
  kill_at_points(rounds);
}

TEST_CASE("push killed at every failpoint, the remote moved: the next push completes", "[robust][kill]") {
  Rounds rounds("push");
  kill_at_points(rounds);
}

TEST_CASE("pull killed at every failpoint: the next pull completes", "[robust][kill]") {
  Rounds rounds("pull");
  kill_at_points(rounds);
}

TEST_CASE("sync killed at every failpoint: the next sync completes", "[robust][kill]") {
  Rounds rounds("sync");
  kill_at_points(rounds);
}

TEST_CASE("a sync that meets a conflict killed at every failpoint: the next sync completes", "[robust][kill]") {
  Rounds rounds("sync", RemoteMoved::yes, Clash::yes);
  kill_at_points(rounds);
}

TEST_CASE("push, pull and sync that fail at any failpoint leave nothing half done", "[robust][kill]") {
  for (const char* command : {"push", "pull", "sync"}) {
    Rounds rounds(command);
    fail_at_points(rounds);
  }
}
