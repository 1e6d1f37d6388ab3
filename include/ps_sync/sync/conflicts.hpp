// Conflicts as the history tells them: trailers of merge commits, and of the commits that resolve.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ps_sync/git/store.hpp"
#include "ps_sync/sync/types.hpp"

namespace ps_sync::sync {

constexpr std::string_view conflict_trailer = "Promptsync-Conflict";
constexpr std::string_view resolved_trailer = "Promptsync-Resolved";

/// `<kind> <base> <ours> <theirs> <path>`: "-" for an absent blob, the path quoted as git quotes it.
std::string format_conflict(const Conflict& conflict);
/// Reads what format_conflict writes: kind, blobs and path. Absent for anything else.
std::optional<Conflict> parse_conflict(std::string_view text);

/// True if both name the same clash: path, kind, base and ours; theirs may have moved on.
bool is_same_conflict(const Conflict& left, const Conflict& right);

/// Conflicts in the history of `tip` that no later commit resolved, newest first, with holder, from and time. Looks at
/// no more than `limit` commits.
std::vector<Conflict> find_open_conflicts(const git::Store& store, const Oid& tip, std::size_t limit = 20000);

}  // namespace ps_sync::sync
