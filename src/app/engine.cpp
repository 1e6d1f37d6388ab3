#include "app/engine.hpp"

#include <algorithm>

#include "app/seen_news.hpp"
#include "app/state_file.hpp"
#include "ps_sync/base/error.hpp"
#include "ps_sync/base/failpoint.hpp"
#include "ps_sync/sync/conflicts.hpp"

namespace ps_sync::app {

using namespace sync;

namespace {

constexpr auto lock_wait = std::chrono::seconds(30);

/// What write_file() had begun when a process ended.
void remove_new_files(const fs::path& folder) {
  std::error_code ignored;
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.path().filename().string().find(".new-") != std::string::npos) found.push_back(entry.path());
  }
  for (const fs::path& path : found) fs::remove(path, ignored);
}

/// Was the remote's name chosen by somebody? The default, origin, may well not be there yet.
bool is_remote_named(const Context& context) {
  return std::any_of(context.config.values.begin(), context.config.values.end(),
                     [](const config::Value& value) { return value.key == "remote" && value.origin != "default"; });
}

}  // namespace

Engine::Engine(const Context& context, const SyncOptions& options, Mode mode, std::optional<git::HeadStart> head_start)
    : context_(context), options_(options), mode_(mode), head_start_(std::move(head_start)) {}
Engine::~Engine() = default;

void Engine::open() {
  make_private_folders(context_.place.shared_folder());
  lock_ = std::make_unique<FileLock>(context_.lock_path(), lock_wait);
  context_.store.create();
  if (lock_->holder_crashed()) {
    context_.store.remove_leftovers();
    remove_new_files(context_.place.shared_folder());
    remove_new_files(context_.place.own_folder());
  }
  outbox_ = read_outbox(context_.place);
  tree_ = std::make_unique<WorkingTree>(context_);
  if (auto address = find_remote(context_)) {
    const std::string url = redact_url(address->fetch_url);
    if (outbox_.remote_url != url) {
      // Another remote than before: what was seen there says nothing of this one.
      if (!outbox_.remote_url.empty()) {
        for (const std::string& ref : context_.store.list_refs("refs/remotes/sync/")) {
          context_.store.move_ref(ref, context_.store.find_ref(ref), std::nullopt);
        }
        outbox_.acknowledged.clear();
      }
      outbox_.remote_url = url;
    }
    remote_ = std::make_unique<git::Remote>(std::move(*address), remote_options(context_),
                                            std::exchange(head_start_, std::nullopt));
    publisher_ = std::make_unique<Publisher>(context_, *remote_);
  }
  if (!remote_ && is_remote_named(context_)) {
    note_failure(Error(ErrorKind::config, concat("no remote named ", escape_for_display(context_.settings().remote)))
                     .because("the settings name it, and git does not know it")
                     .hint("see what there is: git remote -v")
                     .hint("then: ps-sync config set remote NAME-OR-URL"));
  }
  local_ = context_.store.find_ref(context_.local_ref());
  tip_ = context_.store.find_ref(context_.tip_ref());
  if (!local_) {
    local_ = ensure_root_commit(context_.store);
    context_.store.move_ref(context_.local_ref(), std::nullopt, local_);
  }
  looked_at_ = lock_->file_system_now();
  Applier applier(context_.store, context_.place.top, context_.place.own_folder(), context_.set.roots());
  if (auto applied = applier.recover()) {
    tree_->updates().merge(*applied);
    tree_->write();
    applier.finish();
  }
  finish_made_commit();
}

/// A commit that was made, and noted in the index, but not put into the branch before the process ended.
void Engine::finish_made_commit() {
  const std::optional<Oid> made = tree_->state().made;
  if (!made || made == local_ || !context_.store.has(*made) || context_.store.is_ancestor(*made, *local_)) return;
  if (context_.store.is_ancestor(*local_, *made)) {
    move_branch(*made);
  } else {
    merge_into_branch(*made, false);
  }
}

SyncReport Engine::run() {
  open();
  if (mode_ == Mode::pull) {
    const bool reached = fetch();
    if (reached && nothing_to_pull() && tree_->index().size() > quick_look) return finish();
    if (reached && tree_->index().size() > quick_look && try_fast_forward()) return finish();
  }
  if (options_.dry_run) {
    snapshot_ = take_look(nullptr);
    refuse(*snapshot_);
    return finish();
  }
  if (mode_ == Mode::push && remote_ && !context_.options.offline) remote_->begin_push();
  commit_local();
  return finish();
}

SyncReport Engine::finish() {
  if (report_.result == SyncResult::refused) {
    finish_report();
    lock_->mark_clean();
    return std::move(report_);
  }
  if (options_.dry_run) {
    if (mode_ != Mode::push && fetch() && tip_) report_.received = to_changes(tree_->incoming(context_.store, *tip_));
    if (snapshot_) report_.sent = to_changes(snapshot_->changes);
    finish_report();
    lock_->mark_clean();
    return std::move(report_);
  }
  try {
    const bool reached = mode_ == Mode::push ? true : fetch();
    if (reached && mode_ != Mode::push) merge_remote();
    if (mode_ != Mode::push) apply_branch();
    if (!options_.no_push) send();
    // What the sending merged is applied as well.
    if (mode_ != Mode::push && tree_->state().base != local_) apply_branch();
    publish_beacon();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::unreachable) {
      note_unreachable(error);
      if (mode_ != Mode::push) apply_branch();
    } else if (error.kind() == ErrorKind::rejected) {
      note_failure(error);
      if (mode_ != Mode::push) apply_branch();
    } else {
      throw;
    }
  }
  if (tree_->is_dirty()) tree_->write();
  finish_report();
  context_.store.maintain();
  lock_->mark_clean();
  return std::move(report_);
}

