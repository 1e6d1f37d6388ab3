// The one engine: push, pull and sync are the same steps, some of them left out.
//
//   recover   what a killed run left half-done is completed
//   look      the sync set is scanned and what changed is read            (pull: where something came, or the set is
//   small) commit    local changes become a commit, merged with the branch       index first, then the ref fetch the
//   remote's branch and beacon merge     the branch with the remote's, true three-way merges only apply     what came
//   goes into the working tree                         (not in push) send      what the remote lacks, with the beacon,
//   never forced         (not in pull --no-push)
//
// Each step leaves a state from which running the command again ends right (docs/architecture.md, "Killed at any
// instant").
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/context.hpp"
#include "app/outbox.hpp"
#include "app/publisher.hpp"
#include "app/working_tree.hpp"
#include "ps_sync/sync/apply.hpp"
#include "ps_sync/sync/merge.hpp"

namespace ps_sync::app {

enum class Mode { push, pull, sync };

class Engine {
 public:
  Engine(const Context& context, const SyncOptions& options, Mode mode,
         std::optional<git::HeadStart> head_start = std::nullopt);
  ~Engine();

  SyncReport run();

  // The steps, for use cases that need some of them by themselves (resolve, restore, beacon).

  /// Takes the lock, makes the store where there is none, recovers.
  void open();
  /// The branch here, after open().
  const Oid& local() const { return *local_; }
  WorkingTree& tree() { return *tree_; }
  /// Looks at the disk and commits what changed. False where the deletion guard refused and nothing was done.
  bool commit_local();
  /// Moves the branch here to a commit made on top of it: the index is written first.
  void adopt(const Oid& made);
  /// Why the last look held this path back; absent where it did not.
  std::optional<HeldBack> find_held(const std::string& path) const;
  /// Takes into the index that `path` was brought back: where the branch has these bytes too, the two agree; else it is
  /// an edit, for the next push.
  void note_restored(const std::string& path, const sync::ApplyResult& applied);
  /// Applies the branch to the working tree.
  void apply_branch();
  /// Fetches, merges, applies (unless push), sends and publishes; then the report.
  SyncReport finish();
  /// Publishes the beacon and does nothing else.
  SyncReport publish_only();

  const git::Store& store() const { return context_.store; }
  git::Commit new_commit(const std::string& subject, const std::vector<Oid>& parents) const;
  /// Called with what a use case decided itself, before finish().
  SyncReport& report() { return report_; }
  /// Publishes whatever the beacon says (beacon reset, peers forget): see Publisher::edit.
  void edit_beacon(const std::function<void(beacon::Document&)>& edit) { beacon_edit_ = edit; }

 private:
  struct Local;  // what commit_local() works out

  void check_format(const Oid& commit);
  void finish_made_commit();
  sync::Snapshot take_look(git::Batch* batch);
  void restrict_to_paths(sync::Snapshot& snapshot) const;
  void refuse(sync::Snapshot& snapshot);
  void drop_known_versions(Local& local);
  bool differs_from_disk(const Local& local, const Oid& theirs_tree) const;
  void record_local(Local& local, git::Batch& batch);
  void take_into_index(sync::Deltas::node_type change);
  sync::MergeContents contents_for(git::Batch& batch, const Oid& theirs_tree) const;
  std::string make_subject(const sync::Deltas& changes) const;
  std::string make_message(const std::string& subject, const std::vector<Conflict>& conflicts) const;
  void note_conflicts(std::vector<Conflict> found, const Oid& theirs);
  void note_kept(const std::vector<std::string>& paths, const Oid& side, const std::optional<Oid>& base);

  bool fetch();
  bool nothing_to_pull();
  bool beacon_is_current();
  void note_published();
  void merge_remote();
  void merge_into_branch(const Oid& other, bool other_is_theirs);
  void move_branch(const Oid& to);
  bool try_fast_forward();
  void apply_once();
  void agree(std::vector<std::string> waiting);
  std::vector<sync::ApplyStep> plan_steps(sync::Deltas incoming, std::vector<std::string>& waiting);
  void take_applied(sync::ApplyResult applied, std::vector<std::string>& waiting);
  void follow_conflict(const std::string& path, const std::optional<sync::Entry>& theirs);
  void close_resolved_elsewhere();

  void send();
  bool send_once(bool with_beacon);
  void publish_beacon();
  void note_beacon();
  void note_unreachable(const Error& error);
  void note_failure(const Error& error);
  void finish_report();
  void remember_news() const;

  const Context& context_;
  SyncOptions options_;
  Mode mode_;
  std::optional<git::HeadStart> head_start_;
  std::unique_ptr<FileLock> lock_;
  std::unique_ptr<WorkingTree> tree_;
  std::unique_ptr<git::Remote> remote_;
  std::unique_ptr<Publisher> publisher_;
  Outbox outbox_;
  std::optional<Oid> local_;
  std::optional<Oid> tip_;
  std::optional<git::ReadyPack> ready_;     ///< of the commit that this run made
  std::optional<sync::Snapshot> snapshot_;  ///< of this run's look
  std::int64_t looked_at_ = 0;
  bool reached_ = false;
  bool read_only_ = false;       ///< the branch has a newer format
  bool publishes_only_ = false;  ///< the beacon is what this command is about
  std::function<void(beacon::Document&)> beacon_edit_;
  SyncReport report_;
};

}  // namespace ps_sync::app
