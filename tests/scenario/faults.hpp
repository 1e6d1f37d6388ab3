// What must hold for every command whose remote fails it, whatever the way.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "scenario/robust.hpp"

namespace ps_sync::test {

/// A test's limit for one command, after which it is killed: no measure of speed, but far below what a command without
/// a bound would take.
constexpr auto kill_limit = std::chrono::seconds(20);

inline const std::vector<std::string> all_commands{"status", "pull", "push", "sync", "clone"};

/// Processes of this world that still run once those that are about to end have ended, one a line. Empty where there
/// is no /proc to look into.
std::string left_running_in(const World& world);

/// A place, `code`, at which something waits to go out and something to come in, and whose remote can be made to fail.
/// Another, `desktop`, reaches the same repository by path.
class Troubled {
 public:
  Troubled(World& the_world, const std::string& url, Environment environment = {});

  /// Something new on both sides.
  void make_news();
  /// Starts a command at code. `clone` makes a place of its own, away from both.
  Process start(const std::string& command, const std::string& timeout = "1s");
  /// Waits for the end of a command, and looks whether it ended by itself and left everything whole.
  Outcome finish(Process process, const std::string& command);
  Outcome run(const std::string& command) { return finish(start(command), command); }

  /// The command ends as where no network is: with 0, saying that all waits and why, and all is there.
  void queues(const std::string& command, const std::string& words = "");
  /// The command fails, since waiting would not help, and says why and what to do; what was to be sent still waits.
  void fails(const std::string& command, const std::string& words);
  /// Either of the two: for what no server does by honest mistake.
  void gives_up(const std::string& command);
  /// With the remote as it should be, the same command does what it could not do, and a sync leaves both alike.
  void completes(const std::string& command);

  World& world;
  Clone& desktop;
  Clone& code;
  /// The fetching side is well: what came in may be in the working tree before the pushing side fails.
  bool news_may_arrive = false;

 private:
  /// What waits to go out is still there: in a commit, or on disk and seen to be new.
  void check_waiting();
  void check_told(const std::string& command, const Outcome& outcome);
  std::filesystem::path clone_folder() const { return world.root() / "third"; }

  Environment environment_;
  int round_ = 0;
  Files documents_;
  Fingerprint users_git_;
};

}  // namespace ps_sync::test
