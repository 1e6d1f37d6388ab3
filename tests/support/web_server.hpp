// A web server of the test's own, on 127.0.0.1, that serves the repositories in the test's world by git http-backend;
// and a web proxy.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/world.hpp"

namespace ps_sync::test {

struct WebOptions {
  bool tls = false;    ///< https, with a certificate that only the server's own authority vouches for
  bool login = false;  ///< everything under /git/ asks for WebServer::user and a password
  std::string config;  ///< further lines of lighttpd's configuration
};

/// What the server saw of one request that it has answered. A header that was not there is "-".
struct WebRequest {
  std::string connection;  ///< the same for all requests of one TCP connection
  std::string line;        ///< method, target and version
  int status = 0;
  std::string authorization;
  std::string agent;
  std::string encoding;  ///< Content-Encoding
  std::string length;    ///< Content-Length
  std::string chunks;    ///< Transfer-Encoding
  std::string cookie;
  std::string custom;  ///< X-Test, for whatever a test wants to see
};

class WebServer {
 public:
  static constexpr const char* user = "ada";

  /// Starts one. Absent, after a warning that says so, where this system has no lighttpd.
  static std::optional<WebServer> start(World& world, const WebOptions& options = {});
  WebServer(WebServer&&) = default;

  const std::string& port() const { return port_; }
  /// http://127.0.0.1:PORT, or https.
  std::string base() const { return scheme_ + "://127.0.0.1:" + port_; }
  /// Where the world's origin is served.
  std::string url() const { return base() + "/git/origin.git"; }
  /// The same with a name and a password in it.
  std::string url_with(const std::string& login) const;
  /// The certificate of the authority that signed the server's own.
  std::filesystem::path authority() const { return folder_ / "authority.pem"; }

  std::string password() const { return password_; }
  /// From now on another password is right.
  void set_password(std::string password);

  /// All requests since the last call, in the order in which they were answered.
  std::vector<WebRequest> take_requests();
  void stop();

 private:
  WebServer(World& world, const WebOptions& options, int port);
  void make_certificates(World& world) const;
  void leave_mark(const std::string& line);
  std::string config(World& world, const WebOptions& options) const;

  World* world_;
  std::filesystem::path folder_;
  std::string scheme_;
  std::string port_;
  std::string password_ = "correct horse/battery:staple";
  std::size_t read_ = 0;   ///< how much of the log was taken
  std::size_t marks_ = 0;  ///< see take_requests()
  std::shared_ptr<Process> server_;
};

/// How many TCP connections these requests came over.
std::size_t connections(const std::vector<WebRequest>& requests);

/// A proxy for http, and by CONNECT for https.
class WebProxy {
 public:
  /// With a login, `user:password`, it answers nobody else. Absent, after a warning, where there is no tinyproxy.
  static std::optional<WebProxy> start(World& world, const std::string& login = "");
  WebProxy(WebProxy&&) = default;

  const std::string& port() const { return port_; }
  /// 127.0.0.1:PORT
  std::string address() const { return "127.0.0.1:" + port_; }
  /// The request lines that it was asked so far.
  std::vector<std::string> requests() const;
  void stop();

 private:
  WebProxy(World& world, const std::string& login, int port);

  std::filesystem::path folder_;
  std::string port_;
  std::shared_ptr<Process> proxy_;
};

}  // namespace ps_sync::test
