#include "cli/progress.hpp"

#include <algorithm>
#include <csignal>

#include "cli/terminal.hpp"
#include "ps_sync/base/text.hpp"

namespace ps_sync::cli {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t width = 16;

/// A piece that goes to and fro, where nobody knows how much is left.
std::string moving_bar(std::size_t step) {
  const std::size_t at = step % (2 * width - 2);
  std::string bar(width, ' ');
  bar[at < width ? at : 2 * width - 2 - at] = '=';
  return bar;
}

std::string size_text(std::uint64_t bytes) {
  if (bytes < 1000) return concat(std::to_string(bytes), " bytes");
  const char* unit = bytes < 1'000'000 ? " kB" : " MB";
  const std::uint64_t tenths = bytes / (bytes < 1'000'000 ? 100 : 100'000);
  return concat(std::to_string(tenths / 10), ".", std::to_string(tenths % 10), unit);
}

std::string filled_bar(std::uint64_t done, std::uint64_t total) {
  const std::size_t filled = static_cast<std::size_t>(std::min<std::uint64_t>(width, done * width / total));
  return std::string(filled, '=') + std::string(width - filled, ' ');
}

}  // namespace

std::string transfer_text(const TransferMeter& meter) {
  if (meter.what == Transferring::nothing || meter.bytes == 0) return "";
  const std::string verb = meter.what == Transferring::receiving ? ": received " : ": sent ";
  const std::string size = size_text(meter.bytes);
  if (meter.total == 0) return concat(verb, size);
  return concat(verb, std::to_string(std::min(meter.objects.load(), meter.total.load())), " of ",
                std::to_string(meter.total), " objects, ", size);
}

Progress::Progress(Context& context, std::string doing) : context_(context), doing_(std::move(doing)) {
  if (!context.err.terminal || context.json || context.quiet || !context.progress) return;
  context.options.meter = &meter_;
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
  context_.options.meter = nullptr;
}

std::string Progress::line(std::size_t step) const {
  if (meter_.prompting) return "";
  const std::string bar = meter_.what != Transferring::nothing && meter_.total > 0
                              ? filled_bar(meter_.objects, meter_.total)
                              : moving_bar(step);
  return concat("[", bar, "] ", doing_, transfer_text(meter_));
}

void Progress::draw_until_done() {
  std::unique_lock lock(guard_);
  if (ended_.wait_for(lock, 500ms, [this] { return done_; })) return;
  std::string shown;
  for (std::size_t step = 0; !done_; ++step) {
    const std::string now = line(step);
    if (!now.empty() || !shown.empty()) write_err(concat("\r\x1b[K", now));
    shown = now;
    ended_.wait_for(lock, 120ms, [this] { return done_; });
  }
  if (!shown.empty()) write_err("\r\x1b[K");
}

}  // namespace ps_sync::cli
