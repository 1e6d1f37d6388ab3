#include "support/github_state.hpp"

#include <algorithm>
#include <ctime>
#include <stdexcept>

namespace ps_sync::test {

std::string github_time() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  return std::string(text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts));
}

GitHubRepository& GitHubState::add_repository(const std::string& name) {
  GitHubRepository& repository = repositories[++last_id];
  repository.id = last_id;
  repository.name = name;
  return repository;
}

GitHubLabel& GitHubState::add_label(GitHubRepository& repository, const GitHubLabel& wanted) {
  const auto [place, is_new] = repository.labels.emplace(wanted.name, wanted);
  if (is_new) place->second.id = ++last_id;
  return place->second;
}

GitHubIssue& GitHubState::add_issue(GitHubRepository& repository, const GitHubIssue& wanted) {
  GitHubIssue& issue = repository.issues[++repository.last_number];
  issue = wanted;
  issue.number = repository.last_number;
  issue.id = ++last_id;
  issue.node_id = "I_kwDO" + std::to_string(issue.id);
  issue.created_at = issue.updated_at = github_time();
  for (const std::string& name : issue.labels) add_label(repository, {0, name, "ededed", ""});
  return issue;
}

GitHubRepository* GitHubState::find_repository(const std::string& name) {
  for (auto& [id, repository] : repositories)
    if (repository.name == name) return &repository;
  for (auto& [id, repository] : repositories)
    if (repository.old_names.contains(name)) return &repository;
  return nullptr;
}

GitHubIssue* GitHubState::find_issue(const std::string& node_id) {
  for (auto& [id, repository] : repositories)
    for (auto& [number, issue] : repository.issues)
      if (issue.node_id == node_id) return &issue;
  return nullptr;
}

GitHubProject* GitHubState::find_project(const std::string& id) {
  const auto found =
      std::find_if(projects.begin(), projects.end(), [&](const GitHubProject& project) { return project.id == id; });
  return found == projects.end() ? nullptr : &*found;
}

GitHubProjectItem* GitHubState::find_item(GitHubProject& project, const std::string& issue_node) {
  const auto found = std::find_if(project.items.begin(), project.items.end(),
                                  [&](const GitHubProjectItem& item) { return item.issue == issue_node; });
  return found == project.items.end() ? nullptr : &*found;
}

GitHubRepository& GitHubState::repository_of(const GitHubIssue& issue) {
  for (auto& [id, repository] : repositories) {
    const auto found = repository.issues.find(issue.number);
    if (found != repository.issues.end() && found->second.id == issue.id) return repository;
  }
  throw std::logic_error("no repository holds issue " + issue.node_id);
}

Access GitHubState::access(const GitHubUser* user, const GitHubRepository& repository) const {
  if (user == nullptr) return Access::none;
  const auto found = repository.access.find(user->login);
  return found == repository.access.end() ? Access::none : found->second;
}

}  // namespace ps_sync::test
