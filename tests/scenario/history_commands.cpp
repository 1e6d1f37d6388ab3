// The commands around the history and the other places: queue, peers, log, show, diff, restore, git, and the rest.
#include <nlohmann/json.hpp>

#include "scenario/reading.hpp"
#include "support/catch.hpp"

using namespace ps_sync::test;
using nlohmann::json;

namespace {

const std::string doc = planning + "a.md";

}  // namespace

TEST_CASE("queue tells what waits to go out and to come in", "[history]") {
  Pair pair({{doc, "a\n"}});
  pair.desktop.write(planning + "in.md", "in\n").ok({"push"});
  pair.code.ok({"status"});
  pair.code.write(planning + "out.md", "out\n").ok({"push", "--offline", "-m", "Written on the train"});
  const Outcome queue = pair.code.ok({"queue"});
  CHECK(contains(queue.out, "in.md"));
  CHECK(contains(queue.out, "out.md"));
  CHECK(contains(queue.out, "Written on the train"));
}

TEST_CASE("peers tells who is known and how far behind, and forgets one on request", "[history]") {
  Pair pair({{doc, "a\n"}});
  pair.desktop.write(doc, "a2\n").ok({"push"});
  pair.desktop.write(doc, "a3\n").ok({"push"});
  const Outcome peers = pair.desktop.ok({"peers"});
  CHECK(contains(peers.out, "Desktop"));
  CHECK(contains(peers.out, "Code"));
  CHECK(contains(peers.out, "behind"));
  pair.desktop.ok({"peers", "forget", "code"});
  CHECK_FALSE(contains(beacon_body(pair.world), "\"code\""));
}

TEST_CASE("log lists the commits, of one path where asked", "[history]") {
  Pair pair;
  pair.desktop.write(doc, "a\n").ok({"push", "-m", "First of a"});
  pair.desktop.write(planning + "b.md", "b\n").ok({"push", "-m", "First of b"});
  const Outcome all = pair.desktop.ok({"log"});
  CHECK(contains(all.out, "First of a"));
  CHECK(contains(all.out, "First of b"));
  CHECK(all.out.find("First of b") < all.out.find("First of a"));
  const Outcome one = pair.desktop.ok({"log", doc});
  CHECK(contains(one.out, "First of a"));
  CHECK_FALSE(contains(one.out, "First of b"));
}

TEST_CASE("show prints a commit, or the exact bytes of a file in it", "[history]") {
  Pair pair;
  const std::string bytes("exact\r\nbytes\0 here", 19);
  pair.desktop.write(doc, bytes).ok({"push", "-m", "With exact bytes"});
  const std::string commit = pair.desktop.tip();
  pair.desktop.write(doc, "newer\n").ok({"push"});
  CHECK(contains(pair.desktop.ok({"show", commit}).out, "With exact bytes"));
  CHECK(pair.desktop.ok({"show", commit, doc}).out == bytes);
  CHECK(pair.desktop.ok({"show", "main~1", doc}).out == bytes);
  CHECK(pair.desktop.ps({"show", "no-such-revision"}).exit == 1);
  CHECK(pair.desktop.ps({"show", commit, planning + "none.md"}).exit == 1);
}

TEST_CASE("diff shows what is not yet sent", "[history]") {
  Pair pair({{doc, "old line\n"}, {planning + "b.md", "b\n"}});
  CHECK(pair.desktop.ok({"diff"}).out.empty());
  pair.desktop.write(doc, "new line\n").write(planning + "b.md", "b2\n");
  const Outcome all = pair.desktop.ok({"diff"});
  CHECK(contains(all.out, "-old line\n"));
  CHECK(contains(all.out, "+new line\n"));
  CHECK(contains(all.out, "+b2\n"));
  CHECK_FALSE(contains(pair.desktop.ok({"diff", doc}).out, "b2"));
}

TEST_CASE("restore of a path or a revision that does not exist changes nothing", "[history]") {
  Pair pair({{doc, "a\n"}});
  CHECK(pair.desktop.ps({"restore", planning + "none.md"}).exit == 1);
  CHECK(pair.desktop.ps({"restore", doc, "--from", "no-such-revision"}).exit == 1);
  CHECK(pair.desktop.ps({"restore", "README.md"}).exit == 1);
  CHECK(pair.desktop.read(doc) == "a\n");
  CHECK(pair.desktop.read("README.md") == "# The project\n\nMore.\n");
}

TEST_CASE("git runs git in the store and hands on its exit status", "[history]") {
  Pair pair;
  pair.desktop.write(doc, "a\n").ok({"push", "-m", "Seen by git"});
  CHECK(contains(pair.desktop.ok({"git", "log", "--stat", "main"}).out, "Seen by git"));
  CHECK(pair.desktop.ok({"git", "rev-parse", "main"}).out == pair.desktop.tip() + "\n");
  CHECK(pair.desktop.ps({"git", "rev-parse", "--verify", "--quiet", "no-such-branch"}).exit == 1);
}

TEST_CASE("completion prints a script that each shell can read", "[history]") {
  World world;
  for (const char* shell : {"bash", "zsh", "fish"}) {
    INFO(shell);
    const Outcome script = world.run(world.root(), {World::binary(), "completion", shell});
    CHECK(script.exit == 0);
    CHECK(contains(script.out, "ps-sync"));
    CHECK(contains(script.out, "resolve"));
  }
  const Outcome bash = world.run(world.root(), {World::binary(), "completion", "bash"});
  CHECK(world.run(world.root(), {"bash", "-n", "/dev/stdin"}, {}, bash.out).exit == 0);
}

TEST_CASE("doctor finds nothing wrong in a healthy place, and names what is wrong with a remedy", "[history]") {
  Pair pair({{doc, "a\n"}});
  CHECK(pair.desktop.ps({"doctor"}).exit == 0);
  pair.world.take_origin_away();
  const Outcome ill = pair.desktop.ps({"doctor"});
  CHECK(contains(ill.out + ill.err, "remote"));
  CHECK(contains(ill.out, "ps-sync"));
  pair.world.bring_origin_back();
}

TEST_CASE("the options --version and --help answer anywhere", "[history]") {
  World world;
  const Outcome version = world.run(world.root(), {World::binary(), "--version"});
  CHECK(version.exit == 0);
  CHECK(version.out.starts_with("ps-sync "));
  const Outcome help = world.run(world.root(), {World::binary(), "--help"});
  CHECK(help.exit == 0);
  for (const char* command :
       {"init", "clone", "status", "push", "pull", "sync", "queue", "peers", "conflicts", "resolve", "log", "show",
        "diff", "restore", "beacon", "config", "doctor", "completion"}) {
    INFO(command);
    CHECK(contains(help.out, command));
  }
}
