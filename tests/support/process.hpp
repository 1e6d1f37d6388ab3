// Runs one program for a test: cleared environment, both streams kept, a hard limit on its time.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace ps_sync::test {

using Environment = std::map<std::string, std::string>;
using Arguments = std::vector<std::string>;

/// What a finished program left behind.
struct Outcome {
  int exit = -1;           ///< exit status; 128 + signal where one ended it, as shells count
  bool timed_out = false;  ///< it was killed because it took too long
  std::string out;
  std::string err;

  /// stdout as one JSON object; throws where it is anything else.
  nlohmann::json json() const;
  /// Both streams and the status, for messages.
  std::string describe() const;
};

struct ProcessOptions {
  std::filesystem::path folder;  ///< working directory
  Environment environment;       ///< all of it: nothing is inherited
  std::string input;             ///< what stdin gives
  std::string terminal;          ///< the path of one that is to be its own, and all its streams; "" for none
};

/// One running program in a process group of its own, so that killing it takes its children along.
/// Destroying it kills what still runs.
class Process {
 public:
  Process(const Arguments& arguments, const ProcessOptions& options);
  ~Process();
  Process(Process&& other) noexcept;
  Process& operator=(Process&&) = delete;

  pid_t pid() const { return pid_; }
  bool is_running();
  /// What it has written to stderr so far.
  std::string errors() const;
  /// SIGKILL for the whole group.
  void kill_hard();
  /// Waits for the end; after `limit` it is killed, and the outcome says so.
  Outcome wait(std::chrono::milliseconds limit = std::chrono::seconds(60));

 private:
  struct CloseFile {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };
  using File = std::unique_ptr<std::FILE, CloseFile>;

  pid_t pid_ = -1;
  int status_ = 0;
  bool ended_ = false;
  File out_;
  File err_;
};

}  // namespace ps_sync::test
