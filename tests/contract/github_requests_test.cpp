// Requests against GitHub's own description: that the comparison finds what is wrong, and that what a beacon has to ask
// is allowed.
#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "support/github_description.hpp"

using namespace ps_sync::test;
using nlohmann::json;

namespace {

bool can_compare() {
  const std::string why_not = why_no_github_description();
  if (!why_not.empty()) WARN("SKIPPED: " << why_not);
  return why_not.empty();
}

GitHubRequest request(const std::string& method, const std::string& path, const json& body = nullptr,
                      const std::map<std::string, std::string>& query = {}) {
  GitHubRequest made;
  made.method = method;
  made.path = made.target = path;
  made.query = query;
  if (!body.is_null()) made.body = body.dump();
  return made;
}

GitHubRequest graphql_request(const std::string& query, const json& variables = json::object()) {
  return request("POST", "/graphql", {{"query", query}, {"variables", variables}});
}

/// What is said against this request holds these words.
void must_say(const GitHubRequest& wrong, const std::string& words) {
  const std::vector<std::string> said = check_against_openapi({wrong});
  INFO(wrong.method << " " << wrong.target << " " << wrong.body << "\nnot said: " << words);
  REQUIRE_FALSE(said.empty());
  INFO("said: " << said.front());
  CHECK(said.front().find(words) != std::string::npos);
}

const std::string issues = "/repos/octo/plans/issues";

}  // namespace

TEST_CASE("github description: what a beacon asks is allowed", "[contract][github]") {
  if (!can_compare()) return;
  const json input{{"projectId", "PVT_1"}, {"itemId", "PVTI_1"}, {"fieldId", "PVTSSF_1"}};
  const std::vector<std::string> said = check_against_openapi({
      request("GET", "/user"),
      request("GET", "/rate_limit"),
      request("GET", "/repos/octo/plans"),
      request("GET", issues, nullptr, {{"state", "all"}, {"labels", "a,b"}, {"per_page", "100"}}),
      request("GET", issues + "/7"),
      request("GET", "/repositories/1001/issues/7"),
      request("PATCH", issues + "/7", {{"title", "T"}, {"body", "B"}, {"state", "open"}, {"labels", {"a", "b"}}}),
      request("PATCH", "/repositories/1001/issues/7", {{"body", "B"}}),
      request("POST", issues, {{"title", "T"}, {"body", "B"}, {"labels", {"a"}}}),
      request("POST", issues + "/7/labels", {{"labels", {"a"}}}),
      request("POST", "/repos/octo/plans/labels", {{"name", "a"}, {"color", "ededed"}, {"description", "D"}}),
      request("PUT", issues + "/7/lock"),
      request("DELETE", issues + "/7/lock"),
      request("GET", "/repos/octo/plans/collaborators/ada/permission"),
      graphql_request("mutation($p:ID!,$c:ID!){addProjectV2ItemById(input:{projectId:$p,contentId:$c}){item{id}}}",
                      {{"p", "PVT_1"}, {"c", "I_1"}}),
      graphql_request("mutation($i:ClearProjectV2ItemFieldValueInput!)"
                      "{clearProjectV2ItemFieldValue(input:$i){projectV2Item{id}}}",
                      {{"i", input}}),
      graphql_request("query($i:ID!){node(id:$i){... on ProjectV2Item{fieldValueByName(name:\"Status\"){"
                      "... on ProjectV2ItemFieldSingleSelectValue{name optionId}}}}}",
                      {{"i", "PVTI_1"}}),
      graphql_request("query($p:ID!){node(id:$p){... on ProjectV2{field(name:\"Status\"){"
                      "... on ProjectV2SingleSelectField{id options{id name}}}}}}",
                      {{"p", "PVT_1"}}),
      graphql_request("mutation($i:ID!){pinIssue(input:{issueId:$i}){issue{isPinned}}}", {{"i", "I_1"}}),
  });
  CHECK(said == std::vector<std::string>{});
}

TEST_CASE("github description: a request that is not allowed is found", "[contract][github]") {
  if (!can_compare()) return;
  must_say(request("GET", "/repos/octo/plans/beacons"), "there is no such path");
  must_say(request("GET", issues + "/7/"), "there is no such path");
  must_say(request("PUT", issues + "/7", json::object()), "no such method");
  must_say(request("GET", issues, nullptr, {{"label", "a"}}), "no parameter label");
  must_say(request("GET", issues, nullptr, {{"state", "both"}}), "state must not be");
  must_say(request("GET", issues, nullptr, {{"per_page", "many"}}), "no number");
  must_say(request("PATCH", issues + "/7", {{"text", "B"}}), "has no text");
  must_say(request("PATCH", issues + "/7", {{"body", 7}}), "no string");
  must_say(request("PATCH", issues + "/7", {{"state", "gone"}}), "must not be");
  must_say(request("PATCH", issues + "/7", {{"labels", {7}}}), "none of what it may be");
  must_say(request("POST", issues, {{"body", "B"}}), "lacks title");
  must_say(request("POST", issues), "needs a body");
  must_say(request("GET", issues, {{"body", "B"}}), "takes no body");
}

TEST_CASE("github description: a GraphQL document that is not valid is found", "[contract][github]") {
  if (!can_compare()) return;
  must_say(graphql_request("{viewer{login"), "Syntax Error");
  must_say(graphql_request("{viewer{nonsense}}"), "Cannot query field");
  must_say(graphql_request("mutation{pinIssue(input:{}){issue{id}}}"), "issueId");
  const std::string pin = "mutation($i:ID!){pinIssue(input:{issueId:$i}){issue{id}}}";
  must_say(graphql_request(pin), "was not provided");
  must_say(graphql_request(pin, {{"i", "I_1"}, {"j", 1}}), "not declared");
  must_say(request("POST", "/graphql"), "no JSON object");
}
