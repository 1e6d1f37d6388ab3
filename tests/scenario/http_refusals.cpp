// Servers that say no, are broken, or say nothing.
#include <sys/stat.h>

#include <chrono>

#include "scenario/web.hpp"

using namespace ps_sync::test;

namespace {

/// Makes /says/STATUS/… answer with that status and these words.
std::string saying(World& world, const std::string& words) {
  const auto says = script(world, "says",
                           "status=${PATH_INFO#/}\nprintf 'Status: %s\\r\\nContent-Type: text/plain\\r\\n"
                           "Retry-After: 3600\\r\\n\\r\\n" +
                               words + "\\n' \"${status%%/*}\"\n");
  return "$HTTP[\"url\"] =~ \"^/says/\" {\n  alias.url = ( \"/says\" => \"" + says.string() +
         "\" )\n  cgi.assign = ( \"\" => \"\" )\n}\n";
}

}  // namespace

TEST_CASE("what a hook of the server says over http is shown, and the work stays queued", "[http]") {
  World world;
  auto server = WebServer::start(world);
  if (!server) return;
  WebPair pair(world, server->url());
  hook_on_origin(world, "pre-receive", "echo 'no planning on fridays' >&2\nexit 1\n");
  pair.desktop.write(planning + "a.md", "a\n");
  for (const char* command : {"push", "sync"}) {
    INFO(command);
    const Outcome pushed = pair.desktop.ps({command});
    CHECK(pushed.exit == 1);
    CHECK(contains(pushed.err, "no planning on fridays"));
    CHECK(contains(pushed.err, "pre-receive hook declined"));
    CHECK(queued(pair.desktop) == 1);
  }
  std::filesystem::remove(world.origin() / "hooks" / "pre-receive");
  pair.desktop.ok({"push"});
  pair.code.ok({"pull"});
  CHECK(pair.code.read(planning + "a.md") == "a\n");
}

TEST_CASE("more than receive.maxInputSize is refused over http with the server's words", "[http]") {
  World world;
  auto server = WebServer::start(world);
  if (!server) return;
  WebPair pair(world, server->url());
  world.origin_git({"config", "receive.maxInputSize", "1000"});
  std::string text;
  for (int n = 0; n < 5000; ++n) text += std::to_string(n * 7919) + "\n";
  const Outcome pushed = pair.desktop.write(planning + "large.md", text).ps({"push"});
  INFO(pushed.describe());
  CHECK(pushed.exit == 1);
  CHECK(contains(pushed.err, "maximum allowed size"));
  CHECK(queued(pair.desktop) == 1);
  world.origin_git({"config", "--unset", "receive.maxInputSize"});
  pair.desktop.ok({"push"});
  CHECK(world.origin_files()[planning + "large.md"] == text);
}

TEST_CASE("two places that push at once over http both arrive", "[http]") {
  World world;
  auto server = WebServer::start(world);
  if (!server) return;
  WebPair pair(world, server->url());
  for (int round = 0; round < 3; ++round) {
    const std::string number = std::to_string(round);
    pair.desktop.write(planning + "desktop" + number + ".md", "d\n");
    pair.code.write(planning + "code" + number + ".md", "c\n");
    Process first = pair.desktop.start({"push"});
    Process second = pair.code.start({"push"});
    const Outcome one = first.wait();
    const Outcome two = second.wait();
    INFO(one.describe() << two.describe());
    CHECK(one.exit == 0);
    CHECK(two.exit == 0);
    CHECK(world.origin_files().contains(planning + "desktop" + number + ".md"));
    CHECK(world.origin_files().contains(planning + "code" + number + ".md"));
  }
}

TEST_CASE("a push that another one overtakes is tried again", "[http]") {
  World world;
  auto server = WebServer::start(world);
  if (!server) return;
  WebPair pair(world, server->url());
  pair.desktop.write(planning + "a.md", "a\n").ok({"push"});
  pair.code.ok({"pull"});
  // While the first push is on its way the branch moves, once.
  const std::string branch = "refs/heads/promptsync/main";
  const std::string before = world.origin_tip();
  pair.code.write(planning + "b.md", "b\n").ok({"push"});
  const std::string after = world.origin_tip();
  world.origin_git({"update-ref", branch, before});
  hook_on_origin(world, "pre-receive",
                 "[ ! -e moved ] || exit 0\ntouch moved\nunset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY\n"
                 "git update-ref " +
                     branch + " " + after + "\n");
  pair.desktop.write(planning + "c.md", "c\n").ok({"push"});
  CHECK(std::filesystem::exists(world.origin() / "moved"));
  CHECK(world.origin_files().contains(planning + "b.md"));
  CHECK(world.origin_files().contains(planning + "c.md"));
}

