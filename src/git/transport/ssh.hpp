// Remotes that the user's own ssh reaches, with its aliases, keys, agent and known hosts.
#pragma once

#include <optional>
#include <string>

#include "git/transport/connection.hpp"

namespace ps_sync::git {

struct SshAddress {
  std::string host;                 ///< with `user@` where the URL has it; an alias of the user's is as good
  std::optional<std::string> port;  ///< digits
  std::string path;                 ///< as the other side's shell is to see it, before quoting
};

/// `ssh://`, `git+ssh://`, `ssh+git://` and `[user@]host:path` (git-fetch(1), "GIT URLS"); absent for others. Throws
/// Error{config} where host or path could be taken for an option, or the port is no number.
std::optional<SshAddress> parse_ssh_url(const std::string& url);

/// The user's ssh program with the arguments that stand before the host. Throws Error{config} for a port that it cannot
/// be told.
std::vector<std::string> ssh_words(const SshAddress& address, const RemoteOptions& options);

/// Runs git's service at the other end. Throws Error{failed} where ssh cannot be started.
std::unique_ptr<Connection> connect_ssh(const SshAddress& address, Service service, const RemoteOptions& options);

}  // namespace ps_sync::git
