#include "support/github_server.hpp"

#include <algorithm>
#include <list>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "support/github_answers.hpp"

namespace ps_sync::test {
namespace {

struct Armed {
  GitHubMatch match;
  GitHubFault fault;
};

std::string percent_decoded(const std::string& text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '%' && at + 2 < text.size()) {
      plain += static_cast<char>(std::stoi(text.substr(at + 1, 2), nullptr, 16));
      at += 2;
    } else {
      plain += text[at] == '+' ? ' ' : text[at];
    }
  }
  return plain;
}

std::map<std::string, std::string> parse_query(const std::string& text) {
  std::map<std::string, std::string> query;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('&', begin), text.size());
    const std::string pair = text.substr(begin, end - begin);
    const std::size_t equals = std::min(pair.find('='), pair.size());
    query[percent_decoded(pair.substr(0, equals))] = percent_decoded(pair.substr(std::min(equals + 1, pair.size())));
    begin = end + 1;
  }
  return query;
}

GitHubRequest understand(const Request& plain, const std::string& body, int connection) {
  GitHubRequest request;
  request.method = plain.method;
  request.target = plain.target;
  request.headers = plain.headers;
  request.body = body;
  request.connection = connection;
  request.base = "http://" + request.header("host");
  std::string rest = plain.target;
  if (rest.starts_with("http://")) rest.erase(0, std::min(rest.find('/', 7), rest.size()));  // asked as a proxy
  const std::size_t mark = std::min(rest.find('?'), rest.size());
  if (mark < rest.size()) request.query = parse_query(rest.substr(mark + 1));
  request.path = rest.substr(0, mark);
  if (request.path == "/api/graphql") request.path = "/graphql";
  if (request.path.starts_with("/api/v3/")) {
    request.path.erase(0, std::string("/api/v3").size());
    request.base += "/api/v3";
  }
  return request;
}

std::string reason(int status) { return status < 300 ? "OK" : status < 400 ? "Elsewhere" : "Refused"; }

bool is_write(const GitHubRequest& request) {
  if (request.path == "/graphql") return request.body.find("mutation") != std::string::npos;
  return request.method != "GET";
}

}  // namespace

std::string GitHubRequest::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

struct GitHubServer::Parts {
  mutable std::mutex guard;
  GitHubState state;
  GitHubState previous;  // before the last write
  std::vector<GitHubRequest> requests;
  std::size_t generation = 0;  // of `requests`: the status of an earlier one's request is noted no more
  std::list<Armed> once, lasting;
  std::unique_ptr<HttpListener> listener;  // the last, so that its threads end first
};

// ---------------------------------------------------------------------------------------------- one request

class GitHubServer::Turn : public GitHubTurn {
 public:
  /// Where the request is noted down.
  struct Place {
    std::size_t generation;
    std::size_t index;
  };

  Turn(GitHubServer& server, HttpExchange& exchange, GitHubRequest request, Place place)
      : server_(server), exchange_(exchange), request_(std::move(request)), place_(place) {}

  GitHubRequest& request() override { return request_; }
  GitHubServer& server() override { return server_; }

  GitHubAnswer right() override {
    Parts& parts = *server_.parts_;
    const std::lock_guard hold(parts.guard);
    if (!is_write(request_)) return answer_as_github(parts.state, request_);
    GitHubState before = parts.state;
    GitHubAnswer answer = answer_as_github(parts.state, request_);
    if (answer.status < 300) parts.previous = std::move(before);
    return answer;
  }

  GitHubAnswer stale() override {
    const std::lock_guard hold(server_.parts_->guard);
    GitHubState old = server_.parts_->previous;
    return answer_as_github(old, request_);
  }

  void send(const GitHubAnswer& answer) override {
    if (begin(answer) && has_body(answer)) exchange_.send(answer.body);
  }
  void send_half(const GitHubAnswer& answer) override {
    if (begin(answer)) exchange_.send(answer.body.substr(0, answer.body.size() / 2));
  }
  void stall() override { exchange_.stall(); }
  void reset() override { exchange_.reset(); }
  void close() override { exchange_.close(); }

