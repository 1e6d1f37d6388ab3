#include "git/transport/http_session.hpp"

#include "ps_sync/base/error.hpp"
#include "ps_sync/base/text.hpp"

namespace ps_sync::git {
namespace {

constexpr int most_redirects = 20;
constexpr int most_refusals = 2;
constexpr std::size_t shown_of_an_answer = 2000;

const char* name_of(Service service) {
  return service == Service::upload_pack ? "git-upload-pack" : "git-receive-pack";
}

std::string origin_of(const std::string& url) {
  const auto parts = net::parse_http_url(url);
  return parts ? concat(parts->scheme, "://", parts->host, ":", parts->port) : url;
}

std::string shown(const std::string& url) { return escape_for_display(redact_url(url)); }

std::string tail_of(Service service) { return concat("/info/refs?service=", name_of(service)); }

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

/// Of the repository that a request is for: credential helpers know that one.
std::string repository_of(const std::string& url) {
  const std::string path = url.substr(0, url.find('?'));
  for (const std::string_view tail : {"/info/refs", "/git-upload-pack", "/git-receive-pack"}) {
    if (path.ends_with(tail)) return path.substr(0, path.size() - tail.size());
  }
  return path;
}

/// What the server said of a refusal, line by line: plain text alone, as a page is no words.
void add_words(Error& error, const net::HttpHead& head, const std::string& text) {
  if (head.field("content-type").rfind("text/plain", 0) != 0) return;
  for (const std::string& line : lines_of(text)) {
    if (!trim(line).empty()) std::move(error).because(escape_for_display(trim(line)));
  }
}

std::string meaning_of(int status) {
  switch (status) {
    case 400:
      return "bad request";
    case 401:
      return "it wants a login";
    case 403:
      return "no permission";
    case 404:
      return "there is no such repository, or none that this login may see";
    case 407:
      return "the proxy wants a login";
    case 413:
      return "it takes no request of this size";
    case 429:
      return "too many requests";
    default:
      return status >= 500 ? "the server is in trouble" : "it says no";
  }
}

}  // namespace

HttpSession::HttpSession(const RemoteOptions& options)
    : options_(options),
      client_(net::HttpLimits{options.connect, options.silence, options.until, options.abandoned, options.trace}),
      helpers_(options.folder, options.terminal, options.meter) {}

std::string HttpSession::ask(const std::string& url, Service service) {
  std::string final_url;
  const std::string tail = tail_of(service);
  net::HttpRequest request;
  request.url = without_slash(url) + tail;
  request.headers = {"Pragma: no-cache"};
  const net::HttpHead& head = exchange(url, request, true, final_url);
  check_answer(final_url, head, concat("application/x-", name_of(service), "-advertisement"));
  if (!final_url.ends_with(tail)) {
    throw Error(ErrorKind::rejected, concat("cannot use the remote at ", shown(url)))
        .because(concat("it redirects to ", shown(final_url), ", which is no repository's address"));
  }
  return addresses_[url] = final_url.substr(0, final_url.size() - tail.size());
}

std::optional<std::string> HttpSession::address_of(const std::string& url) const {
  const auto found = addresses_.find(url);
  return found == addresses_.end() ? std::nullopt : std::optional(found->second);
}

void HttpSession::post(const std::string& named, const std::string& base, Service service, const Spool& body,
                       const std::string& encoding) {
  std::string final_url;
  net::HttpRequest request;
  request.method = "POST";
  request.url = concat(base, "/", name_of(service));
  request.headers = {concat("Content-Type: application/x-", name_of(service), "-request"),
                     concat("Accept: application/x-", name_of(service), "-result")};
  if (!encoding.empty()) request.headers.push_back(concat("Content-Encoding: ", encoding));
  request.body = &body;
  const net::HttpHead& head = exchange(named, request, false, final_url);
  check_answer(request.url, head, concat("application/x-", name_of(service), "-result"));
}

/// Sends it until it is neither redirected nor asked for a login. `request.url` may hold a user and a password.
const net::HttpHead& HttpSession::exchange(const std::string& named, net::HttpRequest request, bool may_redirect,
                                           std::string& final_url) {
  ++current_;
  std::string url = request.url;
  const std::string first_origin = origin_of(named);
  for (int redirects = 0; redirects <= most_redirects;) {
    const std::string origin = origin_of(url);
    Known& known = known_[origin];
    const auto parts = net::parse_http_url(url);
    if (!parts) {
      throw Error(ErrorKind::config, concat("cannot use the remote at ", shown(url)))
          .because("that is no http address")
          .hint("correct it: git remote set-url NAME URL");
    }
    if (!known.login && !parts->password.empty()) known.login = net::Login{parts->user, parts->password, "", 0};
    net::HttpSettings settings = options_.http_settings(url);
    if (known.by_system) settings.empty_auth = true;
    // A header that is meant for every address may hold a login: it stays with the host that the user named.
    if (origin != first_origin) settings.extra_headers.clear();
    request.url = net::without_login(url);
    const net::HttpHead& head = client_.send(request, settings, known.login);
    if (head.status == 401) {
      log_in(url, head);
    } else if (head.status >= 300 && head.status < 400 && head.status != 304) {
      url = follow(url, head, may_redirect && settings.follow_redirects);
      ++redirects;
    } else {
      if (head.status < 400 && known.credential && !known.approved) {
        // Stored before the answer is read: that can still fail, and the login was good.
        known.approved = true;
        helpers_.approve(*known.credential);
      }
      final_url = url;
      return head;
    }
  }
  throw Error(ErrorKind::rejected, concat("cannot use the remote at ", shown(request.url)))
      .because("it redirects without an end");
}

/// A login was asked for: finds another one than was tried, or throws.
void HttpSession::log_in(const std::string& url, const net::HttpHead& head) {
  Known& known = known_[origin_of(url)];
  const bool tried = known.login.has_value();
  if (tried) ++known.refusals;
  if (known.credential) helpers_.reject(*known.credential);
  known.credential.reset();
  known.login.reset();
  if (!tried && !known.by_system && net::may_know_us(head.offered_auth)) {
    known.by_system = true;
    return;
  }
  known.by_system = false;
  std::vector<std::string> challenges;
  const auto [first, last] = head.fields.equal_range("www-authenticate");
  for (auto field = first; field != last; ++field) challenges.push_back(field->second);
  const std::string why = head.field("content-type").rfind("text/plain", 0) == 0
                              ? escape_for_display(trim(client_.read_text(shown_of_an_answer)))
                              : std::string();
  if (known.refusals < most_refusals) known.credential = helpers_.fill(repository_of(url), challenges);
  if (known.credential) {
    known.login = known.credential->login;
    known.login->methods = head.offered_auth;
    known.approved = false;
    return;
  }
  Error error(ErrorKind::rejected, tried ? concat("the remote does not accept the login for ", shown(origin_of(url)))
                                         : concat("there is no login for ", shown(origin_of(url))));
  std::move(error).because(concat("HTTP 401: ", why.empty() ? meaning_of(401) : why));
  if (!options_.terminal && !tried)
    std::move(error).because("no credential helper knows one, and nobody can be asked without a terminal");
  throw std::move(error)
      .hint("let git store one: run `git ls-remote URL` in a terminal, with a credential.helper set")
      .hint("on GitHub: gh auth setup-git");
}

std::string HttpSession::follow(const std::string& url, const net::HttpHead& head, bool may_redirect) const {
  const std::string location = head.field("location");
  const auto next = net::resolve_url(net::without_login(url), location);
  Error error(ErrorKind::rejected, concat("cannot use the remote at ", shown(url)));
  if (location.empty() || !next) throw std::move(error).because("it redirects, and does not say where to");
  std::move(error).because(concat("it redirects to ", shown(*next)));
  const auto from = net::parse_http_url(url);
  const auto to = net::parse_http_url(*next);
  if (!to) throw std::move(error).because("ps-sync follows to http and https alone");
  if (from->scheme == "https" && to->scheme == "http")
    throw std::move(error).because("that way would be without encryption");
  if (!may_redirect) throw std::move(error).hint("if that is right, name it yourself: git remote set-url NAME NEW-URL");
  return *next;
}

void HttpSession::check_answer(const std::string& url, const net::HttpHead& head, const std::string& wanted_type) {
  const std::string type = head.field("content-type");
  if (head.status == 200 && type == wanted_type) return;
  // What is in trouble may be well again later; a page in git's place is often that of a network one has to sign in to.
  const bool is_page = head.status == 200 && type.rfind("text/html", 0) == 0;
  const bool passes = head.status >= 500 || head.status == 429 || head.status == 408 || is_page;
  Error error(passes ? ErrorKind::unreachable : ErrorKind::rejected,
              concat(passes ? "no use of the remote now: " : "the remote says no: ", shown(repository_of(url))));
  if (head.status == 200) {
    std::move(error).because(is_page ? "it answered with a web page: does this network want a sign-in?"
                                     : concat("it does not speak git's smart protocol; its answer is of type ",
                                              type.empty() ? "unknown" : escape_for_display(type)));
  } else {
    std::move(error).because(concat("HTTP ", std::to_string(head.status), ": ", meaning_of(head.status)));
  }
  if (const std::string after = head.field("retry-after"); !after.empty())
    std::move(error).because(concat("it asks to wait: ", escape_for_display(after)));
  if (head.status != 200) add_words(error, head, client_.read_text(shown_of_an_answer));
  if (!passes) std::move(error).hint("check the address, and whether you may use it: git remote -v");
  throw error;
}

}  // namespace ps_sync::git
