#include "github/api.hpp"

#include <algorithm>
#include <charconv>
#include <random>

#include "ps_sync/base/text.hpp"
#include "ps_sync/git/objects.hpp"
#include "ps_sync/platform/interrupt.hpp"

namespace ps_sync::github {

using nlohmann::json;

namespace {

constexpr std::size_t longest_answer = 4 << 20;
constexpr int most_redirects = 4;
constexpr int read_tries = 3;
constexpr std::int64_t shortest_wait = 60;  // seconds, where GitHub does not say (docs: "at least one minute")

std::int64_t number_in(const std::string& text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string message_of(const json& body) {
  if (!body.is_object()) return "";
  std::string words = body.value("message", "");
  if (body.contains("errors") && body.at("errors").is_array()) {
    for (const json& error : body.at("errors")) {
      if (error.is_object() && error.contains("message") && error.at("message").is_string())
        words += concat(words.empty() ? "" : "; ", error.at("message").get<std::string>());
    }
  }
  return escape_for_display(words.substr(0, 500));
}

bool is_limit(const Answer& answer) {
  if (answer.status != 403 && answer.status != 429) return false;
  return answer.status == 429 || answer.head.field("x-ratelimit-remaining") == "0" ||
         !answer.head.field("retry-after").empty() ||
         to_lower_ascii(message_of(answer.body)).find("rate limit") != std::string::npos;
}

std::string clock_text(std::int64_t seconds) { return format_utc(Timestamp(std::chrono::seconds(seconds))); }

/// Did it fail at once, in the middle of an answer or before one? Then another try may go through. A wait that ended
/// without anything is not waited for again.
bool may_try_again(const Error& error, std::chrono::steady_clock::duration took) {
  const std::string why = error.causes().empty() ? "" : to_lower_ascii(error.causes().front());
  const bool is_away = why.find("resolve") != std::string::npos || why.find("connect") != std::string::npos;
  return error.kind() == ErrorKind::unreachable && took < std::chrono::seconds(2) && !is_away;
}

void pause_before(int attempt) {
  std::minstd_rand random(std::random_device{}());
  const auto step = std::chrono::milliseconds(400) * (1 << attempt);
  pause_for(step / 2 + std::chrono::milliseconds(random() % static_cast<unsigned>(step.count())));
}

}  // namespace

std::int64_t seconds_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

Api::Api(std::string base, const Surroundings& surroundings, State& state)
    : base_(std::move(base)), surroundings_(surroundings), state_(state), client_(surroundings.limits) {}

const Token& Api::token() {
  if (token_) return *token_;
  token_ = find_token(base_, surroundings_);
  if (token_) return *token_;
  throw Error(ErrorKind::rejected, concat("there is no token for ", web_host_of(base_)))
      .because("none of PROMPTSYNC_TOKEN, GH_TOKEN, GITHUB_TOKEN, `gh auth token` and `git credential fill` has one")
      .hint(concat("log in once: gh auth login --hostname ", web_host_of(base_)))
      .hint("the token needs the permission Issues: read and write (docs/github.md)");
}

std::string Api::token_hash() { return git::hash_object(git::ObjectType::blob, token().value).hex(); }

void Api::check_wait() const {
  if (seconds_now() >= state_.wait_until) return;
  throw Error(ErrorKind::unreachable, concat("GitHub asks to wait until ", clock_text(state_.wait_until)))
      .because(state_.wait_reason);
}

Answer Api::get(const std::string& address, const std::string& etag) {
  for (int attempt = 0;; ++attempt) {
    const bool is_last = attempt + 1 == read_tries;
    const auto begin = std::chrono::steady_clock::now();
    try {
      Answer answer = request("GET", address, etag, nullptr);
      if (answer.status < 500 || is_last) return answer;
    } catch (const Error& error) {
      if (is_last || !may_try_again(error, std::chrono::steady_clock::now() - begin)) throw;
    }
    pause_before(attempt);
  }
}

Answer Api::send(const char* method, const std::string& address, const json& body) {
  return request(method, address, "", &body);
}

/// Redirects are followed by hand: to the same server alone, and with the same method and body. (libcurl repeats a
/// PATCH after a 301 without its body, which GitHub answers with 200, having changed nothing.)
Answer Api::request(const char* method, const std::string& address, const std::string& etag, const json* body) {
  check_wait();
  client_.set_until(std::chrono::steady_clock::now() + surroundings_.limits.silence);
  Answer answer = exchange(method, address, etag, body);
  for (int hops = 0; answer.status >= 300 && answer.status < 400 && answer.status != 304; ++hops) {
    const auto next = net::resolve_url(answer.address, answer.head.field("location"));
    const auto from = net::parse_http_url(base_);
    const auto to = next ? net::parse_http_url(*next) : std::nullopt;
    if (!to || to->scheme != from->scheme || to->host != from->host || to->port != from->port ||
        hops >= most_redirects) {
      throw Error(ErrorKind::rejected, concat("GitHub at ", web_host_of(base_), " redirects to another place"))
          .because(next ? escape_for_display(redact_url(*next)) : "it does not say where to")
          .hint("the token is for this server alone: see beacon.api in the settings");
    }
    answer = exchange(method, *next, etag, body);
    answer.was_redirected = true;
  }
  obey(answer);
  return answer;
}

Answer Api::exchange(const char* method, const std::string& address, const std::string& etag, const json* body) {
  net::HttpSettings settings = surroundings_.http_settings(address);
  settings.extra_headers.clear();  // they are for git, and may hold another login
  settings.cookie_file.clear();
  settings.user_agent = "ps-sync";
  net::HttpRequest request;
  request.method = method;
  request.url = address;
  request.headers = {"Accept: application/vnd.github+json", "X-GitHub-Api-Version: 2022-11-28"};
  if (!etag.empty()) request.headers.push_back(concat("If-None-Match: ", etag));
  request.only_once = request.method == "POST" && address.ends_with("/issues");
  Spool sent{fs::path()};
  if (body != nullptr) {
    request.headers.emplace_back("Content-Type: application/json");
    sent.append(body->dump(-1, ' ', false, json::error_handler_t::replace));
    request.body = &sent;
  }
  Answer answer;
  answer.head = client_.send(request, settings, net::Login{"", token().value, "Bearer", 0});
  answer.status = answer.head.status;
  answer.address = address;
  const std::string text = client_.read_text(longest_answer + 1);
  if (text.size() > longest_answer) {
    throw Error(ErrorKind::rejected, concat("cannot understand GitHub at ", web_host_of(base_)))
        .because("its answer is longer than 4 MB");
  }
  if (answer.head.field("content-type").find("json") != std::string::npos && !text.empty()) {
    answer.body = json::parse(text, nullptr, false);
    if (answer.body.is_discarded()) {
      answer.body = nullptr;
      if (answer.status < 300)
        throw Error(ErrorKind::unreachable, "GitHub's answer was cut off").because("it is not whole JSON");
    }
  }
  return answer;
}

/// Notes how long not to ask again: a primary limit names its end, a secondary one a time to wait.
void Api::obey(const Answer& answer) {
  if (const std::int64_t interval = number_in(answer.head.field("x-poll-interval")); interval > 0)
    state_.ask_after = seconds_now() + std::min<std::int64_t>(interval, 3600);
  if (!is_limit(answer)) return;
  std::int64_t until = seconds_now() + shortest_wait;
  const std::string after = answer.head.field("retry-after");
  const std::int64_t reset = number_in(answer.head.field("x-ratelimit-reset"));
  if (!after.empty()) {
    until = seconds_now() + std::clamp<std::int64_t>(number_in(after), 1, 86'400);
  } else if (answer.head.field("x-ratelimit-remaining") == "0" && reset > 0) {
    until = std::clamp<std::int64_t>(reset, seconds_now() + 1, seconds_now() + 86'400);
  }
  state_.wait_until = until;
  const std::string words = message_of(answer.body);
  state_.wait_reason = words.empty() ? "its rate limit is used up" : words;
}

Error Api::refusal(const Answer& answer, const std::string& what) {
  const std::string words = message_of(answer.body);
  const std::string number = concat("HTTP ", std::to_string(answer.status), words.empty() ? "" : ": ", words);
  Error error(ErrorKind::rejected, concat("cannot ", what));
  if (is_limit(answer)) {
    return Error(ErrorKind::unreachable, concat("cannot ", what, " before ", clock_text(state_.wait_until)))
        .because(concat("GitHub limits how often it is asked: ", state_.wait_reason));
  }
  if (answer.status >= 500)
    return Error(ErrorKind::unreachable, concat("cannot ", what, " now"))
        .because(concat("GitHub is in trouble, ", number));
  if (answer.status == 401) {
    return std::move(error)
        .because(concat("GitHub does not accept the token of ", token().source, ", ", number))
        .hint("make a new one, or log in anew: gh auth login");
  }
  if (answer.status == 403) {
    if (const std::string sso = answer.head.field("x-github-sso"); !sso.empty())
      return std::move(error).because("the organization wants a single sign-on").hint(escape_for_display(sso));
    const std::string wanted = answer.head.field("x-accepted-github-permissions");
    std::move(error).because(number);
    if (words.find("archived") != std::string::npos)
      return std::move(error).hint(
          "unarchive the repository, or link a ticket elsewhere: ps-sync beacon link OWNER/REPO#N");
    return std::move(error)
        .because(concat("the token of ", token().source, " is not allowed to"))
        .hint(concat("give it the permission ", wanted.empty() ? "issues=write" : escape_for_display(wanted)));
  }
  if (answer.status == 404) {
    return std::move(error)
        .because(concat("there is none, or the token of ", token().source, " may not see it"))
        .hint("look at beacon.repo and beacon.issue in the settings, and at what the token may do");
  }
  return std::move(error).because(number);
}

json Api::graphql(const std::string& query, const json& variables) {
  // https://api.github.com/graphql, https://HOST/api/graphql beside https://HOST/api/v3
  std::string address = base_;
  if (address.ends_with("/v3")) address.resize(address.size() - 3);
  if (address.ends_with('/')) address.pop_back();
  address += "/graphql";
  const Answer answer = send("POST", address, {{"query", query}, {"variables", variables}});
  if (answer.status != 200) throw refusal(answer, "reach the board");
  if (answer.body.contains("errors") && !answer.body.at("errors").empty())
    throw Error(ErrorKind::rejected, "cannot reach the board").because(message_of(answer.body));
  return answer.body.value("data", json::object());
}

}  // namespace ps_sync::github
