// Remotes over https, with a certificate that nobody trusts until the user's settings say so.
#include "scenario/web.hpp"

using namespace ps_sync::test;

TEST_CASE("a certificate that is not trusted is refused, and the work goes once it is", "[http][tls]") {
  World world;
  auto server = WebServer::start(world, {.tls = true});
  if (!server) return;
  WebPair pair(world, server->url());
  const Outcome pushed = pair.desktop.write(planning + "a.md", "a\n").ps({"push"});
  INFO(pushed.describe());
  CHECK(pushed.exit == 1);
  CHECK(contains(pushed.err, "certificate"));
  CHECK(contains(pushed.err, "sslCAInfo"));
  CHECK(queued(pair.desktop) == 1);
  CHECK(pair.desktop.ps({"pull"}).exit == 1);
  CHECK(server->take_requests().empty());

  pair.set("http.sslCAInfo", server->authority().string());
  pair.desktop.ok({"push"});
  CHECK(queued(pair.desktop) == 0);
  pair.travel();
}

TEST_CASE("the authority is found in the environment, and in the settings for one server", "[http][tls]") {
  World world;
  auto server = WebServer::start(world, {.tls = true});
  if (!server) return;
  WebPair pair(world, server->url());
  SECTION("GIT_SSL_CAINFO") { pair.travel({{"GIT_SSL_CAINFO", server->authority().string()}}); }
  SECTION("the environment counts before the settings") {
    pair.set("http.sslCAInfo", (world.root() / "no such file").string());
    pair.travel({{"GIT_SSL_CAINFO", server->authority().string()}});
  }
  SECTION("http.<url>.sslCAInfo, the longest that fits") {
    pair.set("http.sslCAInfo", (world.root() / "no such file").string());
    pair.set("http.https://localhost.sslCAInfo", (world.root() / "no such file").string());
    pair.set("http." + server->base() + "/.sslCAInfo", server->authority().string());
    pair.travel();
  }
  SECTION("http.sslCAPath") {
    std::filesystem::create_directories(world.root() / "authorities");
    const Outcome hash =
        world.run(world.root(), {"openssl", "x509", "-noout", "-hash", "-in", server->authority().string()});
    std::filesystem::copy_file(server->authority(), world.root() / "authorities" / (lines_of(hash.out).front() + ".0"));
    pair.set("http.sslCAPath", (world.root() / "authorities").string());
    pair.travel();
  }
}

TEST_CASE("whoever switches the check off is obeyed", "[http][tls]") {
  World world;
  auto server = WebServer::start(world, {.tls = true});
  if (!server) return;
  WebPair pair(world, server->url());
  SECTION("GIT_SSL_NO_VERIFY") { pair.travel({{"GIT_SSL_NO_VERIFY", "1"}}); }
  SECTION("http.sslVerify") {
    pair.set("http.sslVerify", "false");
    pair.travel();
  }
  SECTION("for another server it stays on") {
    pair.set("http.https://localhost:" + server->port() + "/.sslVerify", "false");
    CHECK(pair.desktop.write(planning + "a.md", "a\n").ps({"push"}).exit == 1);
    CHECK(queued(pair.desktop) == 1);
  }
}

TEST_CASE("a certificate of another name is refused, though its authority is trusted", "[http][tls]") {
  World world;
  auto server = WebServer::start(world, {.tls = true});
  if (!server) return;
  WebPair pair(world, "https://localhost.localdomain:" + server->port() + "/git/origin.git");
  const Environment names = {{"GIT_SSL_CAINFO", server->authority().string()}};
  pair.set("http.curloptResolve", "localhost.localdomain:" + server->port() + ":127.0.0.1");
  const Outcome pushed = pair.desktop.write(planning + "a.md", "a\n").ps({"push"}, names);
  INFO(pushed.describe());
  CHECK(pushed.exit == 1);
  CHECK(contains(pushed.err, "localhost.localdomain"));
  CHECK(contains(pushed.err, "certificate"));
  CHECK(queued(pair.desktop) == 1);
  pair.point_to("https://localhost:" + server->port() + "/git/origin.git");
  pair.travel(names);
}

TEST_CASE("documents travel over https with a login, and the credentials are those of https", "[http][tls]") {
  World world;
  auto server = WebServer::start(world, {.tls = true, .login = true});
  if (!server) return;
  const CredentialHelper helper(world, {"username=ada", "password=" + server->password()});
  WebPair pair(world, server->url());
  pair.set("http.sslCAInfo", server->authority().string());
  pair.travel();
  CHECK(helper.calls().front().lines.contains("protocol=https"));
}
