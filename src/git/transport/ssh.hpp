// Remotes that the user's own ssh reaches, with its aliases, keys, agent and known hosts.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

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

/// What the user's ssh says of a host (`ssh -G`): its settings by name. Empty where it does not say.
std::multimap<std::string, std::string> ask_ssh(const std::vector<std::string>& words, const std::string& host);

/// One way to a host for all connections of a command (ssh_config(5), ControlMaster): the first logs in, the others go
/// through it. A second login takes as long as the first, over the internet about a second.
///
/// Only for plain `ssh`, and where the user has no such arrangement of his own. It ends with the connections.
class SshShare {
 public:
  SshShare(const SshAddress& address, const RemoteOptions& options);
  /// Arguments for ssh; none where nothing is shared with this address.
  std::vector<std::string> arguments(const SshAddress& address) const;

 private:
  std::string host_;
  std::optional<std::string> port_;
  std::string socket_;  // "" where nothing is shared
};

/// Runs git's service at the other end. Throws Error{failed} where ssh cannot be started.
std::unique_ptr<Connection> connect_ssh(const SshAddress& address, Service service, const RemoteOptions& options,
                                        std::shared_ptr<SshShare>& share);

}  // namespace ps_sync::git
