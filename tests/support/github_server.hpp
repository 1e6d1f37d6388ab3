// A small GitHub in threads of the test's own process, over HTTP/1.1 on 127.0.0.1: issues, labels, boards, limits and
// errors as the real one has them, and faults on demand.
//
//   GitHubServer github;   // with the repository `octo/plans`, and `ada`, who may write there
//   ... PROMPTSYNC_GITHUB_API=github.api(), GH_TOKEN=GitHubServer::token ...
//   github.once(patch_issue(), server_error(502));            // the next PATCH of an issue fails
//   github.from_now(any_request(), primary_limit(403, 60s));  // until heal()
//   github.browser_edits(1, "a person's words\n");
//   CHECK(github.requests().size() == 2);
//
// Everything may be called from any thread. What a person does here is no request and is not recorded.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/github_state.hpp"
#include "support/http_listener.hpp"

namespace ps_sync::test {

/// A request as it came, and the status that it was answered with.
struct GitHubRequest {
  std::string method;
  std::string target;                          ///< as it stands in the request, with the query
  std::string path;                            ///< of a REST request without /api/v3; `/graphql` of any GraphQL request
  std::map<std::string, std::string> query;    ///< decoded
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
  int connection = 0;  ///< the same for all requests of one TCP connection
  int status = 0;      ///< 0 where no answer was sent
  std::string base;    ///< what stands before `path` in addresses that an answer names

  /// "" where there is none.
  std::string header(const std::string& name) const;
};

struct GitHubAnswer {
  int status = 200;
  std::map<std::string, std::string> headers;  ///< but for Content-Length
  std::string body;
  bool is_html = false;
};

class GitHubServer;

/// One request in the hands of a fault.
class GitHubTurn {
 public:
  virtual ~GitHubTurn() = default;
  /// A fault may change it before it calls right(); what is recorded stays as it came.
  virtual GitHubRequest& request() = 0;
  virtual GitHubServer& server() = 0;
  /// Does what was asked and gives what GitHub would answer.
  virtual GitHubAnswer right() = 0;
  /// The same from the state before the last write.
  virtual GitHubAnswer stale() = 0;
  virtual void send(const GitHubAnswer& answer) = 0;
  /// The head and half of the body.
  virtual void send_half(const GitHubAnswer& answer) = 0;
  /// Says nothing more until the client is gone.
  virtual void stall() = 0;
  /// Ends the connection by a reset.
  virtual void reset() = 0;
  /// Ends the connection as if all were said.
  virtual void close() = 0;
};

using GitHubMatch = std::function<bool(const GitHubRequest&)>;
using GitHubFault = std::function<void(GitHubTurn&)>;

class GitHubServer {
 public:
  static constexpr const char* repository = "octo/plans";
  static constexpr const char* user = "ada";
  static constexpr const char* token = "ghp_0000000000000000000000000000000000ada";

  GitHubServer();
  ~GitHubServer();
  GitHubServer(const GitHubServer&) = delete;
  GitHubServer& operator=(const GitHubServer&) = delete;

  int port() const;
  std::string api() const;             ///< http://127.0.0.1:PORT, as api.github.com
  std::string enterprise_api() const;  ///< http://127.0.0.1:PORT/api/v3; its GraphQL is at /api/graphql
  /// Ends all connections and refuses new ones.
  void stop();

  // ------------------------------------------------------------------------------------------ what was asked

  /// All since the beginning or clear(), in the order in which they came.
  std::vector<GitHubRequest> requests() const;
  void clear();
  /// Those of one method, of paths that hold `path_part`.
  std::vector<GitHubRequest> requests(const std::string& method, const std::string& path_part = "") const;

  // ------------------------------------------------------------------------------------------ faults

  /// The first request that matches, and is not taken by an earlier fault, is answered by `fault`, once.
  void once(GitHubMatch match, GitHubFault fault);
  /// Every one from now on, until heal(). A fault that counts once goes first.
  void from_now(GitHubMatch match, GitHubFault fault);
  void heal();

  // ------------------------------------------------------------------------------------------ people, repositories

  void add_user(const std::string& login, const std::string& token, bool may_use_projects = true);
  void revoke(const std::string& token);
  void add_repository(const std::string& name);
  std::int64_t repository_id(const std::string& repository_name = repository) const;
  void allow(const std::string& login, Access access, const std::string& repository_name = repository);
  void rename_repository(const std::string& to, const std::string& repository_name = repository);
  void archive_repository(bool is_archived = true, const std::string& repository_name = repository);
  void switch_issues(bool are_on, const std::string& repository_name = repository);

  // ------------------------------------------------------------------------------------------ what a person does

  /// A copy as it is now; throws where there is none. A deleted one is still here.
  GitHubIssue issue(int number, const std::string& repository_name = repository) const;
  /// All of them that are neither deleted nor moved, by number.
  std::vector<GitHubIssue> issues(const std::string& repository_name = repository) const;
  std::map<std::string, GitHubLabel> labels(const std::string& repository_name = repository) const;

