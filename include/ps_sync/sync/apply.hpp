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
};

struct ApplyResult {
  IndexUpdates updates;              ///< for the index: what took its place
  std::vector<HeldBack> held_back;   ///< not applied: busy, type or name; the file on disk is as it was
  std::vector<std::string> clashes;  ///< not applied: the file system holds another spelling of this name
};

/// Why this entry of a remote's tree is not written to disk; absent where it may be.
std::optional<HeldBack> refusal_of(const SyncSet& set, const std::string& path, const Entry& entry);

class Applier {
 public:
  /// `folder`: the working tree's own promptsync folder. `roots`: folders that are never removed, nor what is above
  /// them.
  Applier(const git::Store& store, fs::path top, fs::path folder, std::vector<std::string> roots)
      : store_(store), top_(std::move(top)), folder_(std::move(folder)), roots_(std::move(roots)) {}

  /// The caller writes the index with the result's updates, then calls finish().
  ApplyResult apply(const std::vector<ApplyStep>& steps, std::int64_t now);
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
