#include "support/process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

namespace ps_sync::test {
namespace {

std::FILE* open_scratch_file() {
  std::FILE* file = std::tmpfile();
  if (file == nullptr) throw std::system_error(errno, std::generic_category(), "cannot make a scratch file");
  fcntl(fileno(file), F_SETFD, FD_CLOEXEC);
  return file;
}

std::string read_all(std::FILE* file) {
  std::string text;
  char buffer[1 << 16];
  for (;;) {
    const ssize_t got = pread(fileno(file), buffer, sizeof buffer, static_cast<off_t>(text.size()));
    if (got <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
  }
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

void check_spawn(int code, const std::string& doing) {
  if (code != 0) throw std::system_error(code, std::generic_category(), doing);
}

}  // namespace

nlohmann::json Outcome::json() const {
  try {
    return nlohmann::json::parse(out);
  } catch (const nlohmann::json::exception& problem) {
    throw std::runtime_error(std::string("stdout is not one JSON object: ") + problem.what() + "\n" + describe());
  }
}

std::string Outcome::describe() const {
  return "exit " + std::to_string(exit) + (timed_out ? " (killed: it took too long)" : "") +
         (out.empty() ? "" : "\n--- stdout\n" + out) + (err.empty() ? "" : "\n--- stderr\n" + err);
}

Process::Process(const Arguments& arguments, const ProcessOptions& options)
    : out_(open_scratch_file()), err_(open_scratch_file()) {
  const File input(open_scratch_file());
  std::fwrite(options.input.data(), 1, options.input.size(), input.get());
  std::rewind(input.get());  // flushes, and moves the offset that the child shares back to the start

  std::vector<std::string> words = arguments;
  std::vector<std::string> settings;
  for (const auto& [name, value] : options.environment) settings.push_back(name + "=" + value);

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_addchdir_np(&actions, options.folder.c_str());
  const bool on_terminal = !options.terminal.empty();
  if (on_terminal) {
    // The leader of a new session gets the first terminal that it opens for its own.
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, options.terminal.c_str(), O_RDWR, 0);
    posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDERR_FILENO);
  } else {
    posix_spawn_file_actions_adddup2(&actions, fileno(input.get()), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, fileno(out_.get()), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, fileno(err_.get()), STDERR_FILENO);
  }
  // What a shell starts in the background ignores SIGINT; a program under test must not inherit that.
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGINT);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  const int group = on_terminal ? POSIX_SPAWN_SETSID : POSIX_SPAWN_SETPGROUP;
  posix_spawnattr_setflags(&attributes, static_cast<short>(group | POSIX_SPAWN_SETSIGDEF));
  posix_spawnattr_setpgroup(&attributes, 0);
  const int code = posix_spawnp(&pid_, words.front().c_str(), &actions, &attributes, pointers_to(words).data(),
                                pointers_to(settings).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  check_spawn(code, "cannot start " + words.front());
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      status_(other.status_),
      ended_(std::exchange(other.ended_, true)),
      out_(std::move(other.out_)),
      err_(std::move(other.err_)) {}

Process::~Process() {
  if (ended_ || pid_ <= 0) return;
  kill_hard();
  waitpid(pid_, &status_, 0);
}

bool Process::is_running() {
  if (!ended_ && waitpid(pid_, &status_, WNOHANG) == pid_) ended_ = true;
  return !ended_;
}

std::string Process::errors() const { return read_all(err_.get()); }

void Process::kill_hard() {
  if (!ended_) kill(-pid_, SIGKILL);
}

Outcome Process::wait(std::chrono::milliseconds limit) {
  // Streams go to files and the end is polled for: a pipe would stay open in a grandchild, and stall a writer that
  // nobody reads while another process is looked at.
  Outcome outcome;
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (is_running()) {
    if (!outcome.timed_out && std::chrono::steady_clock::now() > deadline) {
      outcome.timed_out = true;
      kill_hard();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  outcome.exit = WIFSIGNALED(status_) ? 128 + WTERMSIG(status_) : WEXITSTATUS(status_);
  outcome.out = read_all(out_.get());
  outcome.err = read_all(err_.get());
  return outcome;
}

}  // namespace ps_sync::test
