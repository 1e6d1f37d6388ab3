// The perma-ticket: a GitHub issue as the beacon.
#include "scenario/github_world.hpp"
#include "support/catch.hpp"

using namespace ps_sync::test;
using nlohmann::json;

namespace {

const std::string title = "🔄 SYNC-BEACON [DO NOT CLOSE]";

}  // namespace

TEST_CASE("init makes one ticket for both places, with its title and labels", "[github]") {
  TicketPair pair;
  REQUIRE(pair.github.issues().size() == 1);
  const GitHubIssue issue = pair.github.issue(1);
  CHECK(issue.title == title);
  CHECK(issue.labels == std::vector<std::string>{"perma-ticket", "sync-system"});
  CHECK(contains(pair.body(), "STATUS: IDLE\n"));
  CHECK(contains(pair.body(), "DO NOT DELETE OR CLOSE THIS TICKET."));
  CHECK(pair.desktop.json({"status"}, pair.on()).at("beacon").at("ticket") == "octo/plans#1");
}

TEST_CASE("the ticket announces a push, and is idle once it was pulled", "[github]") {
  TicketPair pair;
  pair.desktop.write(planning + "act-2.md", "act 2\n");
  const json pushed = pair.desktop.json({"push", "-m", "Added act 2"}, pair.on());
  CHECK(pushed.at("published") == true);
  CHECK(contains(pair.body(), "STATUS: UPDATE_AVAILABLE\n"));
  CHECK(contains(pair.body(), "DIRECTION: Desktop→Code\n"));
  CHECK(contains(pair.body(), "  - " + planning + "act-2.md\n"));
  CHECK(contains(pair.body(), "COMMIT: " + pair.desktop.tip() + "\n"));
  const json beacon = pair.code.json({"status"}, pair.on()).at("beacon");
  CHECK(beacon.at("status") == "UPDATE_AVAILABLE");
  CHECK(beacon.at("commit") == pair.desktop.tip());
  CHECK(pair.code.json({"status", "--offline"}).at("beacon").at("status") == "UPDATE_AVAILABLE");
  pair.code.ok({"pull"}, pair.on());
  CHECK(contains(pair.body(), "STATUS: IDLE\n"));
  CHECK(pair.code.ps({"beacon", "show"}, pair.on()).out == pair.body());
}

TEST_CASE("an idle look is one request answered 304, a push one that asks and one that writes", "[github]") {
  TicketPair pair;
  pair.travel("a.md", pair.desktop, pair.code);
  pair.code.ok({"status"}, pair.on());
  pair.github.clear();
  pair.code.ok({"status"}, pair.on());
  std::vector<GitHubRequest> requests = pair.github.requests();
  REQUIRE(requests.size() == 1);
  CHECK(requests[0].status == 304);
  pair.github.clear();
  pair.code.write(planning + "b.md", "b\n").ok({"push"}, pair.on());
  requests = pair.github.requests();
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].method == "GET");
  CHECK_FALSE(requests[0].header("if-none-match").empty());
  CHECK(requests[1].method == "PATCH");
  CHECK(requests[0].connection == requests[1].connection);
  for (const GitHubRequest& request : requests) {
    CHECK(contains(request.header("user-agent"), "ps-sync"));
    CHECK(request.header("x-github-api-version") == "2022-11-28");
    CHECK(request.header("authorization") == std::string("Bearer ") + GitHubServer::token);
  }
  pair.github.clear();
  pair.code.ok({"push"}, pair.on());
  CHECK(pair.github.requests().empty());
}

