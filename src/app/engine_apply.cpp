// From the branch to the working tree.
#include <algorithm>
#include <iterator>
#include <set>

#include "app/engine.hpp"
#include "ps_sync/base/error.hpp"
#include "ps_sync/base/failpoint.hpp"
#include "ps_sync/sync/conflicts.hpp"

namespace ps_sync::app {

using namespace sync;

/// Something new for a path in conflict: theirs moves on, ours stays.
void Engine::follow_conflict(const std::string& path, const std::optional<Entry>& theirs) {
  for (Conflict& conflict : tree_->state().conflicts) {
    if (conflict.path != path || conflict.kind == ConflictKind::type) continue;
    const std::optional<Oid> blob = theirs ? std::optional(theirs->oid) : std::nullopt;
    if (conflict.theirs == blob) continue;
    conflict.theirs = blob;
    conflict.from = context_.store.read_commit(*local_).find_trailer("Promptsync-Endpoint").value_or(conflict.from);
  }
}

/// A resolution made elsewhere closes the conflict here, if the file here is still the ours that was resolved.
void Engine::close_resolved_elsewhere() {
  auto& open = tree_->state().conflicts;
  if (open.empty()) return;
  std::vector<Conflict> resolved;
  std::size_t left = 2000;
  context_.store.walk({*local_}, tree_->state().base ? std::vector<Oid>{*tree_->state().base} : std::vector<Oid>{},
                      [&](const git::Commit& commit) {
                        for (const std::string& text : commit.trailers(resolved_trailer)) {
                          if (auto conflict = parse_conflict(text)) resolved.push_back(std::move(*conflict));
                        }
                        return --left > 0;
                      });
  std::erase_if(open, [&](const Conflict& conflict) {
    const bool closed = std::any_of(resolved.begin(), resolved.end(),
                                    [&](const Conflict& other) { return is_same_conflict(conflict, other); });
    if (!closed || conflict.kind == ConflictKind::type) return false;
    const auto read = read_stable(context_.place.top, conflict.path, context_.settings().max_file);
    const auto* file = std::get_if<ReadFile>(&read);
    if (file == nullptr || git::hash_object(git::ObjectType::blob, file->bytes) != conflict.ours) return false;
    // What is on disk is in the history, so the resolution may take its place.
    tree_->updates()[conflict.path] =
        NewIndexEntry{{*conflict.ours, file->mode}, file->stat, is_racy(file->stat, looked_at_)};
    tree_->state().waiting.push_back(conflict.path);
    return true;
  });
}

/// The list of what comes goes as the list of steps grows: there may be many, and there is room for one.
std::vector<ApplyStep> Engine::plan_steps(Deltas incoming, std::vector<std::string>& waiting) {
  std::set<std::string> held;
  if (snapshot_) {
    for (const HeldBack& item : snapshot_->held_back) held.insert(item.path);
  }
  std::set<std::string> gone;
  if (snapshot_) gone.insert(snapshot_->refused_deletes.begin(), snapshot_->refused_deletes.end());
  std::vector<ApplyStep> steps;
  steps.reserve(incoming.size());
  while (!incoming.empty()) {
    auto change = incoming.extract(incoming.begin());
    std::string& path = change.key();
    const Delta& delta = change.mapped();
    if (tree_->is_conflicted(path)) {
      follow_conflict(path, delta.side);
      continue;
    }
    if (delta.side) {
      if (auto refused = refusal_of(context_.set, path, *delta.side)) {
        report_.held_back.push_back(std::move(*refused));
        waiting.push_back(std::move(path));
        continue;
      }
    } else if (!delta.base) {
      continue;
    }
    if (held.contains(path)) {
      waiting.push_back(std::move(path));
      continue;
    }
    std::optional<FileStat> expected;
    if (delta.base && !gone.contains(path)) expected = delta.seen;
    steps.push_back({std::move(path), expected, delta.side, delta.base.has_value()});
  }
  return steps;
}

void Engine::apply_once() {
  OddPaths odd;
  Deltas incoming = tree_->incoming(context_.store, *local_, &odd);
  auto& known_odd = tree_->state().odd;
  for (const std::string& path : odd) {
    report_.held_back.push_back({path, HoldReason::name, "it cannot be written to disk"});
    if (std::find(known_odd.begin(), known_odd.end(), path) == known_odd.end()) known_odd.push_back(path);
  }
  std::vector<std::string> waiting;
  std::vector<ApplyStep> steps = plan_steps(std::move(incoming), waiting);
  if (steps.empty()) return agree(std::move(waiting));
  Applier applier(context_.store, context_.place.top, context_.place.own_folder(), context_.set.roots());
  make_private_folders(context_.place.own_folder());
  take_applied(applier.apply(std::move(steps)), waiting);
  agree(std::move(waiting));
  tree_->write();
  applier.finish();
}

void Engine::take_applied(ApplyResult applied, std::vector<std::string>& waiting) {
  while (!applied.updates.empty()) {
    auto taken = tree_->updates().insert(applied.updates.extract(applied.updates.begin()));
    if (!taken.inserted) taken.position->second = taken.node.mapped();
  }
  if (report_.received.empty()) {
    report_.received = std::move(applied.changes);
  } else {
    std::move(applied.changes.begin(), applied.changes.end(), std::back_inserter(report_.received));
  }
  for (HeldBack& held : applied.held_back) {
    waiting.push_back(held.path);
    report_.held_back.push_back(std::move(held));
  }
  for (const auto& [path, theirs] : applied.clashes) {
    Conflict conflict{path, ConflictKind::case_clash, std::nullopt, std::nullopt, theirs, "", now(), ""};
    conflict.from = context_.store.read_commit(*local_).find_trailer("Promptsync-Endpoint").value_or("");
    conflict.holder = context_.endpoint;
    tree_->state().conflicts.push_back(std::move(conflict));
  }
}

/// The working tree has all of the branch but what waits.
void Engine::agree(std::vector<std::string> waiting) {
  IndexState& state = tree_->state();
  state.base = local_;
  state.waiting = std::move(waiting);
  state.head = tree_->head();
  state.made.reset();  // it is in the branch
}

std::optional<HeldBack> Engine::find_held(const std::string& path) const {
  if (!snapshot_) return std::nullopt;
  for (const HeldBack& held : snapshot_->held_back) {
    if (held.path == path) return held;
  }
  return std::nullopt;
}

void Engine::note_restored(const std::string& path, const ApplyResult& applied) {
  std::erase(tree_->state().taken_away, path);
  const auto update = applied.updates.find(path);
  if (update == applied.updates.end() || !update->second) return;
  if (find_in_tree(context_.store, context_.store.read_commit(*local_).tree, path) == update->second->entry) {
    tree_->updates()[path] = update->second;
  }
  if (snapshot_) std::erase_if(snapshot_->held_back, [&](const HeldBack& held) { return held.path == path; });
}

void Engine::apply_branch() {
  const IndexState& state = tree_->state();
  if (state.base == local_ && state.waiting.empty() && state.conflicts.empty() &&
      state.rules == context_.set.fingerprint()) {
    return;
  }
  close_resolved_elsewhere();
  constexpr int rounds = 3;
  for (int round = 0; round < rounds; ++round) {
    if (round > 0) report_.held_back.clear();
    apply_once();
    const bool changed_under_us = std::any_of(report_.held_back.begin(), report_.held_back.end(),
                                              [](const HeldBack& held) { return held.reason == HoldReason::busy; });
    if (!changed_under_us) return;
    // A document was edited between the look and the rename: its bytes go into a commit first.
    if (!commit_local()) return;
  }
}

/// Where something came, nothing of ours waits, and none of the paths concerned was touched here, the rest of the
/// working tree need not be looked at.
bool Engine::try_fast_forward() {
  const IndexState& state = tree_->state();
  if (!tip_ || state.base != local_ || !state.conflicts.empty() || !state.waiting.empty() || !state.taken_away.empty())
    return false;
  if (tip_ != local_ && !context_.store.is_ancestor(*local_, *tip_)) return false;
  if (context_.set.fingerprint() != state.rules) return false;
  for (const auto& [path, delta] : tree_->incoming(context_.store, *tip_)) {
    const auto known = tree_->find(path);
    const auto status = look_at(context_.place.top, path);
    if (!known) {
      if (status) return false;
      continue;
    }
    if (!status || !S_ISREG(status->st_mode)) return false;
    if (!known->racy && FileStat::of(*status) == known->stat) continue;
    // Its times say nothing: its bytes do.
    const auto read = read_stable(context_.place.top, path, context_.settings().max_file);
    const auto* file = std::get_if<ReadFile>(&read);
    if (file == nullptr || file->mode != known->entry.mode ||
        git::hash_object(git::ObjectType::blob, file->bytes) != known->entry.oid) {
      return false;
    }
    tree_->updates()[path] = NewIndexEntry{known->entry, file->stat, true};
  }
  return true;
}

}  // namespace ps_sync::app
