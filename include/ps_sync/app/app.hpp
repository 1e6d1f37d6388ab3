// The use cases: what each command does, as values in and values out. Nothing here prints or prompts.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ps_sync/base/error.hpp"
#include "ps_sync/base/trace.hpp"
#include "ps_sync/base/transfer_meter.hpp"
#include "ps_sync/config/settings.hpp"
#include "ps_sync/platform/files.hpp"
#include "ps_sync/sync/types.hpp"

namespace ps_sync::app {

using sync::Change;
using sync::Conflict;
using sync::HeldBack;

/// What every use case needs to know of the command line.
struct Options {
  fs::path folder = ".";                         ///< -C
  bool offline = false;                          ///< --offline: no network at all
  bool terminal = false;                         ///< may a program that we start prompt?
  Trace trace;                                   ///< -vv: requests and programs
  TransferMeter* meter = nullptr;                ///< told how far a transfer has come; absent: nobody looks
  std::map<std::string, std::string> overrides;  ///< settings given as flags, by key
};

// ---- push, pull, sync ----------------------------------------------------------------------------------------------

struct SyncOptions {
  std::optional<std::string> message;  ///< -m
  bool dry_run = false;
  std::vector<std::string> paths;  ///< push PATH…: as typed, relative to the current folder
  bool allow_deletes = false;
  bool allow_secrets = false;
  bool require_remote = false;
  bool no_push = false;  ///< pull --no-push
};

enum class SyncResult { done, nothing, queued, refused };

/// A deletion that the merge did not carry out since the other side changed the file.
struct KeptChange {
  std::string path;
  std::string deleted_by;  ///< endpoint
  Timestamp at{};
  Oid commit;  ///< the commit that deleted it
};

struct SyncReport {
  SyncResult result = SyncResult::nothing;
  std::optional<Oid> commit;        ///< the branch's commit here, after the command
  bool pushed = false;              ///< the remote has all of ours
  bool published = false;           ///< the beacon says so
  std::vector<Change> sent;         ///< what this command committed or would send
  std::vector<Change> received;     ///< what changed in this working tree
  std::vector<Conflict> conflicts;  ///< all that are open here
  std::vector<HeldBack> held_back;
  std::vector<KeptChange> kept;
  std::vector<std::string> refused_deletes;  ///< paths that the guard did not take for deleted
  std::vector<std::string> warnings;         ///< for stderr; each one line, already escaped
  std::optional<Error> offline;              ///< why the remote could not be reached, when it was tried
  std::optional<Error> failure;              ///< a failure after part of the work was done: exit 1 beside the fields
};

SyncReport push(const Options& options, const SyncOptions& what);
SyncReport pull(const Options& options, const SyncOptions& what);
SyncReport sync(const Options& options, const SyncOptions& what);

// ---- status and what waits -----------------------------------------------------------------------------------------

enum class State { in_sync, incoming, outgoing, diverged, conflicts };

struct Peer {
  std::string name;
  std::string label;
  std::optional<Oid> commit;    ///< newest sync commit it has applied; absent: none yet
  std::optional<Timestamp> at;  ///< when it said so
  std::size_t behind = 0;       ///< documents it lacks
  bool self = false;
};

struct BeaconView {
  std::string provider;
  std::optional<std::string> ticket;  ///< "o/r#12"
  std::string status;                 ///< UPDATE_AVAILABLE or IDLE
  std::optional<Oid> commit;
  std::optional<std::string> direction;
  std::optional<std::string> last_update;
  std::optional<std::string> timestamp;
  std::vector<std::string> files_updated;
  bool pending = false;  ///< ours is not published yet
};

struct Status {
  std::string endpoint;
  std::string session;
  std::string branch;  ///< promptsync/main
  State state = State::in_sync;
  std::string remote_name;  ///< "" where a URL is configured
  std::string remote_url;   ///< redacted; "" where there is no remote
  bool reachable = false;   ///< at the last attempt, or now
  std::optional<Oid> base;
  std::optional<Oid> local;
  std::optional<Oid> tip;
  BeaconView beacon;
  std::vector<Change> incoming;
  std::vector<Change> outgoing;
  std::size_t queued_commits = 0;
  std::vector<Conflict> conflicts;
  std::vector<HeldBack> held_back;
  std::vector<Peer> behind;  ///< other endpoints that lack something of the branch
  std::vector<std::string> refused_deletes;
  std::vector<std::string> warnings;
  std::optional<Error> offline;  ///< why the remote could not be reached, when it was tried
};
Status status(const Options& options);

/// For prompts: from one small file, without looking at documents, settings or the network. Absent: not set up here.
struct ShortStatus {
  std::size_t conflicts = 0;
  std::size_t incoming = 0;
  std::size_t outgoing = 0;
  bool unreachable = false;
};
std::optional<ShortStatus> short_status(const fs::path& folder);

struct QueuedCommit {
  Oid commit;
  std::string subject;
  Timestamp at{};
  std::size_t files = 0;
  std::vector<Change> changes;  ///< against the first parent
};
struct Queue {
  std::vector<QueuedCommit> outgoing;  ///< commits the remote does not have, oldest first
  std::vector<QueuedCommit> incoming;  ///< commits fetched and not applied, oldest first
  std::vector<Change> uncommitted;     ///< in the working tree
  bool beacon_pending = false;
  std::optional<std::string> last_failure;  ///< why the last push did not get through, in the words given then
};
Queue queue(const Options& options);

std::vector<Peer> peers(const Options& options);
/// Drops an endpoint from the beacon's acknowledgements. Throws where it is not known.
SyncReport forget_peer(const Options& options, const std::string& name);

// ---- conflicts -----------------------------------------------------------------------------------------------------

std::vector<Conflict> conflicts(const Options& options, bool all);

enum class Choice { as_on_disk, ours, theirs, both, file };
struct ResolveOptions {
  std::string path;  ///< as typed
  Choice choice = Choice::as_on_disk;
  fs::path file;  ///< for Choice::file
};
/// Throws Error{failed} for a path without a conflict, and for a file that holds conflict markers.
SyncReport resolve(const Options& options, const ResolveOptions& what);

/// The three sides of a conflict written out as files in a private folder, for --tool and --edit. The folder is removed
/// when this object goes. `merged` holds ours with git's markers where the sides clash, and is what to edit.
struct ConflictFiles {
  fs::path folder, base, ours, theirs, merged;
  std::string repository_path;
  std::shared_ptr<void> cleanup;
};
ConflictFiles write_conflict_files(const Options& options, const std::string& path);
/// The merge tool's command line from the user's git configuration (merge.tool, mergetool.NAME.cmd), and the editor as
/// git chooses it. Absent where nothing is configured.
std::optional<std::string> merge_tool_command(const Options& options);
std::string editor_command(const Options& options);

// ---- history -------------------------------------------------------------------------------------------------------

struct LogEntry {
  Oid commit;
  std::string subject;
  std::string endpoint;  ///< "" for the root commit
  std::string author;    ///< name
  Timestamp at{};
  std::vector<Change> changes;  ///< against the first parent
};
std::vector<LogEntry> log(const Options& options, const std::optional<std::string>& path, std::size_t limit);

/// `show REV PATH`: the document's bytes at that revision. Throws for what is not there.
std::string show_document(const Options& options, const std::string& revision, const std::string& path);
/// `show REV`: what `git show --stat -p` says of it, as git prints it.
std::string show_commit(const Options& options, const std::string& revision, bool color);
/// The working tree against the branch as known here, as a unified diff. `path` as typed; absent: everything.
std::string diff(const Options& options, const std::optional<std::string>& path, bool color);

struct RestoreReport {
  SyncReport sync;  ///< of committing the present bytes
  std::string path;
  Oid from;
  bool changed = false;
};
RestoreReport restore(const Options& options, const std::string& path, const std::optional<std::string>& revision);

/// Runs git in the store with the caller's own streams; answers its exit status.
int run_git(const Options& options, const std::vector<std::string>& arguments);

// ---- set-up --------------------------------------------------------------------------------------------------------

struct InitOptions {
  std::optional<std::string> remote;
  std::optional<std::string> endpoint;
  std::optional<std::string> beacon;  ///< git, none, github:OWNER/REPO, github:OWNER/REPO#N
  std::optional<std::string> project;
  std::vector<std::string> include;
  bool migrate_prompts = false;
};
struct InitReport {
  std::string endpoint;
  std::string session;
  std::string branch;
  std::string remote_name;  ///< "" where a URL is configured or there is none
  std::string remote_url;   ///< "" where there is none
  bool reachable = false;
  bool remote_has_documents = false;  ///< `ps-sync pull` has something to bring
  bool remote_is_empty = false;       ///< no branch yet
  bool already_set_up = false;
  std::vector<std::string> made;     ///< files and folders made, repository paths
  std::vector<std::string> moved;    ///< by --migrate-prompts
  std::vector<std::string> tracked;  ///< documents that the user's HEAD tracks too
  std::vector<std::string> include;  ///< the sync set's roots
  std::vector<std::string> warnings;
};
InitReport init(const Options& options, const InitOptions& what);

struct CloneReport {
  InitReport init;
  SyncReport pull;
  fs::path folder;
};
CloneReport clone(const Options& options, const std::string& url, const std::optional<std::string>& folder,
                  const std::string& endpoint);

config::Loaded read_config(const Options& options);
/// In the file, or for clone-only keys (endpoint, session, allow) and with `clone_only`, in git's configuration.
void set_config(const Options& options, const std::string& key, const std::string& value, bool clone_only);

// ---- beacon by hand, doctor ----------------------------------------------------------------------------------------

/// The published body as it stands there; absent where none is published.
std::optional<std::string> show_beacon(const Options& options);
/// Sets the published beacon to idle, whatever waits: for everybody's acknowledgements to begin anew.
SyncReport reset_beacon(const Options& options);
/// Composes the beacon anew from git and publishes it.
SyncReport repair_beacon(const Options& options);
/// Makes a ticket on GitHub, also where the one we knew was deleted; one that its labels lead to is taken instead.
SyncReport create_beacon(const Options& options);
/// From now on the ticket is that one (OWNER/REPO#N), which has to be there. Throws Error{usage} for another form.
SyncReport link_beacon(const Options& options, const std::string& ticket);

enum class Verdict { good, warning, bad };
struct Finding {
  std::string subject;  ///< "git", "repository", "remote", …
  Verdict verdict = Verdict::good;
  std::string text;
  std::string remedy;  ///< something to type; "" where nothing is needed
};
struct DoctorReport {
  std::vector<Finding> findings;
  std::vector<config::Value> values;
  std::optional<bool> untouched;  ///< --prove: was the user's git the same before and after a trial sync?
};
DoctorReport doctor(const Options& options, bool prove);

}  // namespace ps_sync::app
