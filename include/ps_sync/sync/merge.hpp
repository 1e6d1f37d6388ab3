// The three-way merge of two sets of changes: a pure decision, but for reading and merging single files, which is
// given.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ps_sync/sync/trees.hpp"
#include "ps_sync/sync/types.hpp"

namespace ps_sync::sync {

/// What the merge asks of its caller.
struct MergeContents {
  /// The merge of one file that both sides changed; absent: they conflict. Called with different ids only.
  std::function<std::optional<Oid>(const Oid& base, const Oid& ours, const Oid& theirs)> merge;
  /// 0 to 100: how alike two blobs are.
  std::function<int(const Oid& left, const Oid& right)> similarity;
  /// The file at a path of theirs' tree.
  std::function<std::optional<Entry>(const std::string& path)> find_theirs;
  /// All files below a folder of theirs' tree; empty where there is no such folder.
  std::function<std::vector<std::string>(const std::string& folder)> list_theirs;
};

/// What is to be done to theirs' tree: each change of ours, but for what stands here.
struct MergeOutcome {
  std::map<std::string, std::optional<Entry>> merged;  ///< other than ours; in a conflict the branch takes theirs
  std::set<std::string> dropped;                       ///< changes of ours that are not made
  std::vector<Conflict> conflicts;                     ///< path, kind and the three blobs; the rest is the caller's
  std::vector<std::string> kept_from_us;               ///< ours changed what theirs deleted: the change wins
  std::vector<std::string> kept_from_them;             ///< theirs changed what ours deleted: the change wins
};

/// Both sides' changes are from the same base, path by path.
MergeOutcome merge(const Deltas& ours, const Deltas& theirs, const MergeContents& contents);

/// What the merge does to theirs' tree. The paths are those of the two arguments.
TreeEdits edits_of(const Deltas& ours, const MergeOutcome& outcome);

/// The merge of one text by lines. Absent where both sides changed the same lines, or one is binary. A function of its
/// own: what counts as the same line is to become finer than git's view of it.
std::optional<std::string> merge_lines(const git::Store& store, std::string_view base, std::string_view ours,
                                       std::string_view theirs);

/// True for a text that still holds the markers of an unresolved conflict.
bool has_conflict_markers(std::string_view text);

}  // namespace ps_sync::sync
