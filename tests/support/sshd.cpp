#include "support/sshd.hpp"

#include <pwd.h>
#include <unistd.h>

#include <stdexcept>

#include "support/loopback.hpp"

namespace fs = std::filesystem;

namespace ps_sync::test {
namespace {

constexpr const char* program = "/usr/sbin/sshd";

void make_key(World& world, const fs::path& path) {
  const Outcome made =
      world.run(path.parent_path(), {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path.string()});
  if (made.exit != 0) throw std::runtime_error("ssh-keygen: " + made.err);
}

}  // namespace

std::optional<SshServer> SshServer::start(World& world) {
  std::optional<SshServer> server;
  if (!is_installed(program, "openssh-server")) return server;
  if (::geteuid() == 0) fs::create_directories("/run/sshd");  // where sshd separates its privileges
  start_on_free_port("sshd", [&](int port) -> Process& {
    server.emplace(SshServer(world, std::to_string(port)));
    return *server->server_;
  });
  return server;
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
  write_file(config_, host("sync-host") + "Host *\n  IdentityFile " + quoted("user_key") +
                          "  IdentitiesOnly yes\n  IdentityAgent none\n  UserKnownHostsFile " + quoted("known_hosts") +
                          "  GlobalKnownHostsFile /dev/null\n");
  write_file(folder_ / "bin" / "ssh", "#!/bin/sh\nexec /usr/bin/ssh -F '" + config_.string() + "' \"$@\"\n");
  fs::permissions(folder_ / "bin" / "ssh", fs::perms::owner_all);
}

std::string SshServer::command() const { return "/usr/bin/ssh -F '" + config_.string() + "'"; }

void SshServer::configure(const std::string& lines) const { write_file(config_, lines + read_file(config_)); }

std::string SshServer::host(const std::string& name) const {
  return "Host " + name + "\n  HostName 127.0.0.1\n  Port " + port_ + "\n  User " + login_.substr(0, login_.find('@')) +
         "\n";
}

int SshServer::logins() const {
  int count = 0;
  for (const std::string& line : lines_of(server_->errors())) count += line.starts_with("Accepted publickey");
  return count;
}

void SshServer::stop() {
  server_->kill_hard();
  server_->wait();
}

}  // namespace ps_sync::test
