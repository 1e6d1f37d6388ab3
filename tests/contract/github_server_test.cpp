// The tests' own GitHub, by the HTTP client that the product uses: what it says is what the real one says.
#include "support/github_server.hpp"

#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "ps_sync/base/error.hpp"
#include "ps_sync/net/http.hpp"
#include "support/catch.hpp"

using namespace ps_sync;
using namespace ps_sync::test;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

struct Answer {
  int status = 0;
  net::HttpHead head;
  std::string text;
  json body() const { return json::parse(text); }
};

/// One client with one connection, in the name of one person.
class Client {
 public:
  explicit Client(std::string base, std::string token = GitHubServer::token)
      : base_(std::move(base)), token_(std::move(token)), http_(limits()) {
    settings_.user_agent = "self-test";
    settings_.follow_redirects = false;
    settings_.proxy = "";
  }

  Answer ask(const std::string& method, const std::string& path, const json& body = nullptr,
             const std::vector<std::string>& headers = {}) {
    net::HttpRequest request;
    request.method = method;
    request.url = base_ + path;
    request.headers = headers;
    Spool bytes(std::filesystem::temp_directory_path());
    if (!body.is_null()) {
      bytes.append(body.dump());
      request.body = &bytes;
      request.headers.push_back("Content-Type: application/json");
    }
    if (!token_.empty()) request.headers.push_back("Authorization: Bearer " + token_);
    Answer answer;
    answer.head = http_.send(request, settings_, std::nullopt);
    answer.status = answer.head.status;
    std::array<char, 65536> part;
    while (const std::size_t count = http_.read(part)) answer.text.append(part.data(), count);
    return answer;
  }
  json graphql(const std::string& query, const json& variables = json::object()) {
    return ask("POST", "/graphql", {{"query", query}, {"variables", variables}}).body();
  }
  net::HttpSettings& settings() { return settings_; }

 private:
  static net::HttpLimits limits() {
    net::HttpLimits limits;
    limits.silence = 500ms;
    return limits;
  }

  std::string base_;
  std::string token_;
  net::HttpSettings settings_;
  net::HttpClient http_;
};

const std::string issues = "/repos/octo/plans/issues";
const std::string first = issues + "/1";

}  // namespace

TEST_CASE("github server: an issue is made, read, changed and listed, over one connection", "[contract][github]") {
  GitHubServer github;
  Client ada(github.api());

  const Answer made = ada.ask("POST", issues, {{"title", "T"}, {"body", "a\r\nb\n"}, {"labels", {"one", "two"}}});
  CHECK(made.status == 201);
  CHECK(made.head.field("location") == github.api() + first);
  CHECK(ada.ask("PATCH", first, {{"title", "U"}, {"state", "closed"}}).body()["state_reason"] == "completed");
  const Answer read = ada.ask("GET", first);
  CHECK(read.status == 200);
  CHECK(read.body()["body"] == "a\r\nb\n");
  CHECK(read.body()["title"] == "U");
  CHECK(read.body()["labels"][1]["name"] == "two");
  CHECK(read.head.field("x-ratelimit-remaining") == "4997");
  CHECK(ada.ask("GET", issues + "?labels=one,two").body().empty());  // closed ones only where they are asked for
  CHECK(ada.ask("GET", issues + "?state=all&labels=one,two").body().size() == 1);
  CHECK(ada.ask("GET", issues + "?state=all&labels=one,three").body().empty());

  const std::vector<GitHubRequest> requests = github.requests();
  REQUIRE(requests.size() == 6);
  CHECK(requests[0].status == 201);
  CHECK(requests[0].connection == requests[5].connection);
  CHECK(requests[5].query.at("labels") == "one,three");
  CHECK(github.requests("PATCH").size() == 1);
  CHECK(github.issue(1).title == "U");
}

TEST_CASE("github server: what has not changed is answered 304, to the same token alone", "[contract][github]") {
  GitHubServer github;
  github.create_issue("T", "text");
  github.add_user("ben", "token-of-ben");
  github.allow("ben", Access::read);
  Client ada(github.api()), ben(github.api(), "token-of-ben");

  const std::string etag = ada.ask("GET", first).head.field("etag");
  const Answer same = ada.ask("GET", first, nullptr, {"If-None-Match: " + etag});
  CHECK(same.status == 304);
  CHECK(same.text.empty());
  CHECK(same.head.field("x-ratelimit-remaining") == "4999");
  CHECK(ben.ask("GET", first, nullptr, {"If-None-Match: " + etag}).status == 200);
  github.browser_edits(1, "text\nmore");
  const Answer changed = ada.ask("GET", first, nullptr, {"If-None-Match: " + etag});
  CHECK(changed.status == 200);
  CHECK(changed.body()["body"] == "text\r\nmore");
}

