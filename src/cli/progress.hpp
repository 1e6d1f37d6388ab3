// A sign of life on a terminal for what takes over half a second.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "cli/context.hpp"
#include "ps_sync/base/transfer_meter.hpp"

namespace ps_sync::cli {

/// ": sent 12 of 40 objects, 1.2 MB"; "" before there is anything to tell.
std::string transfer_text(const TransferMeter& meter);

/// While it lives, and after its first half second, stderr shows a bar and what is being done: how far a transfer has
/// come, once there is one. The line is gone when it ends, and while somebody is asked for a passphrase. Does nothing
/// where stderr is no terminal, and with --json, -q and --no-progress.
class Progress {
 public:
  Progress(Context& context, std::string doing);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

 private:
  void draw_until_done();
  std::string line(std::size_t step) const;

  Context& context_;
  std::string doing_;
  TransferMeter meter_;
  std::mutex guard_;
  std::condition_variable ended_;
  bool done_ = false;
  std::thread thread_;
};

}  // namespace ps_sync::cli
