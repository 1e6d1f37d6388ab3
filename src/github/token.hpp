// Whose name we act in.
#pragma once

#include <optional>
#include <string>

#include "ps_sync/github/ticket.hpp"

namespace ps_sync::github {

struct Token {
  std::string value;   ///< never in a message, a file or an argument
  std::string source;  ///< "GH_TOKEN", "gh auth token": for messages
};

/// PROMPTSYNC_TOKEN, GH_TOKEN, GITHUB_TOKEN, `gh auth token`, `git credential fill`, in this order. GH_TOKEN and
/// GITHUB_TOKEN are meant for github.com and its tenants, as for gh; a server of one's own has GH_ENTERPRISE_TOKEN and
/// GITHUB_ENTERPRISE_TOKEN. Absent where none is found.
std::optional<Token> find_token(const std::string& api, const Surroundings& surroundings);

/// The host that people know: github.com for api.github.com.
std::string web_host_of(const std::string& api);

}  // namespace ps_sync::github
