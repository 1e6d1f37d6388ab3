// The ticket in daily life: requests that GitHub allows, a person with gh, and everybody at once.
#include <filesystem>
#include <random>

#include "scenario/github_world.hpp"
#include "support/catch.hpp"
#include "support/github_description.hpp"

using namespace ps_sync::test;
using nlohmann::json;

namespace {

constexpr const char* gh_program = "/usr/bin/gh";

/// As it stands in the plan: a front matter, and nothing else.
std::string by_hand(const std::string& name) {
  return "---\nLAST_UPDATE: Session 3 - Added Act 2\nTIMESTAMP: 2026-11-23T10:45:00Z\nDIRECTION: Desktop→Code\n"
         "FILES_UPDATED:\n  - " +
         name + "\nACTION: Run 'ps-sync pull' in Claude Code\nSTATUS: UPDATE_AVAILABLE\n---\n";
}

}  // namespace

TEST_CASE("every request to GitHub is one that its own description allows", "[github]") {
  if (const std::string why = why_no_github_description(); !why.empty()) {
    WARN("skipped: " << why);
    return;
  }
  World world;
  GitHubServer github;
  const Environment on{{"PROMPTSYNC_GITHUB_API", github.api()}, {"GH_TOKEN", GitHubServer::token}};
  const std::string board = github.add_project();
  github.set_workflow(board, "Todo");
  Clone& desktop = world.place("desktop");
  Clone& code = world.place("code");
  for (Clone* clone : {&desktop, &code})
    clone->ok({"init", "--as", clone->name(), "--no-hooks", "--beacon", "github:octo/plans", "--project", board}, on);
  desktop.write(planning + "a.md", "a\n").ok({"push"}, on);
  code.ok({"status"}, on);
  code.ok({"pull"}, on);
  github.close_issue(1);
  github.edit_title(1, "another");
  github.remove_labels(1);
  desktop.write(planning + "b.md", "b\n").ok({"push"}, on);
  code.ok({"sync"}, on);
  github.delete_issue(1);
  desktop.ok({"beacon", "create"}, on);
  github.rename_repository("octo/renamed");
  desktop.ok({"beacon", "repair"}, on);
  const std::vector<GitHubRequest> requests = github.requests();
  CHECK(requests.size() > 20);
  CHECK(check_against_openapi(requests) == std::vector<std::string>{});
}

TEST_CASE("what a person writes into the ticket with gh is understood", "[github]") {
  if (!std::filesystem::exists(gh_program)) {
    WARN("skipped: there is no gh here (Debian, Ubuntu: apt-get install gh)");
    return;
  }
  TicketPair pair;
  pair.travel("first.md", pair.desktop, pair.code);
  // Written where no ps-sync publishes: the document goes by the push of a place that does not tell.
  pair.desktop.write(planning + "act-2.md", "act 2\n");
  pair.desktop.ok({"push"}, {{"PROMPTSYNC_BEACON_PROVIDER", "none"}});
  const auto file = pair.world.root() / "body.md";
  write_file(file, by_hand("act-2.md"));
  const Outcome edited = pair.world.run(
      pair.world.root(), {gh_program, "issue", "edit", "1", "--repo", "octo/plans", "--body-file", file.string()},
      gh_environment(pair.github));
  INFO(edited.describe());
  REQUIRE(edited.exit == 0);
  const json seen = pair.code.json({"status"}, pair.on()).at("beacon");
  CHECK(seen.at("status") == "UPDATE_AVAILABLE");
  CHECK(seen.at("last_update") == "Session 3 - Added Act 2");
  CHECK(seen.at("files_updated") == json::array({"act-2.md"}));
  pair.code.ok({"pull"}, pair.on());
  CHECK(pair.code.read(planning + "act-2.md") == "act 2\n");
  CHECK(contains(pair.body(), "STATUS: "));
  pair.desktop.ok({"pull"}, pair.on());
  CHECK(contains(pair.body(), "STATUS: IDLE"));
}

TEST_CASE("two places at work while a person edits the ticket: in the end it is right, and all is everywhere",
          "[github]") {
  TicketPair pair;
  std::minstd_rand random(20261123);
  Clone* places[] = {&pair.desktop, &pair.code};
  std::map<std::string, std::string> written;
  for (int round = 0; round < 40; ++round) {
    Clone& place = *places[random() % 2];
    switch (random() % 6) {
      case 0:
      case 1: {
        const std::string name = planning + place.name() + "-" + std::to_string(random() % 5) + ".md";
        written[name] = "round " + std::to_string(round) + "\n";
        place.write(name, written[name]).ok({"push"}, pair.on());
        break;
      }
      case 2:
        place.ok({"pull"}, pair.on());
        break;
      case 3:
        pair.github.browser_edits(1, pair.body() + "\nA person's word " + std::to_string(round) + ".\n");
        break;
      case 4:
        pair.github.edit_body(1, by_hand("nothing-" + std::to_string(round) + ".md"));
        break;
      default:
        pair.github.close_issue(1);
    }
  }
  for (int turn = 0; turn < 2; ++turn) {
    for (Clone* place : places) place->ok({"beacon", "repair"}, pair.on());
    for (Clone* place : places) place->ok({"sync"}, pair.on());
  }
  for (const auto& [name, bytes] : written) {
    for (Clone* place : places) CHECK(place->read(name) == bytes);
  }
  INFO(pair.body());
  CHECK(pair.github.issue(1).state == "open");
  CHECK(contains(pair.body(), "STATUS: IDLE"));
  CHECK(contains(pair.body(), "COMMIT: " + pair.world.origin_tip()));  // a browser may have put a CR behind it
  CHECK(pair.github.issues().size() == 1);
}