TEST_CASE("github server: who may not is told so, or not told that labels were dropped", "[contract][github]") {
  GitHubServer github;
  github.create_issue("T", "text", {"one"});
  github.add_user("ben", "token-of-ben");
  Client ben(github.api(), "token-of-ben"), nobody(github.api(), ""), stranger(github.api(), "wrong");

  CHECK(ben.ask("GET", first).status == 404);
  CHECK(nobody.ask("GET", first).status == 404);
  CHECK(nobody.ask("GET", "/user").status == 401);
  CHECK(stranger.ask("GET", first).body()["message"] == "Bad credentials");
  github.allow("ben", Access::read);
  CHECK(ben.ask("GET", "/repos/octo/plans").body()["permissions"]["push"] == false);
  CHECK(ben.ask("PATCH", first, {{"body", "x"}}).status == 403);
  CHECK(ben.ask("POST", "/repos/octo/plans/labels", {{"name", "new"}}).status == 403);
  const Answer made = ben.ask("POST", issues, {{"title", "B"}, {"labels", {"one"}}});
  CHECK(made.status == 201);
  CHECK(made.body()["labels"].empty());
  CHECK(made.body()["body"].is_null());
  CHECK(github.issue(1).body == "text");

  ben.settings().user_agent = "";
  const Answer anonymous = ben.ask("GET", first);
  CHECK(anonymous.status == 403);
  CHECK(anonymous.head.field("content-type") == "text/html");
  Client ada(github.api());
  CHECK(ada.ask("GET", first, nullptr, {"X-GitHub-Api-Version: 1999-01-01"}).status == 400);
  CHECK(ada.ask("GET", first + "/").status == 404);
}

TEST_CASE("github server: what was renamed, moved, deleted, archived or switched off is so", "[contract][github]") {
  GitHubServer github;
  github.add_repository("octo/other");
  github.allow("ada", Access::write, "octo/other");
  for (const char* title : {"1", "2", "3"}) github.create_issue(title, "text");
  Client ada(github.api());

  CHECK(github.transfer(2, "octo/other") == 1);
  const Answer moved = ada.ask("GET", issues + "/2");
  CHECK(moved.status == 301);
  const std::string there = "/repositories/" + std::to_string(github.repository_id("octo/other")) + "/issues/1";
  CHECK(moved.head.field("location") == github.api() + there);
  CHECK(ada.ask("GET", there).body()["title"] == "2");
  github.delete_issue(3);
  CHECK(ada.ask("GET", issues + "/3").status == 410);
  CHECK(ada.ask("GET", issues + "?state=all").body().size() == 1);

  github.rename_repository("octo/schemes");
  CHECK(ada.ask("GET", first).status == 301);
  const Answer renamed = ada.ask("PATCH", first, {{"body", "x"}});
  CHECK(renamed.status == 307);
  const std::string address = "/repositories/" + std::to_string(github.repository_id("octo/schemes")) + "/issues/1";
  CHECK(renamed.head.field("location") == github.api() + address);
  CHECK(ada.ask("PATCH", address, {{"body", "x"}}).status == 200);
  github.archive_repository(true, "octo/schemes");
  CHECK(ada.ask("PATCH", address, {{"body", "y"}}).body()["message"] == "Repository was archived so is read-only.");
  CHECK(ada.ask("GET", address).body()["body"] == "x");
  github.switch_issues(false, "octo/schemes");
  CHECK(ada.ask("GET", address).status == 410);
}

