// The REST part of the tests' GitHub.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <regex>
#include <utility>

#include "support/github_answers.hpp"

namespace ps_sync::test {
namespace {

using nlohmann::json;

json or_null(const std::string& text) { return text.empty() ? json() : json(text); }

std::string query_of(const std::string& target) {
  const std::size_t mark = target.find('?');
  return mark == std::string::npos ? "" : target.substr(mark);
}

/// One request of one user for something of one repository.
class RestAnswer {
 public:
  RestAnswer(GitHubState& state, const GitHubRequest& request, GitHubUser* user)
      : state_(state), request_(request), user_(user) {}

  GitHubAnswer give();

 private:
  GitHubAnswer of_repository(const std::string& rest);
  GitHubAnswer of_issues();
  GitHubAnswer of_issue(int number, const std::string& rest);
  GitHubAnswer of_labels();
  GitHubAnswer permission(const std::string& login) const;
  GitHubAnswer list();
  GitHubAnswer create();
  GitHubAnswer update(GitHubIssue& issue);
  GitHubAnswer add_labels(GitHubIssue& issue);
  GitHubAnswer moved(GitHubRepository& to, const std::string& rest) const;

  bool may_push() const { return state_.access(user_, *repository_) == Access::write; }
  bool is_read() const { return request_.method == "GET"; }
  /// What forbids any write to the repository.
  std::optional<GitHubAnswer> refusal() const;
  /// What is wrong with the fields of an issue that a request gives.
  std::optional<GitHubAnswer> complaint() const;
  std::vector<std::string> wanted_labels() const;
  std::string address(const GitHubRepository& repository) const { return request_.base + "/repos/" + repository.name; }
  json describe_user(const std::string& login) const;
  json describe(const GitHubLabel& label) const;
  json describe(const GitHubIssue& issue) const;
  json describe_repository() const;
  json describe_labels(const GitHubIssue& issue) const;

