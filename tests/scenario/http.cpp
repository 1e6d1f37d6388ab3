// Remotes over http: a real web server on 127.0.0.1 that runs git's own service.
#include <algorithm>

#include "scenario/web.hpp"

using namespace ps_sync::test;

namespace {

std::vector<WebRequest> posts(const std::vector<WebRequest>& requests) {
  std::vector<WebRequest> found;
  for (const WebRequest& request : requests)
    if (request.line.starts_with("POST ")) found.push_back(request);
  return found;
}

}  // namespace

TEST_CASE("the web server of the tests serves git itself", "[http]") {
  World world;
  auto server = WebServer::start(world);
  if (!server) return;
  Clone& clone = world.clone("desktop");
  clone.git({"remote", "set-url", "origin", server->url()});
  clone.git({"push", "-q", "origin", "HEAD:refs/heads/other"});
  CHECK(world.origin_tip("refs/heads/other") == clone.git({"rev-parse", "HEAD"}));
  const auto requests = server->take_requests();
  CHECK(requests.size() >= 2);
  CHECK(connections(requests) == 1);
  CHECK(posts(requests).size() == 1);
  CHECK(posts(requests).front().agent.starts_with("git/"));
  CHECK(server->take_requests().empty());
}

TEST_CASE("documents travel over http, over init, clone and every command that uses the network", "[http]") {
  World world;
  auto server = WebServer::start(world);
  if (!server) return;
  Clone& desktop = world.clone("desktop");
  desktop.git({"remote", "set-url", "origin", server->url()});
  desktop.ok({"init", "--as", "desktop", "--no-hooks"});
  desktop.write(planning + "a.md", "a\n").ok({"push"});
  const Outcome cloned = world.run(world.root(), {World::binary(), "clone", server->url(), "third", "--as", "third"});
  INFO(cloned.describe());
  REQUIRE(cloned.exit == 0);
  Clone& third = world.adopt("third", world.root() / "third");
  CHECK(third.read(planning + "a.md") == "a\n");
  third.write(planning + "b.md", "b\n").ok({"sync"});
  desktop.write(planning + "a.md", "a, edited\n").ok({"sync"});
  third.ok({"pull"});
  CHECK(third.read(planning + "a.md") == "a, edited\n");
  CHECK(desktop.read(planning + "b.md") == "b\n");
  CHECK(desktop.json({"status"}).at("state") == "in_sync");
  CHECK(world.origin_files() == desktop.files(planning));
}

TEST_CASE("an empty repository is reached over http, and so is one whose name is odd", "[http]") {
  World world(World::Origin::empty);
  auto server = WebServer::start(world);
  if (!server) return;
  WebPair pair(world, server->url());
  pair.travel();
  world.origin_git({"clone", "-q", "--bare", world.origin().string(), (world.root() / "it's 50% ö.git").string()});
  world.run(world.root() / "it's 50% ö.git", {"git", "config", "http.receivepack", "true"});
  pair.point_to(server->base() + "/git/it's%2050%25%20%C3%B6.git/");
  pair.travel();
}

TEST_CASE("addresses that the user's settings rewrite hold over http", "[http]") {
  World world;
  auto server = WebServer::start(world);
  if (!server) return;
  WebPair pair(world, "work:origin.git");
  pair.set("url." + server->base() + "/git/.insteadOf", "work:");
  pair.travel();
  // Read over http, pushed into the folder; then the other way around.
  server->take_requests();
  pair.set("remote.origin.pushurl", world.origin().string());
  pair.travel();
  for (const WebRequest& request : server->take_requests()) CHECK_FALSE(contains(request.line, "receive-pack"));
  pair.desktop.git({"config", "--unset", "remote.origin.pushurl"});
  pair.desktop.git({"remote", "set-url", "origin", world.origin_url()});
  pair.desktop.git(
      {"config", "url." + server->base() + "/git/.pushInsteadOf", "file://" + world.root().string() + "/"});
  pair.desktop.write(planning + "pushed.md", "over http\n").ok({"push"});
  CHECK(world.origin_files().contains(planning + "pushed.md"));
  const auto requests = server->take_requests();
  CHECK_FALSE(posts(requests).empty());
  for (const WebRequest& request : requests) CHECK(contains(request.line, "receive-pack"));
}

TEST_CASE("one connection is used again for what a command asks a server", "[http]") {
  World world;
  auto server = WebServer::start(world);
  if (!server) return;
  WebPair pair(world, server->url());
  pair.code.write(planning + "a.md", "a\n").ok({"push"});
  server->take_requests();
  pair.desktop.write(planning + "b.md", "b\n").ok({"sync"});
  const auto requests = server->take_requests();
  CHECK(posts(requests).size() >= 2);  // fetched, and pushed
  CHECK(connections(requests) <= 2);
}

TEST_CASE("megabytes that no compression makes small go over http, and their length is said", "[http]") {
  World world;
  auto server = WebServer::start(world);
  if (!server) return;
  WebPair pair(world, server->url());
  const std::string large = noise(6'000'000);
  server->take_requests();
  pair.desktop.write(planning + "large.bin", large).ok({"push"});
  pair.code.ok({"pull"});
  CHECK(pair.code.read(planning + "large.bin") == large);
  std::size_t longest = 0;
  for (const WebRequest& request : posts(server->take_requests())) {
    CHECK(request.length != "-");
    longest = std::max(longest, static_cast<std::size_t>(std::stoul(request.length)));
  }
  CHECK(longest > large.size());
}

TEST_CASE("a long list of what is here already is sent compressed", "[http]") {
  World world;
  auto server = WebServer::start(world);
  if (!server) return;
  WebPair pair(world, server->url());
  pair.desktop.write(planning + "a.md", "a\n").ok({"push"});
  for (int n = 0; n < 60; ++n)  // commits that the server does not know yet
    pair.code.write(planning + "b.md", std::to_string(n) + "\n").ok({"push", "--offline"});
  server->take_requests();
  pair.code.ok({"sync"});
  CHECK(pair.code.read(planning + "a.md") == "a\n");
  CHECK(world.origin_files()[planning + "b.md"] == "59\n");
  bool compressed = false;
  for (const WebRequest& request : posts(server->take_requests()))
    if (contains(request.line, "git-upload-pack") && request.encoding == "gzip") compressed = true;
  CHECK(compressed);
}

TEST_CASE("the user agent and the cookies of git's settings are sent", "[http]") {
  World world;
  auto server = WebServer::start(world);
  if (!server) return;
  WebPair pair(world, server->url());
  pair.travel();
  for (const WebRequest& request : server->take_requests()) CHECK(request.agent.starts_with("git/"));
  const auto cookies = world.root() / "cookies";
  write_file(cookies, "127.0.0.1\tFALSE\t/\tFALSE\t0\tdoor\topen\n");
  pair.set("http.cookieFile", cookies.string());
  pair.set("http.userAgent", "documents/1");
  pair.travel();
  const auto requests = server->take_requests();
  CHECK_FALSE(requests.empty());
  for (const WebRequest& request : requests) {
    CHECK(request.agent == "documents/1");
    CHECK(request.cookie == "door=open");
  }
  CHECK(read_file(cookies) == "127.0.0.1\tFALSE\t/\tFALSE\t0\tdoor\topen\n");
}
