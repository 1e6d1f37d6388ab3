// By which way a remote is reached: for somebody who looks for what is wrong with it.
#pragma once

#include <string>
#include <vector>

#include "ps_sync/git/remote.hpp"

namespace ps_sync::git {

struct RouteFact {
  std::string what;  ///< "ssh", "key", "jump host", "proxy", "certificates"
  std::string text;  ///< not yet escaped; never a password
};

/// The programs, keys and proxies that would be used for this address. Nothing is connected to. The user's ssh is asked
/// what its configuration says (`ssh -G`).
std::vector<RouteFact> describe_route(const std::string& url, const RemoteOptions& options);

}  // namespace ps_sync::git
