// What the user's git configuration and environment say about one http address.
#pragma once

#include <string>

#include "ps_sync/git/place.hpp"
#include "ps_sync/net/http.hpp"

namespace ps_sync::git {

/// `http.*`, `http.<url>.*` and `remote.<name>.proxy`, matched to `url` by git's rules (git-config(1), http.<url>.*),
/// and the variables that git looks at before them (GIT_SSL_CAINFO and the like). Relative paths count from `folder`.
net::HttpSettings read_http_settings(const UserConfig& config, const std::string& url, const std::string& remote_name,
                                     const fs::path& folder);

}  // namespace ps_sync::git
