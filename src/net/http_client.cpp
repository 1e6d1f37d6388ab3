#include <curl/curl.h>

#include <new>

#include "net/library.hpp"
#include "net/options.hpp"
#include "ps_sync/base/error.hpp"
#include "ps_sync/base/silence.hpp"
#include "ps_sync/base/text.hpp"
#include "ps_sync/net/http.hpp"
#include "ps_sync/platform/interrupt.hpp"

namespace ps_sync::net {
namespace {

using Clock = SilenceWatch::Clock;

constexpr std::size_t longest_head = 256 << 10;  // bytes, of one answer

struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct MultiDeleter {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

/// What goes through libcurl's callbacks in one exchange.
struct Exchange {
  HttpHead head;
  std::size_t head_size = 0;
  bool head_complete = false;
  bool head_ended = false;  // by its empty line, without which libcurl takes a head that was cut off for a whole one
  bool done = false;
  CURLcode code = CURLE_OK;
  std::string body;  // came, not yet read
  std::size_t body_at = 0;
  const Spool* upload = nullptr;
  std::uint64_t uploaded = 0;
  std::exception_ptr failure;  // no exception may cross libcurl
};

std::size_t take_body(char* data, std::size_t, std::size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  exchange.head_complete = true;
  exchange.body.append(data, size);
  return size;
}

std::size_t take_header(char* data, std::size_t, std::size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  exchange.head_size += size;
  if (exchange.head_size > longest_head) return 0;
  const std::string_view line = trim(std::string_view(data, size));
  exchange.head_ended = line.empty();
  if (line.rfind("HTTP/", 0) == 0) {
    exchange.head.fields.clear();  // of an answer in between: 100, or a 401 that libcurl answers by itself
    return size;
  }
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    exchange.head.fields.emplace(to_lower_ascii(std::string(line.substr(0, colon))), trim(line.substr(colon + 1)));
  }
  return size;
}

std::size_t give_body(char* into, std::size_t, std::size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  try {
    const std::size_t count = exchange.upload->read(exchange.uploaded, {into, size});
    exchange.uploaded += count;
    return count;
  } catch (...) {
    exchange.failure = std::current_exception();
    return CURL_READFUNC_ABORT;
  }
}

/// libcurl begins anew where it has to log in, or where a kept connection was dead.
int seek_body(void* user, curl_off_t offset, int origin) {
  if (origin != SEEK_SET) return CURL_SEEKFUNC_CANTSEEK;
  static_cast<Exchange*>(user)->uploaded = static_cast<std::uint64_t>(offset);
  return CURL_SEEKFUNC_OK;
}

bool is_about_certificates(CURLcode code) {
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_INVALIDCERTSTATUS:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::string HttpHead::field(const std::string& name) const {
  const auto [first, last] = fields.equal_range(name);
  return first == last ? "" : std::prev(last)->second;
}

struct HttpClient::State {
  explicit State(HttpLimits given) : limits(given), watch(given.silence) {}

  // The handles are last: libcurl may still look at what the others hold while it takes a transfer down.
  HttpLimits limits;
  SilenceWatch watch;
  std::string host;
  char words[CURL_ERROR_SIZE] = "";
  TextList headers, resolve;
  Exchange exchange;
  std::uint64_t passed = 0;  // bytes of this exchange, both ways
  std::unique_ptr<CURLM, MultiDeleter> multi;
  std::unique_ptr<CURL, EasyDeleter> easy;
  bool running = false;

  ~State() { stop(); }

  void stop() {
    if (!running) return;
    curl_multi_remove_handle(multi.get(), easy.get());
    running = false;
    passed = 0;
  }

  void open() {
    if (easy) return;
    load_libcurl();
    multi.reset(curl_multi_init());
    easy.reset(curl_easy_init());
    if (!multi || !easy) throw std::bad_alloc();
  }

  /// Bytes that passed since the last look.
  std::uint64_t count_bytes() {
    curl_off_t down = 0;
    curl_off_t up = 0;
    curl_easy_getinfo(easy.get(), CURLINFO_SIZE_DOWNLOAD_T, &down);
    curl_easy_getinfo(easy.get(), CURLINFO_SIZE_UPLOAD_T, &up);
    const std::uint64_t before = passed;
    passed = static_cast<std::uint64_t>(down) + static_cast<std::uint64_t>(up) + exchange.head_size;
    return passed - std::min(before, passed);
  }

  [[noreturn]] void give_up(std::chrono::milliseconds limit, std::string_view setting) const {
    throw Error(ErrorKind::unreachable, concat("the remote at ", host, " stopped answering"))
        .because(concat("nothing came for ", std::to_string((limit.count() + 999) / 1000), " s (", setting, ")"));
  }

  /// Lets libcurl work until `ready`, or until it is done.
  template <class Ready>
  void work_until(Ready ready) {
    watch.begin(Clock::now());
    while (!exchange.done && !ready()) {
      int active = 0;
      curl_multi_perform(multi.get(), &active);
      take_messages();
      const auto now = Clock::now();
      watch.note(count_bytes(), now);
      if (exchange.done || ready()) break;
      auto left = watch.left(now);
      if (left.count() <= 0) give_up(watch.limit(), "network.timeout");
      if (limits.until) {
        const auto total = std::chrono::ceil<std::chrono::milliseconds>(*limits.until - now);
        if (total.count() <= 0) {
          throw Error(ErrorKind::unreachable, concat("the remote at ", host, " was too slow"))
              .because("the time that it may take is over");
        }
        left = std::min(left, total);
      }
      curl_waitfd signal{interrupt_fd(), CURL_WAIT_POLLIN, 0};
      const unsigned extra = signal.fd >= 0 ? 1 : 0;
      constexpr std::int64_t look_up = 100;  // ms: so often it is seen that nobody waits any more
      curl_multi_poll(multi.get(), &signal, extra, static_cast<int>(std::min<std::int64_t>(left.count(), look_up)),
                      nullptr);
      throw_if_interrupted();
      if (limits.abandoned != nullptr && *limits.abandoned)
        throw Error(ErrorKind::unreachable, concat("nobody waits for ", host, " any more"));
    }
    watch.end(Clock::now());
  }

  /// The last answer was understood before its last byte came: that byte is waited for, so that the connection can be
  /// used again, and that what the server still does is not cut short. But not for ever.
  void settle() {
    constexpr auto patience = std::chrono::seconds(2);
    constexpr std::size_t most = 1 << 20;
    const auto end = Clock::now() + patience;
    while (running && !exchange.done && exchange.body.size() < most && Clock::now() < end) {
      int active = 0;
      curl_multi_perform(multi.get(), &active);
      take_messages();
      if (!exchange.done) curl_multi_poll(multi.get(), nullptr, 0, 100, nullptr);
      throw_if_interrupted();
    }
    stop();
  }

  void take_messages() {
    int waiting = 0;
    while (CURLMsg* message = curl_multi_info_read(multi.get(), &waiting)) {
      if (message->msg != CURLMSG_DONE) continue;
      exchange.done = true;
      exchange.code = message->data.result;
    }
  }

  void throw_failure() {
    if (exchange.failure) std::rethrow_exception(exchange.failure);
    if (!exchange.done || exchange.code == CURLE_OK) return;
    const std::string reason = escape_for_display(words[0] != '\0' ? words : curl_easy_strerror(exchange.code));
    long proxy_status = 0;
    curl_easy_getinfo(easy.get(), CURLINFO_HTTP_CONNECTCODE, &proxy_status);
    if (is_about_certificates(exchange.code)) {
      throw Error(ErrorKind::rejected, concat("the certificate of ", host, " is not trusted"))
          .because(reason)
          .hint("if it is signed by an authority of your own: git config --global http.https://HOST/.sslCAInfo FILE");
    }
    if (proxy_status >= 400) {
      throw Error(proxy_status < 500 ? ErrorKind::rejected : ErrorKind::unreachable,
                  concat("the proxy does not let us through to ", host))
          .because(reason)
          .hint("see http.proxy in git's configuration, and https_proxy in the environment");
    }
    if (exchange.code == CURLE_URL_MALFORMAT || exchange.code == CURLE_UNSUPPORTED_PROTOCOL)
      throw Error(ErrorKind::rejected, concat("cannot reach ", host)).because(reason);
    if (exchange.code == CURLE_WRITE_ERROR && exchange.head_size > longest_head)
      throw Error(ErrorKind::rejected, concat("cannot understand ", host)).because("its answer's head has no end");
    throw Error(ErrorKind::unreachable, exchange.head_complete ? concat("the remote at ", host, " ended the connection")
                                                               : concat("cannot reach ", host))
        .because(reason);
  }

  void prepare(const HttpRequest& request, const HttpSettings& settings, const std::optional<Login>& login) {
    curl_easy_reset(easy.get());  // the connections and cookies stay
    headers.clear();
    resolve.clear();
    words[0] = '\0';
    exchange = Exchange{};
    CURL* handle = easy.get();
    apply_settings(handle, settings, resolve);
    apply_login(handle, settings, login);
    curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, words);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(std::min(limits.connect, watch.limit()).count()));
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &exchange);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, &exchange);
    for (const std::string& header : request.headers) headers.add(header);
    for (const std::string& header : settings.extra_headers) headers.add(header);
    if (login && !login->scheme.empty()) headers.add(concat("Authorization: ", login->scheme, " ", login->secret));
    if (request.body != nullptr) {
      exchange.upload = request.body;
      curl_easy_setopt(handle, CURLOPT_POST, 1L);
      curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body->size()));
      curl_easy_setopt(handle, CURLOPT_READFUNCTION, give_body);
      curl_easy_setopt(handle, CURLOPT_READDATA, &exchange);
      curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, seek_body);
      curl_easy_setopt(handle, CURLOPT_SEEKDATA, &exchange);
      headers.add("Expect:");  // a second's wait for nothing, with servers that do not know it
    }
    if (request.only_once) curl_easy_setopt(handle, CURLOPT_FRESH_CONNECT, 1L);
    if (request.method != "GET" && request.method != "POST")
      curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
  }
};

