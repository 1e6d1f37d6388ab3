// The real gh, as Debian 12 has it, against the tests' GitHub: a person's way to look at the ticket and to edit it.
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "support/github_description.hpp"
#include "support/github_server.hpp"
#include "support/process.hpp"

using namespace ps_sync::test;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr const char* gh_program = "/usr/bin/gh";

bool has_gh() {
  const bool is_here = fs::exists(gh_program);
  if (!is_here) WARN("SKIPPED: there is no " << gh_program << " here (Debian, Ubuntu: apt-get install gh)");
  return is_here;
}

/// A folder, and gh in it with a home of its own.
class Terminal {
 public:
  explicit Terminal(const GitHubServer& github) : github_(github) {
    std::string name = (fs::temp_directory_path() / "ps-sync-gh-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    folder_ = name;
  }
  ~Terminal() { fs::remove_all(folder_); }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  Outcome gh(Arguments arguments) const {
    arguments.insert(arguments.begin(), gh_program);
    Environment environment = gh_environment(github_);
    environment["HOME"] = folder_.string();
    return Process(arguments, {folder_, environment, ""}).wait();
  }
  std::string ok(const Arguments& arguments) const {
    const Outcome outcome = gh(arguments);
    INFO(outcome.describe());
    REQUIRE(outcome.exit == 0);
    return outcome.out;
  }
  fs::path write(const std::string& bytes) const {
    std::ofstream(folder_ / "body.md", std::ios::binary) << bytes;
    return folder_ / "body.md";
  }

 private:
  const GitHubServer& github_;
  fs::path folder_;
};

const std::string beacon =
    "---\nLAST_UPDATE: Session 3\nFILES_UPDATED:\n  - act-2-planning.md\nSTATUS: UPDATE_AVAILABLE\n---\n\nWords 🔄\n";

}  // namespace

TEST_CASE("gh: views and edits an issue of the tests' GitHub", "[contract][github]") {
  if (!has_gh()) return;
  GitHubServer github;
  const int number = github.create_issue("🔄 SYNC-BEACON [DO NOT CLOSE]", "first\r\nwords", {"perma-ticket"});
  const std::string ticket = std::to_string(number);
  const Terminal terminal(github);

  const std::string fields = "body,updatedAt,title,state,number,labels";
  const json seen = json::parse(terminal.ok({"issue", "view", ticket, "--repo", "octo/plans", "--json", fields}));
  CHECK(seen["body"] == "first\r\nwords");
  CHECK(seen["title"] == "🔄 SYNC-BEACON [DO NOT CLOSE]");
  CHECK(seen["state"] == "OPEN");
  CHECK(seen["number"] == number);
  CHECK(seen["labels"][0]["name"] == "perma-ticket");
  CHECK(seen["updatedAt"] == github.issue(number).updated_at);

  terminal.ok({"issue", "edit", ticket, "--repo", "octo/plans", "--body-file", terminal.write(beacon).string()});
  CHECK(github.issue(number).body == beacon);
  const json listed = json::parse(
      terminal.ok({"issue", "list", "--repo", "octo/plans", "--label", "perma-ticket", "--json", "number,body"}));
  REQUIRE(listed.size() == 1);
  CHECK(listed[0]["body"] == beacon);
  terminal.ok({"issue", "close", ticket, "--repo", "octo/plans"});
  CHECK(github.issue(number).state == "closed");
  terminal.ok({"issue", "reopen", ticket, "--repo", "octo/plans"});
  CHECK(github.issue(number).state == "open");

  if (!why_no_github_description().empty()) return;
  // So the schema vouches for what was asked here. GitHub is laxer than the schema on a query that asks issue and pull
  // request for a `state` of two types.
  std::vector<GitHubRequest> requests = github.requests();
  std::erase_if(requests,
                [](const GitHubRequest& request) { return request.body.find("on PullRequest") != std::string::npos; });
  CHECK(requests.size() == 4);
  CHECK(check_against_openapi(requests) == std::vector<std::string>{});
}

TEST_CASE("gh: is told what is wrong as by the real one", "[contract][github]") {
  if (!has_gh()) return;
  GitHubServer github;
  const Terminal terminal(github);
  const Arguments view{"issue", "view", "7", "--repo", "octo/plans", "--json", "body"};

  CHECK(terminal.gh(view).err.find("Could not resolve to an issue or pull request with the number of 7.") !=
        std::string::npos);
  github.create_issue("T", "text");
  github.archive_repository();
  const Outcome edit = terminal.gh({"issue", "edit", "1", "--repo", "octo/plans", "--body", "x"});
  CHECK(edit.exit != 0);
  CHECK(github.issue(1).body == "text");
  github.revoke(GitHubServer::token);
  CHECK(terminal.gh(view).err.find("401") != std::string::npos);
}
