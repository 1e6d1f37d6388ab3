#include "ps_sync/sync/conflicts.hpp"

#include <algorithm>

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

bool is_same_conflict(const Conflict& left, const Conflict& right) {
  return left.path == right.path && left.kind == right.kind && left.base == right.base && left.ours == right.ours;
}

std::vector<Conflict> find_open_conflicts(const git::Store& store, const Oid& tip, std::size_t limit) {
  std::vector<Conflict> open;
  std::vector<Conflict> resolved;
  store.walk({tip}, {}, [&](const git::Commit& commit) {
    for (const std::string& text : commit.trailers(resolved_trailer)) {
      if (auto conflict = parse_conflict(text)) resolved.push_back(std::move(*conflict));
    }
    for (const std::string& text : commit.trailers(conflict_trailer)) {
      auto conflict = parse_conflict(text);
      if (!conflict) continue;
      const bool is_resolved = std::any_of(resolved.begin(), resolved.end(),
                                           [&](const Conflict& other) { return is_same_conflict(*conflict, other); });
      if (is_resolved) continue;
      conflict->holder = endpoint_of(commit);
      conflict->at = commit.committer.time;
      // The merge's first parent is the branch that was met there: theirs.
      if (!commit.parents.empty() && store.has(commit.parents[0])) {
        conflict->from = endpoint_of(store.read_commit(commit.parents[0]));
      }
      open.push_back(std::move(*conflict));
    }
    return --limit > 0;
  });
  return open;
}

}  // namespace ps_sync::sync
