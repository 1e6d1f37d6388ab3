// The remote: fetching, merging with it, sending to it, and the beacon.
#include <unistd.h>
#include <algorithm>
#include <random>

#include "app/beacon_place.hpp"
#include "app/engine.hpp"
#include "ps_sync/base/error.hpp"
#include "ps_sync/base/failpoint.hpp"
#include "ps_sync/platform/interrupt.hpp"
#include "ps_sync/sync/conflicts.hpp"

namespace ps_sync::app {

using namespace sync;

namespace {

// Each try fetches and merges what came in between; with four places pushing at once a handful is usual. The wait
// between two grows, so that a slow place gets its turn.
constexpr int push_tries = 60;
constexpr auto push_time = std::chrono::seconds(30);
constexpr int longest_pause = 500;  // ms

std::string first_words(const std::string& reason, const std::string& server_words) {
  std::string words = escape_for_display(trim(reason));
  for (const std::string& line : lines_of(server_words)) {
    const std::string text = escape_for_display(trim(line));
    if (!text.empty()) words += concat("\n", text);
  }
  return words;
}

Error rejection(const std::string& ref, const git::RemoteAddress& address, const std::string& reason,
                const std::string& server_words) {
  Error error(ErrorKind::rejected,
              concat("the remote refused ", ref, " at ", escape_for_display(redact_url(address.push_url))));
  for (const std::string& line : lines_of(first_words(reason, server_words))) std::move(error).because(line);
  return std::move(error)
      .hint("the documents are committed here and stay queued (ps-sync queue); nothing is lost")
      .hint("mend what the server names, then run `ps-sync push` again");
}

}  // namespace

bool Engine::fetch() {
  if (reached_) return true;
  if (!remote_ || context_.options.offline || report_.offline || report_.failure) return false;
  try {
    const git::RefMap& there = remote_->list();
    const auto found = there.find(context_.remote_ref());
    const std::optional<Oid> now_there = found == there.end() ? std::nullopt : std::optional(found->second);
    if (now_there != tip_ || (tip_ && !context_.store.exists())) {
      // What comes will be acknowledged: the pushing side gets ready while the objects are on their way.
      const bool acknowledges = context_.settings().beacon.provider == "git" && !options_.no_push && !options_.dry_run;
      if (acknowledges && mode_ != Mode::push) remote_->begin_push();
      remote_->fetch(context_.store, fetch_specs(context_));
      tip_ = context_.store.find_ref(context_.tip_ref());
    }
    reached_ = true;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::unreachable) {
      note_unreachable(error);
    } else if (error.kind() == ErrorKind::rejected) {
      note_failure(error);
    } else {
      throw;
    }
  }
  return reached_;
}

/// The branch there, here and in the working tree are one, nothing waits in the outbox, and the beacon is as we left
/// it.
bool Engine::nothing_to_pull() {
  const IndexState& state = tree_->state();
  if (tip_ != local_ || state.base != local_ || !state.waiting.empty()) return false;
  if (context_.set.fingerprint() != state.rules) return false;
  if (!beacon_is_current()) return false;
  remote_->hang_up();
  report_.published = true;
  report_.pushed = true;
  return true;
}

/// Is there nothing that the beacon would have to say anew? Answered without reading it.
///
/// It is in line with the branch and with what we have applied if it is as we left it. Where another place wrote it
/// since, a push without documents has no reason to read it; a pull has one: a person may have announced something.
bool Engine::beacon_is_current() {
  const std::string& provider = context_.settings().beacon.provider;
  if (provider == "none") return true;
  if (outbox_.beacon_pending || outbox_.beacon_for != tip_) return false;
  const auto acknowledged = outbox_.acknowledged.find(context_.endpoint);
  if (acknowledged == outbox_.acknowledged.end() || acknowledged->second != tree_->state().base) return false;
  const bool may_skip_reading = mode_ == Mode::push && !publishes_only_;
  if (provider != "git") return may_skip_reading;
  const git::RefMap& there = remote_->seen();
  const auto beacon = there.find(beacon::git_beacon_ref);
  if (beacon == there.end()) return false;
  return may_skip_reading || beacon->second == context_.store.find_ref(beacon::seen_beacon_ref);
}

void Engine::note_published() {
  report_.published = true;
  outbox_.beacon_pending = false;
  outbox_.beacon_for = tip_;
  outbox_.acknowledged.clear();
  for (const auto& [endpoint, ack] : publisher_->composed().acks) {
    if (ack.commit) outbox_.acknowledged[endpoint] = *ack.commit;
  }
}

