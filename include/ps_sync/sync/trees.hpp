// Trees as sets of documents: what differs between two, and a tree with some paths changed.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ps_sync/git/store.hpp"
#include "ps_sync/sync/types.hpp"

namespace ps_sync::sync {

/// A file of a tree, or anything else that is not a folder (its mode says what).
struct Entry {
  Oid oid;
  std::uint32_t mode = git::mode_file;
  bool operator==(const Entry&) const = default;
};

/// What a path was and what it became; absent: not there.
struct Delta {
  std::optional<Entry> base;
  std::optional<Entry> side;
};
/// By path, in byte order.
using Deltas = std::map<std::string, Delta>;

/// Paths that cannot be looked at: too deep, twice in one folder, or by a name that is none. They stay in the history
/// and are never applied.
using OddPaths = std::vector<std::string>;

/// Differences between two trees (absent: the empty tree). Equal folders are not entered: the cost follows the change.
Deltas diff_trees(const git::Store& store, const std::optional<Oid>& from, const std::optional<Oid>& to,
                  OddPaths* odd = nullptr);

/// The file at `path`; absent where there is none, or a folder.
std::optional<Entry> find_in_tree(const git::Store& store, const std::optional<Oid>& tree, std::string_view path);

/// `tree` (absent: empty) with each path set to its entry, or removed. Folders that become empty go. Parts that no path
/// touches stay as they are, byte for byte.
Oid edit_tree(git::Batch& batch, const git::Store& store, const std::optional<Oid>& tree,
              const std::map<std::string, std::optional<Entry>>& changes);

/// Whether blob `wanted[path]` was at `path` in any commit of `tip`'s history; answers those that were. Looks at no
/// more than `limit` commits.
std::vector<std::string> find_in_history(const git::Store& store, const Oid& tip,
                                         const std::map<std::string, Oid>& wanted, std::size_t limit = 5000);

ChangeKind kind_of(const Delta& delta);
std::vector<Change> to_changes(const Deltas& deltas);

}  // namespace ps_sync::sync
