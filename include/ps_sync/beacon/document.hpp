// The beacon's body: what it says, reading it from any text, and writing it. docs/formats/beacon.md is the
// specification.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ps_sync/base/oid.hpp"
#include "ps_sync/base/text.hpp"

namespace ps_sync::beacon {

struct ManifestEntry {
  std::string path;         ///< repository path, exact bytes
  std::string change;       ///< added, modified or deleted
  std::optional<Oid> blob;  ///< absent for deleted
  std::uint64_t size = 0;
  bool operator==(const ManifestEntry&) const = default;
};

/// The newest sync commit that an endpoint has applied.
struct Ack {
  std::optional<Oid> commit;  ///< absent: known, but has applied nothing yet; it is behind
  std::optional<Timestamp> at;
  bool operator==(const Ack&) const = default;
};

/// What waits in one session; the machine part holds one for each session that has something waiting.
struct SessionNews {
  std::string branch;
  std::optional<Oid> commit;
  std::vector<ManifestEntry> manifest;
  std::size_t total = 0;  ///< how many there are; equals manifest.size() unless the list was cut

  // What the front matter would say of it. Empty in the entry of the front matter's own session: it stands there.
  std::optional<std::string> last_update;
  std::optional<std::string> timestamp;
  std::optional<std::string> direction;
  std::optional<std::string> action;
  std::map<std::string, Ack> acks;  ///< by endpoint
  bool operator==(const SessionNews&) const = default;
};

/// A body, understood. Absent scalars are what an idle beacon writes as `None`.
struct Document {
  std::optional<std::string> last_update;
  std::optional<std::string> timestamp;  ///< as it stands there; parse_utc reads ours
  std::optional<std::string> direction;  ///< "Desktop→Code"
  std::vector<std::string> files_updated;
  std::size_t files_total = 0;  ///< how many there are; equals files_updated.size() unless the list was cut
  std::optional<std::string> action;
  bool update_available = false;  ///< STATUS: UPDATE_AVAILABLE; anything else reads as idle
  std::optional<Oid> commit;
  std::optional<std::string> branch;
  std::optional<std::string> session;
  std::map<std::string, Ack> acks;              ///< of `session`, by endpoint
  std::map<std::string, SessionNews> sessions;  ///< what waits, by session, that of `session` included
  std::map<std::string, std::map<std::string, Ack>> idle_sessions;  ///< acks of other sessions where nothing waits

  bool has_machine_part = false;  ///< false for a body written by hand
  /// Front matter that we do not know, in order: the key ("" for a line without one), and all its lines, raw.
  std::vector<std::pair<std::string, std::string>> unknown_keys;
  std::string before;         ///< text before the front matter, kept on rewrite
  std::string after;          ///< text between front matter and machine part, and after it, kept on rewrite
  std::string machine_extra;  ///< unknown fields of the machine part as a JSON object, kept on rewrite; "" for none
  bool operator==(const Document&) const = default;
};

/// Reads any text leniently, and never throws for what a person may write. Throws Error{rejected} only for a body over
/// 256 KiB, YAML aliases, anchors and tags in the structure, or nesting deeper than 4.
Document parse(std::string_view body);

/// Writes the body. `template_text` is used where the document has no text of its own (a front matter inside it is left
/// out). Under 60,000 characters: both lists are cut, FILES_TOTAL says how many there are.
std::string render(const Document& document, std::string_view template_text);

/// The template's built-in text: what `init` writes as .claude/sync/beacon-template.md.
std::string_view default_template();

/// More entries than fit into any body (each takes 40 characters at least): those behind are only counted.
constexpr std::size_t most_listed = 1600;

using ManifestVisit = std::function<bool(const ManifestEntry& entry)>;

/// What git knows, for composing the beacon. All functions are about the sync branch of `session` on the remote.
struct Facts {
  std::string endpoint;  ///< ours
  std::string session;
  std::string branch;                         ///< as shown: promptsync/main
  std::map<std::string, std::string> labels;  ///< label of each endpoint that has one configured
  std::optional<Oid> tip;                     ///< the remote branch's commit; absent: nothing was ever pushed
  bool has_documents = false;                 ///< is there a document in it?
  std::optional<Oid> applied;                 ///< what our working tree has applied; our own acknowledgement
  std::string tip_endpoint;                   ///< who made the newest change (Promptsync-Endpoint); "" if unknown
  std::string tip_subject;                    ///< its subject
  std::optional<Timestamp> tip_time;          ///< its committer time
  std::set<std::string> pushed_by;            ///< endpoints that are known to have pushed
  Timestamp now{};
  std::function<bool(const Oid&)> is_on_branch;  ///< is this commit an ancestor of, or equal to, tip?
  /// Tells `visit` the tree diff since → tip (absent: since nothing) in byte order of the paths, until it answers
  /// false. Sizes may be missing behind the first most_listed entries.
  std::function<void(const std::optional<Oid>& since, const ManifestVisit& visit)> visit_changes;
};

/// How many paths visit_changes tells of.
std::size_t count_changes(const Facts& facts, const std::optional<Oid>& since);

/// What the beacon has to say now: the present document (which may be stale, by hand, broken or empty) brought in line
/// with git. Keeps acknowledgements of others, our own comes from `facts`; drops those not on the branch and those
/// older than 30 days. Deterministic: two endpoints with the same facts and acknowledgements compose the same document.
Document compose(const Document& present, const Facts& facts);

/// Names in `present` that a person wrote and no commit carries: pull warns of them, and leaves the beacon as it is.
/// What the machine part lists is ours and not meant. `branch_has` answers whether the sync branch has a document that
/// is_called that name.
std::vector<std::string> announced_but_absent(const Document& present,
                                              const std::function<bool(std::string_view name)>& branch_has);

/// Does an announced name mean this path? A bare name (no '/') means any path that ends in it.
bool is_called(std::string_view path, std::string_view name);

/// The document without a session that was deleted; the front matter goes on to the newest that waits.
Document without_session(Document document, std::string_view session);

/// True where publishing `composed` over `present` would change nothing that a reader sees: all fields but the time
/// `at` of acknowledgements are equal. Lists that were cut when `present` was written do not count as different.
bool same_news(const Document& present, const Document& composed);

/// Endpoints that acknowledged `facts.session` and lack something of the branch: no commit yet, or
/// count_changes(commit) is not 0.
std::vector<std::string> behind(const Document& document, const Facts& facts);

}  // namespace ps_sync::beacon
