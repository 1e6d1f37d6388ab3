// Two places, desktop and code, whose beacon is a ticket on a GitHub of the test's own.
#pragma once

#include "scenario/reading.hpp"
#include "support/catch.hpp"
#include "support/github_server.hpp"

namespace ps_sync::test {

struct TicketPair {
  TicketPair() : desktop(world.place("desktop")), code(world.place("code")) {
    for (Clone* clone : {&desktop, &code}) {
      const Outcome made =
          clone->ps({"init", "--as", clone->name(), "--no-hooks", "--beacon", "github:octo/plans"}, on());
      INFO(made.describe());
      REQUIRE(made.exit == 0);
    }
    github.clear();
  }

  /// What points ps-sync to that GitHub.
  Environment on() const { return {{"PROMPTSYNC_GITHUB_API", github.api()}, {"GH_TOKEN", GitHubServer::token}}; }
  /// A document goes from one place to the other, whatever happens to the ticket.
  void travel(const std::string& name, Clone& from, Clone& to) {
    from.write(planning + name, name + "\n");
    const Outcome pushed = from.ps({"push"}, on());
    INFO(pushed.describe());
    CHECK(pushed.exit == 0);
    const Outcome pulled = to.ps({"pull"}, on());
    INFO(pulled.describe());
    CHECK(pulled.exit == 0);
    CHECK(to.read(planning + name) == name + "\n");
  }
  std::string body() const { return github.issue(1).body.value_or(""); }

  World world;
  GitHubServer github;
  Clone& desktop;
  Clone& code;
};

}  // namespace ps_sync::test
