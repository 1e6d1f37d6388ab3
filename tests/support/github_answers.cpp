#include "support/github_answers.hpp"

#include <algorithm>
#include <ctime>
#include <functional>
#include <nlohmann/json.hpp>

namespace ps_sync::test {
namespace {

using nlohmann::json;

constexpr int limit_of_a_user = 5000;
constexpr int limit_without_token = 60;

std::string hex(std::size_t number) {
  char text[32];
  return std::string(text, static_cast<std::size_t>(std::snprintf(text, sizeof text, "%016zx", number)));
}

/// Depends on the token and on what was asked for, as GitHub's does.
std::string etag_of(const GitHubRequest& request, const GitHubAnswer& answer) {
  const std::string all = request.header("authorization") + "\n" + request.header("accept") + "\n" + answer.body;
  return "W/\"" + hex(std::hash<std::string>()(all)) + "\"";
}

std::string without_weakness(const std::string& etag) { return etag.starts_with("W/") ? etag.substr(2) : etag; }

json limits(const GitHubUser* user) {
  const int limit = user == nullptr ? limit_without_token : limit_of_a_user;
  const int used = user == nullptr ? 0 : user->used;
  return {
      {"limit", limit}, {"used", used}, {"remaining", std::max(0, limit - used)}, {"reset", std::time(nullptr) + 3600}};
}

/// What is wrong with the request before anybody looks at what it wants.
std::optional<GitHubAnswer> reject(const GitHubRequest& request, const GitHubUser* user) {
  if (request.header("user-agent").empty()) {
    return GitHubAnswer{403,
                        {},
                        "<html><body><h1>403 Forbidden</h1>Request forbidden by administrative rules. Please make sure "
                        "your request has a User-Agent header</body></html>",
                        true};
  }
  const std::string version = request.header("x-github-api-version");
  if (!version.empty() && version != "2022-11-28" && version != "2026-03-10")
    return error_body(400, "\"" + version + "\" is not a supported version.");
  if (user == nullptr && (!request.header("authorization").empty() || request.path == "/graphql"))
    return error_body(401, "Bad credentials");
  return std::nullopt;
}

}  // namespace

void add_usual_headers(GitHubAnswer& answer, const GitHubRequest& request, const GitHubUser* user) {
  const json counts = limits(user);
  for (const char* name : {"limit", "remaining", "used", "reset"})
    answer.headers.emplace(std::string("x-ratelimit-") + name, counts[name].dump());
  answer.headers.emplace("x-ratelimit-resource", request.path == "/graphql" ? "graphql" : "core");
  answer.headers.emplace("X-GitHub-Media-Type", "github.v3; format=json");
  answer.headers.emplace("X-GitHub-Request-Id", "0000:0000:" + std::to_string(request.connection));
  answer.headers.emplace("Vary", "Accept, Authorization, Cookie, X-GitHub-OTP");
  answer.headers.emplace("Cache-Control", "private, max-age=60, s-maxage=60");
  if (user != nullptr) answer.headers.emplace("X-OAuth-Scopes", user->may_use_projects ? "project, repo" : "repo");
}

std::size_t code_points(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }));
}

GitHubAnswer json_answer(int status, const json& body) { return {status, {}, body.dump(), false}; }

GitHubAnswer error_body(int status, const std::string& message) {
  return json_answer(status, {{"message", message},
                              {"documentation_url", "https://docs.github.com/rest"},
                              {"status", std::to_string(status)}});
}

GitHubAnswer invalid_field(const std::string& resource, const std::string& field, const std::string& code,
                           const std::string& message) {
  json error{{"resource", resource}, {"field", field}, {"code", code}};
  if (!message.empty()) error["message"] = message;
  return json_answer(422, {{"message", "Validation Failed"},
                           {"errors", json::array({error})},
                           {"documentation_url", "https://docs.github.com/rest/issues/issues"},
                           {"status", "422"}});
}

GitHubUser* user_of(GitHubState& state, const GitHubRequest& request) {
  const std::string login = request.header("authorization");
  const std::size_t blank = login.find(' ');
  const std::string scheme = login.substr(0, blank);
  if (blank == std::string::npos || (scheme != "Bearer" && scheme != "bearer" && scheme != "token")) return nullptr;
  const auto found = state.users.find(login.substr(blank + 1));
  return found == state.users.end() ? nullptr : &found->second;
}

GitHubAnswer answer_as_github(GitHubState& state, const GitHubRequest& request) {
  GitHubUser* user = user_of(state, request);
  GitHubAnswer answer;
  bool is_free = request.path == "/rate_limit";
  if (auto rejected = reject(request, user)) {
    answer = *rejected;
  } else if (request.path == "/rate_limit") {
    answer =
        json_answer(200, {{"resources", {{"core", limits(user)}, {"graphql", limits(user)}}}, {"rate", limits(user)}});
  } else if (request.path == "/graphql") {
    answer = request.method == "POST" ? answer_graphql(state, request, *user) : error_body(404, "Not Found");
  } else {
    answer = answer_rest(state, request, user);
  }
  if (request.method == "GET" && answer.status == 200) {
    const std::string etag = etag_of(request, answer);
    answer.headers["ETag"] = etag;
    if (without_weakness(request.header("if-none-match")) == without_weakness(etag)) {
      answer.status = 304;
      answer.body.clear();
      is_free = user != nullptr;
    }
  }
  if (user != nullptr && !is_free) ++user->used;
  add_usual_headers(answer, request, user);
  return answer;
}

}  // namespace ps_sync::test
