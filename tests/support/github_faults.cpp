// Which requests, and what a GitHubServer can do wrong with them.
#include <ctime>
#include <nlohmann/json.hpp>
#include <regex>
#include <utility>

#include "support/github_answers.hpp"
#include "support/github_server.hpp"

namespace ps_sync::test {
namespace {

using nlohmann::json;

GitHubFault always(GitHubAnswer answer) {
  return [answer = std::move(answer)](GitHubTurn& turn) { turn.send(answer); };
}

GitHubAnswer html(int status, const std::string& words) {
  return {status, {}, "<!DOCTYPE html>\n<html><body><h1>" + words + "</h1></body></html>\n", true};
}

GitHubMatch of_issues(const std::string& method, const std::string& rest) {
  return [method, rest = std::regex("/(repos/[^/]+/[^/]+|repositories/[0-9]+)/issues" + rest)](
             const GitHubRequest& request) { return request.method == method && std::regex_match(request.path, rest); };
}

/// Leaves a field of the request's JSON out.
void forget(GitHubRequest& request, const char* field) {
  json asked = json::parse(request.body, nullptr, false);
  if (!asked.is_object() || !asked.contains(field)) return;
  asked.erase(field);
  request.body = asked.dump();
}

}  // namespace

// ---------------------------------------------------------------------------------------------- which requests

GitHubMatch any_request() {
  return [](const GitHubRequest&) { return true; };
}

GitHubMatch get_issue() { return of_issues("GET", "/[0-9]+"); }
GitHubMatch patch_issue() { return of_issues("PATCH", "/[0-9]+"); }
GitHubMatch list_issues() { return of_issues("GET", ""); }
GitHubMatch create_issue() { return of_issues("POST", ""); }

GitHubMatch rest(const std::string& method, const std::string& path_part) {
  return [=](const GitHubRequest& request) {
    return request.method == method && request.path.find(path_part) != std::string::npos;
  };
}

GitHubMatch graphql(const std::string& word) {
  return [=](const GitHubRequest& request) {
    return request.path == "/graphql" && request.body.find(word) != std::string::npos;
  };
}

// ---------------------------------------------------------------------------------------------- refusals

GitHubFault primary_limit(int status, std::chrono::seconds until_reset) {
  return [=](GitHubTurn& turn) {
    GitHubAnswer answer = error_body(status, "API rate limit exceeded for user ID 1.");
    answer.headers["x-ratelimit-remaining"] = "0";
    answer.headers["x-ratelimit-used"] = "5000";
    answer.headers["x-ratelimit-reset"] = std::to_string(std::time(nullptr) + until_reset.count());
    turn.send(answer);
  };
}

GitHubFault secondary_limit(int status, std::optional<std::chrono::seconds> retry_after) {
  GitHubAnswer answer = error_body(status,
                                   "You have exceeded a secondary rate limit. Please wait a few minutes before you try "
                                   "again.");
  if (retry_after) answer.headers["Retry-After"] = std::to_string(retry_after->count());
  return always(std::move(answer));
}

GitHubFault missing_permission() {
  GitHubAnswer answer = error_body(403, "Resource not accessible by personal access token");
  answer.headers["X-Accepted-GitHub-Permissions"] = "issues=write";
  return always(std::move(answer));
}

GitHubFault saml() {
  GitHubAnswer answer = error_body(403,
                                   "Resource protected by organization SAML enforcement. You must grant your Personal "
                                   "Access token access to this organization.");
  answer.headers["X-GitHub-SSO"] = "required; url=https://github.example/orgs/octo/sso?authorization_request=A1";
  return always(std::move(answer));
}

GitHubFault bad_credentials() { return always(error_body(401, "Bad credentials")); }

GitHubFault error_answer(int status, const std::string& message) { return always(error_body(status, message)); }

GitHubFault server_error(int status) { return always(html(status, "Unicorn! This page is taking too long to load.")); }

GitHubFault server_error_after(int status) {
  return [status](GitHubTurn& turn) {
    turn.right();
    turn.send(html(status, "Unicorn! This page is taking too long to load."));
  };
}

// ---------------------------------------------------------------------------------------------- connections

GitHubFault reset_before() {
  return [](GitHubTurn& turn) { turn.reset(); };
}

GitHubFault reset_after() {
  return [](GitHubTurn& turn) {
    turn.right();
    turn.reset();
  };
}

GitHubFault stall_before() {
  return [](GitHubTurn& turn) { turn.stall(); };
}

GitHubFault stall_in_body() {
  return [](GitHubTurn& turn) {
    turn.send_half(turn.right());
    turn.stall();
  };
}

GitHubFault reset_in_body() {
  return [](GitHubTurn& turn) {
    turn.send_half(turn.right());
    turn.reset();
  };
}

// ---------------------------------------------------------------------------------------------- answers that mislead

GitHubFault huge_body() {
  return [](GitHubTurn& turn) {
    GitHubAnswer answer = turn.right();
    answer.body.append(10'000'000, ' ');
    turn.send(answer);
  };
}

GitHubFault truncated_json() {
  return [](GitHubTurn& turn) {
    GitHubAnswer answer = turn.right();
    answer.body.resize(answer.body.size() / 2);
    turn.send(answer);
  };
}

GitHubFault html_page() { return always(html(200, "Welcome to the hotel. Which room are you in?")); }

GitHubFault stale_answer() {
  return [](GitHubTurn& turn) { turn.send(turn.stale()); };
}

GitHubFault labels_dropped() {
  return [](GitHubTurn& turn) {
    forget(turn.request(), "labels");
    turn.send(turn.right());
  };
}

GitHubFault body_refused() {
  return [](GitHubTurn& turn) {
    forget(turn.request(), "body");
    turn.send(turn.right());
  };
}

GitHubFault redirect(int status, const std::string& to) {
  return [=](GitHubTurn& turn) {
    const GitHubRequest& request = turn.request();
    GitHubAnswer answer = error_body(status, "Moved Permanently");
    answer.headers["Location"] = to + request.target;
    turn.send(answer);
  };
}

GitHubFault redirect_here(int status) {
  return [status](GitHubTurn& turn) {
    GitHubRequest& request = turn.request();
    std::smatch parts;
    const std::string target = request.target;
    if (!std::regex_match(target, parts, std::regex("(?:/api/v3)?/repos/([^/]+/[^/]+)(/.*)"))) {
      turn.send(turn.right());
      return;
    }
    GitHubAnswer answer = error_body(status, "Moved Permanently");
    const std::string number = std::to_string(turn.server().repository_id(parts[1]));
    answer.headers["Location"] = request.base + "/repositories/" + number + parts[2].str();
    turn.send(answer);
  };
}

GitHubFault with_header(const std::string& name, const std::string& value) {
  return [=](GitHubTurn& turn) {
    GitHubAnswer answer = turn.right();
    answer.headers[name] = value;
    turn.send(answer);
  };
}

GitHubFault meanwhile(std::function<void(GitHubServer&)> what) {
  return [what = std::move(what)](GitHubTurn& turn) {
    what(turn.server());
    turn.send(turn.right());
  };
}

}  // namespace ps_sync::test
