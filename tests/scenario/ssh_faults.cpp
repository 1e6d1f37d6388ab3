// Remotes over ssh that stop in the middle, go on too slowly, or never end: a program in ssh's place does it to the
// answers of the real git. What must hold after each command stands in faults.hpp.
#include "scenario/faults.hpp"
#include "support/catch.hpp"
#include "support/fake_ssh.hpp"

using namespace ps_sync::test;
using Service = FakeSsh::Service;
using Fault = FakeSsh::Fault;

namespace {

const std::vector<std::string> sending_commands{"push", "sync", "pull"};

struct SshTrouble {
  World world;
  FakeSsh ssh{world};
  Troubled place{world, ssh.url(), ssh.environment()};

  std::size_t in_refs(Service service) const { return ssh.advertisement_size(service) / 2; }
  /// Far enough behind the refs that the pack has begun, and far from its end.
  std::size_t in_pack() const { return ssh.advertisement_size(Service::upload_pack) + 500; }
  /// Some bytes of the report are there.
  std::size_t in_report() const { return ssh.advertisement_size(Service::receive_pack) + 3; }

  /// Each command meets the fault, and then a remote that is well again.
  void each(const std::vector<std::string>& commands, Service service, Fault fault, std::size_t bytes,
            const std::string& words = "") {
    place.news_may_arrive = service == Service::receive_pack;
    for (const std::string& command : commands) {
      ssh.behave(service, fault, bytes);
      place.queues(command, words);
      ssh.heal();
      place.completes(command);
    }
  }
};

}  // namespace

TEST_CASE("an answer over ssh that stops among the refs is given up, and the next run completes", "[ssh][faults]") {
  SshTrouble trouble;
  trouble.each(all_commands, Service::upload_pack, Fault::stall, trouble.in_refs(Service::upload_pack),
               "nothing came for 1 s");
}

TEST_CASE("an answer over ssh that stops in the pack is given up, and the next run completes", "[ssh][faults]") {
  SshTrouble trouble;
  trouble.each({"status", "pull", "push", "sync", "clone"}, Service::upload_pack, Fault::stall, trouble.in_pack(),
               "nothing came for 1 s");
}

TEST_CASE("four bytes a second over ssh are silence, among the refs and in the pack", "[ssh][faults]") {
  SshTrouble trouble;
  SECTION("refs") {
    trouble.each(all_commands, Service::upload_pack, Fault::drip, trouble.in_refs(Service::upload_pack));
  }
  SECTION("pack") { trouble.each(all_commands, Service::upload_pack, Fault::drip, trouble.in_pack()); }
  SECTION("push: refs") {
    trouble.each(sending_commands, Service::receive_pack, Fault::drip, trouble.in_refs(Service::receive_pack));
  }
  SECTION("push: report") { trouble.each(sending_commands, Service::receive_pack, Fault::drip, trouble.in_report()); }
}

TEST_CASE("an ssh connection that is cut leaves the work queued, and the next run completes", "[ssh][faults]") {
  SshTrouble trouble;
  const std::string words = "closed by remote host";
  SECTION("refs") {
    trouble.each(all_commands, Service::upload_pack, Fault::close, trouble.in_refs(Service::upload_pack), words);
  }
  SECTION("pack") { trouble.each(all_commands, Service::upload_pack, Fault::close, trouble.in_pack(), words); }
  SECTION("push: refs") {
    trouble.each(sending_commands, Service::receive_pack, Fault::close, trouble.in_refs(Service::receive_pack), words);
  }
  SECTION("push: report") {
    trouble.each(sending_commands, Service::receive_pack, Fault::close, trouble.in_report(), words);
  }
}

TEST_CASE("an ssh that is killed leaves the work queued, and the next run completes", "[ssh][faults]") {
  SshTrouble trouble;
  SECTION("refs") {
    trouble.each(all_commands, Service::upload_pack, Fault::die, trouble.in_refs(Service::upload_pack));
  }
  SECTION("pack") { trouble.each(all_commands, Service::upload_pack, Fault::die, trouble.in_pack()); }
  SECTION("push: report") { trouble.each(sending_commands, Service::receive_pack, Fault::die, trouble.in_report()); }
}

TEST_CASE("a push over ssh whose answer never comes stays queued, and the next run completes", "[ssh][faults]") {
  SshTrouble trouble;
  const std::string words = "nothing came for 1 s";
  SECTION("refs") {
    trouble.each(sending_commands, Service::receive_pack, Fault::stall, trouble.in_refs(Service::receive_pack), words);
  }
  SECTION("report") { trouble.each(sending_commands, Service::receive_pack, Fault::stall, trouble.in_report(), words); }
}

TEST_CASE("an answer over ssh without end is not taken for ever", "[ssh][faults]") {
  SshTrouble trouble;
  const std::size_t refs = trouble.ssh.advertisement_size(Service::upload_pack) - std::string("0000").size();
  const auto meet = [&](Fault fault, std::size_t bytes) {
    for (const std::string& command : all_commands) {
      trouble.ssh.behave(Service::upload_pack, fault, bytes);
      trouble.place.gives_up(command);
      INFO(command);
      CHECK_FALSE(trouble.ssh.all_was_taken());
    }
    trouble.ssh.heal();
    trouble.place.completes("sync");
  };
  SECTION("refs") { meet(Fault::endless, refs); }
  SECTION("bytes among the refs") { meet(Fault::endless_bytes, refs); }
  SECTION("bytes in the pack") { meet(Fault::endless_bytes, trouble.in_pack()); }
}

TEST_CASE("a shell between ps-sync and ssh is no reason for a process to stay", "[ssh][faults]") {
  World world;
  FakeSsh ssh(world);
  world.run(world.root(), {"git", "config", "--global", "core.sshCommand", ssh.command()});
  Troubled place(world, ssh.url());
  for (const std::string& command : all_commands) {
    ssh.behave(Service::upload_pack, Fault::stall, ssh.advertisement_size(Service::upload_pack) / 2);
    place.queues(command, "nothing came for 1 s");
  }
  ssh.heal();
  place.completes("sync");
}
