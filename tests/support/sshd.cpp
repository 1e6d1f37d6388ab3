#include "support/sshd.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <thread>

#include "support/catch.hpp"

namespace fs = std::filesystem;

namespace ps_sync::test {
namespace {

constexpr const char* program = "/usr/sbin/sshd";

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

/// One that nobody listens on at this moment.
int find_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  const bool bound = ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  ::close(fd);
  if (!bound) throw std::runtime_error("no free port on 127.0.0.1");
  return ntohs(address.sin_port);
}

bool answers(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = loopback(port);
  const bool connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return connected;
}

void make_key(World& world, const fs::path& path) {
  const Outcome made =
      world.run(path.parent_path(), {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path.string()});
  if (made.exit != 0) throw std::runtime_error("ssh-keygen: " + made.err);
}

}  // namespace

std::optional<SshServer> SshServer::start(World& world) {
  if (!fs::exists(program)) {
    WARN("skipped: there is no sshd here (Debian, Ubuntu: apt-get install openssh-server)");
    return std::nullopt;
  }
  if (::geteuid() == 0) fs::create_directories("/run/sshd");  // where sshd separates its privileges
  constexpr int tries = 5;                                    // somebody else may take the port first
  for (int attempt = 0; attempt < tries; ++attempt) {
    const int port = find_port();
    SshServer server(world, std::to_string(port));
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (server.server_->is_running() && std::chrono::steady_clock::now() < deadline) {
      if (answers(port)) return server;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  throw std::runtime_error("sshd does not start");
}

SshServer::SshServer(World& world, std::string port)
    : folder_(world.root() / ("sshd-" + port)), config_(folder_ / "ssh_config"), port_(std::move(port)) {
  login_ = std::string(::getpwuid(::geteuid())->pw_name) + "@127.0.0.1";
  write_files(world);
  server_ = std::make_shared<Process>(Arguments{program, "-D", "-e", "-f", (folder_ / "sshd_config").string()},
                                      ProcessOptions{folder_, world.environment(), ""});
}

void SshServer::write_files(World& world) const {
  fs::create_directories(folder_ / "bin");
  make_key(world, folder_ / "host_key");
  make_key(world, folder_ / "user_key");
  write_file(folder_ / "authorized_keys", read_file(folder_ / "user_key.pub"));
  const auto quoted = [this](const char* name) { return "\"" + (folder_ / name).string() + "\"\n"; };
  write_file(folder_ / "sshd_config", "ListenAddress 127.0.0.1\nPort " + port_ + "\nHostKey " + quoted("host_key") +
                                          "AuthorizedKeysFile " + quoted("authorized_keys") +
                                          "StrictModes no\nUsePAM no\nPidFile none\nPermitRootLogin yes\n"
                                          "PasswordAuthentication no\nKbdInteractiveAuthentication no\n");
  write_file(folder_ / "known_hosts", "[127.0.0.1]:" + port_ + " " + read_file(folder_ / "host_key.pub"));
  write_file(config_, "Host sync-host\n  HostName 127.0.0.1\n  Port " + port_ + "\n  User " +
                          login_.substr(0, login_.find('@')) + "\nHost *\n  IdentityFile " + quoted("user_key") +
                          "  IdentitiesOnly yes\n  IdentityAgent none\n  UserKnownHostsFile " + quoted("known_hosts") +
                          "  GlobalKnownHostsFile /dev/null\n");
  write_file(folder_ / "bin" / "ssh", "#!/bin/sh\nexec /usr/bin/ssh -F '" + config_.string() + "' \"$@\"\n");
  fs::permissions(folder_ / "bin" / "ssh", fs::perms::owner_all);
}

std::string SshServer::command() const { return "/usr/bin/ssh -F '" + config_.string() + "'"; }

void SshServer::stop() {
  server_->kill_hard();
  server_->wait();
}

}  // namespace ps_sync::test
