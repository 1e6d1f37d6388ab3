#include "ps_sync/sync/conflicts.hpp"

#include <set>
#include <tuple>

#include "ps_sync/base/text.hpp"

namespace ps_sync::sync {
namespace {

std::string blob_text(const std::optional<Oid>& blob) { return blob ? blob->hex() : "-"; }

/// False for a word that is neither an id nor "-".
bool read_blob(const std::string& word, std::optional<Oid>& blob) {
  blob = Oid::from_hex(word);
  return blob.has_value() || word == "-";
}

std::string endpoint_of(const git::Commit& commit) { return commit.find_trailer("Promptsync-Endpoint").value_or(""); }

/// What tells one clash from another; theirs may have moved on.
using Identity = std::tuple<std::string, ConflictKind, std::optional<Oid>, std::optional<Oid>>;

Identity identity_of(const Conflict& conflict) { return {conflict.path, conflict.kind, conflict.base, conflict.ours}; }

}  // namespace

std::string format_conflict(const Conflict& conflict) {
  return concat(to_text(conflict.kind), " ", blob_text(conflict.base), " ", blob_text(conflict.ours), " ",
                blob_text(conflict.theirs), " ", quote_path(conflict.path));
}

std::optional<Conflict> parse_conflict(std::string_view text) {
  const std::vector<std::string> words = split(text, ' ');
  if (words.size() < 5) return std::nullopt;
  Conflict conflict;
  const auto kind = conflict_kind_from(words[0]);
  const std::size_t path_at = words[0].size() + words[1].size() + words[2].size() + words[3].size() + 4;
  const auto path = unquote_path(text.substr(path_at));
  if (!kind || !path || path->empty()) return std::nullopt;
  if (!read_blob(words[1], conflict.base) || !read_blob(words[2], conflict.ours) ||
      !read_blob(words[3], conflict.theirs)) {
    return std::nullopt;
  }
  conflict.kind = *kind;
  conflict.path = *path;
  return conflict;
}

bool is_same_conflict(const Conflict& left, const Conflict& right) { return identity_of(left) == identity_of(right); }

std::vector<Conflict> find_open_conflicts(const git::Store& store, const Oid& tip, std::size_t limit) {
  std::vector<Conflict> open;
  std::set<Identity> resolved;
  store.walk({tip}, {}, [&](const git::Commit& commit) {
    for (const std::string& text : commit.trailers(resolved_trailer)) {
      if (const auto conflict = parse_conflict(text)) resolved.insert(identity_of(*conflict));
    }
    const std::vector<std::string> found = commit.trailers(conflict_trailer);
    if (found.empty()) return --limit > 0;
    // Once for all of them: anybody may write a commit with as many trailers as they like.
    const std::string holder = endpoint_of(commit);
    // The merge's first parent is the branch that was met there: theirs.
    const bool has_parent = !commit.parents.empty() && store.has(commit.parents[0]);
    const std::string from = has_parent ? endpoint_of(store.read_commit(commit.parents[0])) : "";
    for (const std::string& text : found) {
      auto conflict = parse_conflict(text);
      if (!conflict || resolved.contains(identity_of(*conflict))) continue;
      conflict->holder = holder;
      conflict->from = from;
      conflict->at = commit.committer.time;
      open.push_back(std::move(*conflict));
    }
    return --limit > 0;
  });
  return open;
}

}  // namespace ps_sync::sync
