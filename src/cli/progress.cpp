#include "cli/progress.hpp"

#include <csignal>

#include "cli/terminal.hpp"

namespace ps_sync::cli {

using namespace std::chrono_literals;

Progress::Progress(const Context& context, std::string doing) : doing_(std::move(doing)) {
  if (!context.err.terminal || context.json || context.quiet || !context.progress) return;
  // Signals are for the thread that works: the new one inherits this mask.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { draw_until_done(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Progress::~Progress() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(guard_);
    done_ = true;
  }
  ended_.notify_one();
  thread_.join();
}

void Progress::draw_until_done() {
  constexpr std::size_t width = 16;
  std::unique_lock lock(guard_);
  if (ended_.wait_for(lock, 500ms, [this] { return done_; })) return;
  for (std::size_t step = 0; !done_; ++step) {
    const std::size_t at = step % (2 * width - 2);
    std::string bar(width, ' ');
    bar[at < width ? at : 2 * width - 2 - at] = '=';
    write_err(concat("\r\x1b[K[", bar, "] ", doing_));
    ended_.wait_for(lock, 120ms, [this] { return done_; });
  }
  write_err("\r\x1b[K");
}

}  // namespace ps_sync::cli
