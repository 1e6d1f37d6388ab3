// Trees as sets of documents: what differs between two, and a tree with some paths changed.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ps_sync/git/store.hpp"
#include "ps_sync/sync/file_stat.hpp"
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
  FileStat seen = {};  ///< of the file on disk, where the difference is one to the disk
};
/// By path, in byte order.
using Deltas = std::map<std::string, Delta>;

/// Paths that cannot be looked at: too deep, twice in one folder, or by a name that is none. They stay in the history
/// and are never applied.
using OddPaths = std::vector<std::string>;

/// Tells `visit` each difference between two trees (absent: the empty tree), in byte order of the paths, until it
/// answers false. Equal folders are not entered: the cost follows the change.
void visit_differences(const git::Store& store, const std::optional<Oid>& from, const std::optional<Oid>& to,
                       const std::function<bool(std::string&& path, const Delta& delta)>& visit,
                       OddPaths* odd = nullptr);

/// All of them at once.
Deltas diff_trees(const git::Store& store, const std::optional<Oid>& from, const std::optional<Oid>& to,
                  OddPaths* odd = nullptr);

/// The file at `path`; absent where there is none, or a folder.
std::optional<Entry> find_in_tree(const git::Store& store, const std::optional<Oid>& tree, std::string_view path);

/// What is to stand at a path; absent: nothing.
struct TreeEdit {
  std::string_view path;  ///< valid as long as what it was taken from
  std::optional<Entry> entry;
};
/// In byte order of their paths, each but once.
using TreeEdits = std::vector<TreeEdit>;

/// `tree` (absent: empty) with the edits made. Folders that become empty go. Parts that no path touches stay as they
/// are, byte for byte.
Oid edit_tree(git::Batch& batch, const git::Store& store, const std::optional<Oid>& tree, TreeEdits edits);
Oid edit_tree(git::Batch& batch, const git::Store& store, const std::optional<Oid>& tree,
              const std::map<std::string, std::optional<Entry>>& files);

/// Whether blob `wanted[path]` was at `path` in any commit of `tip`'s history; answers those that were. Looks at no
/// more than `limit` commits.
std::vector<std::string> find_in_history(const git::Store& store, const Oid& tip,
                                         const std::map<std::string, Oid>& wanted, std::size_t limit = 5000);

ChangeKind kind_of(const Delta& delta);
std::vector<Change> to_changes(const Deltas& deltas);
/// The same of the differences between two trees, which are not held besides.
std::vector<Change> list_changes(const git::Store& store, const std::optional<Oid>& from, const std::optional<Oid>& to);

}  // namespace ps_sync::sync
