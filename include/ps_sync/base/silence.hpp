// When is a connection dead? When nothing comes for too long, where a drip counts as nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace ps_sync {

/// Below this many bytes a second, a stream counts as silent.
constexpr std::int64_t least_bytes_per_second = 10;

/// Watches one stream while it is waited for. Each byte that passes buys a tenth of a second; silence is the time that
/// nothing was bought for. So 30 s without a byte are too long, and a byte a second lives little longer than that.
/// Time is the caller's, so that it can be tested; what is spent between two waits does not count.
class SilenceWatch {
 public:
  using Clock = std::chrono::steady_clock;

  explicit SilenceWatch(std::chrono::milliseconds limit) : limit_(limit) {}

  void set_limit(std::chrono::milliseconds limit) { limit_ = limit; }
  std::chrono::milliseconds limit() const { return limit_; }

  /// A wait begins.
  void begin(Clock::time_point now) {
    paid_until_ = ended_ ? paid_until_ + (now - *ended_) : now;
    ended_.reset();
  }
  /// Bytes passed, in either direction.
  void note(std::uint64_t bytes, Clock::time_point now) {
    const std::int64_t counted = static_cast<std::int64_t>(bytes > enough ? enough : bytes);
    const auto bought = paid_until_ + std::chrono::milliseconds(counted * 1000 / least_bytes_per_second);
    paid_until_ = bought < now ? bought : now;
  }
  /// The wait is over: what was waited for is there.
  void end(Clock::time_point now) { ended_ = now; }

  /// How much longer may it stay silent? Zero or less: it is dead.
  std::chrono::milliseconds left(Clock::time_point now) const {
    return std::chrono::ceil<std::chrono::milliseconds>(paid_until_ + limit_ - now);
  }

 private:
  static constexpr std::uint64_t enough = 1 << 20;  // more than pays for any limit

  std::chrono::milliseconds limit_;
  Clock::time_point paid_until_{};
  std::optional<Clock::time_point> ended_;
};

}  // namespace ps_sync