HttpClient::HttpClient(HttpLimits limits) : state_(std::make_unique<State>(limits)) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;

void HttpClient::set_silence(std::chrono::milliseconds silence) { state_->watch.set_limit(silence); }

void HttpClient::set_until(std::chrono::steady_clock::time_point until) { state_->limits.until = until; }

const HttpHead& HttpClient::send(const HttpRequest& request, const HttpSettings& settings,
                                 const std::optional<Login>& login) {
  State& state = *state_;
  state.settle();
  state.open();
  const auto parts = parse_http_url(request.url);
  state.host = parts ? escape_for_display(parts->host) : "the remote";
  state.watch = SilenceWatch(state.watch.limit());
  state.prepare(request, settings, login);
  curl_multi_add_handle(state.multi.get(), state.easy.get());
  state.running = true;
  state.work_until([&] { return state.exchange.head_complete; });
  if (!state.exchange.head_complete) {
    state.throw_failure();
    if (!state.exchange.head_ended) {
      throw Error(ErrorKind::unreachable, concat("the remote at ", state.host, " ended the connection"))
          .because("its answer was cut off in the head");
    }
  }
  long status = 0;
  curl_easy_getinfo(state.easy.get(), CURLINFO_RESPONSE_CODE, &status);
  long offered = 0;
  curl_easy_getinfo(state.easy.get(), CURLINFO_HTTPAUTH_AVAIL, &offered);
  state.exchange.head.status = static_cast<int>(status);
  if (state.limits.trace) {
    state.limits.trace(
        concat(request.method, " ", escape_for_display(redact_url(request.url)), ": ", std::to_string(status),
               request.body == nullptr ? "" : concat(", sent ", std::to_string(request.body->size()), " bytes")));
  }
  state.exchange.head.offered_auth = static_cast<unsigned long>(offered);
  return state.exchange.head;
}

std::size_t HttpClient::read(std::span<char> into) {
  State& state = *state_;
  Exchange& exchange = state.exchange;
  if (exchange.body_at == exchange.body.size()) {
    exchange.body.clear();
    exchange.body_at = 0;
    if (state.running) state.work_until([&] { return !exchange.body.empty(); });
  }
  const std::size_t count = exchange.body.copy(into.data(), into.size(), exchange.body_at);
  exchange.body_at += count;
  if (count == 0) {
    state.throw_failure();
    state.stop();
  }
  return count;
}

std::string HttpClient::read_text(std::size_t most) {
  std::string text(most, '\0');
  std::size_t size = 0;
  while (size < most) {
    const std::size_t count = read({text.data() + size, most - size});
    if (count == 0) break;
    size += count;
  }
  text.resize(size);
  return text;
}

}  // namespace ps_sync::net
