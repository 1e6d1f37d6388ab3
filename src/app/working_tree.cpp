#include "app/working_tree.hpp"

#include <algorithm>
#include <set>
#include <string_view>

#include "ps_sync/base/error.hpp"

namespace ps_sync::app {

using namespace sync;

namespace {

bool is_equal(const IndexState& left, const IndexState& right) {
  return left.base == right.base && left.made == right.made && left.session == right.session &&
         left.rules == right.rules && left.head == right.head && left.conflicts == right.conflicts &&
         left.waiting == right.waiting && left.taken_away == right.taken_away && left.odd == right.odd &&
         left.newer == right.newer;
}

}  // namespace

SnapshotLimits limits_of(const config::Settings& settings, const SyncOptions& options) {
  return {settings.max_file, settings.max_delete_percent, options.allow_deletes, options.allow_secrets};
}

WorkingTree::WorkingTree(const Context& context)
    : context_(context), index_(Index::load(context.index_path())), head_(git::head_commit(context.place)) {
  state_ = index_.state();
  if (!state_.session.empty() && state_.session != context.session()) {
    throw Error(ErrorKind::failed, concat("this working tree is in session ", state_.session))
        .because(concat("the settings name session ", context.session()))
        .hint(concat("go back: git config promptsync.session ", state_.session));
  }
  written_ = state_;
  state_.session = context.session();
  if (state_.rules.empty()) state_.rules = context.set.fingerprint();
}

std::optional<NewIndexEntry> WorkingTree::find(const std::string& path) const {
  if (const auto update = updates_.find(path); update != updates_.end()) return update->second;
  const auto position = index_.find(path);
  if (!position) return std::nullopt;
  const IndexEntry entry = index_.at(*position);
  return NewIndexEntry{entry.entry, entry.stat, entry.racy};
}

bool WorkingTree::is_conflicted(std::string_view path) const {
  return std::any_of(state_.conflicts.begin(), state_.conflicts.end(), [&](const Conflict& conflict) {
    if (path == conflict.path) return true;
    return conflict.kind == ConflictKind::type && path.size() > conflict.path.size() &&
           path[conflict.path.size()] == '/' && path.rfind(conflict.path, 0) == 0;
  });
}

Snapshot WorkingTree::look(std::int64_t file_system_now, const SnapshotLimits& limits, const std::optional<Oid>& local,
                           git::Batch* batch) const {
  const auto is_skipped = [this](std::string_view path) { return is_conflicted(path); };
  ScanResult found = scan(context_.place.top, context_.set, index_, file_system_now,
                          state_.conflicts.empty() ? std::function<bool(std::string_view)>() : is_skipped);
  index_.rest();
  Snapshot snapshot =
      take_snapshot({context_.place, context_.store, index_, std::move(found), local, head_, limits}, batch);
  for (const std::string& path : state_.odd) {
    snapshot.held_back.push_back({path, HoldReason::name, "it cannot be written to disk"});
  }
  for (const Conflict& conflict : state_.conflicts) {
    snapshot.held_back.push_back(
        {conflict.path, HoldReason::conflict, concat("ps-sync resolve ", quote_path(conflict.path))});
  }
  return snapshot;
}

/// What still waits to be applied. A handful is looked up, a flood is found in a list of all.
void WorkingTree::visit_waiting(const git::Store& store, const Oid& tree, const Take& take) const {
  constexpr std::size_t handful = 32;
  if (state_.waiting.size() <= handful) {
    for (const std::string& path : state_.waiting) take(std::string(path), find_in_tree(store, tree, path));
    return;
  }
  std::set<std::string_view> waiting(state_.waiting.begin(), state_.waiting.end());
  visit_differences(store, std::nullopt, tree, [&](std::string&& path, const Delta& delta) {
    if (waiting.erase(path) > 0) take(std::move(path), delta.side);
    return true;
  });
  for (const std::string_view path : waiting) take(std::string(path), std::nullopt);
}

Deltas WorkingTree::incoming(const git::Store& store, const Oid& target, OddPaths* odd) const {
  const Oid tree = store.read_commit(target).tree;
  const bool has_base = state_.base && store.has(*state_.base);
  std::optional<Oid> from;
  if (has_base) from = store.read_commit(*state_.base).tree;
  Deltas incoming;
  const auto take = [&](std::string&& path, const std::optional<Entry>& side) {
    const auto known = find(path);
    Delta delta{known ? std::optional(known->entry) : std::nullopt, side, known ? known->stat : FileStat{}};
    const bool settled = delta.base == delta.side;
    const bool foreign = !context_.set.contains(path) && policy_of(path) == Policy::allowed && is_safe_path(path);
    if (!settled && !foreign) incoming.emplace_hint(incoming.end(), std::move(path), delta);
  };
  const auto take_difference = [&](std::string&& path, const Delta& delta) {
    take(std::move(path), delta.side);
    return true;
  };
  visit_differences(store, from, tree, take_difference, odd);
  // A set that became wider has documents on the branch which this working tree never had.
  if (has_base && state_.rules != context_.set.fingerprint())
    visit_differences(store, std::nullopt, tree, take_difference);
  visit_waiting(store, tree, take);
  index_.rest();
  return incoming;
}

bool WorkingTree::is_dirty() const { return !updates_.empty() || !is_equal(state_, written_); }

void WorkingTree::write() {
  const std::string rules = context_.set.fingerprint();
  if (state_.rules != rules) {
    for (std::size_t i = 0; i < index_.size(); ++i) {
      const std::string path(index_.path_at(i));
      if (!context_.set.contains(path)) updates_[path] = std::nullopt;
    }
    state_.rules = rules;
  }
  make_private_folders(context_.place.own_folder());
  write_index(context_.index_path(), index_, updates_, state_);
  updates_.clear();
  index_ = Index();
  index_ = Index::load(context_.index_path(), Index::Check::no);
  written_ = state_;
}

}  // namespace ps_sync::app
