// Starting other programs: by argument arrays, never through a shell, and never without a bound on the wait.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ps_sync/platform/files.hpp"

namespace ps_sync {

struct Command {
  std::vector<std::string> arguments;                                           ///< arguments[0] is looked up on PATH
  std::optional<fs::path> folder;                                               ///< where it runs; absent: here
  std::vector<std::pair<std::string, std::optional<std::string>>> environment;  ///< changes: set, or unset where absent
  bool shows_errors = false;  ///< its error stream is ours, rather than a pipe
};

/// Git's own variables that a hook sets (GIT_DIR, GIT_INDEX_FILE, GIT_WORK_TREE, …), each unset: for every `git` we
/// start.
std::vector<std::pair<std::string, std::optional<std::string>>> without_git_environment();

/// A program that runs, with pipes at its three ends. Killed and waited for when this object goes, so that none stays.
class Child {
 public:
  explicit Child(const Command& command);
  Child(Child&&) noexcept;
  Child& operator=(Child&&) = delete;
  ~Child();

  int input() const { return input_.get(); }
  int output() const { return output_.get(); }
  int errors() const { return errors_.get(); }
  void close_input() { input_.reset(); }

  /// Waits at most `limit`, then ends it (SIGTERM, then SIGKILL). Exit status, or 128 + signal.
  int wait(std::chrono::milliseconds limit);

 private:
  pid_t pid_ = -1;
  Fd input_, output_, errors_;
};

struct Output {
  int status = -1;
  std::string out;
  std::string err;
};

/// Runs to the end with `input` on its standard input. Throws Error{failed} where it cannot be started,
/// Error{unreachable} where it took longer than `limit` (it is ended first). `meanwhile` is called once it runs.
Output run(const Command& command, std::string_view input = {},
           std::chrono::milliseconds limit = std::chrono::seconds(30), const std::function<void()>& meanwhile = {});

/// Same, but standard streams are the caller's: for an editor, a merge tool, or `ps-sync git …`. No time limit.
int run_attached(const Command& command);

}  // namespace ps_sync
