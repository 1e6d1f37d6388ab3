// A terminal with one program on it, as where a person sits.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "support/process.hpp"

namespace ps_sync::test {

class Terminal {
 public:
  Terminal(const Arguments& arguments, ProcessOptions options);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  /// Waits until these words were shown; false where the program ended before, or after a while.
  bool shows(std::string_view words);
  void type(std::string_view text) const;
  /// Waits for the program's end. `out` is all that was shown, escape sequences and all.
  Outcome wait();

 private:
  /// Takes what there is, and waits a little for more.
  void look();

  int our_end_;
  std::optional<Process> program_;
  std::string shown_;
};

}  // namespace ps_sync::test
