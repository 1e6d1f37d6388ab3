// Redirects that would have every command carry credentials or data to where the user did not send them, out of HTTP,
// or around in circles.
#include <algorithm>

#include "scenario/faults.hpp"
#include "support/catch.hpp"
#include "support/faulty_server.hpp"

using namespace ps_sync::test;

namespace {

// "someone:not-for-others", as Basic has it, is c29tZW9uZTpub3QtZm9yLW90aGVycw==
const std::string login = "someone:not-for-others";
const std::string encoded_login = "c29tZW9uZTpub3QtZm9yLW90aGVycw==";
const std::string token = "token-not-for-others";

bool any_tells(const FaultyServer& server, const std::string& secret) {
  const std::vector<Request> requests = server.requests();
  return std::any_of(requests.begin(), requests.end(),
                     [&](const Request& request) { return contains(request.describe(), secret); });
}

void check_knows_nothing(const FaultyServer& other) {
  for (const Request& request : other.requests()) {
    INFO(request.describe());
    for (const std::string& secret : {login, encoded_login, token, std::string("not-for-others")})
      CHECK_FALSE(contains(request.describe(), secret));
    CHECK_FALSE(request.headers.contains("authorization"));
  }
}

/// Asks for a name and a password until it gets them.
Behaviour guarded(Behaviour inner) {
  return [inner = std::move(inner)](Exchange& exchange) {
    if (exchange.request().headers.contains("authorization")) return inner(exchange);
    exchange.answer("401 Unauthorized", "text/plain", "", "WWW-Authenticate: Basic realm=\"plans\"\r\n");
  };
}

}  // namespace

TEST_CASE("credentials of the address never follow a redirect to another host", "[http][faults]") {
  World world;
  FaultyServer server(world);
  FaultyServer other(world);
  Troubled place(world, server.url(login));
  const std::string host = GENERATE(std::string("127.0.0.1"), std::string("localhost"));
  const std::string status =
      GENERATE(std::string("301 Moved Permanently"), std::string("302 Found"), std::string("307 Temporary Redirect"));
  INFO(status << " to " << host);
  server.behave(guarded(redirecting(status, other.address("", host))));
  for (const std::string command : {"pull", "push", "sync", "status"}) {
    other.heal();
    place.code.ps({command});
    check_knows_nothing(other);
    CHECK(any_tells(server, encoded_login));
    // A server that asks for them does not get them either.
    other.behave(guarded(rightly()));
    place.code.ps({command});
    check_knows_nothing(other);
  }
  server.behave(guarded(rightly()));
  other.heal();
  place.code.ok({"sync"});
  place.desktop.ok({"sync"});
  CHECK(changes(documents(place.code), documents(place.desktop)) == "");
}

TEST_CASE("headers that the user set for one host never follow a redirect to another", "[http][faults]") {
  World world;
  FaultyServer server(world);
  FaultyServer other(world);
  Troubled place(world, server.url());
  const bool for_all = GENERATE(true, false);
  const std::string key = for_all ? "http.extraHeader" : "http." + server.address() + "/.extraHeader";
  INFO(key);
  place.code.git({"config", "--add", key, "Authorization: Bearer " + token});
  place.code.git({"config", "--add", key, "X-Plan-Key: " + token});
  for (const char* status :
       {"301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"}) {
    for (const std::string command : {"pull", "push", "sync", "status"}) {
      INFO(status << ", " << command);
      server.behave(redirecting(status, other.address()));
      other.heal();
      place.code.ps({command});
      CHECK(any_tells(server, token));
      check_knows_nothing(other);
    }
  }
  server.heal();
  place.code.ok({"sync"});
  place.desktop.ok({"sync"});
  CHECK(changes(documents(place.code), documents(place.desktop)) == "");
}

TEST_CASE("a push is not carried on to another host by a redirect of the push itself", "[http][faults]") {
  World world;
  FaultyServer server(world);
  FaultyServer other(world);
  Troubled place(world, server.url(login));
  place.news_may_arrive = true;
  for (const char* status : {"302 Found", "307 Temporary Redirect", "308 Permanent Redirect"}) {
    for (const std::string command : {"push", "sync"}) {
      INFO(status << ", " << command);
      server.behave(at_push(guarded(redirecting(status, other.address()))));
      other.heal();
      place.gives_up(command);
      CHECK(other.requests().empty());
    }
  }
  server.heal();
  place.completes("sync");
}

TEST_CASE("a redirect in a circle ends", "[http][faults]") {
  World world;
  FaultyServer server(world);
  Troubled place(world, server.url());
  for (const std::string& command : all_commands) {
    server.behave(redirecting("302 Found", server.address()));
    place.gives_up(command);
    CHECK(server.requests().size() < 100);
  }
  server.heal();
  place.completes("sync");
}

TEST_CASE("a redirect out of HTTP is not followed", "[http][faults]") {
  World world;
  FaultyServer server(world);
  Troubled place(world, server.url());
  const std::filesystem::path mark = world.root() / "ssh was started";
  const std::filesystem::path spy = world.root() / "spy";
  write_file(spy, "#!/bin/sh\n: >'" + mark.string() + "'\nexit 255\n");
  std::filesystem::permissions(spy, std::filesystem::perms::owner_all);
  world.run(world.root(), {"git", "config", "--global", "core.sshCommand", "'" + spy.string() + "'"});
  write_file(world.root() / "secret", "the secret of another file\n");
  for (const std::string& address :
       {"file://" + (world.root() / "secret").string(), std::string("file:///etc/passwd"),
        std::string("ssh://127.0.0.1/x/info/refs"), std::string("ftp://127.0.0.1/x/info/refs"),
        std::string("gopher://127.0.0.1/_x"), std::string("dict://127.0.0.1/x"), std::string("http://"),
        std::string("ext::sh -c x"), std::string("")}) {
    for (const std::string command : {"pull", "push", "clone"}) {
      INFO(command << " to " << address);
      server.behave(redirecting_to("302 Found", address));
      const Outcome outcome = place.run(command);
      CHECK((outcome.exit == 0 || outcome.exit == 1));
      CHECK_FALSE(contains(outcome.describe(), "the secret of another file"));
      CHECK_FALSE(contains(outcome.describe(), "root:"));
      CHECK_FALSE(std::filesystem::exists(mark));
    }
  }
  server.heal();
  place.completes("sync");
}
