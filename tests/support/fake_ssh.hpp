// A program in ssh's place that runs the real git on this machine, and cuts, halts or drips what git answers.
#pragma once

#include <filesystem>
#include <string>

#include "support/world.hpp"

namespace ps_sync::test {

class FakeSsh {
 public:
  enum class Service { upload_pack, receive_pack };
  enum class Fault {
    stall,         ///< says no more, and stays
    close,         ///< ends as ssh does when its connection is cut
    die,           ///< ends as a program that was killed: no word, no status of ssh's own
    drip,          ///< four bytes a second
    endless,       ///< refs without end, each line as it should be
    endless_bytes  ///< no lines at all
  };

  explicit FakeSsh(World& world);

  /// From `bytes` on, this service's answers have the fault.
  void behave(Service service, Fault fault, std::size_t bytes);
  void heal();
  /// How long the list of refs is with which git's service begins.
  std::size_t advertisement_size(Service service) const;
  /// Waits until an answer with a fault has come so far; false after a while.
  bool wait_for_fault() const;
  /// Did the client take all 300 MB of what is said to be endless?
  bool all_was_taken() const;

  /// An address that this program is asked for.
  std::string url() const { return "fake-host:" + world_->origin().string(); }
  Environment environment() const { return {{"GIT_SSH", program_.string()}}; }
  /// For core.sshCommand, which a shell reads.
  std::string command() const { return "'" + program_.string() + "'"; }

 private:
  World* world_;
  std::filesystem::path folder_;
  std::filesystem::path program_;
};

}  // namespace ps_sync::test
