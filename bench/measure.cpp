// Runs one command and prints what it cost, as one line of four numbers:
//
//   wall microseconds, CPU microseconds, peak KiB, exit status
//
// usage: measure DIRECTORY LOG COMMAND [ARGUMENT]...
//
// The command runs in DIRECTORY with nothing on its standard input; both its output streams go to LOG. CPU is user and
// system time of the command and of all processes below it that were waited for; the peak is that of the largest single
// process among them, not their sum. Only the C library is used here, since before its exec the child still counts this
// program's own pages in its peak: what is printed is never below about 2 MiB.

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr int exit_usage = 2;
constexpr int exit_cannot_start = 127;  // what a shell answers for a command that it cannot start

long long now_in_microseconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000LL + now.tv_nsec / 1'000;
}

long long microseconds(const timeval& time) { return time.tv_sec * 1'000'000LL + time.tv_usec; }

long long peak_in_kib(const rusage& usage) {
#ifdef __APPLE__
  return usage.ru_maxrss / 1024;  // bytes there, KiB elsewhere
#else
  return usage.ru_maxrss;
#endif
}

[[noreturn]] void fail(const char* doing, const char* subject) {
  std::fprintf(stderr, "measure: cannot %s %s: %s\n", doing, subject, std::strerror(errno));
  std::exit(exit_cannot_start);
}

[[noreturn]] void become(const char* directory, int log, char** command) {
  const int nothing = open("/dev/null", O_RDONLY);
  if (nothing < 0 || dup2(nothing, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0) _exit(exit_cannot_start);
  if (chdir(directory) == 0) execvp(command[0], command);
  dprintf(2, "measure: cannot run %s in %s: %s\n", command[0], directory, std::strerror(errno));
  _exit(exit_cannot_start);
}

int exit_status(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

}  // namespace

int main(int count, char** arguments) {
  if (count < 4) {
    std::fputs("usage: measure DIRECTORY LOG COMMAND [ARGUMENT]...\n", stderr);
    return exit_usage;
  }
  const int log = open(arguments[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (log < 0) fail("open", arguments[2]);

  const long long start = now_in_microseconds();
  const pid_t child = fork();
  if (child < 0) fail("start", arguments[3]);
  if (child == 0) become(arguments[1], log, arguments + 3);

  int status = 0;
  rusage usage{};  // of the child and of what it waited for in turn
  while (wait4(child, &status, 0, &usage) < 0) {
    if (errno != EINTR) fail("wait for", arguments[3]);
  }
  const long long wall = now_in_microseconds() - start;
  const long long cpu = microseconds(usage.ru_utime) + microseconds(usage.ru_stime);
  std::printf("%lld %lld %lld %d\n", wall, cpu, peak_in_kib(usage), exit_status(status));
  return 0;
}
