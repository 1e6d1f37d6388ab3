// How the tests' GitHub answers a request from its state: no sockets, no threads.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "support/github_server.hpp"
#include "support/github_state.hpp"

namespace ps_sync::test {

/// Whose token the request carries; null where it has none, or one that nobody knows.
GitHubUser* user_of(GitHubState& state, const GitHubRequest& request);

/// Does what the request asks, and answers with all headers that GitHub's answers have.
GitHubAnswer answer_as_github(GitHubState& state, const GitHubRequest& request);

/// Those headers, where they are not there yet: every answer has them, errors too.
void add_usual_headers(GitHubAnswer& answer, const GitHubRequest& request, const GitHubUser* user);

/// The parts of it, without those headers.
GitHubAnswer answer_rest(GitHubState& state, const GitHubRequest& request, GitHubUser* user);
GitHubAnswer answer_graphql(GitHubState& state, const GitHubRequest& request, const GitHubUser& user);

GitHubAnswer json_answer(int status, const nlohmann::json& body);
/// With the three fields of GitHub's errors.
GitHubAnswer error_body(int status, const std::string& message);
/// 422, one field of an issue is not as it has to be.
GitHubAnswer invalid_field(const std::string& resource, const std::string& field, const std::string& code,
                           const std::string& message = "");

/// Longest body of an issue, in code points.
constexpr std::size_t longest_body = 65536;
std::size_t code_points(const std::string& text);

}  // namespace ps_sync::test