TEST_CASE("github server: fields that cannot be are refused", "[contract][github]") {
  GitHubServer github;
  github.create_issue("T", "text");
  Client ada(github.api());
  std::string longest;
  for (int count = 0; count < 65536; ++count) longest += "ä";

  CHECK(ada.ask("PATCH", first, {{"body", longest}}).status == 200);
  const Answer refused = ada.ask("PATCH", first, {{"body", longest + "ä"}});
  CHECK(refused.status == 422);
  CHECK(refused.body()["errors"][0]["field"] == "body");
  CHECK(github.issue(1).body == longest);
  CHECK(ada.ask("POST", issues, {{"body", "no title"}}).status == 422);
  CHECK(ada.ask("PATCH", first, {{"state", "gone"}}).status == 422);
  CHECK(ada.ask("PATCH", first, {{"body", 7}}).status == 422);
  CHECK(ada.ask("PATCH", first, json::array({1})).status == 400);
  const json label{{"name", "one"}, {"color", "0e8a16"}, {"description", "words"}};
  CHECK(ada.ask("POST", "/repos/octo/plans/labels", label).status == 201);
  CHECK(ada.ask("POST", "/repos/octo/plans/labels", label).status == 422);
  CHECK(ada.ask("POST", first + "/labels", {{"labels", {"one", "grey"}}}).body()[1]["color"] == "ededed");
  CHECK(github.labels().at("one").color == "0e8a16");
}

TEST_CASE("github server: a list comes in pages, pull requests among them", "[contract][github]") {
  GitHubServer github;
  for (int count = 0; count < 5; ++count) github.create_issue("T", "text", {"one"});
  github.change(3, [](GitHubIssue& issue) { issue.is_pull_request = true; });
  Client ada(github.enterprise_api());

  const Answer page = ada.ask("GET", issues + "?labels=one&per_page=3");
  CHECK(page.body().size() == 3);
  CHECK(page.body()[0]["number"] == 5);
  CHECK(page.body()[2].contains("pull_request"));
  const std::string next =
      "/repositories/" + std::to_string(github.repository_id()) + "/issues?labels=one&per_page=3&page=2";
  CHECK(page.head.field("link") == "<" + github.enterprise_api() + next + ">; rel=\"next\"");
  const Answer last = ada.ask("GET", next);
  CHECK(last.body().size() == 2);
  CHECK(last.head.field("link").empty());
  CHECK(github.requests()[0].path == issues);
}

TEST_CASE("github server: a board takes an issue, and clears its status", "[contract][github]") {
  GitHubServer github;
  github.create_issue("T", "text");
  const std::string board = github.add_project();
  github.set_workflow(board, "Todo");
  Client ada(github.api());
  const std::string add = "mutation($p:ID!,$c:ID!){addProjectV2ItemById(input:{projectId:$p,contentId:$c}){item{id}}}";
  const json what{{"p", board}, {"c", github.issue(1).node_id}};

  const json added = ada.graphql(add, what);
  CHECK(ada.graphql(add, what) == added);
  const std::string item = added["data"]["addProjectV2ItemById"]["item"]["id"];
  const std::string status =
      "query($i:ID!){node(id:$i){... on ProjectV2Item{fieldValueByName(name:\"Status\"){"
      "... on ProjectV2ItemFieldSingleSelectValue{name}}}}}";
  CHECK(ada.graphql(status, {{"i", item}})["data"]["node"]["fieldValueByName"]["name"] == "Todo");
  const json found = ada.graphql(
      "query Q($b: ID!) { node(id: $b) { ...parts } } fragment parts on ProjectV2 {"
      " field(name: \"Status\") { ... on ProjectV2SingleSelectField { id options { name } } } }",
      {{"b", board}});
  CHECK(found["data"]["node"]["field"]["options"].size() == 3);
  const json cleared = ada.graphql(
      "mutation($in: ClearProjectV2ItemFieldValueInput!) {"
      " clearProjectV2ItemFieldValue(input: $in) { projectV2Item { id } } }",
      {{"in", {{"projectId", board}, {"itemId", item}, {"fieldId", found["data"]["node"]["field"]["id"]}}}});
  CHECK(cleared["data"]["clearProjectV2ItemFieldValue"]["projectV2Item"]["id"] == item);
  CHECK(ada.graphql(status, {{"i", item}})["data"]["node"]["fieldValueByName"].is_null());
  CHECK(github.is_on_board(board, 1));
  CHECK_FALSE(github.status_on_board(board, 1));

  CHECK(ada.graphql("{viewer{login nonsense}}")["errors"][0]["message"] ==
        "Field 'nonsense' doesn't exist on type 'User'");
  CHECK(ada.graphql("mutation{pinIssue(input:{issueId:\"" + github.issue(1).node_id +
                    "\"}){issue{isPinned}}}")["data"]["pinIssue"]["issue"]["isPinned"] == true);
  github.add_user("ben", "token-of-ben", false);
  github.allow("ben", Access::write);
  CHECK(Client(github.api(), "token-of-ben").graphql(add, what)["errors"][0]["type"] == "INSUFFICIENT_SCOPES");
}

