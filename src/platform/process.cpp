#include "ps_sync/platform/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <thread>

#include "ps_sync/base/error.hpp"
#include "ps_sync/base/text.hpp"
#include "ps_sync/platform/interrupt.hpp"

extern char** environ;

namespace ps_sync {
namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
  Fd read_end, write_end;
};

Pipe make_pipe() {
  int ends[2];
#ifdef __APPLE__
  if (::pipe(ends) != 0) throw_system_error("make", "a pipe");
  for (int end : ends) ::fcntl(end, F_SETFD, FD_CLOEXEC);
#else
  if (::pipe2(ends, O_CLOEXEC) != 0) throw_system_error("make", "a pipe");
#endif
  return {Fd(ends[0]), Fd(ends[1])};
}

std::vector<std::string> changed_environment(const Command& command) {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view line(*entry);
    const std::size_t equals = line.find('=');
    if (equals != std::string_view::npos) variables[std::string(line.substr(0, equals))] = line.substr(equals + 1);
  }
  for (const auto& [name, value] : command.environment) {
    if (value) {
      variables[name] = *value;
    } else {
      variables.erase(name);
    }
  }
  std::vector<std::string> lines;
  for (const auto& [name, value] : variables) lines.push_back(concat(name, "=", value));
  return lines;
}

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& text : strings) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// Starts the program; `streams` are the descriptors that become its 0, 1 and 2, or -1 for the caller's own.
pid_t spawn(const Command& command, const std::array<int, 3>& streams) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (int i = 0; i < 3; ++i) {
    if (streams[static_cast<std::size_t>(i)] >= 0) {
      posix_spawn_file_actions_adddup2(&actions, streams[static_cast<std::size_t>(i)], i);
    }
  }
  if (command.folder) posix_spawn_file_actions_addchdir_np(&actions, command.folder->c_str());

  // We ignore SIGPIPE; a child must not inherit that, or `git … | head` in its hooks would never end.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);

  std::vector<std::string> arguments = command.arguments;
  std::vector<std::string> environment = changed_environment(command);
  pid_t pid = -1;
  const int code = posix_spawnp(&pid, arguments[0].c_str(), &actions, &attributes, pointers_to(arguments).data(),
                                pointers_to(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (code != 0) {
    Error error(ErrorKind::failed, concat("cannot start ", escape_for_display(command.arguments[0])));
    std::move(error).because(std::strerror(code));
    if (code == ENOENT) std::move(error).hint(concat("install ", command.arguments[0], ", or put it on PATH"));
    throw error;
  }
  return pid;
}

int status_of(int raw) { return WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw); }

/// Returns when the process ended, or after a while: a descriptor of the process tells at once, where there is such a
/// thing (Linux 5.3).
void await_end(pid_t pid, int round, Clock::time_point deadline, bool interruptible) {
#ifdef SYS_pidfd_open
  const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (process) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd ends[2] = {{process.get(), POLLIN, 0}, {interruptible ? interrupt_fd() : -1, POLLIN, 0}};
    ::poll(ends, 2, static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000)));
    return;
  }
#endif
  static_cast<void>(pid);
  static_cast<void>(deadline);
  static_cast<void>(interruptible);
  std::this_thread::sleep_for(std::chrono::microseconds(round < 20 ? 100 : 2000));
}

/// Waits until the process ended, the deadline passed, or, where that may be, a signal came.
std::optional<int> wait_until(pid_t pid, Clock::time_point deadline, bool interruptible) {
  for (int round = 0;; ++round) {
    int raw = 0;
    const bool last = Clock::now() >= deadline;
    const pid_t ended = ::waitpid(pid, &raw, WNOHANG);
    if (ended == pid) return status_of(raw);
    if (ended < 0 && errno != EINTR) return -1;
    if (last || (interruptible && interrupting_signal() != 0)) return std::nullopt;
    await_end(pid, round, deadline, interruptible);
  }
}

int end_process(pid_t pid) {
  ::kill(pid, SIGTERM);
  if (const auto status = wait_until(pid, Clock::now() + std::chrono::milliseconds(500), false)) return *status;
  ::kill(pid, SIGKILL);
  int raw = 0;
  while (::waitpid(pid, &raw, 0) < 0 && errno == EINTR) {
  }
  return status_of(raw);
}

}  // namespace

