// One conversation with http remotes: a connection that is kept, logins, redirects.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "git/transport/connection.hpp"
#include "ps_sync/git/credentials.hpp"
#include "ps_sync/net/http.hpp"

namespace ps_sync::git {

/// Shared by the fetching and the pushing side of a remote; only one of them is in an exchange at any time.
class HttpSession {
 public:
  explicit HttpSession(const RemoteOptions& options);

  /// Asks for the advertisement of `service` at `url`, which redirects may lead elsewhere. Returns the address of the
  /// repository that answered. Throws as the client does, and for every status but 200.
  std::string ask(const std::string& url, Service service);
  /// The address that `url` was found to be by an earlier ask, for whichever service; absent where there was none.
  std::optional<std::string> address_of(const std::string& url) const;
  /// Sends a request of the service's own. `encoding` is "" or "gzip".
  /// `named` is the address that was asked first: headers that hold for every address go to that host alone.
  void post(const std::string& named, const std::string& base, Service service, const Spool& body,
            const std::string& encoding);
  /// Which exchange is the present one: each ask and post begins another.
  int current() const { return current_; }
  /// Reads the body of an exchange; 0 at its end, and where another has begun since.
  std::size_t read(int exchange, std::span<char> into) { return exchange == current_ ? client_.read(into) : 0; }
  void set_silence(std::chrono::milliseconds silence) { client_.set_silence(silence); }

 private:
  const net::HttpHead& exchange(const std::string& named, net::HttpRequest request, bool may_redirect,
                                std::string& final_url);
  void log_in(const std::string& url, const net::HttpHead& head);
  std::string follow(const std::string& url, const net::HttpHead& head, bool may_redirect) const;
  void check_answer(const std::string& url, const net::HttpHead& head, const std::string& wanted_type);

  RemoteOptions options_;
  net::HttpClient client_;
  CredentialHelpers helpers_;
  int current_ = 0;
  std::map<std::string, std::string> addresses_;  // what each URL was found to be

  struct Known {
    std::optional<Credential> credential;  ///< from a helper
    std::optional<net::Login> login;
    bool approved = false;
    bool by_system = false;  ///< without a password, as Kerberos does
    int refusals = 0;
  };
  std::map<std::string, Known> known_;  ///< by scheme, host and port
};

}  // namespace ps_sync::git