TEST_CASE("a ticket that was closed, retitled or lost its labels is put right, and words in it stay", "[github]") {
  TicketPair pair;
  pair.travel("a.md", pair.desktop, pair.code);
  pair.github.close_issue(1);
  pair.github.edit_title(1, "something else");
  pair.github.remove_labels(1);
  const json pulled = pair.code.json({"pull"}, pair.on());
  CHECK(contains(pulled.at("warnings").dump(), "octo/plans#1 was closed"));
  const GitHubIssue issue = pair.github.issue(1);
  CHECK(issue.state == "open");
  CHECK(issue.title == title);
  CHECK(issue.labels == std::vector<std::string>{"perma-ticket", "sync-system"});
  pair.github.browser_edits(1, "Do read this first.\n\n" + pair.body());
  pair.travel("b.md", pair.desktop, pair.code);
  CHECK(contains(pair.body(), "Do read this first."));
  CHECK(contains(pair.body(), "STATUS: IDLE"));
}

TEST_CASE("a ticket written by hand is understood, and what no commit carries is warned of", "[github]") {
  TicketPair pair;
  pair.travel("a.md", pair.desktop, pair.code);
  pair.github.browser_edits(1,
                            "---\nLAST_UPDATE: Session 3: added act 2\nTIMESTAMP: 2026-11-23T10:45:00Z\n"
                            "DIRECTION: Desktop→Code\nFILES_UPDATED:\n  - act-2.md\n"
                            "ACTION: Run 'ps-sync pull' in Claude Code\nSTATUS: UPDATE_AVAILABLE\n---\n");
  const json beacon = pair.code.json({"status"}, pair.on()).at("beacon");
  CHECK(beacon.at("last_update") == "Session 3: added act 2");
  CHECK(beacon.at("files_updated") == json::array({"act-2.md"}));
  const json pulled = pair.code.json({"pull"}, pair.on());
  CHECK(contains(pulled.at("warnings").dump(), "act-2.md"));
  CHECK(contains(pair.body(), "Session 3: added act 2"));
  pair.desktop.write(planning + "act-2.md", "act 2\n").ok({"push"}, pair.on());
  pair.code.ok({"pull"}, pair.on());
  CHECK(pair.code.exists(planning + "act-2.md"));
  CHECK(contains(pair.body(), "STATUS: IDLE"));
}

TEST_CASE("a person's edit between the look and the write is not lost", "[github]") {
  TicketPair pair;
  pair.travel("a.md", pair.desktop, pair.code);
  pair.github.browser_edits(1, pair.body() + "\nA word in between.\n");
  pair.github.clear();
  pair.desktop.write(planning + "b.md", "b\n").ok({"push"}, pair.on());
  CHECK(pair.github.requests("GET").size() == 1);
  CHECK(pair.github.requests("PATCH").size() == 1);
  CHECK(contains(pair.body(), "A word in between."));
  CHECK(contains(pair.body(), "STATUS: UPDATE_AVAILABLE"));
}

TEST_CASE("two tickets: the lower number is used, and that is told", "[github]") {
  TicketPair pair;
  pair.github.create_issue(title, "", {"perma-ticket", "sync-system"});
  Clone& third = pair.world.clone("third");
  const Outcome made = third.ps({"init", "--as", "third", "--no-hooks", "--beacon", "github:octo/plans"}, pair.on());
  CHECK(made.exit == 0);
  CHECK(contains(made.err, "#1 is used"));
  CHECK(third.json({"status"}, pair.on()).at("beacon").at("ticket") == "octo/plans#1");
}

TEST_CASE("beacon link and beacon create choose another ticket", "[github]") {
  TicketPair pair;
  const int other = pair.github.create_issue("Notes", "some words\n");
  const Outcome linked = pair.desktop.ps({"beacon", "link", "octo/plans#" + std::to_string(other)}, pair.on());
  INFO(linked.describe());
  CHECK(linked.exit == 0);
  CHECK(pair.desktop.json({"status"}, pair.on()).at("beacon").at("ticket") == "octo/plans#2");
  pair.desktop.write(planning + "a.md", "a\n").ok({"push"}, pair.on());
  CHECK(contains(pair.github.issue(other).body.value_or(""), "some words"));
  CHECK(contains(pair.github.issue(other).body.value_or(""), "UPDATE_AVAILABLE"));
  CHECK(pair.desktop.ps({"beacon", "link", "octo/plans"}, pair.on()).exit == 2);
  const Outcome missing = pair.desktop.ps({"beacon", "link", "octo/plans#77"}, pair.on());
  CHECK(missing.exit == 1);
  CHECK(pair.desktop.json({"status"}, pair.on()).at("beacon").at("ticket") == "octo/plans#2");
}

