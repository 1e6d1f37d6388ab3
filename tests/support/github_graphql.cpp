// The GraphQL part of the tests' GitHub: the types and fields that a beacon, and gh with issues, ask for. Any other is
// an error, as it is at GitHub.
#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "support/github_answers.hpp"
#include "support/graphql_document.hpp"

namespace ps_sync::test {
namespace {

using nlohmann::json;
using Fields = std::vector<GraphqlField>;

const std::vector<std::string> statuses{"Todo", "In Progress", "Done"};
constexpr const char* status_field = "PVTSSF_status";

/// The id of a choice of the Status field.
std::string option_of(const std::string& status) {
  const auto place = std::find(statuses.begin(), statuses.end(), status);
  return "f75ad84" + std::to_string(place - statuses.begin());
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

/// One field of a type; throws unknown_field where there is none.
using Resolve = std::function<json(const GraphqlField&)>;

[[noreturn]] void unknown_field(const std::string& type, const GraphqlField& field) {
  throw GraphqlError("undefinedField", "Field '" + field.name + "' doesn't exist on type '" + type + "'");
}

/// What `fields` ask of an object of this type, and of nothing else.
json select(const std::string& type, const Fields& fields, const Resolve& resolve) {
  json answer = json::object();
  for (const GraphqlField& field : fields) {
    if (field.name.empty()) {
      if (field.on.empty() || field.on == type || field.on == "Node")
        answer.update(select(type, field.fields, resolve));
    } else {
      answer[field.alias] = field.name == "__typename" ? json(type) : resolve(field);
    }
  }
  return answer;
}

/// A connection: `nodes`, `totalCount` and a page that is the last.
json select_list(const std::string& type, const Fields& fields,
                 const std::vector<std::function<json(const Fields&)>>& nodes) {
  return select(type, fields, [&](const GraphqlField& field) -> json {
    if (field.name == "totalCount" || field.name == "issueCount") return nodes.size();
    if (field.name == "pageInfo") return {{"hasNextPage", false}, {"endCursor", nullptr}};
    if (field.name != "nodes") unknown_field(type, field);
    json list = json::array();
    for (const auto& node : nodes) list.push_back(node(field.fields));
    return list;
  });
}

class GraphqlAnswer {
 public:
  GraphqlAnswer(GitHubState& state, const GitHubUser& user) : state_(state), user_(user) {}

  json operator()(const GraphqlDocument& document) {
    return select(document.is_mutation ? "Mutation" : "Query", document.fields,
                  [&](const GraphqlField& field) { return document.is_mutation ? mutate(field) : query(field); });
  }

 private:
  json query(const GraphqlField& field);
  json mutate(const GraphqlField& field);
  json payload_of_issue(const GraphqlField& field, GitHubIssue& issue);
  json repository(const Fields& fields, GitHubRepository& repository);
  json issue(const Fields& fields, GitHubIssue& issue);
  json search(const GraphqlField& field);
  json owner(const std::string& type, const GraphqlField& field);
  json project(const Fields& fields, GitHubProject& project);
  json status_field_of(const Fields& fields) const;
  json item(const Fields& fields, GitHubProject& project, GitHubProjectItem& item);
  json node(const GraphqlField& field);

  GitHubIssue& issue_by_id(const std::string& id);
  GitHubProject& project_by_id(const std::string& id);
  GitHubProjectItem& item_by_id(GitHubProject& project, const std::string& id);
  void must_use_projects() const;
  void must_write(GitHubIssue& issue) const;
  bool sees(const GitHubRepository& repository) const { return state_.access(&user_, repository) != Access::none; }

  GitHubState& state_;
  const GitHubUser& user_;
};

// ---------------------------------------------------------------------------------------------- looking things up

[[noreturn]] void not_found(const std::string& id) {
  throw GraphqlError("NOT_FOUND", "Could not resolve to a node with the global id of '" + id + "'");
}

GitHubIssue& GraphqlAnswer::issue_by_id(const std::string& id) {
  GitHubIssue* found = state_.find_issue(id);
  if (found == nullptr || found->is_deleted || !found->moved_to.empty() || !sees(state_.repository_of(*found)))
    not_found(id);
  return *found;
}

GitHubProject& GraphqlAnswer::project_by_id(const std::string& id) {
  GitHubProject* found = state_.find_project(id);
  if (found == nullptr) not_found(id);
  return *found;
}

GitHubProjectItem& GraphqlAnswer::item_by_id(GitHubProject& project, const std::string& id) {
  for (GitHubProjectItem& item : project.items)
    if (item.id == id) return item;
  not_found(id);
}

void GraphqlAnswer::must_use_projects() const {
  if (!user_.may_use_projects)
    throw GraphqlError("INSUFFICIENT_SCOPES",
                       "Your token has not been granted the required scopes to execute this query. The requested field "
                       "requires one of the following scopes: ['project'], but your token has only been granted the: "
                       "['repo'] scopes.");
}

void GraphqlAnswer::must_write(GitHubIssue& issue) const {
  const GitHubRepository& repository = state_.repository_of(issue);
  if (repository.is_archived) throw GraphqlError("UNPROCESSABLE", "Repository was archived so is read-only.");
  if (state_.access(&user_, repository) != Access::write)
    throw GraphqlError("FORBIDDEN",
                       user_.login + " does not have permission to update the issue " + issue.node_id + ".");
}

// ---------------------------------------------------------------------------------------------- objects

json GraphqlAnswer::issue(const Fields& fields, GitHubIssue& issue) {
  return select("Issue", fields, [&](const GraphqlField& field) -> json {
    if (field.name == "id") return issue.node_id;
    if (field.name == "databaseId") return issue.id;
    if (field.name == "number") return issue.number;
    if (field.name == "title") return issue.title;
    if (field.name == "body") return issue.body.value_or("");
    if (field.name == "state") return upper(issue.state);
    if (field.name == "stateReason") return issue.state_reason.empty() ? json() : json(upper(issue.state_reason));
    if (field.name == "locked") return issue.is_locked;
    if (field.name == "isPinned") return issue.is_pinned;
    if (field.name == "createdAt") return issue.created_at;
    if (field.name == "updatedAt") return issue.updated_at;
    if (field.name == "url")
      return "https://github.example/" + state_.repository_of(issue).name + "/issues/" + std::to_string(issue.number);
    std::vector<std::function<json(const Fields&)>> nodes;
    if (field.name == "labels") {
      for (const std::string& name : issue.labels)
        nodes.push_back([&](const Fields& of_label) {
          const GitHubLabel& label = state_.repository_of(issue).labels.at(name);
          return select("Label", of_label, [&](const GraphqlField& part) -> json {
            if (part.name == "name") return label.name;
            if (part.name == "color") return label.color;
            if (part.name == "description") return label.description;
            if (part.name == "id") return "LA_" + std::to_string(label.id);
            unknown_field("Label", part);
          });
        });
      return select_list("LabelConnection", field.fields, nodes);
    }
    if (field.name != "projectItems") unknown_field("Issue", field);
    must_use_projects();
    for (GitHubProject& board : state_.projects)
      if (GitHubProjectItem* found = state_.find_item(board, issue.node_id))
        nodes.push_back([this, &board, found](const Fields& of_item) { return item(of_item, board, *found); });
    return select_list("ProjectV2ItemConnection", field.fields, nodes);
  });
}

json GraphqlAnswer::repository(const Fields& fields, GitHubRepository& repository) {
  return select("Repository", fields, [&](const GraphqlField& field) -> json {
    if (field.name == "id") return "R_" + std::to_string(repository.id);
    if (field.name == "nameWithOwner") return repository.name;
    if (field.name == "hasIssuesEnabled") return repository.has_issues;
    if (field.name == "isArchived") return repository.is_archived;
    if (field.name != "issue" && field.name != "issueOrPullRequest") unknown_field("Repository", field);
    const int number = field.arguments.value("number", 0);
    const auto found = repository.issues.find(number);
    if (found == repository.issues.end() || found->second.is_deleted || !found->second.moved_to.empty())
      throw GraphqlError("NOT_FOUND", "Could not resolve to an issue or pull request with the number of " +
                                          std::to_string(number) + ".");
    return issue(field.fields, found->second);
  });
}

json GraphqlAnswer::item(const Fields& fields, GitHubProject& board, GitHubProjectItem& item) {
  return select("ProjectV2Item", fields, [&](const GraphqlField& field) -> json {
    if (field.name == "id") return item.id;
    if (field.name == "project") return project(field.fields, board);
    if (field.name == "isArchived") return false;
    if (field.name == "content") return issue(field.fields, issue_by_id(item.issue));
    if (field.name != "fieldValueByName") unknown_field("ProjectV2Item", field);
    if (field.arguments.value("name", "") != "Status" || !board.has_status || !item.status) return nullptr;
    return select("ProjectV2ItemFieldSingleSelectValue", field.fields, [&](const GraphqlField& part) -> json {
      if (part.name == "name") return *item.status;
      if (part.name == "optionId") return option_of(*item.status);
      if (part.name == "field") return status_field_of(part.fields);
      unknown_field("ProjectV2ItemFieldSingleSelectValue", part);
    });
  });
}

json GraphqlAnswer::status_field_of(const Fields& fields) const {
  return select("ProjectV2SingleSelectField", fields, [](const GraphqlField& field) -> json {
    if (field.name == "id") return status_field;
    if (field.name == "name") return "Status";
    if (field.name != "options") unknown_field("ProjectV2SingleSelectField", field);
    json options = json::array();
    for (const std::string& status : statuses)
      options.push_back(select("ProjectV2SingleSelectFieldOption", field.fields, [&](const GraphqlField& part) -> json {
        if (part.name == "id") return option_of(status);
        if (part.name == "name") return status;
        unknown_field("ProjectV2SingleSelectFieldOption", part);
      }));
    return options;
  });
}

json GraphqlAnswer::project(const Fields& fields, GitHubProject& project) {
  return select("ProjectV2", fields, [&](const GraphqlField& field) -> json {
    if (field.name == "id") return project.id;
    if (field.name == "number") return project.number;
    if (field.name == "title") return "Board " + std::to_string(project.number);
    if (field.name == "closed") return false;
    if (field.name == "url") return "https://github.example/orgs/" + project.owner + "/projects/1";
    if (field.name != "field") unknown_field("ProjectV2", field);
    const bool is_there = project.has_status && field.arguments.value("name", "") == "Status";
    return is_there ? status_field_of(field.fields) : json();
  });
}

json GraphqlAnswer::owner(const std::string& type, const GraphqlField& field) {
  const std::string login = field.arguments.value("login", "");
  return select(type, field.fields, [&](const GraphqlField& part) -> json {
    if (part.name == "login") return login;
    if (part.name != "projectV2") unknown_field(type, part);
    must_use_projects();
    for (GitHubProject& board : state_.projects)
      if (board.owner == login && board.number == part.arguments.value("number", 0)) return project(part.fields, board);
    throw GraphqlError("NOT_FOUND", "Could not resolve to a ProjectV2 with the number " +
                                        part.arguments.value("number", json()).dump() + ".");
  });
}

json GraphqlAnswer::node(const GraphqlField& field) {
  const std::string id = field.arguments.value("id", "");
  if (id.starts_with("PVT")) must_use_projects();
  for (GitHubProject& board : state_.projects) {
    if (board.id == id) return project(field.fields, board);
    for (GitHubProjectItem& found : board.items)
      if (found.id == id) return item(field.fields, board, found);
  }
  return issue(field.fields, issue_by_id(id));
}

/// As gh asks when it lists issues: `label:NAME` and `state:open` in one line of words.
json GraphqlAnswer::search(const GraphqlField& field) {
  const std::string words = " " + field.arguments.value("query", "") + " ";
  const auto has = [&](const std::string& word) { return words.find(" " + word + " ") != std::string::npos; };
  std::vector<std::function<json(const Fields&)>> nodes;
  for (auto& [id, place] : state_.repositories) {
    if (!sees(place) || !has("repo:" + place.name)) continue;
    for (auto& [number, found] : place.issues) {
      std::size_t labels_asked = 0, labels_had = 0;
      for (std::size_t at = words.find(" label:"); at != std::string::npos; at = words.find(" label:", at + 1))
        ++labels_asked;
      for (const std::string& label : found.labels) labels_had += has("label:" + label) ? 1U : 0U;
      const bool is_closed = found.state == "closed";
      if (found.is_deleted || !found.moved_to.empty() || labels_had != labels_asked ||
          (is_closed && has("state:open")) || (!is_closed && has("state:closed")))
        continue;
      nodes.push_back([this, &found = found](const Fields& of_issue) { return issue(of_issue, found); });
    }
  }
  return select_list("SearchResultItemConnection", field.fields, nodes);
}

json GraphqlAnswer::query(const GraphqlField& field) {
  if (field.name == "viewer")
    return select("User", field.fields, [&](const GraphqlField& part) -> json {
      if (part.name == "login") return user_.login;
      unknown_field("User", part);
    });
  if (field.name == "node") return node(field);
  if (field.name == "search") return search(field);
  if (field.name == "user") return owner("User", field);
  if (field.name == "organization") return owner("Organization", field);
  if (field.name != "repository") unknown_field("Query", field);
  const std::string name = field.arguments.value("owner", "") + "/" + field.arguments.value("name", "");
  GitHubRepository* found = state_.find_repository(name);
  if (found == nullptr || !sees(*found))
    throw GraphqlError("NOT_FOUND", "Could not resolve to a Repository with the name '" + name + "'.");
  return repository(field.fields, *found);
}

// ---------------------------------------------------------------------------------------------- mutations

json GraphqlAnswer::payload_of_issue(const GraphqlField& field, GitHubIssue& changed) {
  return select(upper(field.name.substr(0, 1)) + field.name.substr(1) + "Payload", field.fields,
                [&](const GraphqlField& part) -> json {
                  if (part.name == "issue") return issue(part.fields, changed);
                  unknown_field(field.name, part);
                });
}

json GraphqlAnswer::mutate(const GraphqlField& field) {
  const json input = field.arguments.value("input", json::object());
  if (field.name == "addProjectV2ItemById" || field.name == "clearProjectV2ItemFieldValue") {
    must_use_projects();
    GitHubProject& board = project_by_id(input.value("projectId", ""));
    const bool is_adding = field.name == "addProjectV2ItemById";
    GitHubProjectItem* found = nullptr;
    if (is_adding) {
      const std::string content = issue_by_id(input.value("contentId", "")).node_id;
      found = state_.find_item(board, content);
      if (found == nullptr) {
        const int waits = board.status_of_added ? board.workflow_waits : -1;
        board.items.push_back({"PVTI_" + std::to_string(++state_.last_id), content, std::nullopt, waits});
        found = &board.items.back();
      }
    } else {
      found = &item_by_id(board, input.value("itemId", ""));
      if (input.value("fieldId", "") != status_field) not_found(input.value("fieldId", ""));
      found->status.reset();
    }
    return select(field.name, field.fields, [&](const GraphqlField& part) -> json {
      if (part.name == (is_adding ? "item" : "projectV2Item")) return item(part.fields, board, *found);
      unknown_field(field.name, part);
    });
  }
  const std::string id = input.value(field.name == "updateIssue" ? "id" : "issueId", "");
  GitHubIssue& changed = issue_by_id(id);
  must_write(changed);
  if (field.name == "updateIssue") {
    if (input.contains("body") && code_points(input["body"].dump()) > longest_body + 2)
      throw GraphqlError("UNPROCESSABLE", "Body is too long (maximum is 65536 characters)");
    if (input.contains("body") && input["body"].is_string()) changed.body = input["body"];
    if (input.contains("title") && input["title"].is_string()) changed.title = input["title"];
  } else if (field.name == "closeIssue" || field.name == "reopenIssue") {
    const bool is_closing = field.name == "closeIssue";
    changed.state = is_closing ? "closed" : "open";
    changed.state_reason = is_closing ? "completed" : "reopened";
  } else if (field.name == "pinIssue") {
    constexpr int most_pins = 3;
    const auto& all = state_.repository_of(changed).issues;
    const auto pins = std::count_if(all.begin(), all.end(), [](const auto& entry) { return entry.second.is_pinned; });
    if (!changed.is_pinned && pins >= most_pins)
      throw GraphqlError("UNPROCESSABLE", "Maximum 3 pinned issues per repository");
    changed.is_pinned = true;
  } else {
    unknown_field("Mutation", field);
  }
  if (field.name != "pinIssue") changed.updated_at = github_time();
  return payload_of_issue(field, changed);
}

void run_workflows(GitHubState& state) {
  for (GitHubProject& board : state.projects)
    for (GitHubProjectItem& item : board.items)
      if (item.workflow_in >= 0 && item.workflow_in-- == 0) item.status = board.status_of_added;
}

}  // namespace

GitHubAnswer answer_graphql(GitHubState& state, const GitHubRequest& request, const GitHubUser& user) {
  const json asked = json::parse(request.body, nullptr, false);
  if (!asked.is_object() || !asked.contains("query")) return error_body(400, "Problems parsing JSON");
  json answer;
  try {
    const json variables = asked.value("variables", json::object());
    const GraphqlDocument document = parse_graphql(asked["query"], variables.is_object() ? variables : json::object());
    answer = {{"data", GraphqlAnswer(state, user)(document)}};
  } catch (const GraphqlError& error) {
    json told{{"message", error.what()}, {"path", json::array()}};
    if (!error.type().empty()) told["type"] = error.type();
    answer = {{"data", nullptr}, {"errors", json::array({told})}};
  }
  run_workflows(state);
  return json_answer(200, answer);
}

}  // namespace ps_sync::test
