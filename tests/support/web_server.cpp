#include "support/web_server.hpp"

#include <signal.h>

#include <chrono>
#include <set>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "support/loopback.hpp"

namespace fs = std::filesystem;

namespace ps_sync::test {
namespace {

/// Where Debian, and where Homebrew puts a program.
std::string find_program(const std::string& debian, const std::string& homebrew) {
  return !fs::exists(debian) && fs::exists(homebrew) ? homebrew : debian;
}

const std::string& lighttpd() {
  static const std::string path = find_program("/usr/sbin/lighttpd", "/opt/homebrew/bin/lighttpd");
  return path;
}

const std::string& tinyproxy() {
  static const std::string path = find_program("/usr/bin/tinyproxy", "/opt/homebrew/bin/tinyproxy");
  return path;
}

std::string quoted(const fs::path& path) { return "\"" + path.string() + "\""; }

void must(const Outcome& outcome, const std::string& doing) {
  if (outcome.exit != 0) throw std::runtime_error(doing + " failed\n" + outcome.describe());
}

std::string git_programs(World& world) {
  const Outcome asked = world.run(world.root(), {"git", "--exec-path"});
  must(asked, "git --exec-path");
  return asked.out.substr(0, asked.out.find('\n'));
}

WebRequest read_request(const std::string& line) {
  WebRequest request;
  std::string status;
  std::istringstream fields(line);
  for (std::string* field : {&request.connection, &request.line, &status, &request.authorization, &request.agent,
                             &request.encoding, &request.length, &request.chunks, &request.cookie, &request.custom})
    if (!std::getline(fields, *field, '\t')) throw std::runtime_error("the server's log is odd: " + line);
  request.status = std::stoi(status);
  return request;
}

constexpr const char* log_format =
    "%{remote}p\t%r\t%>s\t%{Authorization}i\t%{User-Agent}i\t%{Content-Encoding}i\t%{Content-Length}i\t"
    "%{Transfer-Encoding}i\t%{Cookie}i\t%{X-Test}i";

}  // namespace

// ---------------------------------------------------------------------------------------------- WebServer

std::optional<WebServer> WebServer::start(World& world, const WebOptions& options) {
  std::optional<WebServer> server;
  if (!is_installed(lighttpd(), "lighttpd lighttpd-mod-openssl openssl")) return server;
  world.origin_git({"config", "http.receivepack", "true"});
  start_on_free_port("lighttpd", [&](int port) -> Process& {
    server.emplace(WebServer(world, options, port));
    return *server->server_;
  });
  return server;
}

WebServer::WebServer(World& world, const WebOptions& options, int port)
    : world_(&world),
      folder_(world.root() / ("web-" + std::to_string(port))),
      scheme_(options.tls ? "https" : "http"),
      port_(std::to_string(port)) {
  fs::create_directories(folder_ / "empty");
  set_password(password_);
  if (options.tls) make_certificates(world);
  write_file(folder_ / "lighttpd.conf", config(world, options));
  server_ = std::make_shared<Process>(Arguments{lighttpd(), "-D", "-f", (folder_ / "lighttpd.conf").string()},
                                      ProcessOptions{folder_, world.environment(), ""});
}

void WebServer::make_certificates(World& world) const {
  const auto openssl = [&](const Arguments& rest) {
    Arguments command = {"openssl"};
    command.insert(command.end(), rest.begin(), rest.end());
    must(world.run(folder_, command), "openssl " + rest.front());
  };
  write_file(folder_ / "names", "subjectAltName = IP:127.0.0.1, DNS:localhost\nbasicConstraints = CA:FALSE\n");
  for (const char* name : {"authority", "server"})
    openssl({"genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", name + std::string(".key")});
  openssl({"req", "-x509", "-key", "authority.key", "-subj", "/CN=Authority of a test", "-days", "2", "-out",
           "authority.pem"});
  openssl({"req", "-new", "-key", "server.key", "-subj", "/CN=localhost", "-out", "server.csr"});
  openssl({"x509", "-req", "-in", "server.csr", "-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial",
           "-extfile", "names", "-days", "2", "-out", "server.pem"});
}

std::string WebServer::config(World& world, const WebOptions& options) const {
  std::string lines =
      // Whoever is to be redirected logs in first.
      "server.modules = ( \"mod_setenv\", \"mod_alias\", \"mod_auth\", \"mod_authn_file\", \"mod_redirect\","
      " \"mod_cgi\", \"mod_accesslog\" )\n"
      "server.bind = \"127.0.0.1\"\nserver.port = " +
      port_ + "\nserver.document-root = " + quoted(folder_ / "empty") + "\nserver.upload-dirs = ( " +
      quoted(world.root() / "tmp") +
      " )\nserver.max-keep-alive-requests = 1000\naccesslog.filename = " + quoted(folder_ / "requests") +
      "\naccesslog.format = \"" + log_format +
      "\"\nsetenv.add-environment = ( \"GIT_HTTP_EXPORT_ALL\" => \"1\", \"GIT_PROJECT_ROOT\" => " +
      quoted(world.root());
  for (const auto& [name, value] : world.environment()) lines += ", \"" + name + "\" => \"" + value + "\"";
  lines += " )\n$HTTP[\"url\"] =~ \"^/git/\" {\n  alias.url = ( \"/git\" => \"" + git_programs(world) +
           "/git-http-backend\" )\n  cgi.assign = ( \"\" => \"\" )\n}\n";
  if (options.tls)
    lines += "server.modules += ( \"mod_openssl\" )\nssl.engine = \"enable\"\nssl.pemfile = " +
             quoted(folder_ / "server.pem") + "\nssl.privkey = " + quoted(folder_ / "server.key") + "\n";
  lines += "auth.backend = \"plain\"\nauth.backend.plain.userfile = " + quoted(folder_ / "users") + "\n";
  if (options.login)
    lines +=
        "auth.require = ( \"/git/\" => ( \"method\" => \"basic\", \"realm\" => \"documents\","
        " \"require\" => \"valid-user\" ) )\n";
  return lines + options.config;
}

std::string WebServer::url_with(const std::string& login) const {
  const std::string plain = url();
  return scheme_ + "://" + login + "@" + plain.substr(plain.find("127.0.0.1"));
}

void WebServer::set_password(std::string password) {
  password_ = std::move(password);
  write_file(folder_ / "users", user + (":" + password_) + "\n");
}

void WebServer::leave_mark(const std::string& line) {
  const std::string request = line + "HTTP/1.0\r\n\r\n";
  if (scheme_ == "http")
    exchange(std::stoi(port_), request);
  else
    must(world_->run(folder_, {"openssl", "s_client", "-quiet", "-connect", "127.0.0.1:" + port_}, {}, request),
         "openssl s_client");
}

std::vector<WebRequest> WebServer::take_requests() {
  // lighttpd keeps what it logs for some seconds, but writes it out on SIGHUP. It answers one event after the other:
  // once a request of our own is in the log, so are all that were answered before.
  const std::string mark = "GET /mark-" + std::to_string(++marks_) + " ";
  leave_mark(mark);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (std::chrono::steady_clock::now() < deadline) {
    ::kill(server_->pid(), SIGHUP);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    const std::string text = read_file(folder_ / "requests");
    const std::size_t found = text.find(mark, read_);
    const std::size_t end = text.find('\n', found);
    if (found == std::string::npos || end == std::string::npos) continue;
    std::vector<WebRequest> requests;
    for (const std::string& line : lines_of(text.substr(read_, end - read_))) requests.push_back(read_request(line));
    requests.pop_back();  // the mark
    // So a connection is logged that was to be HTTP/2 and ended before its first request.
    std::erase_if(requests, [](const WebRequest& request) { return request.line.starts_with("PRI * "); });
    read_ = end + 1;
    return requests;
  }
  throw std::runtime_error("lighttpd does not write its log");
}

void WebServer::stop() {
  server_->kill_hard();
  server_->wait();
}

std::size_t connections(const std::vector<WebRequest>& requests) {
  std::set<std::string> found;
  for (const WebRequest& request : requests) found.insert(request.connection);
  return found.size();
}

// ---------------------------------------------------------------------------------------------- WebProxy

std::optional<WebProxy> WebProxy::start(World& world, const std::string& login) {
  std::optional<WebProxy> proxy;
  if (!is_installed(tinyproxy(), "tinyproxy-bin")) return proxy;
  start_on_free_port("tinyproxy", [&](int port) -> Process& {
    proxy.emplace(WebProxy(world, login, port));
    return *proxy->proxy_;
  });
  return proxy;
}

WebProxy::WebProxy(World& world, const std::string& login, int port)
    : folder_(world.root() / ("proxy-" + std::to_string(port))), port_(std::to_string(port)) {
  std::string lines = "Listen 127.0.0.1\nPort " + port_ + "\nTimeout 60\nAllow 127.0.0.1\nLogFile " +
                      quoted(folder_ / "log") + "\nLogLevel Connect\n";
  if (!login.empty()) {
    const std::size_t colon = login.find(':');
    lines += "BasicAuth " + login.substr(0, colon) + " " + login.substr(colon + 1) + "\n";
  }
  write_file(folder_ / "log", "");
  write_file(folder_ / "tinyproxy.conf", lines);
  proxy_ = std::make_shared<Process>(Arguments{tinyproxy(), "-d", "-c", (folder_ / "tinyproxy.conf").string()},
                                     ProcessOptions{folder_, world.environment(), ""});
}

std::vector<std::string> WebProxy::requests() const {
  static constexpr std::string_view before = "): ";  // CONNECT … Request (file descriptor 5): GET http://… HTTP/1.1
  std::vector<std::string> found;
  for (const std::string& line : lines_of(read_file(folder_ / "log")))
    if (const std::size_t at = line.find(before); contains(line, "Request (") && at != std::string::npos)
      found.push_back(line.substr(at + before.size()));
  return found;
}

void WebProxy::stop() {
  proxy_->kill_hard();
  proxy_->wait();
}

}  // namespace ps_sync::test
