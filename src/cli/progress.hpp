// A sign of life on a terminal for what takes over half a second.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "cli/context.hpp"

namespace ps_sync::cli {

/// While it lives, and after its first half second, stderr shows a moving bar and what is being done; the line is gone
/// when it ends. Does nothing where stderr is no terminal, and with --json, -q and --no-progress.
class Progress {
 public:
  Progress(const Context& context, std::string doing);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

 private:
  void draw_until_done();

  std::string doing_;
  std::mutex guard_;
  std::condition_variable ended_;
  bool done_ = false;
  std::thread thread_;
};

}  // namespace ps_sync::cli
