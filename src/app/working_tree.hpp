// One working tree against its branch: reads the index, looks at the disk, tells what differs in either direction, and
// keeps what is to be written into the index next.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/context.hpp"
#include "ps_sync/sync/index.hpp"
#include "ps_sync/sync/scan.hpp"
#include "ps_sync/sync/snapshot.hpp"

namespace ps_sync::app {

class WorkingTree {
 public:
  explicit WorkingTree(const Context& context);

  const sync::Index& index() const { return index_; }
  /// The index's state as it is to be written next.
  sync::IndexState& state() { return state_; }
  const sync::IndexState& state() const { return state_; }
  sync::IndexUpdates& updates() { return updates_; }

  /// What the index says of a path, updates included.
  std::optional<sync::NewIndexEntry> find(const std::string& path) const;
  /// True for a path that has an open conflict here, or lies inside one of kind `type`.
  bool is_conflicted(std::string_view path) const;

  /// Scans and reads. Without a batch nothing is written.
  sync::Snapshot look(std::int64_t file_system_now, const sync::SnapshotLimits& limits, const std::optional<Oid>& local,
                      git::Batch* batch) const;

  /// What `target` has other than this working tree agreed with: to be applied. Paths outside the sync set are left
  /// out; those that may not travel are in it, since they are to be named. Each as the index has seen it.
  sync::Deltas incoming(const git::Store& store, const Oid& target, sync::OddPaths* odd = nullptr) const;

  /// Is there anything that write() would change?
  bool is_dirty() const;
  /// Writes the index; entries outside the sync set go.
  void write();

  /// The user's HEAD now.
  const std::optional<std::string>& head() const { return head_; }

 private:
  using Take = std::function<void(std::string&& path, const std::optional<sync::Entry>& side)>;
  void visit_waiting(const git::Store& store, const Oid& tree, const Take& take) const;

  const Context& context_;
  sync::Index index_;
  sync::IndexState state_;
  sync::IndexState written_;
  sync::IndexUpdates updates_;
  std::optional<std::string> head_;
};

sync::SnapshotLimits limits_of(const config::Settings& settings, const SyncOptions& options);

}  // namespace ps_sync::app
