// The index of one working tree: what it agreed with the sync branch, path by path, and what each file looked like
// then.
//
// It is stat cache and witness in one: a path that stands here was seen on disk with these bytes, so only such a path
// can be seen as deleted. Written whole, by temporary file and rename; a damaged or lost index reads as empty, and then
// nothing counts as deleted. docs/formats/index.md is the specification.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ps_sync/platform/files.hpp"
#include "ps_sync/sync/file_stat.hpp"
#include "ps_sync/sync/trees.hpp"
#include "ps_sync/sync/types.hpp"

namespace ps_sync::sync {

struct IndexEntry {
  std::string_view path;  ///< valid as long as its Index
  Entry entry;
  FileStat stat;
  bool racy = false;
};

/// What else moves together with the entries, in one step.
struct IndexState {
  std::optional<Oid> base;          ///< the sync commit this working tree last agreed with
  std::string session;              ///< the session it belongs to
  std::string rules;                ///< fingerprint of the sync set's rules when it was written
  std::optional<std::string> head;  ///< the user's HEAD commit at that time
  std::vector<Conflict> conflicts;  ///< open in this working tree
  std::optional<Oid> newer;         ///< the branch's commit whose format was newer than this program's, if it was
  std::optional<Oid> made;  ///< the newest commit this working tree made: it must be in the branch, or is put there
  std::vector<std::string> waiting;  ///< paths for which something came that could not be applied yet
  std::vector<std::string> odd;      ///< paths of the branch that cannot be looked at (OddPaths): named, never applied
  std::vector<std::string> taken_away;  ///< paths that git\'s checkout or stash took from disk: not deletions
};

class Index {
 public:
  /// Empty, without a base.
  Index() = default;
  /// Reads the file; lost() tells that there was one and that it could not be used. One that was just written need not
  /// be checked, which reads all of it.
  enum class Check { yes, no };
  static Index load(const fs::path& path, Check check = Check::yes);

  bool lost() const { return lost_; }
  const IndexState& state() const { return state_; }
  std::size_t size() const { return count_; }
  /// Entries are in byte order of their paths.
  IndexEntry at(std::size_t position) const;
  std::string_view path_at(std::size_t position) const;
  std::optional<std::size_t> find(std::string_view path) const;
  /// Gives back the memory of the entries looked at so far; for a while when something else needs much.
  void rest() const { file_.rest(); }
  /// The first position whose path is not before `path`.
  std::size_t lower_bound(std::string_view path) const;

 private:
  MappedFile file_;
  const char* records_ = nullptr;
  const char* paths_ = nullptr;
  std::size_t count_ = 0;
  bool lost_ = false;
  IndexState state_;
};

struct NewIndexEntry {
  Entry entry;
  FileStat stat;
  bool racy = false;
};
/// By path; absent: take the path out.
using IndexUpdates = std::map<std::string, std::optional<NewIndexEntry>>;

/// Writes `old` with `updates` and the new state over the file at `path`, durably.
void write_index(const fs::path& path, const Index& old, const IndexUpdates& updates, const IndexState& state);

}  // namespace ps_sync::sync
