// What a GitHubServer knows: people, repositories, issues, boards. Plain values, so that a state can be copied and
// kept as what a lagging replica still shows.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace ps_sync::test {

enum class Access { none, read, write };

struct GitHubIssue {
  int number = 0;
  std::int64_t id = 0;
  std::string node_id;
  std::string title;
  std::optional<std::string> body;  ///< GitHub stores null where none was given
  std::string state = "open";
  std::string state_reason;  ///< "" is null
  std::string author;
  std::vector<std::string> labels;
  std::string created_at;  ///< whole seconds, UTC
  std::string updated_at;
  bool is_locked = false;
  bool is_pull_request = false;
  bool is_deleted = false;
  std::string moved_to;  ///< OWNER/REPO/NUMBER that it was transferred to; "" where it was not
  bool is_pinned = false;
};

struct GitHubLabel {
  std::int64_t id = 0;
  std::string name;
  std::string color = "ededed";
  std::string description;
};

struct GitHubRepository {
  std::int64_t id = 0;
  std::string name;                 ///< OWNER/REPO as it is now
  std::set<std::string> old_names;  ///< those that redirect here
  bool is_archived = false;
  bool has_issues = true;
  std::map<std::string, Access> access;       ///< by login
  std::map<std::string, GitHubLabel> labels;  ///< by name
  std::map<int, GitHubIssue> issues;          ///< by number
  int last_number = 0;                        ///< numbers are never used twice
};

struct GitHubUser {
  std::int64_t id = 0;
  std::string login;
  std::string token;
  bool may_use_projects = true;  ///< the token's scope `project`
  int used = 0;                  ///< requests that counted against the primary limit
};

struct GitHubProjectItem {
  std::string id;
  std::string issue;                  ///< the issue's node id
  std::optional<std::string> status;  ///< absent: "No Status"
  int workflow_in = -1;               ///< GraphQL requests until the workflow sets its status; -1: it does not
};

struct GitHubProject {
  std::string id;
  std::string owner;
  int number = 0;
  std::vector<GitHubProjectItem> items;
  std::optional<std::string> status_of_added;  ///< what the board's workflow "Item added" sets
  int workflow_waits = 0;                      ///< GraphQL requests after the one that added, until it does
  bool has_status = true;                      ///< boards need not have that field
};

struct GitHubState {
  std::map<std::int64_t, GitHubRepository> repositories;
  std::map<std::string, GitHubUser> users;  ///< by token
  std::vector<GitHubProject> projects;
  std::int64_t last_id = 1000;

  GitHubRepository& add_repository(const std::string& name);
  /// With the number, ids and times that are due; labels that do not exist are made.
  GitHubIssue& add_issue(GitHubRepository& repository, const GitHubIssue& wanted);
  GitHubLabel& add_label(GitHubRepository& repository, const GitHubLabel& wanted);

  /// By name, an old one too; null where there is none.
  GitHubRepository* find_repository(const std::string& name);
  GitHubIssue* find_issue(const std::string& node_id);
  GitHubProject* find_project(const std::string& id);
  /// Null where it is not on that board.
  GitHubProjectItem* find_item(GitHubProject& project, const std::string& issue_node);
  /// Where the issue is now; throws where it never was.
  GitHubRepository& repository_of(const GitHubIssue& issue);
  Access access(const GitHubUser* user, const GitHubRepository& repository) const;
};

/// The time as GitHub writes it: UTC, whole seconds.
std::string github_time();

}  // namespace ps_sync::test