void Engine::merge_remote() {
  if (!tip_ || tip_ == local_ || context_.store.is_ancestor(*tip_, *local_)) return;
  if (context_.store.is_ancestor(*local_, *tip_)) {
    check_format(*tip_);
    move_branch(*tip_);
    return;
  }
  check_format(*tip_);
  if (!read_only_) merge_into_branch(*tip_, true);
}

/// A true merge of the branch and another commit. The result's first parent is theirs: in a conflict it stands.
void Engine::merge_into_branch(const Oid& other, bool other_is_theirs) {
  const git::Store& store = context_.store;
  const Oid theirs = other_is_theirs ? other : *local_;
  const Oid ours = other_is_theirs ? *local_ : other;
  const git::Commit their_commit = store.read_commit(theirs);
  const git::Commit our_commit = store.read_commit(ours);
  const std::optional<Oid> base = store.merge_base(ours, theirs);
  std::optional<Oid> base_tree;
  if (base) base_tree = store.read_commit(*base).tree;
  git::Batch batch = store.begin_batch();
  if (!snapshot_) snapshot_.emplace();
  const Deltas our_changes = diff_trees(store, base_tree, our_commit.tree);
  const MergeOutcome outcome =
      merge(our_changes, diff_trees(store, base_tree, their_commit.tree), contents_for(batch, their_commit.tree));
  note_conflicts(outcome.conflicts, theirs);
  note_kept(outcome.kept_from_them, ours, base);
  note_kept(outcome.kept_from_us, theirs, base);
  git::Commit merge_commit = new_commit("", {theirs, ours});
  merge_commit.message = make_message(concat(context_.label(), ": merge"), outcome.conflicts);
  merge_commit.tree = edit_tree(batch, store, their_commit.tree, edits_of(our_changes, outcome));
  const Oid made = batch.add_commit(merge_commit);
  batch.finish();
  ready_.reset();
  adopt(made);
}

void Engine::send() {
  if (!remote_ || context_.options.offline || report_.offline || report_.failure) return;
  if (read_only_) {
    note_failure(Error(ErrorKind::rejected, concat("cannot write ", context_.branch()))
                     .because("it was written by a newer ps-sync")
                     .hint("upgrade ps-sync, then run this again"));
    return;
  }
  // A branch that only has the root commit is not worth a ref on the remote.
  if (!tip_ && context_.store.read_commit(*local_).parents.empty()) return;
  std::minstd_rand random(static_cast<unsigned>(::getpid()));
  bool with_beacon = true;
  const auto deadline = std::chrono::steady_clock::now() + push_time;
  for (int attempt = 0; attempt < push_tries && std::chrono::steady_clock::now() < deadline; ++attempt) {
    if (attempt > 1) {
      const int pause = std::min(20 * attempt, longest_pause);
      pause_for(std::chrono::milliseconds(static_cast<int>(random() % static_cast<unsigned>(pause)) + 1));
    }
    if (send_once(with_beacon)) return;
    if (report_.failure) return;
    with_beacon = false;  // whatever was wrong with the two together, the documents go first
    reached_ = false;
    remote_->list(true);
    if (!fetch()) return;
    merge_remote();
    if (read_only_) return;
  }
  note_unreachable(Error(ErrorKind::unreachable, concat("cannot push ", context_.branch(), " yet"))
                       .because("the remote moved each time while this command merged: many push at once")
                       .hint("everything is committed here; the next push, pull or sync sends it"));
}

