// status, queue, peers: looking without changing anything of the user's.
#include <algorithm>
#include <set>

#include "app/beacon_place.hpp"
#include "app/outbox.hpp"
#include "app/publisher.hpp"
#include "app/seen_news.hpp"
#include "app/state_file.hpp"
#include "app/working_tree.hpp"
#include "ps_sync/base/error.hpp"
#include "ps_sync/sync/apply.hpp"
#include "ps_sync/sync/conflicts.hpp"

namespace ps_sync::app {

using namespace sync;

namespace {

constexpr auto status_lock_wait = std::chrono::seconds(5);

/// What all three look at.
class Look {
 public:
  explicit Look(const Options& options)
      : context(open_set_up(options)), tree(context), outbox(read_outbox(context.place)) {
    if (auto address = find_remote(context)) {
      remote.emplace(std::move(*address), remote_options(context));
    }
    read_refs();
  }

  /// Fetches into the store, if the store can be written and nobody else is at it.
  void fetch() {
    if (!remote || context.options.offline) return;
    try {
      const git::RefMap& there = remote->list();
      reached = true;
      const std::vector<git::FetchSpec> specs = fetch_specs(context);
      if (std::all_of(specs.begin(), specs.end(),
                      [&](const git::FetchSpec& spec) { return is_as_seen(there, spec.remote_ref, spec.store_ref); })) {
        return;
      }
      FileLock lock(context.lock_path(), status_lock_wait);
      remote->fetch(context.store, specs);
      if (!lock.holder_crashed()) lock.mark_clean();  // else the next push tidies up
      read_refs();
    } catch (const Error& error) {
      offline = error;
      reached = reached && error.kind() != ErrorKind::unreachable;
    }
  }

  /// Asks what the ticket says, where the beacon is one. It is a hint: what fails is a warning.
  void poll_ticket() {
    if (context.settings().beacon.provider != "github" || context.options.offline) return;
    try {
      const auto ticket = make_ticket(context);
      const std::optional<std::string> body = ticket->read();
      for (std::string& warning : ticket->take_warnings()) warnings.push_back(std::move(warning));
      const auto seen = context.store.find_ref(beacon::seen_beacon_ref);
      if (seen && body && beacon::read_beacon_commit(context.store, *seen) == body) return;
      if (!context.store.exists()) return;
      FileLock lock(context.lock_path(), status_lock_wait);
      note_seen_body(context, body);
      if (!lock.holder_crashed()) lock.mark_clean();
    } catch (const Error& error) {
      warnings.push_back(concat("the beacon was not read: ", in_one_line(error)));
    }
  }

  std::optional<Oid> applied() const { return tree.state().base; }
  NewsSource source() const { return {context.store.find_ref(beacon::seen_beacon_ref), tip, applied()}; }

  Context context;
  WorkingTree tree;
  Outbox outbox;
  std::optional<git::Remote> remote;
  std::optional<Oid> local;
  std::optional<Oid> tip;
  std::optional<Error> offline;
  bool reached = false;
  std::vector<std::string> warnings;

 private:
  void read_refs() {
    local = context.store.find_ref(context.local_ref());
    tip = context.store.find_ref(context.tip_ref());
  }

