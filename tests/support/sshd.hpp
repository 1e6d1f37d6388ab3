// An OpenSSH server of the test's own, on 127.0.0.1, with throw-away keys.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "support/world.hpp"

namespace ps_sync::test {

class SshServer {
 public:
  /// Starts one. Absent, after a warning that says so, where this system has no sshd.
  static std::optional<SshServer> start(World& world);
  SshServer(SshServer&&) = default;

  const std::string& port() const { return port_; }
  /// user@host, as the server knows the user who runs the tests.
  const std::string& login() const { return login_; }
  /// `ssh -F CONFIG`: with the alias `sync-host`, the key, and the server's own key known.
  std::string command() const;
  const std::filesystem::path& config() const { return config_; }
  /// A folder that, first on PATH, makes plain `ssh` read config().
  std::filesystem::path program_folder() const { return folder_ / "bin"; }
  /// Where its keys and settings are.
  const std::filesystem::path& folder() const { return folder_; }
  /// Lines that count in config() before what is there.
  void configure(const std::string& lines) const;
  /// `Host NAME` with the server's address, to go on with more lines for that alias.
  std::string host(const std::string& name) const;
  /// How often somebody has logged in so far.
  int logins() const;
  void stop();

 private:
  SshServer(World& world, std::string port);
  void write_files(World& world) const;

  std::filesystem::path folder_;
  std::filesystem::path config_;
  std::string port_;
  std::string login_;
  std::shared_ptr<Process> server_;
};

}  // namespace ps_sync::test