TEST_CASE("the ticket is put on a board, and its Status stays empty", "[github]") {
  World world;
  GitHubServer github;
  const std::string board = github.add_project();
  Clone& desktop = world.clone("desktop");
  const Environment on{{"PROMPTSYNC_GITHUB_API", github.api()}, {"GH_TOKEN", GitHubServer::token}};
  github.set_workflow(board, "Todo");
  const Outcome made =
      desktop.ps({"init", "--as", "desktop", "--no-hooks", "--beacon", "github:octo/plans", "--project", board}, on);
  INFO(made.describe());
  CHECK(made.exit == 0);
  CHECK(github.is_on_board(board, 1));
  CHECK(github.status_on_board(board, 1) == std::nullopt);
  github.from_now(graphql(), server_error(502));
  const json pushed = desktop.write(planning + "a.md", "a\n").json({"push"}, on);
  CHECK(pushed.at("published") == true);
}

TEST_CASE("a token is taken from the first place that has one, and shown nowhere", "[github]") {
  TicketPair pair;
  const std::string wrong = "ghp_wrongwrongwrongwrongwrongwrongwrong0";
  const auto ask = [&](const Environment& tokens) {
    Environment environment{{"PROMPTSYNC_GITHUB_API", pair.github.api()}};
    environment.insert(tokens.begin(), tokens.end());
    pair.github.clear();
    const Outcome shown = pair.desktop.ps({"-vvv", "beacon", "show"}, environment);
    CHECK_FALSE(contains(shown.out + shown.err, "ghp_"));
    CHECK(contains(shown.err, "trace: GET "));
    const auto requests = pair.github.requests();
    return requests.empty() ? std::string() : requests[0].header("authorization");
  };
  const std::string right = std::string("Bearer ") + GitHubServer::token;
  CHECK(ask({{"PROMPTSYNC_TOKEN", GitHubServer::token}, {"GH_TOKEN", wrong}}) == right);
  CHECK(ask({{"GH_TOKEN", GitHubServer::token}, {"GITHUB_TOKEN", wrong}}) == right);
  CHECK(ask({{"GITHUB_TOKEN", GitHubServer::token}}) == right);
  pair.desktop.git({"config", "credential.helper",
                    std::string("!f() { echo username=ada; echo password=") + GitHubServer::token + "; }; f"});
  CHECK(ask({}) == right);
  CHECK(contains(
      pair.desktop.ps({"beacon", "show"}, {{"PROMPTSYNC_GITHUB_API", pair.github.api()}, {"GH_TOKEN", wrong}}).err,
      "does not accept the token of GH_TOKEN"));
  for (const auto& entry : std::filesystem::recursive_directory_iterator(pair.desktop.git_folder() / "promptsync")) {
    if (entry.is_regular_file()) CHECK_FALSE(contains(read_file(entry.path()), "ghp_"));
  }
}

TEST_CASE("a ticket for two thousand documents stays short", "[github]") {
  TicketPair pair;
  for (int n = 0; n < 2000; ++n)
    pair.desktop.write(planning + "folder-" + std::to_string(n % 50) + "/@name-#" + std::to_string(n) + "`-->.md",
                       "x\n");
  pair.desktop.ok({"push"}, pair.on());
  CHECK(pair.body().size() < 60'000);
  CHECK(contains(pair.body(), "FILES_TOTAL: 2000\n"));
  pair.code.ok({"pull"}, pair.on());
  CHECK(contains(pair.body(), "STATUS: IDLE"));
}
