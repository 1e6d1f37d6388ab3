// Documents that the user's own branches track as well: what git's checkout and stash did to them is not an edit.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ps_sync/git/place.hpp"
#include "ps_sync/sync/index.hpp"

namespace ps_sync::sync {

/// Those of `gone` that HEAD's tree had and has no longer, or whose bytes are in the newest stash.
std::vector<std::string> find_taken_away(const git::Place& place, const Index& index,
                                         const std::optional<std::string>& head, const std::vector<std::string>& gone);

/// Those of `changed` (path to the bytes' id; each is in HEAD's tree) that equal HEAD's version and a version of the
/// document's own sync history.
std::vector<std::string> find_checked_out(const git::Place& place, const git::Store& store,
                                          const std::optional<std::string>& head, const std::optional<Oid>& local,
                                          const std::map<std::string, Oid>& changed);

}  // namespace ps_sync::sync
