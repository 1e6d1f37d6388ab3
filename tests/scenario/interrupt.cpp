// Ctrl-C while a command waits for a silent remote: it ends at once, takes its processes along and leaves nothing
// behind, and the next run completes.
#include <signal.h>

#include "scenario/faults.hpp"
#include "support/catch.hpp"
#include "support/fake_ssh.hpp"
#include "support/faulty_server.hpp"

using namespace ps_sync::test;

namespace {

// Far longer than a test waits: what ends before was ended by the signal.
const std::string long_timeout = "300s";

enum class To { process, group };

/// A command that waits where `is_waiting` says so gets a SIGINT: as `kill` sends it to one process, or as a terminal
/// sends it to all that the command started.
void interrupt(Troubled& place, const std::string& command, To to, const std::function<bool()>& is_waiting) {
  Process process = place.start(command, long_timeout);
  REQUIRE(is_waiting());
  REQUIRE(process.is_running());
  REQUIRE(kill(to == To::group ? -process.pid() : process.pid(), SIGINT) == 0);
  const Outcome outcome = place.finish(std::move(process), command);
  INFO(command << (to == To::group ? ", all processes" : ", one process") << ": " << outcome.describe());
  CHECK(outcome.exit == 130);
  CHECK_FALSE(contains(outcome.err, "cause: "));  // the user knows why
}

}  // namespace

TEST_CASE("Ctrl-C while ssh is silent ends every command at once, and the next run completes", "[ssh][interrupt]") {
  World world;
  FakeSsh ssh(world);
  Troubled place(world, ssh.url(), ssh.environment());
  const auto waits = [&] { return ssh.wait_for_fault(); };
  const auto meet = [&](const std::string& command, FakeSsh::Service service, std::size_t bytes) {
    for (const To to : {To::process, To::group}) {
      ssh.behave(service, FakeSsh::Fault::stall, bytes);
      interrupt(place, command, to, waits);
      ssh.heal();
      place.completes(command);  // with news for the next: a push that was not answered may have been taken
    }
  };
  const std::size_t refs = ssh.advertisement_size(FakeSsh::Service::upload_pack);
  for (const std::string& command : all_commands) {
    meet(command, FakeSsh::Service::upload_pack, refs / 2);
    meet(command, FakeSsh::Service::upload_pack, refs + 500);  // in the pack
  }
  place.news_may_arrive = true;
  for (const char* command : {"push", "sync"})
    meet(command, FakeSsh::Service::receive_pack, ssh.advertisement_size(FakeSsh::Service::receive_pack) + 3);
}

TEST_CASE("Ctrl-C while an HTTP server is silent ends every command at once, and the next run completes",
          "[http][interrupt]") {
  World world;
  FaultyServer server(world);
  Troubled place(world, server.url());
  const auto meet = [&](const std::string& command, Kind kind, const Behaviour& fault) {
    for (const To to : {To::process, To::group}) {
      server.behave(at(kind, fault));
      interrupt(place, command, to, [&] { return server.wait_for(kind); });
      server.heal();
      place.completes(command);
    }
  };
  for (const std::string& command : all_commands) {
    meet(command, Kind::info_refs, silent());
    meet(command, Kind::fetch, stalling_in_body());
  }
  place.news_may_arrive = true;
  for (const char* command : {"push", "sync"}) meet(command, Kind::push, silent());
}