/// True when the remote has the branch. False: it moved (or the push of two refs failed): fetch, merge, try again.
bool Engine::send_once(bool with_beacon) {
  // Where this command fetched, what it saw saves asking the pushing side when there is nothing to send.
  const bool is_known = reached_ && tip_ == local_;
  std::optional<Oid> there = tip_;
  if (!is_known) {
    const git::RefMap& refs = remote_->list_for_push();
    const auto found = refs.find(context_.remote_ref());
    there = found == refs.end() ? std::nullopt : std::optional(found->second);
    reached_ = true;
  }
  if (there == local_) {
    tip_ = there;
    if (context_.store.find_ref(context_.tip_ref()) != there) {
      context_.store.move_ref(context_.tip_ref(), context_.store.find_ref(context_.tip_ref()), there);
    }
    report_.pushed = true;
    return true;
  }
  if (there && (!context_.store.has(*there) || !context_.store.is_ancestor(*there, *local_))) return false;

  std::optional<Oid> from_tree;
  if (there) from_tree = context_.store.read_commit(*there).tree;
  std::vector<Change> sent = list_changes(context_.store, from_tree, context_.store.read_commit(*local_).tree);
  std::vector<git::RefUpdate> updates{{context_.remote_ref(), there, *local_}};
  if (with_beacon && context_.settings().beacon.provider == "git") {
    try {
      if (const auto body = publisher_->compose(local_, tree_->state().base, beacon_edit_)) {
        if (const auto update = publisher_->provider().as_ref_update(*body)) updates.push_back(*update);
      }
    } catch (const Error&) {
      // The beacon is a hint: publish_beacon() tries it by itself, and tells.
    }
  }
  const bool ready_fits =
      ready_ && ready_->target == *local_ && (!there || context_.store.is_ancestor(*there, ready_->from));
  const git::PushResult result = remote_->push(context_.store, updates, ready_fits ? ready_ : std::nullopt);
  failpoint("after-push");
  const git::RefResult& branch = result.refs.front();
  if (branch.accepted) {
    context_.store.move_ref(context_.tip_ref(), context_.store.find_ref(context_.tip_ref()), local_);
    tip_ = local_;
    report_.pushed = true;
    report_.sent = std::move(sent);
    if (updates.size() > 1 && result.refs[1].accepted) {
      publisher_->provider().ref_update_accepted(updates[1]);
      note_published();
    }
    return true;
  }
  const bool any_moved =
      std::any_of(result.refs.begin(), result.refs.end(), [](const git::RefResult& ref) { return ref.moved; });
  if (any_moved || updates.size() > 1) return false;
  if (ready_fits) {
    ready_.reset();  // the remote may lack something that the ready pack takes for granted
    return false;
  }
  note_failure(rejection(context_.branch(), remote_->address(), branch.reason, result.server_words));
  report_.sent.clear();
  return true;
}

void Engine::publish_beacon() {
  if (!remote_ || context_.options.offline || report_.offline) return;
  if (context_.settings().beacon.provider == "none") {
    report_.published = true;
    return;
  }
  if (report_.published && !beacon_edit_) {
    // The push carried it; what has been applied since may be more.
    const auto acknowledged = outbox_.acknowledged.find(context_.endpoint);
    if (acknowledged != outbox_.acknowledged.end() && acknowledged->second == tree_->state().base) return;
  }
  if (!tip_ && !beacon_edit_) return;
  if (!beacon_edit_ && report_.sent.empty() && beacon_is_current()) {
    report_.published = true;
    return;
  }
  constexpr int tries = 5;
  // Where there is something to publish for certain, what was seen last will do: it is looked at before it is replaced.
  const bool is_certain = !report_.sent.empty() || !report_.received.empty() || outbox_.beacon_pending;
  Reading reading = is_certain ? Reading::lately : Reading::now;
  try {
    for (int attempt = 0; attempt < tries; ++attempt) {
      const auto body = publisher_->compose(tip_, tree_->state().base, beacon_edit_, reading);
      const bool keeps_announcement = !publisher_->absent().empty() && report_.sent.empty() && mode_ != Mode::push;
      if (keeps_announcement && reading == Reading::lately) {
        reading = Reading::now;  // it may stand there no more
        continue;
      }
      if (keeps_announcement) {
        for (const std::string& name : publisher_->absent()) {
          report_.warnings.push_back(concat("the beacon announces ", escape_for_display(name),
                                            ", which no commit carries: run `ps-sync push` where it was written"));
        }
        report_.published = true;
        return note_beacon();
      }
      if (!body || publisher_->publish(*body) == beacon::Published::yes) {
        note_published();
        return note_beacon();
      }
      reading = Reading::lately;  // publish() found it changed, and has read it
    }
    report_.warnings.push_back("the beacon is written by others at this moment; the next run publishes ours");
  } catch (const Error& error) {
    report_.warnings.push_back(concat("the beacon was not published: ", in_one_line(error)));
  }
  note_beacon();
}

/// What the place of the beacon has to tell; and where it is none of the remote's refs, what stands there is kept for
/// those who look at it offline.
void Engine::note_beacon() {
  for (std::string& warning : publisher_->provider().take_warnings()) report_.warnings.push_back(std::move(warning));
  if (context_.settings().beacon.provider == "github") note_seen_body(context_, publisher_->present_body());
}

}  // namespace ps_sync::app