SyncReport Engine::publish_only() {
  publishes_only_ = true;
  if (fetch()) publish_beacon();
  finish_report();
  lock_->mark_clean();
  return std::move(report_);
}

git::Commit Engine::new_commit(const std::string& subject, const std::vector<Oid>& parents) const {
  git::Commit commit;
  commit.parents = parents;
  commit.author = author_now(context_);
  commit.committer = committer_now(context_);
  commit.message = make_message(subject, {});
  return commit;
}

std::string Engine::make_subject(const Deltas& changes) const {
  std::size_t deleted = 0;
  for (const auto& [path, delta] : changes) deleted += delta.side ? 0 : 1;
  const auto first = std::find_if(changes.begin(), changes.end(), [&](const auto& change) {
    return change.second.side.has_value() || deleted == changes.size();
  });
  const std::string& path = first->first;
  std::string subject = concat(context_.label(), deleted == changes.size() ? ": delete " : ": update ",
                               escape_for_display(path.substr(path.rfind('/') + 1)));
  if (changes.size() > 1) subject += concat(" (+", std::to_string(changes.size() - 1), " more)");
  return subject;
}

std::string Engine::make_message(const std::string& subject, const std::vector<Conflict>& conflicts) const {
  std::string message = concat(trim(subject), "\n\n");
  for (const Conflict& conflict : conflicts) message += concat(conflict_trailer, ": ", format_conflict(conflict), "\n");
  message += concat("Promptsync-Format: 1\nPromptsync-Endpoint: ", context_.endpoint,
                    "\nPromptsync-Session: ", context_.session(), "\n");
  if (tree_->head()) message += concat("Promptsync-Source: ", *tree_->head(), "\n");
  return message;
}

void Engine::note_unreachable(const Error& error) {
  reached_ = false;
  report_.offline = error;
  outbox_.unreachable = true;
}

void Engine::note_failure(const Error& error) {
  report_.failure = error;
  if (error.hints().empty()) {
    report_.failure = Error(error)
                          .hint("the documents are committed here and stay queued: nothing is lost (ps-sync queue)")
                          .hint("mend what the cause names, then run this again");
  }
  outbox_.last_failure =
      error.causes().empty() ? error.message() : concat(error.message(), ": ", error.causes().front());
}

void Engine::finish_report() {
  report_.commit = local_;
  report_.conflicts = tree_->state().conflicts;
  if (snapshot_) {
    for (const HeldBack& held : snapshot_->held_back) {
      if (held.reason != HoldReason::conflict) report_.held_back.push_back(held);
    }
  }
  for (const Conflict& conflict : report_.conflicts) {
    report_.held_back.push_back(
        {conflict.path, HoldReason::conflict, concat("ps-sync resolve ", quote_path(conflict.path))});
  }
  std::sort(report_.held_back.begin(), report_.held_back.end(),
            [](const HeldBack& left, const HeldBack& right) { return left.path < right.path; });
  const auto same_path = [](const HeldBack& left, const HeldBack& right) { return left.path == right.path; };
  report_.held_back.erase(std::unique(report_.held_back.begin(), report_.held_back.end(), same_path),
                          report_.held_back.end());
  if (report_.result == SyncResult::refused) return;
  const bool is_ahead = local_ != tip_;
  const bool did_something = !report_.sent.empty() || !report_.received.empty();
  if (report_.offline || (is_ahead && !options_.dry_run && (report_.failure || context_.options.offline))) {
    report_.result = is_ahead || did_something ? SyncResult::queued : SyncResult::nothing;
  } else {
    report_.result = did_something ? SyncResult::done : SyncResult::nothing;
  }
  if (options_.dry_run) return;
  outbox_.beacon_pending = context_.settings().beacon.provider != "none" && remote_ && !report_.published;
  if (reached_) {
    outbox_.unreachable = false;
    if (!report_.failure) outbox_.last_failure.reset();
  }
  write_outbox(context_.place, outbox_);
  StateFile state = look_at_state(context_, *tree_, local_, tip_);
  for (const HeldBack& held : report_.held_back) state.held_back.push_back(held.path);
  write_state_file(context_, state, outbox_);
  if (did_something && !context_.options.offline) remember_news();
}

/// For the next status: now that the store is open, it costs least. What this command did stands without it.
void Engine::remember_news() const {
  try {
    read_news(context_, {context_.store.find_ref(beacon::seen_beacon_ref), tip_, tree_->state().base});
  } catch (const Error&) {
    // The next status reads it, and gets the error.
  }
}

}  // namespace ps_sync::app
