// A proxy between here and the server, from the settings and from the environment.
#include "scenario/web.hpp"

using namespace ps_sync::test;

TEST_CASE("http.proxy is used, the one for a server before the one for all", "[http][proxy]") {
  World world;
  auto server = WebServer::start(world);
  auto proxy = WebProxy::start(world);
  if (!server || !proxy) return;
  WebPair pair(world, server->url());
  pair.set("http.proxy", "http://" + proxy->address());
  pair.travel();
  CHECK(contains(proxy->requests().front(), server->base() + "/git/origin.git/"));
  const std::size_t asked = proxy->requests().size();
  pair.set("http." + server->base() + "/.proxy", "");  // none
  pair.travel({{"http_proxy", "http://" + proxy->address()}});
  CHECK(proxy->requests().size() == asked);
  pair.set("http.proxy", "http://127.0.0.1:1");
  pair.set("http." + server->base() + "/.proxy", proxy->address());
  pair.travel();
  CHECK(proxy->requests().size() > asked);
  pair.set("http." + server->base() + "/.proxy", "http://127.0.0.1:1");
  pair.set("remote.origin.proxy", proxy->address());
  pair.travel();
}

TEST_CASE("the proxy of the environment is used, but for servers of no_proxy", "[http][proxy]") {
  World world;
  auto server = WebServer::start(world);
  auto proxy = WebProxy::start(world);
  if (!server || !proxy) return;
  WebPair pair(world, server->url());
  const std::string address = "http://" + proxy->address();
  pair.travel({{"http_proxy", address}, {"no_proxy", "127.0.0.1"}});
  CHECK(proxy->requests().empty());
  pair.travel({{"https_proxy", address}});
  CHECK(proxy->requests().empty());
  pair.travel({{"http_proxy", address}, {"no_proxy", "localhost,example.org"}});
  const std::size_t asked = proxy->requests().size();
  CHECK(asked > 0);
  pair.travel({{"ALL_PROXY", address}});
  CHECK(proxy->requests().size() > asked);
}

TEST_CASE("https goes through a proxy as a tunnel", "[http][proxy][tls]") {
  World world;
  auto server = WebServer::start(world, {.tls = true, .login = true});
  auto proxy = WebProxy::start(world);
  if (!server || !proxy) return;
  const CredentialHelper helper(world, {"username=ada", "password=" + server->password()});
  WebPair pair(world, server->url());
  pair.set("http.sslCAInfo", server->authority().string());
  pair.travel({{"https_proxy", "http://" + proxy->address()}});
  CHECK_FALSE(proxy->requests().empty());
  for (const std::string& line : proxy->requests())
    CHECK(line.starts_with("CONNECT 127.0.0.1:" + server->port() + " "));
  for (const auto& call : helper.calls()) CHECK(call.lines.contains("host=127.0.0.1:" + server->port()));
}

TEST_CASE("a proxy that wants a login gets the one of its address, and no message shows it", "[http][proxy]") {
  World world;
  auto server = WebServer::start(world);
  auto proxy = WebProxy::start(world, "grace:hopper");
  if (!server || !proxy) return;
  WebPair pair(world, server->url());
  pair.set("http.proxy", "http://grace:hopper@" + proxy->address());
  pair.travel();
  for (const WebRequest& request : server->take_requests()) CHECK(request.authorization == "-");
  pair.desktop.write(planning + "a.md", "a\n");
  pair.set("http.proxy", "http://" + proxy->address());
  Outcome pushed = pair.desktop.ps({"push"});
  INFO(pushed.describe());
  CHECK(pushed.exit == 1);
  CHECK(contains(pushed.err, "407"));
  CHECK(contains(pushed.err, "proxy"));
  pair.set("http.proxy", "http://grace:lovelace@" + proxy->address());
  pushed = pair.desktop.ps({"push", "-vv"});
  INFO(pushed.describe());
  CHECK(pushed.exit == 1);
  CHECK_FALSE(contains(pushed.out + pushed.err, "lovelace"));
  CHECK(queued(pair.desktop) == 1);
}

TEST_CASE("a proxy that is away leaves the work queued", "[http][proxy]") {
  World world;
  auto server = WebServer::start(world);
  auto proxy = WebProxy::start(world);
  if (!server || !proxy) return;
  WebPair pair(world, server->url());
  pair.set("http.proxy", proxy->address());
  proxy->stop();
  const Outcome pushed = pair.desktop.write(planning + "a.md", "a\n").ps({"push"});
  INFO(pushed.describe());
  CHECK(pushed.exit == 0);
  CHECK(contains(pushed.out + pushed.err, "queued"));
  CHECK(contains(pushed.out + pushed.err, "port " + proxy->port()));
  CHECK(pair.desktop.ps({"push", "--require-remote"}).exit == 4);
  CHECK(server->take_requests().empty());
}

TEST_CASE("doctor names the proxy on the way to an http remote, and says whether git gets there too", "[http][proxy]") {
  World world;
  auto server = WebServer::start(world);
  auto proxy = WebProxy::start(world, "grace:hopper");
  if (!server || !proxy) return;
  WebPair pair(world, server->url());
  const auto says = [&](const Environment& environment, const std::string& words) {
    const Outcome doctor = pair.code.ps({"doctor"}, environment);
    INFO(doctor.describe());
    CHECK(contains(doctor.out, words));
    CHECK_FALSE(contains(doctor.out, "hopper"));
  };
  says({}, "good: proxy: none\n");
  says({}, "; git reaches it too\n");
  const std::string login = "http://grace:hopper@" + proxy->address();
  says({{"http_proxy", login}}, "good: proxy: http://" + proxy->address() + " (http_proxy)\n");
  pair.set("http.proxy", login);
  says({}, "good: proxy: http://" + proxy->address() + "/ (git's configuration)\n");
  says({}, "; git reaches it too\n");
  proxy->stop();
  says({}, " (git itself does not reach it either)\n");
}