  bool is_as_seen(const git::RefMap& there, const std::string& remote_ref, const std::string& store_ref) const {
    const auto found = there.find(remote_ref);
    const std::optional<Oid> now_there = found == there.end() ? std::nullopt : std::optional(found->second);
    return now_there == context.store.find_ref(store_ref);
  }
};

/// o/r#12; absent where the beacon is no ticket, or nobody knows its number yet.
std::optional<std::string> ticket_name(const Context& context) {
  if (context.settings().beacon.provider != "github") return std::nullopt;
  try {
    return make_ticket(context)->ticket();
  } catch (const Error&) {
    return std::nullopt;  // the settings name no repository: whoever publishes is told
  }
}

State state_of(const Status& status) {
  if (!status.conflicts.empty()) return State::conflicts;
  const bool out = !status.outgoing.empty() || status.queued_commits > 0;
  if (!status.incoming.empty()) return out ? State::diverged : State::incoming;
  return out ? State::outgoing : State::in_sync;
}

/// Paths that would come in: from the remote's branch, and from the branch here where it is ahead of the working tree.
Deltas find_incoming(const Look& look) {
  const git::Store& store = look.context.store;
  if (!look.local && !look.tip) return {};
  const bool remote_is_newer = look.tip && (!look.local || !store.is_ancestor(*look.tip, *look.local));
  const Oid target = remote_is_newer ? *look.tip : *look.local;
  if (look.tree.state().base == target && look.tree.state().waiting.empty() &&
      look.tree.state().rules == look.context.set.fingerprint()) {
    return {};
  }
  Deltas incoming = look.tree.incoming(store, target);
  if (remote_is_newer && look.local && !store.is_ancestor(*look.local, *look.tip)) {
    // Both moved: what the branch here changed since they parted is not coming in.
    const auto base = store.merge_base(*look.local, *look.tip);
    std::optional<Oid> base_tree;
    if (base) base_tree = store.read_commit(*base).tree;
    const Deltas theirs = diff_trees(store, base_tree, store.read_commit(*look.tip).tree);
    std::erase_if(incoming, [&](const auto& change) { return !theirs.contains(change.first); });
  }
  return incoming;
}

void add_outgoing(const Look& look, Deltas outgoing, Status& status) {
  const git::Store& store = look.context.store;
  if (look.local && look.local != look.tip) {
    std::optional<Oid> from;
    if (look.tip) {
      if (const auto base = store.merge_base(*look.local, *look.tip)) from = store.read_commit(*base).tree;
    }
    const Deltas queued = diff_trees(store, from, store.read_commit(*look.local).tree);
    for (const auto& [path, delta] : queued) {
      if (look.tree.is_conflicted(path)) continue;
      // Changed again since it was committed: what counts is from the remote's version to the disk's.
      const auto again = outgoing.find(path);
      if (again == outgoing.end()) {
        outgoing.emplace(path, delta);
      } else {
        again->second.base = delta.base;
      }
    }
    status.queued_commits = store.count_ahead(*look.local, look.tip);
    if (!look.tip && status.queued_commits > 0) --status.queued_commits;  // the root commit is everybody's
  }
  status.outgoing = to_changes(outgoing);
}

}  // namespace

Status status(const Options& options) {
  Look look(options);
  look.fetch();
  look.poll_ticket();
  const Context& context = look.context;
  Status status;
  status.endpoint = context.endpoint;
  status.session = context.session();
  status.branch = context.branch();
  if (look.remote) {
    status.remote_name = look.remote->address().name;
    status.remote_url = redact_url(look.remote->address().fetch_url);
  }
  status.reachable = context.options.offline ? look.remote && !look.outbox.unreachable : look.reached;
  status.base = look.tree.state().base;
  status.local = look.local;
  status.tip = look.tip;
  status.offline = look.offline;

  Snapshot snapshot =
      look.tree.look(std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count(),
                     limits_of(context.settings(), {}), look.local, nullptr);
  status.refused_deletes = snapshot.refused_deletes;
  status.held_back = snapshot.held_back;
  std::set<std::string> held;
  for (const HeldBack& item : snapshot.held_back) held.insert(item.path);
  Deltas incoming = find_incoming(look);
  for (auto at = incoming.begin(); at != incoming.end();) {
    const std::string& path = at->first;
    const auto refused = at->second.side && !look.tree.is_conflicted(path)
                             ? refusal_of(context.set, path, *at->second.side)
                             : std::nullopt;
    if (refused) {
      if (held.insert(path).second) status.held_back.push_back(*refused);
      at = incoming.erase(at);
    } else if (look.tree.is_conflicted(path) || (!at->second.side && !at->second.base)) {
      at = incoming.erase(at);
    } else {
      ++at;
    }
  }
  status.incoming = to_changes(incoming);
  add_outgoing(look, std::move(snapshot.changes), status);
  status.conflicts = look.tree.state().conflicts;
  status.state = state_of(status);
  SeenNews news = read_news(context, look.source());
  status.beacon = std::move(news.beacon);
  status.beacon.pending = look.outbox.beacon_pending;
  status.beacon.ticket = ticket_name(context);
  status.warnings = std::move(look.warnings);
  status.behind = std::move(news.behind);
  if (!context.options.offline && look.remote) look.outbox.unreachable = !look.reached;
  try {
    StateFile state{status.conflicts.size(), status.incoming.size(), {}, {}, look.local, look.tip};
    state.queued = paths_between(context.store, look.tip, look.local);
    for (const HeldBack& item : status.held_back) state.held_back.push_back(item.path);
    write_state_file(context, state, look.outbox);
  } catch (const Error&) {
    // `status` answers where it can read, even if nothing can be written.
  }
  return status;
}

namespace {

std::vector<QueuedCommit> list_commits(const git::Store& store, const Oid& tip, const std::optional<Oid>& hidden) {
  std::vector<QueuedCommit> commits;
  store.walk({tip}, hidden ? std::vector<Oid>{*hidden} : std::vector<Oid>{}, [&](const git::Commit& commit) {
    if (commit.parents.empty()) return true;
    const Oid before = store.read_commit(commit.parents[0]).tree;
    std::vector<Change> changes = to_changes(diff_trees(store, before, commit.tree));
    const std::size_t files = changes.size();
    commits.push_back({commit.oid, commit.subject(), commit.committer.time, files, std::move(changes)});
    return true;
  });
  std::reverse(commits.begin(), commits.end());
  return commits;
}

}  // namespace

Queue queue(const Options& options) {
  Look look(options);
  look.fetch();
  Queue queue;
  if (look.local) queue.outgoing = list_commits(look.context.store, *look.local, look.tip);
  if (look.tip) {
    const std::optional<Oid> applied = look.applied() ? look.applied() : look.local;
    queue.incoming = list_commits(look.context.store, *look.tip, applied);
  }
  const Snapshot snapshot =
      look.tree.look(std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count(),
                     limits_of(look.context.settings(), {}), look.local, nullptr);
  queue.uncommitted = to_changes(snapshot.changes);
  queue.beacon_pending = look.outbox.beacon_pending;
  queue.last_failure = look.outbox.last_failure;
  return queue;
}

std::vector<Peer> peers(const Options& options) {
  Look look(options);
  look.fetch();
  return list_peers(look.context, look.source());
}

std::vector<Conflict> conflicts(const Options& options, bool all) {
  Look look(options);
  if (!all) return look.tree.state().conflicts;
  look.fetch();
  std::vector<Conflict> found = look.tree.state().conflicts;
  const auto add = [&](const std::optional<Oid>& tip) {
    if (!tip) return;
    for (Conflict& conflict : find_open_conflicts(look.context.store, *tip)) {
      const bool is_known = std::any_of(found.begin(), found.end(), [&](const Conflict& other) {
        return other.holder == conflict.holder && other.path == conflict.path;
      });
      // What this endpoint has is in its index; a trailer of ours that is not there was resolved elsewhere.
      if (!is_known && conflict.holder != look.context.endpoint) found.push_back(std::move(conflict));
    }
  };
  add(look.local);
  if (look.tip != look.local) add(look.tip);
  std::sort(found.begin(), found.end(),
            [](const Conflict& left, const Conflict& right) { return left.path < right.path; });
  return found;
}

std::optional<std::string> show_beacon(const Options& options) {
  Look look(options);
  if (look.context.settings().beacon.provider == "none") return std::nullopt;
  if (look.context.settings().beacon.provider == "github" && !options.offline) return make_ticket(look.context)->read();
  look.fetch();
  const auto seen = look.context.store.find_ref(beacon::seen_beacon_ref);
  if (!seen) {
    if (look.offline) throw Error(*look.offline);
    return std::nullopt;
  }
  return beacon::read_beacon_commit(look.context.store, *seen);
}

}  // namespace ps_sync::app