 private:
  static bool has_body(const GitHubAnswer& answer) { return answer.status != 204 && answer.status != 304; }

  bool begin(GitHubAnswer answer) {
    {
      const std::lock_guard hold(server_.parts_->guard);
      Parts& parts = *server_.parts_;
      add_usual_headers(answer, request_, user_of(parts.state, request_));
      // Before it is sent: whoever has the answer finds its status noted.
      if (place_.generation == parts.generation) parts.requests[place_.index].status = answer.status;
    }
    std::string head = "HTTP/1.1 " + std::to_string(answer.status) + " " + reason(answer.status) + "\r\n";
    if (has_body(answer)) {
      head += "Content-Type: " + std::string(answer.is_html ? "text/html" : "application/json; charset=utf-8") + "\r\n";
      head += "Content-Length: " + std::to_string(answer.body.size()) + "\r\n";
    }
    for (const auto& [name, value] : answer.headers) head += name + ": " + value + "\r\n";
    return exchange_.send(head + "\r\n");
  }

  GitHubServer& server_;
  HttpExchange& exchange_;
  GitHubRequest request_;
  Place place_;
};

void GitHubServer::serve(HttpConnection& connection, Request plain) {
  HttpExchange exchange(connection, std::move(plain));
  const std::string body = exchange.body();
  const GitHubRequest request = understand(exchange.request(), body, connection.number);
  Turn::Place place;
  GitHubFault fault;
  {
    const std::lock_guard hold(parts_->guard);
    place = {parts_->generation, parts_->requests.size()};
    parts_->requests.push_back(request);
    const auto fits = [&](const Armed& armed) { return armed.match(request); };
    const auto first = std::find_if(parts_->once.begin(), parts_->once.end(), fits);
    const auto always = std::find_if(parts_->lasting.begin(), parts_->lasting.end(), fits);
    if (first != parts_->once.end()) {
      fault = std::move(first->fault);
      parts_->once.erase(first);
    } else if (always != parts_->lasting.end()) {
      fault = always->fault;
    }
  }
  Turn turn(*this, exchange, request, place);
  fault ? fault(turn) : turn.send(turn.right());
}

// ---------------------------------------------------------------------------------------------- the server

GitHubServer::GitHubServer() : parts_(std::make_unique<Parts>()) {
  add_user(user, token);
  add_repository(repository);
  allow(user, Access::write);
  parts_->listener = std::make_unique<HttpListener>(
      [this](HttpConnection& connection, Request request) { serve(connection, std::move(request)); });
}

GitHubServer::~GitHubServer() { stop(); }

void GitHubServer::stop() { parts_->listener->stop(); }

int GitHubServer::port() const { return parts_->listener->port(); }

std::string GitHubServer::api() const { return "http://127.0.0.1:" + std::to_string(port()); }

std::string GitHubServer::enterprise_api() const { return api() + "/api/v3"; }

std::vector<GitHubRequest> GitHubServer::requests() const {
  const std::lock_guard hold(parts_->guard);
  return parts_->requests;
}

std::vector<GitHubRequest> GitHubServer::requests(const std::string& method, const std::string& path_part) const {
  std::vector<GitHubRequest> all = requests();
  std::erase_if(all, [&](const GitHubRequest& request) {
    return request.method != method || request.path.find(path_part) == std::string::npos;
  });
  return all;
}

void GitHubServer::clear() {
  const std::lock_guard hold(parts_->guard);
  parts_->requests.clear();
  ++parts_->generation;
}

void GitHubServer::once(GitHubMatch match, GitHubFault fault) {
  const std::lock_guard hold(parts_->guard);
  parts_->once.push_back({std::move(match), std::move(fault)});
}

void GitHubServer::from_now(GitHubMatch match, GitHubFault fault) {
  const std::lock_guard hold(parts_->guard);
  parts_->lasting.push_back({std::move(match), std::move(fault)});
}