  /// Makes a ticket by hand, and gives its number.
  int create_issue(const std::string& title, const std::string& body, const std::vector<std::string>& labels = {},
                   const std::string& repository_name = repository);
  /// Any change; `updated_at` moves.
  void change(int number, const std::function<void(GitHubIssue&)>& change,
              const std::string& repository_name = repository);
  void edit_body(int number, const std::string& body);
  /// As the page's text field does: every line ends with CRLF.
  void browser_edits(int number, const std::string& body);
  void edit_title(int number, const std::string& title);
  void close_issue(int number);
  void remove_labels(int number);
  void lock(int number);
  void delete_issue(int number);
  /// Moves it to another repository of this server, as GitHub's "Transfer issue", and gives its number there.
  int transfer(int number, const std::string& to_repository);

  // ------------------------------------------------------------------------------------------ boards

  /// An empty board with a Status field (Todo, In Progress, Done); gives its PVT_… id.
  std::string add_project(const std::string& owner = "octo");
  /// The board's workflow "Item added" sets this status once the request that added is answered, and `waits` further
  /// GraphQL requests are too.
  void set_workflow(const std::string& project, const std::string& status, int waits = 0);
  void set_status(const std::string& project, int number, std::optional<std::string> status);
  /// Is the issue on the board?
  bool is_on_board(const std::string& project, int number) const;
  std::optional<std::string> status_on_board(const std::string& project, int number) const;
  std::vector<GitHubProject> projects() const;

 private:
  class Turn;
  struct Parts;
  void serve(HttpConnection& connection, Request request);
  /// A change that everybody sees at once, a replica that lags too.
  void set_up(const std::function<void(GitHubState&)>& change);
  GitHubRepository& repository_named(const std::string& name) const;

  std::unique_ptr<Parts> parts_;
};

/// What the program gh needs in its environment to use this server: it reaches the host github.localhost over plain
/// HTTP (since such a host is GitHub's own for development), and that by a proxy, which this server is. HOME is for the
/// caller. Arguments need `--repo octo/plans`, or a remote at github.localhost.
std::map<std::string, std::string> gh_environment(const GitHubServer& github);

// -------------------------------------------------------------------------------------------- which requests

GitHubMatch any_request();
GitHubMatch get_issue();  ///< GET of one issue, by name or by id of the repository
GitHubMatch patch_issue();
GitHubMatch list_issues();
GitHubMatch create_issue();
GitHubMatch rest(const std::string& method, const std::string& path_part);
/// A GraphQL document in which this word stands, such as a mutation's name.
GitHubMatch graphql(const std::string& word = "");

// -------------------------------------------------------------------------------------------- faults

/// 403 or 429 with nothing remaining, until `until_reset` from now.
GitHubFault primary_limit(int status, std::chrono::seconds until_reset);
/// 403 or 429; without `retry_after` only the message tells.
GitHubFault secondary_limit(int status, std::optional<std::chrono::seconds> retry_after = std::nullopt);
GitHubFault missing_permission();
GitHubFault saml();
/// 401, as with a token that is wrong or has run out.
GitHubFault bad_credentials();
/// An answer with the fields that GitHub's errors have.
GitHubFault error_answer(int status, const std::string& message);
/// 500, 502, 503, 504 with a page in HTML.
GitHubFault server_error(int status);
/// The same, though all that was asked is done.
GitHubFault server_error_after(int status);
/// libcurl itself sends a request again whose connection ends before the answer begins, if that connection was used
/// before: a reset that happens once is then not seen, and one after the write lets it be done twice.
GitHubFault reset_before();
GitHubFault reset_after();  ///< what was asked is done, but nobody tells
GitHubFault stall_before();
GitHubFault reset_in_body();
GitHubFault stall_in_body();
GitHubFault huge_body();       ///< ten million bytes more than there should be; still JSON
GitHubFault truncated_json();  ///< the length is right, the JSON is not whole
GitHubFault html_page();       ///< 200, as from a hotel's network
GitHubFault stale_answer();    ///< of a replica that has not seen the last write
GitHubFault labels_dropped();  ///< 2xx, but without the labels asked for
GitHubFault body_refused();    ///< 200 with the old body
/// To this base address, with the request's own path behind it.
GitHubFault redirect(int status, const std::string& to);
/// To the same by the repository's number, which answers rightly: a client that follows a 301 with an empty PATCH, or
/// with a GET, changes nothing.
GitHubFault redirect_here(int status);
/// The right answer with one header more, such as x-poll-interval.
GitHubFault with_header(const std::string& name, const std::string& value);
/// Somebody does `what` between this request and the one before; the request is then answered rightly.
GitHubFault meanwhile(std::function<void(GitHubServer&)> what);

}  // namespace ps_sync::test
