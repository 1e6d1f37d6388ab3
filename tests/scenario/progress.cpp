// What a terminal shows while a transfer lasts: here, for as long as a remote that fell silent in the middle is waited
// for.
#include "scenario/reading.hpp"
#include "support/catch.hpp"
#include "support/fake_ssh.hpp"
#include "support/terminal.hpp"

using namespace ps_sync::test;

namespace {

const std::string erase_line = "\r\x1b[K";

/// A place that has something to send and something to fetch, over an ssh that falls silent.
struct Slow {
  Slow() : desktop(world.place("desktop")), code(world.place("code")) {
    code.git({"remote", "set-url", "origin", ssh.url()});
    // More than git puts into one packet, so that some are whole before the halt; and nothing alike in them.
    const std::string bytes = noise(200'000);
    for (std::size_t at = 0; at < bytes.size(); at += 40'000)
      desktop.write(planning + "in " + std::to_string(at) + ".bin", bytes.substr(at, 40'000));
    desktop.ok({"push"});
    code.write(planning + "out.bin", noise(30000));
  }

  /// Silent in the middle of what it sends, and for so long.
  Environment stall_in_pack(const std::string& timeout) {
    ssh.behave(FakeSsh::Service::upload_pack, FakeSsh::Fault::stall,
               ssh.advertisement_size(FakeSsh::Service::upload_pack) + 150000);
    return with(timeout);
  }
  /// Silent when all was sent.
  Environment stall_in_report(const std::string& timeout) {
    code.ok({"pull", "--no-push"}, ssh.environment());
    ssh.behave(FakeSsh::Service::receive_pack, FakeSsh::Fault::stall,
               ssh.advertisement_size(FakeSsh::Service::receive_pack) + 3);
    return with(timeout);
  }
  Environment with(const std::string& timeout) const {
    Environment environment = ssh.environment();
    environment["PROMPTSYNC_NETWORK_TIMEOUT"] = timeout;
    return world.environment(environment);
  }
  Outcome on_terminal(const Arguments& words, const Environment& environment) {
    Arguments command{World::binary()};
    command.insert(command.end(), words.begin(), words.end());
    Outcome outcome = Terminal(command, {code.root(), environment, "", ""}).wait();
    world.note(command, code.root(), outcome);
    return outcome;
  }

  World world;
  FakeSsh ssh{world};
  Clone& desktop;
  Clone& code;
};

/// The bar was there, with `text` behind it, and what stands at the end is not the bar.
void check_bar(const Outcome& outcome, const std::string& text) {
  INFO(outcome.describe());
  CHECK(outcome.exit == 0);
  CHECK(contains(outcome.out, erase_line + "["));
  CHECK(contains(outcome.out, text));
  const std::string end = outcome.out.substr(outcome.out.rfind(erase_line) + erase_line.size());
  CHECK_FALSE(contains(end, text));
  CHECK(contains(end, "nothing came for"));
}

}  // namespace

TEST_CASE("on a terminal a long fetch shows objects and bytes, and the line is gone at the end", "[ssh][progress]") {
  Slow slow;
  const Outcome pulled = slow.on_terminal({"pull"}, slow.stall_in_pack("3s"));
  check_bar(pulled, "] pulling: received ");
  CHECK(contains(pulled.out, " objects, "));
  CHECK(contains(pulled.out, " kB"));
}

TEST_CASE("on a terminal a long push shows objects and bytes, and the line is gone at the end", "[ssh][progress]") {
  Slow slow;
  const Outcome pushed = slow.on_terminal({"push"}, slow.stall_in_report("3s"));
  check_bar(pushed, "] pushing: sent ");
  CHECK(contains(pushed.out, "[================] pushing"));
  CHECK(contains(pushed.out, " kB"));
}

TEST_CASE("no progress is shown with --no-progress, -q and --json, nor where there is no terminal", "[ssh][progress]") {
  Slow slow;
  const Environment stall = slow.stall_in_pack("1s");
  for (const Arguments& command :
       {Arguments{"pull", "--no-progress"}, Arguments{"pull", "-q"}, Arguments{"pull", "--json"}}) {
    const Outcome outcome = slow.on_terminal(command, stall);
    INFO(command.back() << ": " << outcome.describe());
    CHECK(outcome.exit == 0);
    CHECK_FALSE(contains(outcome.out, "pulling"));
    CHECK_FALSE(contains(outcome.out, erase_line));
  }
  const Outcome outcome = slow.code.ps({"pull"}, stall);
  CHECK(contains(outcome.err, "nothing came for 1 s"));
  CHECK_FALSE(contains(outcome.out + outcome.err, "pulling"));
  CHECK_FALSE(contains(outcome.out + outcome.err, "\r"));
}
