#include "ps_sync/platform/interrupt.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace ps_sync {
namespace {

std::atomic<int> signal_that_came{0};
int pipe_ends[2] = {-1, -1};

extern "C" void note_signal(int number) {
  const int saved = errno;
  signal_that_came.store(number, std::memory_order_relaxed);
  // Never full: each signal is caught once. Whether anybody waits at the other end does not matter.
  const char byte = 0;
  [[maybe_unused]] const ssize_t written = ::write(pipe_ends[1], &byte, 1);
  errno = saved;
}

}  // namespace

void catch_interrupts() {
  if (pipe_ends[0] >= 0 || ::pipe(pipe_ends) != 0) return;
  for (const int end : pipe_ends) ::fcntl(end, F_SETFD, FD_CLOEXEC);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction before {};
    if (::sigaction(number, nullptr, &before) != 0 || before.sa_handler == SIG_IGN) continue;
    struct sigaction action {};
    action.sa_handler = note_signal;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    sigemptyset(&action.sa_mask);
    ::sigaction(number, &action, nullptr);
  }
}

int interrupting_signal() { return signal_that_came.load(std::memory_order_relaxed); }

int interrupt_fd() { return pipe_ends[0]; }

void throw_if_interrupted() {
  if (interrupting_signal() != 0) throw Interrupted{};
}

void pause_for(std::chrono::milliseconds time) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + time;
  for (;;) {
    throw_if_interrupted();
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
    if (left <= 0) return;
    pollfd signal{interrupt_fd(), POLLIN, 0};
    ::poll(&signal, 1, static_cast<int>(left));
  }
}

}  // namespace ps_sync
