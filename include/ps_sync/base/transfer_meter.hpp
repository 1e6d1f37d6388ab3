// How far a transfer has come: written by the thread that transfers, read by the one that draws.
#pragma once

#include <atomic>
#include <cstdint>

namespace ps_sync {

enum class Transferring { nothing, receiving, sending };

struct TransferMeter {
  std::atomic<Transferring> what{Transferring::nothing};
  std::atomic<std::uint64_t> objects{0};
  std::atomic<std::uint64_t> total{0};  ///< objects in all; 0 where nobody knows
  std::atomic<std::uint64_t> bytes{0};
  /// A program that we started may be asking for a passphrase on the terminal: nothing is to be drawn there.
  std::atomic<bool> prompting{false};

  void begin(Transferring now, std::uint64_t all) {
    what = now;
    objects = 0;
    bytes = 0;
    total = all;
  }
};

}  // namespace ps_sync