TEST_CASE("github server: faults come when they are asked for, and go", "[contract][github]") {
  GitHubServer github;
  github.create_issue("T", "old");
  Client ada(github.api());
  const json body{{"body", "new"}};

  SECTION("a limit lasts until it is lifted") {
    github.from_now(any_request(), primary_limit(403, 60s));
    github.once(get_issue(), secondary_limit(429, 7s));
    CHECK(ada.ask("GET", first).head.field("retry-after") == "7");
    CHECK(ada.ask("GET", first).head.field("x-ratelimit-remaining") == "0");
    github.heal();
    github.once(get_issue(), with_header("x-poll-interval", "120"));
    CHECK(ada.ask("GET", first).head.field("x-poll-interval") == "120");
    CHECK(ada.ask("GET", first).head.field("x-poll-interval").empty());
  }
  SECTION("a write is done, though the answer does not say so") {
    github.once(patch_issue(), server_error_after(502));
    CHECK(ada.ask("PATCH", first, body).status == 502);
    CHECK(github.issue(1).body == "new");
    github.from_now(patch_issue(), reset_after());
    CHECK_THROWS_AS(ada.ask("PATCH", first, {{"body", "newer"}}), Error);
    CHECK(github.issue(1).body == "newer");
    CHECK(github.requests().back().status == 0);
  }
  SECTION("a write is not done, though the answer says so") {
    github.once(patch_issue(), body_refused());
    CHECK(ada.ask("PATCH", first, body).body()["body"] == "old");
    github.once(create_issue(), labels_dropped());
    CHECK(ada.ask("POST", issues, {{"title", "U"}, {"labels", {"one"}}}).body()["labels"].empty());
    github.from_now(patch_issue(), reset_before());
    CHECK_THROWS_AS(ada.ask("PATCH", first, body), Error);
    CHECK(github.issue(1).body == "old");
  }
  SECTION("a reset of a connection that was used before is mended by libcurl: what was done is done twice") {
    REQUIRE(ada.ask("GET", first).status == 200);
    github.once(create_issue(), reset_after());
    CHECK(ada.ask("POST", issues, {{"title", "twice"}}).body()["number"] == 3);
    CHECK(github.requests("POST").size() == 2);
  }
  SECTION("a replica has not seen the last write") {
    REQUIRE(ada.ask("PATCH", first, body).status == 200);
    github.once(get_issue(), stale_answer());
    CHECK(ada.ask("GET", first).body()["body"] == "old");
    CHECK(ada.ask("GET", first).body()["body"] == "new");
  }
  SECTION("answers that end, stop, or are no answers") {
    github.once(get_issue(), stall_in_body());
    CHECK_THROWS_AS(ada.ask("GET", first), Error);
    github.once(get_issue(), reset_in_body());
    CHECK_THROWS_AS(ada.ask("GET", first), Error);
    github.once(get_issue(), truncated_json());
    CHECK_THROWS_AS(ada.ask("GET", first).body(), json::exception);
    github.once(get_issue(), huge_body());
    CHECK(ada.ask("GET", first).text.size() > 10'000'000);
    github.once(get_issue(), html_page());
    CHECK(ada.ask("GET", first).head.field("content-type") == "text/html");
  }
  SECTION("another address, and somebody in between") {
    github.once(patch_issue(), redirect_here(301));
    const std::string there = "/repositories/" + std::to_string(github.repository_id()) + "/issues/1";
    CHECK(ada.ask("PATCH", first, body).head.field("location") == github.api() + there);
    CHECK(ada.ask("PATCH", there).status == 200);  // with no body: accepted, and nothing is changed
    CHECK(github.issue(1).body == "old");
    github.once(get_issue(), redirect(302, "http://127.0.0.1:9"));
    CHECK(ada.ask("GET", first).head.field("location") == "http://127.0.0.1:9" + first);
    github.once(list_issues(), meanwhile([](GitHubServer& server) { server.create_issue("second", "text"); }));
    CHECK(ada.ask("GET", issues).body().size() == 2);
  }
}
