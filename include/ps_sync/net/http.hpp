// HTTP as the user's git does it: his proxies, certificates, cookies and headers, one connection kept for a command.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ps_sync/base/trace.hpp"
#include "ps_sync/platform/spool.hpp"

namespace ps_sync::net {

/// A name and what proves it. Where `scheme` is set ("Bearer"), `secret` goes out as it is behind that word.
struct Login {
  std::string user;
  std::string secret;
  std::string scheme;
  unsigned long methods = 0;  ///< what the server offers (HttpHead::offered_auth); 0: not known yet
};

/// How to reach one address; git-config(1) names each `http.<name>`, and what it means.
struct HttpSettings {
  std::optional<std::string> proxy;  ///< without user and password; "" is none; absent: as the environment says
  std::optional<Login> proxy_login;
  std::string proxy_auth_method;
  std::string proxy_ca_info, proxy_cert, proxy_key;
  bool ssl_verify = true;
  std::string ssl_ca_info, ssl_ca_path, ssl_cert, ssl_key, ssl_version, ssl_cipher_list, pinned_pubkey;
  std::string version;
  std::string user_agent;
  std::string cookie_file;
  bool save_cookies = false;
  std::vector<std::string> resolve;        ///< curloptResolve
  std::vector<std::string> extra_headers;  ///< "Name: value"; they may hold secrets
  bool follow_redirects = true;            ///< of the first request of a conversation; no other is ever followed
  bool empty_auth = false;
  std::string delegation;
};

struct HttpLimits {
  std::chrono::milliseconds connect{10000};
  std::chrono::milliseconds silence{30000};                    ///< see SilenceWatch
  std::optional<std::chrono::steady_clock::time_point> until;  ///< all ends here, whatever comes
  const std::atomic<bool>* abandoned = nullptr;                ///< true: nobody wants the answer any more
  Trace trace;                                                 ///< one line for each request; never a header
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;                   ///< without user and password
  std::vector<std::string> headers;  ///< "Name: value"
  const Spool* body = nullptr;       ///< has to live until the answer's head is there
  /// Doing it twice would do harm. libcurl sends a request again by itself where a kept connection turns out to be
  /// dead, and cannot know what the server did with it: so this goes over a new one.
  bool only_once = false;
};

struct HttpHead {
  int status = 0;
  std::multimap<std::string, std::string> fields;  ///< names in lower case
  unsigned long offered_auth = 0;                  ///< the ways to log in that it offers: libcurl's CURLAUTH_… bits

  /// The last field of that name; "" where there is none.
  std::string field(const std::string& name) const;
};

/// Sends one request at a time, and keeps the connection for the next.
///
/// Throws Error{unreachable} where no answer can be had now (no name, no connection, silence, an end in the middle),
/// Error{rejected} where waiting does not help (a certificate that is not trusted, a proxy that says no), and
/// Interrupted. An HTTP status is no error here.
class HttpClient {
 public:
  explicit HttpClient(HttpLimits limits);
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;

  void set_silence(std::chrono::milliseconds silence);
  /// Bounds all of the next requests together.
  void set_until(std::chrono::steady_clock::time_point until);

  /// Sends the request, and returns when the answer's head is there. What was left of the answer before is dropped.
  const HttpHead& send(const HttpRequest& request, const HttpSettings& settings, const std::optional<Login>& login);
  /// Reads at least one byte of the answer's body, decompressed; 0 at its end.
  std::size_t read(std::span<char> into);
  /// The body's beginning, for a message.
  std::string read_text(std::size_t most);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Loads the library that does this, for whoever has nothing better to do; no error is thrown.
void preload();

/// Does it offer a way to log in by which the system may know who we are without a word (Kerberos)?
bool may_know_us(unsigned long offered_auth);

/// `location`, as it stands in an answer's Location, seen from `base`. Absent where it is no address.
std::optional<std::string> resolve_url(const std::string& base, const std::string& location);

/// An address taken apart; "" for what is not there. The port is filled in where the scheme has one.
struct UrlParts {
  std::string scheme, user, password, host, port, path;
};
/// Percent-escapes of user and password are decoded. Absent where it is no http or https address.
std::optional<UrlParts> parse_http_url(const std::string& url);
/// The same without user and password.
std::string without_login(const std::string& url);

}  // namespace ps_sync::net