TEST_CASE("a server in trouble leaves the work queued, one that says no is an error", "[http]") {
  World world;
  auto server = WebServer::start(world, {.config = saying(world, "come back at noon")});
  if (!server) return;
  WebPair pair(world, server->url());
  pair.desktop.write(planning + "a.md", "a\n");
  for (const char* status : {"429 Too Many Requests", "500 Broken", "502 Bad Gateway", "503 Away", "504 Late"}) {
    INFO(status);
    const std::string number(status, 3);
    pair.point_to(server->base() + "/says/" + number + "/origin.git");
    const Outcome pushed = pair.desktop.ps({"push"});
    INFO(pushed.describe());
    CHECK(pushed.exit == 0);
    CHECK(contains(pushed.out + pushed.err, "queued"));
    CHECK(contains(pushed.out + pushed.err, number));
    CHECK(pair.desktop.ps({"push", "--require-remote"}).exit == 4);
    CHECK(queued(pair.desktop) == 1);
    CHECK(pair.desktop.json({"status"}).at("remote").at("reachable") == false);
  }
  for (const char* number : {"403", "404", "410"}) {
    INFO(number);
    pair.point_to(server->base() + "/says/" + number + "/origin.git");
    const Outcome pushed = pair.desktop.ps({"push"});
    INFO(pushed.describe());
    CHECK(pushed.exit == 1);
    CHECK(contains(pushed.err, number));
    CHECK(contains(pushed.err, "come back at noon"));
    CHECK(contains(pushed.err, "hint: "));
    CHECK(queued(pair.desktop) == 1);
  }
  pair.point_to(server->url());
  pair.desktop.ok({"push"});
  CHECK(queued(pair.desktop) == 0);
}

TEST_CASE("a repository that is not on the server, and a page that is no repository, are errors", "[http]") {
  World world;
  auto server = WebServer::start(world, {.config = saying(world, "<title>Welcome to our hotel</title>\\033[2J")});
  if (!server) return;
  WebPair pair(world, server->base() + "/git/nothing.git");
  const Outcome missing = pair.desktop.write(planning + "a.md", "a\n").ps({"push"});
  CHECK(missing.exit == 1);
  CHECK(contains(missing.err, "/git/nothing.git"));
  pair.point_to(server->base() + "/says/200/origin.git");
  const Outcome hotel = pair.desktop.ps({"push"});
  INFO(hotel.describe());
  CHECK(hotel.exit == 1);
  CHECK(contains(hotel.err, "text/plain"));
  CHECK_FALSE(contains(hotel.out + hotel.err, "\033["));
  CHECK(queued(pair.desktop) == 1);
}

TEST_CASE("a server that is away leaves the work queued, and the next push over http sends it", "[http]") {
  World world;
  auto server = WebServer::start(world);
  if (!server) return;
  WebPair pair(world, server->url());
  server->stop();
  const auto begin = std::chrono::steady_clock::now();
  const Outcome pushed = pair.desktop.write(planning + "a.md", "a\n").ps({"push"});
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(20));  // a silence would be waited for longer
  CHECK(pushed.exit == 0);
  CHECK(contains(pushed.out + pushed.err, "queued"));
  CHECK(contains(pushed.out + pushed.err, "port " + server->port()));
  CHECK(pair.desktop.ps({"push", "--require-remote"}).exit == 4);
  pair.point_to("http://no-such-host.invalid/origin.git");
  CHECK(pair.desktop.ps({"push"}).exit == 0);
  auto again = WebServer::start(world);
  pair.point_to(again->url());
  pair.desktop.ok({"push"});
  CHECK(world.origin_files().contains(planning + "a.md"));
}

TEST_CASE("a server that takes a push and then says nothing is given up, and nothing is sent twice", "[http]") {
  World world;
  auto server = WebServer::start(world);
  if (!server) return;
  WebPair pair(world, server->url());
  pair.set("promptsync.network.timeout", "1s");
  const auto gate = world.root() / "gate";  // that nobody opens
  REQUIRE(::mkfifo(gate.c_str(), 0600) == 0);
  hook_on_origin(world, "post-receive", "read -r word <'" + gate.string() + "'\n");
  const auto begin = std::chrono::steady_clock::now();
  const Outcome pushed = pair.desktop.write(planning + "a.md", "a\n").ps({"push"});
  INFO(pushed.describe());
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(20));
  CHECK(pushed.exit == 0);
  CHECK(contains(pushed.out + pushed.err, "1 s"));
  std::filesystem::remove(world.origin() / "hooks" / "post-receive");
  const std::string taken = world.origin_tip();
  CHECK_FALSE(taken.empty());
  pair.desktop.ok({"push"});
  CHECK(world.origin_tip() == taken);
  CHECK(queued(pair.desktop) == 0);
}