void GitHubServer::heal() {
  const std::lock_guard hold(parts_->guard);
  parts_->once.clear();
  parts_->lasting.clear();
}

// ---------------------------------------------------------------------------------------------- people, repositories

void GitHubServer::set_up(const std::function<void(GitHubState&)>& change) {
  const std::lock_guard hold(parts_->guard);
  change(parts_->state);
  parts_->previous = parts_->state;
}

GitHubRepository& GitHubServer::repository_named(const std::string& name) const {
  GitHubRepository* found = parts_->state.find_repository(name);
  if (found == nullptr) throw std::logic_error("the test has no repository " + name);
  return *found;
}

void GitHubServer::add_user(const std::string& login, const std::string& its_token, bool may_use_projects) {
  set_up([&](GitHubState& state) {
    state.users[its_token] = {++state.last_id, login, its_token, may_use_projects, 0};
  });
}

void GitHubServer::revoke(const std::string& its_token) {
  set_up([&](GitHubState& state) { state.users.erase(its_token); });
}

void GitHubServer::add_repository(const std::string& name) {
  set_up([&](GitHubState& state) { state.add_repository(name); });
}

std::int64_t GitHubServer::repository_id(const std::string& repository_name) const {
  const std::lock_guard hold(parts_->guard);
  return repository_named(repository_name).id;
}

void GitHubServer::allow(const std::string& login, Access access, const std::string& repository_name) {
  set_up([&](GitHubState&) { repository_named(repository_name).access[login] = access; });
}

void GitHubServer::rename_repository(const std::string& to, const std::string& repository_name) {
  set_up([&](GitHubState&) {
    GitHubRepository& renamed = repository_named(repository_name);
    renamed.old_names.insert(renamed.name);
    renamed.old_names.erase(to);
    renamed.name = to;
  });
}

void GitHubServer::archive_repository(bool is_archived, const std::string& repository_name) {
  set_up([&](GitHubState&) { repository_named(repository_name).is_archived = is_archived; });
}

void GitHubServer::switch_issues(bool are_on, const std::string& repository_name) {
  set_up([&](GitHubState&) { repository_named(repository_name).has_issues = are_on; });
}

// ---------------------------------------------------------------------------------------------- what a person does

GitHubIssue GitHubServer::issue(int number, const std::string& repository_name) const {
  const std::lock_guard hold(parts_->guard);
  return repository_named(repository_name).issues.at(number);
}

std::vector<GitHubIssue> GitHubServer::issues(const std::string& repository_name) const {
  const std::lock_guard hold(parts_->guard);
  std::vector<GitHubIssue> all;
  for (const auto& [number, issue] : repository_named(repository_name).issues)
    if (!issue.is_deleted && issue.moved_to.empty()) all.push_back(issue);
  return all;
}

std::map<std::string, GitHubLabel> GitHubServer::labels(const std::string& repository_name) const {
  const std::lock_guard hold(parts_->guard);
  return repository_named(repository_name).labels;
}

int GitHubServer::create_issue(const std::string& title, const std::string& body,
                               const std::vector<std::string>& labels, const std::string& repository_name) {
  const std::lock_guard hold(parts_->guard);
  parts_->previous = parts_->state;
  GitHubIssue wanted;
  wanted.title = title;
  wanted.body = body;
  wanted.labels = labels;
  wanted.author = user;
  return parts_->state.add_issue(repository_named(repository_name), wanted).number;
}

void GitHubServer::change(int number, const std::function<void(GitHubIssue&)>& change,
                          const std::string& repository_name) {
  const std::lock_guard hold(parts_->guard);
  parts_->previous = parts_->state;
  GitHubIssue& changed = repository_named(repository_name).issues.at(number);
  change(changed);
  for (const std::string& name : changed.labels)
    parts_->state.add_label(repository_named(repository_name), {0, name, "ededed", ""});
  changed.updated_at = github_time();
}

void GitHubServer::edit_body(int number, const std::string& body) {
  change(number, [&](GitHubIssue& issue) { issue.body = body; });
}

