// Servers that send elsewhere: followed as git does, but nothing that is meant for one server is told to another.
#include "scenario/web.hpp"

using namespace ps_sync::test;

TEST_CASE("a redirect on the same server is followed, and what is posted goes to the new place", "[http]") {
  World world;
  auto server = WebServer::start(world, {.config = "url.redirect = ( \"^/old/(.*)\" => \"/git/$1\" )\n"});
  if (!server) return;
  WebPair pair(world, server->base() + "/old/origin.git");
  pair.travel();
  bool redirected = false;
  for (const WebRequest& request : server->take_requests()) {
    if (request.status == 301) redirected = true;
    if (request.line.starts_with("POST ")) CHECK(contains(request.line, " /git/origin.git/"));
  }
  CHECK(redirected);
}

TEST_CASE("redirects are not followed where http.followRedirects forbids it", "[http]") {
  World world;
  auto server = WebServer::start(world, {.config = "url.redirect = ( \"^/old/(.*)\" => \"/git/$1\" )\n"});
  if (!server) return;
  WebPair pair(world, server->base() + "/old/origin.git");
  pair.set("http.followRedirects", "false");
  const Outcome pushed = pair.desktop.write(planning + "a.md", "a\n").ps({"push"});
  CHECK(pushed.exit == 1);
  CHECK(contains(pushed.err, "redirect"));
  CHECK(queued(pair.desktop) == 1);
  for (const WebRequest& request : server->take_requests()) CHECK(contains(request.line, " /old/"));
}

TEST_CASE("a redirect that goes around in circles ends", "[http]") {
  World world;
  auto server = WebServer::start(world, {.config = "url.redirect = ( \"^/old/(.*)\" => \"/old/$1\" )\n"});
  if (!server) return;
  WebPair pair(world, server->base() + "/old/origin.git");
  const Outcome pushed = pair.desktop.write(planning + "a.md", "a\n").ps({"push"});
  CHECK(pushed.exit == 1);
  CHECK(contains(pushed.err, "redirect"));
  CHECK(queued(pair.desktop) == 1);
  CHECK(server->take_requests().size() < 50);
}

TEST_CASE("what is said to one server for its eyes alone never follows a redirect to another", "[http][credentials]") {
  World world;
  auto other = WebServer::start(world);
  if (!other) return;
  const std::string there = "http://localhost:" + other->port() + "/git/$1";
  auto server = WebServer::start(
      world, {.config = "auth.require = ( \"/away/\" => ( \"method\" => \"basic\", \"realm\" => \"documents\","
                        " \"require\" => \"valid-user\" ) )\nurl.redirect = ( \"^/away/(.*)\" => \"" +
                        there + "\" )\n"});
  if (!server) return;
  const CredentialHelper helper(world, {"username=ada", "password=" + server->password()});
  WebPair pair(world, server->base() + "/away/origin.git");
  SECTION("from a credential helper") {}
  SECTION("from the address") {
    server->set_password("word-of-the-address");
    pair.point_to("http://ada:word-of-the-address@127.0.0.1:" + server->port() + "/away/origin.git");
  }
  SECTION("from a header") {
    const Outcome encoded = world.run(world.root(), {"base64", "-w0"}, {}, "ada:" + server->password());
    pair.set("http.extraHeader", "Authorization: Basic " + encoded.out);
  }
  SECTION("from a .netrc") {
    server->set_password("word-of-the-file");
    write_file(world.home() / ".netrc", "machine 127.0.0.1 login ada password word-of-the-file\n");
    pair.set("credential.helper", "");
  }
  pair.set("http." + server->base() + "/.extraHeader", "X-Test: for your eyes alone");
  pair.travel();
  bool known_here = false;
  for (const WebRequest& request : server->take_requests())
    known_here = known_here || (request.authorization.starts_with("Basic ") && request.status == 301);
  CHECK(known_here);
  const auto requests = other->take_requests();
  CHECK_FALSE(requests.empty());
  for (const WebRequest& request : requests) {
    INFO(request.line);
    CHECK(request.authorization == "-");
    CHECK(request.custom == "-");
  }
}

TEST_CASE("another server that a redirect leads to is answered with its own credentials", "[http][credentials]") {
  World world;
  auto other = WebServer::start(world, {.login = true});
  if (!other) return;
  auto server = WebServer::start(
      world, {.config = "url.redirect = ( \"^/away/(.*)\" => \"http://localhost:" + other->port() + "/git/$1\" )\n"});
  if (!server) return;
  const CredentialHelper helper(world, {"username=ada", "password=" + other->password()});
  WebPair pair(world, server->base() + "/away/origin.git");
  pair.travel();
  for (const auto& call : helper.calls()) {
    CHECK(call.operation != "erase");
    CHECK(call.lines.contains("host=localhost:" + other->port()));
  }
}
