// The ticket and the world outside: GitHub's own description of its API, and the real gh.
#include <filesystem>

#include "scenario/github_world.hpp"
#include "support/github_description.hpp"

using namespace ps_sync::test;

TEST_CASE("all that is asked of GitHub is what its own description allows", "[github]") {
  const std::string why_not = why_no_github_description();
  if (!why_not.empty()) {
    WARN("SKIPPED: " << why_not);
    return;
  }
  World world;
  GitHubServer github;
  const Environment on{{"PROMPTSYNC_GITHUB_API", github.api()}, {"GH_TOKEN", GitHubServer::token}};
  const std::string board = github.add_project();
  github.set_workflow(board, "Todo");
  Clone& desktop = world.clone("desktop");
  const auto must = [&](const Arguments& arguments) {
    const Outcome outcome = desktop.ps(arguments, on);
    INFO(outcome.describe());
    CHECK(outcome.exit == 0);
  };

  must({"init", "--as", "desktop", "--no-hooks", "--beacon", "github:octo/plans", "--project", board});
  desktop.write(planning + "a.md", "a\n");
  must({"push"});
  github.close_issue(1);
  github.edit_title(1, "another title");
  github.remove_labels(1);
  desktop.write(planning + "b.md", "b\n");
  must({"push"});
  must({"beacon", "repair"});
  github.rename_repository("octo/schemes");
  desktop.write(planning + "c.md", "c\n");
  must({"push"});
  must({"pull"});
  must({"status"});
  must({"beacon", "show"});

  const std::vector<GitHubRequest> requests = github.requests();
  CHECK(github.requests("PATCH").size() >= 3);
  CHECK(github.requests("POST", "/graphql").size() >= 2);
  CHECK(check_against_openapi(requests) == std::vector<std::string>{});
  for (const GitHubRequest& request : requests) {
    INFO(request.method << " " << request.target);
    CHECK_FALSE(request.header("user-agent").empty());
    if (request.path != "/graphql") CHECK(request.header("x-github-api-version") == "2022-11-28");
  }
}

TEST_CASE("a ticket that a person writes with gh issue edit is understood", "[github]") {
  const std::string gh = "/usr/bin/gh";
  if (!std::filesystem::exists(gh)) {
    WARN("SKIPPED: there is no " << gh << " here (Debian, Ubuntu: apt-get install gh)");
    return;
  }
  TicketPair pair;
  pair.travel("a.md", pair.desktop, pair.code);
  write_file(pair.world.root() / "body.md",
             "---\nLAST_UPDATE: Session 3 - Added Act 2\nTIMESTAMP: 2026-11-23T10:45:00Z\nDIRECTION: Desktop→Code\n"
             "FILES_UPDATED:\n  - act-2-planning.md\nACTION: Run the pull\nSTATUS: UPDATE_AVAILABLE\n---\n");
  const std::string file = (pair.world.root() / "body.md").string();
  const auto issue = [&](Arguments arguments) {
    arguments.insert(arguments.begin(), {gh, "issue"});
    const Outcome outcome = pair.code.run(arguments, gh_environment(pair.github));
    INFO(outcome.describe());
    CHECK(outcome.exit == 0);
    return outcome.out;
  };

  issue({"edit", "1", "--repo", "octo/plans", "--body-file", file});
  CHECK(pair.body() == read_file(file));
  const nlohmann::json beacon = pair.code.json({"status"}, pair.on()).at("beacon");
  CHECK(beacon.at("status") == "UPDATE_AVAILABLE");
  const Outcome pulled = pair.code.ps({"pull"}, pair.on());
  INFO(pulled.describe());
  CHECK(contains(pulled.out + pulled.err, "act-2-planning.md"));  // announced, but in no commit
  pair.travel("b.md", pair.desktop, pair.code);
  const std::string shown = issue({"view", "1", "--repo", "octo/plans", "--json", "body", "--jq", ".body"});
  CHECK(contains(shown, "STATUS: IDLE\n"));
  CHECK(contains(shown, "COMMIT: " + pair.desktop.tip() + "\n"));
}