  GitHubState& state_;
  const GitHubRequest& request_;
  GitHubUser* user_;
  GitHubRepository* repository_ = nullptr;
  json fields_ = json::object();
};

// ---------------------------------------------------------------------------------------------- what things look like

json RestAnswer::describe_user(const std::string& login) const {
  return {{"login", login}, {"id", 1}, {"type", "User"}, {"url", request_.base + "/users/" + login}};
}

json RestAnswer::describe(const GitHubLabel& label) const {
  return {{"id", label.id},
          {"name", label.name},
          {"color", label.color},
          {"description", or_null(label.description)},
          {"default", false},
          {"node_id", "LA_" + std::to_string(label.id)},
          {"url", address(*repository_) + "/labels/" + label.name}};
}

json RestAnswer::describe_labels(const GitHubIssue& issue) const {
  json labels = json::array();
  for (const std::string& name : issue.labels) labels.push_back(describe(repository_->labels.at(name)));
  return labels;
}

json RestAnswer::describe(const GitHubIssue& issue) const {
  const std::string url = address(*repository_) + "/issues/" + std::to_string(issue.number);
  const std::string page = "https://github.example/" + repository_->name + "/issues/" + std::to_string(issue.number);
  json answer{{"id", issue.id},
              {"node_id", issue.node_id},
              {"number", issue.number},
              {"title", issue.title},
              {"body", issue.body ? json(*issue.body) : json()},
              {"state", issue.state},
              {"state_reason", or_null(issue.state_reason)},
              {"locked", issue.is_locked},
              {"active_lock_reason", nullptr},
              {"labels", describe_labels(issue)},
              {"user", describe_user(issue.author)},
              {"assignees", json::array()},
              {"milestone", nullptr},
              {"comments", 0},
              {"author_association", "MEMBER"},
              {"created_at", issue.created_at},
              {"updated_at", issue.updated_at},
              {"closed_at", issue.state == "closed" ? json(issue.updated_at) : json()},
              {"url", url},
              {"repository_url", address(*repository_)},
              {"html_url", page}};
  if (issue.is_pull_request) answer["pull_request"] = {{"url", address(*repository_) + "/pulls"}, {"html_url", page}};
  return answer;
}

json RestAnswer::describe_repository() const {
  const std::string& name = repository_->name;
  const bool can_push = may_push();
  return {{"id", repository_->id},
          {"node_id", "R_" + std::to_string(repository_->id)},
          {"name", name.substr(name.find('/') + 1)},
          {"full_name", name},
          {"owner", describe_user(name.substr(0, name.find('/')))},
          {"private", true},
          {"archived", repository_->is_archived},
          {"disabled", false},
          {"has_issues", repository_->has_issues},
          {"url", address(*repository_)},
          {"permissions",
           {{"admin", false}, {"maintain", false}, {"push", can_push}, {"triage", can_push}, {"pull", true}}}};
}

// ---------------------------------------------------------------------------------------------- what is not allowed

std::optional<GitHubAnswer> RestAnswer::refusal() const {
  if (repository_->is_archived) return error_body(403, "Repository was archived so is read-only.");
  return std::nullopt;
}

std::optional<GitHubAnswer> RestAnswer::complaint() const {
  for (const char* name : {"title", "body", "state", "state_reason"})
    if (fields_.contains(name) && !fields_[name].is_string() && !fields_[name].is_null())
      return error_body(422, std::string("Invalid request.\n\nFor 'properties/") + name + "', it is not a string.");
  if (fields_.contains("body") && fields_["body"].is_string() && code_points(fields_["body"]) > longest_body)
    return invalid_field("Issue", "body", "custom", "body is too long (maximum is 65536 characters)");
  if (fields_.contains("title") && (!fields_["title"].is_string() || fields_["title"].get<std::string>().empty()))
    return invalid_field("Issue", "title", "missing_field");
  if (fields_.contains("title") && code_points(fields_["title"]) > 256)
    return invalid_field("Issue", "title", "custom", "title is too long (maximum is 256 characters)");
  if (fields_.contains("state") && fields_["state"] != "open" && fields_["state"] != "closed")
    return invalid_field("Issue", "state", "invalid");
  if (fields_.contains("labels") && !fields_["labels"].is_array())
    return error_body(422, "Invalid request.\n\nFor 'properties/labels', it is not an array.");
  return std::nullopt;
}

std::vector<std::string> RestAnswer::wanted_labels() const {
  std::vector<std::string> names;
  for (const json& label : fields_.value("labels", json::array())) {
    std::string name = label.is_object() ? label.value("name", "") : label.get<std::string>();
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
  }
  return names;
}

// ---------------------------------------------------------------------------------------------- issues

GitHubAnswer RestAnswer::moved(GitHubRepository& to, const std::string& rest) const {
  // PATCH of a renamed repository was seen to be a 307, that of a transferred issue is described as 301; the caller
  // sets the status.
  const std::string location = request_.base + "/repositories/" + std::to_string(to.id) + rest;
  GitHubAnswer answer = json_answer(301, {{"message", "Moved Permanently"}, {"url", location}});
  answer.headers["Location"] = location;
  return answer;
}

GitHubAnswer RestAnswer::list() {
  const auto parameter = [&](const std::string& name, const std::string& otherwise) {
    const auto found = request_.query.find(name);
    return found == request_.query.end() ? otherwise : found->second;
  };
  const std::string state = parameter("state", "open");
  if (state != "open" && state != "closed" && state != "all") return invalid_field("Issue", "state", "invalid");
  std::vector<std::string> labels;
  std::string rest = parameter("labels", "");
  for (std::size_t comma; !rest.empty(); rest = comma == std::string::npos ? "" : rest.substr(comma + 1)) {
    comma = rest.find(',');
    labels.push_back(rest.substr(0, comma));
  }
  std::vector<const GitHubIssue*> found;  // the newest first, as without `sort`
  for (auto place = repository_->issues.rbegin(); place != repository_->issues.rend(); ++place) {
    const GitHubIssue& issue = place->second;
    const bool has_all = std::all_of(labels.begin(), labels.end(), [&](const std::string& label) {
      return std::find(issue.labels.begin(), issue.labels.end(), label) != issue.labels.end();
    });
    if (has_all && !issue.is_deleted && issue.moved_to.empty() && (state == "all" || issue.state == state))
      found.push_back(&issue);
  }
  if (parameter("direction", "desc") == "asc") std::reverse(found.begin(), found.end());
  const std::size_t size = std::clamp<std::size_t>(std::stoul(parameter("per_page", "30")), 1, 100);
  const std::size_t page = std::max<std::size_t>(std::stoul(parameter("page", "1")), 1);
  json shown = json::array();
  for (std::size_t index = (page - 1) * size; index < std::min(found.size(), page * size); ++index)
    shown.push_back(describe(*found[index]));
  GitHubAnswer answer = json_answer(200, shown);
  if (page * size < found.size()) {
    std::string next = std::regex_replace(query_of(request_.target), std::regex("[?&]page=[0-9]+"), "");
    next += (next.empty() ? "?page=" : "&page=") + std::to_string(page + 1);
    answer.headers["Link"] =
        "<" + request_.base + "/repositories/" + std::to_string(repository_->id) + "/issues" + next + ">; rel=\"next\"";
  }
  return answer;
}

GitHubAnswer RestAnswer::create() {
  if (auto refused = refusal()) return *refused;
  if (!fields_.contains("title")) return invalid_field("Issue", "title", "missing_field");
  if (auto wrong = complaint()) return *wrong;
  GitHubIssue issue;
  issue.title = fields_["title"];
  if (fields_.contains("body") && fields_["body"].is_string()) issue.body = fields_["body"];
  if (may_push()) issue.labels = wanted_labels();  // without push access they are dropped, and nothing says so
  issue.author = user_->login;
  GitHubAnswer answer = json_answer(201, describe(state_.add_issue(*repository_, issue)));
  answer.headers["Location"] = address(*repository_) + "/issues/" + std::to_string(repository_->last_number);
  return answer;
}

GitHubAnswer RestAnswer::update(GitHubIssue& issue) {
  if (auto refused = refusal()) return *refused;
  if (!may_push() && issue.author != user_->login) return error_body(403, "Must have admin rights to Repository.");
  // What the real one says to an author without push access is not known; it is a 403.
  if (!may_push() && issue.is_locked) return error_body(403, "Unable to update issue because issue is locked.");
  if (auto wrong = complaint()) return *wrong;
  const std::string before = describe(issue).dump();
  if (fields_.contains("title")) issue.title = fields_["title"];
  if (fields_.contains("body"))
    issue.body = fields_["body"].is_string() ? std::optional(fields_["body"].get<std::string>()) : std::nullopt;
  if (fields_.contains("state") && issue.state != fields_["state"]) {
    issue.state = fields_["state"];
    issue.state_reason = issue.state == "open" ? "reopened" : fields_.value("state_reason", "completed");
  }
  if (fields_.contains("labels") && may_push()) {
    issue.labels = wanted_labels();
    for (const std::string& name : issue.labels) state_.add_label(*repository_, {0, name, "ededed", ""});
  }
  if (describe(issue).dump() != before) issue.updated_at = github_time();
  return json_answer(200, describe(issue));
}

GitHubAnswer RestAnswer::add_labels(GitHubIssue& issue) {
  if (auto refused = refusal()) return *refused;
  if (!may_push()) return error_body(403, "Must have admin rights to Repository.");
  for (const std::string& name : wanted_labels()) {
    state_.add_label(*repository_, {0, name, "ededed", ""});
    if (std::find(issue.labels.begin(), issue.labels.end(), name) == issue.labels.end()) issue.labels.push_back(name);
  }
  issue.updated_at = github_time();
  return json_answer(200, describe_labels(issue));
}

GitHubAnswer RestAnswer::of_issue(int number, const std::string& rest) {
  const auto found = repository_->issues.find(number);
  if (found == repository_->issues.end()) return error_body(404, "Not Found");
  GitHubIssue& issue = found->second;
  if (issue.is_deleted) return error_body(410, "This issue was deleted");
  if (!issue.moved_to.empty()) {
    const std::size_t slash = issue.moved_to.rfind('/');
    GitHubRepository* to = state_.find_repository(issue.moved_to.substr(0, slash));
    if (to == nullptr || state_.access(user_, *to) == Access::none) return error_body(404, "Not Found");
    return moved(*to, "/issues" + issue.moved_to.substr(slash) + rest);
  }
  const std::string& method = request_.method;
  if (rest.empty() && is_read()) return json_answer(200, describe(issue));
  if (rest.empty() && method == "PATCH") return update(issue);
  if (rest == "/labels" && is_read()) return json_answer(200, describe_labels(issue));
  if (rest == "/labels" && method == "POST") return add_labels(issue);
  if (rest == "/lock" && (method == "PUT" || method == "DELETE")) {
    if (auto refused = refusal()) return *refused;
    if (!may_push()) return error_body(403, "Must have admin rights to Repository.");
    issue.is_locked = method == "PUT";
    issue.updated_at = github_time();
    return {204, {}, "", false};
  }
  return error_body(404, "Not Found");
}

GitHubAnswer RestAnswer::of_issues() {
  if (is_read()) return list();
  if (request_.method == "POST") return create();
  return error_body(404, "Not Found");
}

// ---------------------------------------------------------------------------------------------- the repository

GitHubAnswer RestAnswer::of_labels() {
  if (is_read()) {
    json labels = json::array();
    for (const auto& [name, label] : repository_->labels) labels.push_back(describe(label));
    return json_answer(200, labels);
  }
  if (request_.method != "POST") return error_body(404, "Not Found");
  if (auto refused = refusal()) return *refused;
  if (!may_push()) return error_body(403, "Must have admin rights to Repository.");
  const std::string name = fields_.value("name", "");
  if (name.empty()) return invalid_field("Label", "name", "missing_field");
  if (repository_->labels.contains(name)) return invalid_field("Label", "name", "already_exists");
  const GitHubLabel wanted{0, name, fields_.value("color", "ededed"), fields_.value("description", "")};
  if (!std::regex_match(wanted.color, std::regex("[0-9a-fA-F]{6}"))) return invalid_field("Label", "color", "invalid");
  if (code_points(wanted.description) > 100) return invalid_field("Label", "description", "invalid");
  return json_answer(201, describe(state_.add_label(*repository_, wanted)));
}

GitHubAnswer RestAnswer::permission(const std::string& login) const {
  if (!may_push()) return error_body(403, "Must have push access to view collaborator permission.");
  const auto found = repository_->access.find(login);
  if (found == repository_->access.end()) return error_body(404, login + " is not a user");
  const char* names[] = {"none", "read", "write"};
  const char* name = names[static_cast<int>(found->second)];
  return json_answer(200, {{"permission", name}, {"role_name", name}, {"user", describe_user(login)}});
}

GitHubAnswer RestAnswer::of_repository(const std::string& rest) {
  static const std::regex one_issue("/issues/([0-9]+)(/labels|/lock)?");
  static const std::regex one_person("/collaborators/([^/]+)/permission");
  std::smatch parts;
  if (rest.empty() && is_read()) return json_answer(200, describe_repository());
  if (rest == "/labels") return of_labels();
  if (is_read() && std::regex_match(rest, parts, one_person)) return permission(parts[1]);
  if (rest.starts_with("/issues") && !repository_->has_issues && (!is_read() || rest != "/issues"))
    return error_body(410, "Issues are disabled for this repo");
  if (rest == "/issues") return of_issues();
  if (std::regex_match(rest, parts, one_issue)) return of_issue(std::stoi(parts[1]), parts[2]);
  return error_body(404, "Not Found");
}

GitHubAnswer RestAnswer::give() {
  if (!request_.body.empty()) {
    fields_ = json::parse(request_.body, nullptr, false);
    if (fields_.is_discarded()) return error_body(400, "Problems parsing JSON");
    if (!fields_.is_object()) return error_body(400, "Body should be a JSON object");
  }
  static const std::regex named("/repos/([^/]+/[^/]+)(/.*)?");
  static const std::regex numbered("/repositories/([0-9]+)(/.*)?");
  std::smatch parts;
  if (request_.path == "/user" && is_read())
    return user_ == nullptr ? error_body(401, "Requires authentication")
                            : json_answer(200, describe_user(user_->login));
  bool is_old_name = false;
  if (std::regex_match(request_.path, parts, named)) {
    repository_ = state_.find_repository(parts[1]);
    is_old_name = repository_ != nullptr && repository_->name != parts[1];
  } else if (std::regex_match(request_.path, parts, numbered)) {
    const auto found = state_.repositories.find(std::stoll(parts[1]));
    if (found != state_.repositories.end()) repository_ = &found->second;
  }
  if (repository_ == nullptr || state_.access(user_, *repository_) == Access::none) return error_body(404, "Not Found");
  if (is_old_name) {
    GitHubAnswer answer = moved(*repository_, parts[2].str() + query_of(request_.target));
    if (!is_read()) answer.status = 307;
    return answer;
  }
  return of_repository(parts[2]);
}

}  // namespace

GitHubAnswer answer_rest(GitHubState& state, const GitHubRequest& request, GitHubUser* user) {
  return RestAnswer(state, request, user).give();
}

}  // namespace ps_sync::test
