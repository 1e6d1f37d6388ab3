// Bringing documents into the working tree: whole files, in one step each, and never over bytes that were not looked
// at.
//
// All new contents are staged first, in a folder of ours, and made durable. Then a journal is written, and only then
// each file takes its place: swapped with the one on disk in one step, so that what was there is in our hand before
// anything is thrown away. If it is not what the scan saw, it is swapped back. A killed run is completed by recover().
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ps_sync/git/store.hpp"
#include "ps_sync/sync/index.hpp"
#include "ps_sync/sync/path_rules.hpp"
#include "ps_sync/sync/types.hpp"

namespace ps_sync::sync {

/// One file to change on disk.
struct ApplyStep {
  std::string path;
  std::optional<FileStat> expected;  ///< what is there now, as seen; absent: nothing
  std::optional<Entry> target;       ///< absent: remove it
  bool was_known = false;            ///< to the index, so that the target modifies it
};

struct ApplyResult {
  /// The file system holds another spelling of this name.
  struct Clash {
    std::string path;
    Oid theirs;
  };
  IndexUpdates updates;             ///< for the index: what took its place
  std::vector<Change> changes;      ///< what was done
  std::vector<HeldBack> held_back;  ///< not applied: busy, type or name; the file on disk is as it was
  std::vector<Clash> clashes;       ///< not applied
};

/// Why this entry of a remote's tree is not written to disk; absent where it may be.
std::optional<HeldBack> refusal_of(const SyncSet& set, const std::string& path, const Entry& entry);

class Applier {
 public:
  /// `folder`: the working tree's own promptsync folder. `roots`: folders that are never removed, nor what is above
  /// them.
  Applier(const git::Store& store, fs::path top, fs::path folder, std::vector<std::string> roots)
      : store_(store), top_(std::move(top)), folder_(std::move(folder)), roots_(std::move(roots)) {}

  /// Steps in order of their paths. The caller writes the index with the result's updates, then calls finish().
  ApplyResult apply(std::vector<ApplyStep> steps);
  /// Removes the journal and what was staged.
  void finish();

  /// What a killed run had applied, as index updates; removes its leftovers. The caller writes the index, then calls
  /// finish().
  std::optional<IndexUpdates> recover();

 private:
  const git::Store& store_;
  fs::path top_;
  fs::path folder_;
  std::vector<std::string> roots_;
};

}  // namespace ps_sync::sync
