// Local changes: from the disk to a commit in the branch.
#include <algorithm>

#include "app/engine.hpp"
#include "ps_sync/base/error.hpp"
#include "ps_sync/base/failpoint.hpp"
#include "ps_sync/sync/conflicts.hpp"

namespace ps_sync::app {

using namespace sync;

/// What there is to decide about: our changes since the last agreement, the branch's, and what both come to.
struct Engine::Local {
  Deltas& ours;  // the snapshot's: there may be many, and they are held once
  Deltas theirs;
  MergeOutcome outcome;
};

Snapshot Engine::take_look(git::Batch* batch) {
  looked_at_ = lock_->file_system_now();
  Snapshot snapshot = tree_->look(looked_at_, limits_of(context_.settings(), options_), local_, batch);
  restrict_to_paths(snapshot);
  return snapshot;
}

/// `push PATH…` takes these alone; everything else waits in the working tree.
void Engine::restrict_to_paths(Snapshot& snapshot) const {
  if (options_.paths.empty()) return;
  std::vector<std::string> wanted;
  for (const std::string& typed : options_.paths) wanted.push_back(to_repository_path(context_, typed));
  const auto is_wanted = [&](const std::string& path) {
    return std::any_of(wanted.begin(), wanted.end(), [&](const std::string& root) {
      return path == root || (path.size() > root.size() && path[root.size()] == '/' && path.rfind(root, 0) == 0);
    });
  };
  std::erase_if(snapshot.changes, [&](const auto& change) { return !is_wanted(change.first); });
  std::erase_if(snapshot.refused_deletes, [&](const std::string& path) { return !is_wanted(path); });
}

void Engine::refuse(Snapshot& snapshot) {
  if (snapshot.refused_deletes.empty()) return;
  report_.refused_deletes = snapshot.refused_deletes;
  if (mode_ == Mode::pull) {
    report_.warnings.push_back(
        concat(std::to_string(snapshot.refused_deletes.size()),
               " documents are gone from disk; that many are not taken for deleted without --allow-deletes"));
  } else {
    report_.result = SyncResult::refused;
  }
}

void Engine::check_format(const Oid& commit) {
  // What the working tree agreed with was looked at then; the answer, if it was no, is kept.
  const IndexState& state = tree_->state();
  if (commit == state.base && commit != state.newer) return;
  const auto format = context_.store.read_commit(commit).find_trailer("Promptsync-Format");
  if (!format || format->find_first_not_of("0123456789") != std::string::npos) return;
  if (format->size() < 2 && *format <= "1") return;
  tree_->state().newer = commit;
  if (!read_only_) {
    report_.warnings.push_back(concat("the sync branch was written by a newer ps-sync (format ", *format,
                                      "): it is read, and not written; upgrade ps-sync"));
  }
  read_only_ = true;
}

bool Engine::commit_local() {
  check_format(*local_);
  git::Batch batch = context_.store.begin_batch();
  snapshot_ = take_look(&batch);
  refuse(*snapshot_);
  if (report_.result == SyncResult::refused) return false;
  tree_->updates().merge(snapshot_->refreshed);
  tree_->state().taken_away = snapshot_->taken_away;
  tree_->state().head = tree_->head();
  if (read_only_) return true;
  if (snapshot_->changes.empty()) return true;
  Local local{snapshot_->changes, tree_->incoming(context_.store, *local_), {}};
  drop_known_versions(local);
  const Oid theirs_tree = context_.store.read_commit(*local_).tree;
  local.outcome = merge(local.ours, local.theirs, contents_for(batch, theirs_tree));
  record_local(local, batch);
  return true;
}

/// Where the index has nothing to say (it was lost, or the document came by another way), bytes that the branch had
/// before are an old version, not an edit.
void Engine::drop_known_versions(Local& local) {
  std::map<std::string, Oid> wanted;
  for (const auto& [path, delta] : local.ours) {
    const auto theirs = local.theirs.find(path);
    if (delta.base || theirs == local.theirs.end() || !theirs->second.side) continue;
    if (theirs->second.side->oid != delta.side->oid) wanted.emplace(path, delta.side->oid);
  }
  if (wanted.empty()) return;
  for (const std::string& path : find_in_history(context_.store, *local_, wanted)) {
    const auto ours = local.ours.find(path);
    local.theirs.at(path).base = ours->second.side;
    take_into_index(local.ours.extract(ours));
  }
}

MergeContents Engine::contents_for(git::Batch& batch, const Oid& theirs_tree) const {
  const git::Store& store = context_.store;
  // New contents of ours may be in the batch alone, which is not yet readable: they are on disk, or were just read.
  const auto read = [&store, this](const Oid& oid) -> std::string {
    if (store.has(oid)) return store.read(git::ObjectType::blob, oid);
    for (const auto& [path, delta] : snapshot_->changes) {
      if (!delta.side || delta.side->oid != oid) continue;
      const auto again = read_stable(context_.place.top, path, context_.settings().max_file);
      const auto* file = std::get_if<ReadFile>(&again);
      if (file != nullptr && git::hash_object(git::ObjectType::blob, file->bytes) == oid) return file->bytes;
    }
    throw Error(ErrorKind::busy, "a document changed while it was merged").hint("run the same command again");
  };
  MergeContents contents;
  contents.merge = [&batch, &store, read](const Oid& base, const Oid& ours, const Oid& theirs) -> std::optional<Oid> {
    const auto merged = merge_lines(store, read(base), read(ours), read(theirs));
    if (!merged) return std::nullopt;
    return batch.add(git::ObjectType::blob, *merged);
  };
  contents.similarity = [&store, read](const Oid& left, const Oid& right) {
    return store.similarity(read(left), read(right));
  };
  contents.find_theirs = [&store, theirs_tree](const std::string& path) {
    return find_in_tree(store, theirs_tree, path);
  };
  contents.list_theirs = [&store, theirs_tree](const std::string& folder) {
    std::vector<std::string> files;
    std::optional<Oid> tree = theirs_tree;
    for (const std::string& name : split(folder, '/')) {
      const std::vector<git::TreeEntry> entries = store.read_tree(*tree);
      const auto at =
          std::find_if(entries.begin(), entries.end(), [&](const auto& entry) { return entry.name == name; });
      if (at == entries.end() || at->mode != git::mode_tree) return files;
      tree = at->oid;
    }
    for (const auto& [path, delta] : diff_trees(store, std::nullopt, tree)) files.push_back(concat(folder, "/", path));
    return files;
  };
  return contents;
}

/// Is there a document whose result is not what is on disk?
bool Engine::differs_from_disk(const Local& local, const Oid& theirs_tree) const {
  if (!local.outcome.conflicts.empty()) return true;
  for (const auto& [path, merged] : local.outcome.merged) {
    const auto ours = local.ours.find(path);
    if (ours != local.ours.end() && ours->second.side && merged != ours->second.side) return true;
  }
  return std::any_of(local.outcome.dropped.begin(), local.outcome.dropped.end(), [&](const std::string& path) {
    const auto theirs = local.theirs.find(path);
    const auto result =
        theirs != local.theirs.end() ? theirs->second.side : find_in_tree(context_.store, theirs_tree, path);
    const std::optional<Entry>& ours = local.ours.at(path).side;
    return ours && result != ours;
  });
}

/// Makes the commit, or commits: where a document's result is not what is on disk, the disk's bytes go into a commit of
/// their own, the merge's other parent.
void Engine::record_local(Local& local, git::Batch& batch) {
  const git::Store& store = context_.store;
  const git::Commit theirs = store.read_commit(*local_);
  const bool differs = differs_from_disk(local, theirs.tree);
  const std::string subject = options_.message.value_or(local.ours.empty() ? "" : make_subject(local.ours));
  const Oid tree = edit_tree(batch, store, theirs.tree, edits_of(local.ours, local.outcome));
  std::optional<Oid> made;
  if (differs) {
    const std::optional<Oid> base = tree_->state().base;
    const bool has_base = base && store.has(*base);
    git::Commit side = new_commit(subject, {has_base ? *base : ensure_root_commit(store)});
    side.tree = edit_tree(batch, store, store.read_commit(side.parents[0]).tree, edits_of(local.ours, {}));
    const Oid side_id = batch.add_commit(side);
    note_conflicts(local.outcome.conflicts, *local_);
    git::Commit merge = new_commit("", {*local_, side_id});
    merge.tree = tree;
    merge.message = make_message(concat(context_.label(), ": merge"), local.outcome.conflicts);
    made = batch.add_commit(merge);
  } else if (tree != theirs.tree) {
    git::Commit commit = new_commit(subject, {*local_});
    commit.tree = tree;
    made = batch.add_commit(commit);
  }
  note_kept(local.outcome.kept_from_them, *local_, std::nullopt);
  note_kept(local.outcome.kept_from_us, *local_, tree_->state().base);

  const auto pack = made ? batch.finish() : std::nullopt;
  while (!local.ours.empty()) take_into_index(local.ours.extract(local.ours.begin()));
  // With nothing of the branch still to apply, the working tree now agrees with the new commit as a whole.
  const bool settled = std::all_of(local.theirs.begin(), local.theirs.end(), [&](const auto& change) {
    const auto known = tree_->find(change.first);
    return (known ? std::optional(known->entry) : std::nullopt) == change.second.side;
  });
  if (settled && !differs && tree_->state().waiting.empty()) tree_->state().base = made.value_or(*local_);
  if (!made) return;
  if (pack && !differs) ready_ = git::ReadyPack{*pack, *local_, *made};
  adopt(*made);
}

/// What was seen on disk is what the index says of it from now on. The change itself goes: of many, there is room for
/// one list.
void Engine::take_into_index(Deltas::node_type change) {
  std::optional<NewIndexEntry> entry;
  if (change.mapped().side && !tree_->is_conflicted(change.key())) {
    const FileStat& seen = change.mapped().seen;
    entry = NewIndexEntry{*change.mapped().side, seen, is_racy(seen, looked_at_)};
  }
  tree_->updates().insert_or_assign(std::move(change.key()), entry);
}

void Engine::adopt(const Oid& made) {
  tree_->state().made = made;
  tree_->write();  // before the ref: killed in between, the next run finds the commit noted there and finishes
  move_branch(made);
}

void Engine::move_branch(const Oid& to) {
  if (to == local_) return;
  if (!context_.store.move_ref(context_.local_ref(), local_, to)) {
    throw Error(ErrorKind::busy, concat("the branch ", context_.branch(), " moved in the store while this command ran"))
        .hint("run the same command again");
  }
  local_ = to;
}

void Engine::note_conflicts(std::vector<Conflict> found, const Oid& theirs) {
  const git::Commit commit = context_.store.read_commit(theirs);
  for (Conflict& conflict : found) {
    conflict.at = now();
    conflict.holder = context_.endpoint;
    conflict.from = commit.find_trailer("Promptsync-Endpoint").value_or("");
    auto& open = tree_->state().conflicts;
    std::erase_if(open, [&](const Conflict& other) { return other.path == conflict.path; });
    const std::string path = conflict.path;
    open.push_back(std::move(conflict));
    tree_->updates()[path] = std::nullopt;
    if (open.back().kind != ConflictKind::type) continue;
    const std::string below = path + "/";
    const Index& index = tree_->index();
    for (std::size_t i = index.lower_bound(below); i < index.size() && index.path_at(i).rfind(below, 0) == 0; ++i) {
      tree_->updates()[std::string(index.path_at(i))] = std::nullopt;
    }
  }
  std::sort(tree_->state().conflicts.begin(), tree_->state().conflicts.end(),
            [](const Conflict& left, const Conflict& right) { return left.path < right.path; });
}

/// A deletion that was not carried out is told with who deleted, when, and in which commit.
void Engine::note_kept(const std::vector<std::string>& paths, const Oid& side, const std::optional<Oid>& base) {
  for (const std::string& path : paths) {
    KeptChange kept{path, context_.endpoint, now(), side};
    std::vector<Oid> hidden;
    if (base) hidden.push_back(*base);
    context_.store.walk({side}, hidden, [&](const git::Commit& commit) {
      if (find_in_tree(context_.store, commit.tree, path)) return false;
      kept.deleted_by = commit.find_trailer("Promptsync-Endpoint").value_or("");
      kept.at = commit.committer.time;
      kept.commit = commit.oid;
      return true;
    });
    report_.kept.push_back(std::move(kept));
  }
}

}  // namespace ps_sync::app