void GitHubServer::browser_edits(int number, const std::string& body) {
  std::string sent;
  for (const char byte : body) {
    if (byte == '\n' && !sent.ends_with('\r')) sent += '\r';
    sent += byte;
  }
  edit_body(number, sent);
}

void GitHubServer::edit_title(int number, const std::string& title) {
  change(number, [&](GitHubIssue& issue) { issue.title = title; });
}

void GitHubServer::close_issue(int number) {
  change(number, [](GitHubIssue& issue) {
    issue.state = "closed";
    issue.state_reason = "completed";
  });
}

void GitHubServer::remove_labels(int number) {
  change(number, [](GitHubIssue& issue) { issue.labels.clear(); });
}

void GitHubServer::lock(int number) {
  change(number, [](GitHubIssue& issue) { issue.is_locked = true; });
}

void GitHubServer::delete_issue(int number) {
  change(number, [](GitHubIssue& issue) { issue.is_deleted = true; });
}

int GitHubServer::transfer(int number, const std::string& to_repository) {
  const GitHubIssue old = issue(number);
  const int there = create_issue(old.title, old.body.value_or(""), old.labels, to_repository);
  change(number, [&](GitHubIssue& issue) { issue.moved_to = to_repository + "/" + std::to_string(there); });
  return there;
}

// ---------------------------------------------------------------------------------------------- boards

std::string GitHubServer::add_project(const std::string& owner) {
  std::string id;
  set_up([&](GitHubState& state) {
    GitHubProject board;
    board.id = id = "PVT_kwDO" + std::to_string(++state.last_id);
    board.owner = owner;
    board.number = static_cast<int>(state.projects.size()) + 1;
    state.projects.push_back(board);
  });
  return id;
}

void GitHubServer::set_workflow(const std::string& project, const std::string& status, int waits) {
  set_up([&](GitHubState& state) {
    GitHubProject* board = state.find_project(project);
    if (board == nullptr) throw std::logic_error("the test has no board " + project);
    board->status_of_added = status;
    board->workflow_waits = waits;
  });
}

void GitHubServer::set_status(const std::string& project, int number, std::optional<std::string> status) {
  const std::string node = issue(number).node_id;
  set_up([&](GitHubState& state) {
    GitHubProject* board = state.find_project(project);
    GitHubProjectItem* item = board == nullptr ? nullptr : state.find_item(*board, node);
    if (item == nullptr) throw std::logic_error("the test's board " + project + " does not hold that issue");
    item->status = std::move(status);
  });
}

bool GitHubServer::is_on_board(const std::string& project, int number) const {
  const std::string node = issue(number).node_id;
  const std::lock_guard hold(parts_->guard);
  GitHubProject* board = parts_->state.find_project(project);
  return board != nullptr && parts_->state.find_item(*board, node) != nullptr;
}

std::optional<std::string> GitHubServer::status_on_board(const std::string& project, int number) const {
  const std::string node = issue(number).node_id;
  const std::lock_guard hold(parts_->guard);
  GitHubProject* board = parts_->state.find_project(project);
  const GitHubProjectItem* item = board == nullptr ? nullptr : parts_->state.find_item(*board, node);
  return item == nullptr ? std::nullopt : item->status;
}

std::vector<GitHubProject> GitHubServer::projects() const {
  const std::lock_guard hold(parts_->guard);
  return parts_->state.projects;
}

// ---------------------------------------------------------------------------------------------- gh

std::map<std::string, std::string> gh_environment(const GitHubServer& github) {
  return {
      {"GH_HOST", "github.localhost"}, {"GH_TOKEN", GitHubServer::token}, {"GH_ENTERPRISE_TOKEN", GitHubServer::token},
      {"GH_PROMPT_DISABLED", "1"},     {"GH_NO_UPDATE_NOTIFIER", "1"},    {"http_proxy", github.api()},
      {"PATH", "/usr/bin:/bin"}};
}

}  // namespace ps_sync::test