std::vector<std::pair<std::string, std::optional<std::string>>> without_git_environment() {
  // The list that `git rev-parse --local-env-vars` prints, and the two with which a hook's quarantine is set up.
  std::vector<std::pair<std::string, std::optional<std::string>>> changes;
  for (const char* name : {"GIT_ALTERNATE_OBJECT_DIRECTORIES",
                           "GIT_CONFIG",
                           "GIT_CONFIG_PARAMETERS",
                           "GIT_CONFIG_COUNT",
                           "GIT_OBJECT_DIRECTORY",
                           "GIT_DIR",
                           "GIT_WORK_TREE",
                           "GIT_IMPLICIT_WORK_TREE",
                           "GIT_GRAFT_FILE",
                           "GIT_INDEX_FILE",
                           "GIT_NO_REPLACE_OBJECTS",
                           "GIT_REPLACE_REF_BASE",
                           "GIT_PREFIX",
                           "GIT_SHALLOW_FILE",
                           "GIT_COMMON_DIR",
                           "GIT_INTERNAL_SUPER_PREFIX",
                           "GIT_QUARANTINE_PATH",
                           "GIT_NAMESPACE",
                           "GIT_EXTERNAL_DIFF",
                           "GIT_CEILING_DIRECTORIES"}) {
    changes.emplace_back(name, std::nullopt);
  }
  return changes;
}

Child::Child(const Command& command) {
  Pipe in = make_pipe();
  Pipe out = make_pipe();
  Pipe err;
  if (!command.shows_errors) err = make_pipe();
  pid_ = spawn(command, {in.read_end.get(), out.write_end.get(), err.write_end.get()});
  input_ = std::move(in.write_end);
  output_ = std::move(out.read_end);
  errors_ = std::move(err.read_end);
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      input_(std::move(other.input_)),
      output_(std::move(other.output_)),
      errors_(std::move(other.errors_)) {}

Child::~Child() {
  if (pid_ > 0) end_process(pid_);
}

int Child::wait(std::chrono::milliseconds limit) {
  if (pid_ <= 0) return -1;
  const auto status = wait_until(pid_, Clock::now() + limit, true);
  const int result = status ? *status : end_process(pid_);
  pid_ = -1;
  return result;
}

namespace {

void feed(Child& child, std::string_view& input) {
  const ssize_t count = ::write(child.input(), input.data(), input.size());
  if (count > 0) input.remove_prefix(static_cast<std::size_t>(count));
  // A program that does not want to read any more is not our failure: its exit status tells.
  if (input.empty() || (count < 0 && errno != EINTR && errno != EAGAIN)) child.close_input();
}

/// False once the stream has ended.
bool drain(int fd, std::string& into) {
  char buffer[65536];
  const ssize_t count = ::read(fd, buffer, sizeof buffer);
  if (count > 0) into.append(buffer, static_cast<std::size_t>(count));
  return count > 0 || (count < 0 && (errno == EINTR || errno == EAGAIN));
}

}  // namespace

Output run(const Command& command, std::string_view input, std::chrono::milliseconds limit,
           const std::function<void()>& meanwhile) {
  const auto deadline = Clock::now() + limit;
  Child child(command);
  if (meanwhile) meanwhile();
  Output output;
  ::fcntl(child.input(), F_SETFL, O_NONBLOCK);
  if (input.empty()) child.close_input();
  bool out_open = true;
  bool err_open = child.errors() >= 0;
  while (out_open || err_open) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) {
      throw Error(ErrorKind::unreachable, concat(command.arguments[0], " did not end in time"))
          .because(concat("no end after ", std::to_string(limit.count() / 1000), " s"));
    }
    pollfd ends[4] = {{out_open ? child.output() : -1, POLLIN, 0},
                      {err_open ? child.errors() : -1, POLLIN, 0},
                      {input.empty() ? -1 : child.input(), POLLOUT, 0},
                      {interrupt_fd(), POLLIN, 0}};
    if (::poll(ends, 4, static_cast<int>(left.count())) < 0 && errno != EINTR) throw_system_error("wait for", "a pipe");
    throw_if_interrupted();
    if (ends[0].revents != 0) out_open = drain(child.output(), output.out);
    if (ends[1].revents != 0) err_open = drain(child.errors(), output.err);
    if (ends[2].revents != 0) feed(child, input);
  }
  output.status = child.wait(std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()));
  return output;
}

int run_attached(const Command& command) {
  const pid_t pid = spawn(command, {-1, -1, -1});
  int raw = 0;
  while (::waitpid(pid, &raw, 0) < 0 && errno == EINTR) {
  }
  return status_of(raw);
}

}  // namespace ps_sync
