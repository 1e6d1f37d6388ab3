// From a scan to a set of changes: reads what may have changed, and holds back what must not go out.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ps_sync/git/place.hpp"
#include "ps_sync/sync/index.hpp"
#include "ps_sync/sync/scan.hpp"

namespace ps_sync::sync {

struct SnapshotLimits {
  std::uint64_t max_file = 50'000'000;
  int max_delete_percent = 50;
  bool allow_deletes = false;
  bool allow_secrets = false;
};

struct Snapshot {
  Deltas changes;                            ///< from the index to the disk, each as it was seen when read
  IndexUpdates refreshed;                    ///< entries whose bytes are the same but whose times are not
  std::vector<HeldBack> held_back;           ///< the scan's, and size, secret, busy, checkout, conflict
  std::vector<std::string> taken_away;       ///< gone from disk, but by git's checkout or stash
  std::vector<std::string> refused_deletes;  ///< the deletion guard spoke: these are not in `changes`
  std::vector<std::string> missing_roots;
};

/// What the snapshot needs to know besides the scan.
struct SnapshotInput {
  const git::Place& place;
  const git::Store& store;
  const Index& index;
  ScanResult scan;
  std::optional<Oid> local;         ///< the branch here
  std::optional<std::string> head;  ///< the user's HEAD now
  SnapshotLimits limits;
};

/// Reads the candidates. With a batch, new contents become objects of it, after every guard has had its say; without
/// one (status, --dry-run) nothing is written.
Snapshot take_snapshot(SnapshotInput input, git::Batch* batch);

}  // namespace ps_sync::sync
