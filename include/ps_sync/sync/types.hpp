// The engine's words for changes, conflicts and what is held back.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ps_sync/base/oid.hpp"
#include "ps_sync/base/text.hpp"

namespace ps_sync::sync {

enum class ChangeKind { added, modified, deleted };

struct Change {
  std::string path;  ///< repository path, exact bytes
  ChangeKind change = ChangeKind::modified;
  bool operator==(const Change&) const = default;
};

/// Why a document did not go out, or did not come in.
enum class HoldReason { size, secret, conflict, name, type, unreadable, policy, checkout, busy };

struct HeldBack {
  std::string path;
  HoldReason reason = HoldReason::name;
  std::string detail;  ///< for people: "line 3: GitHub token", "62 MB, limit 50 MB"
  bool operator==(const HeldBack&) const = default;
};

enum class ConflictKind { content, add_add, type, case_clash };

/// Both sides changed one path and no merge of the two is right by itself.
struct Conflict {
  std::string path;
  ConflictKind kind = ConflictKind::content;
  std::optional<Oid> base;  ///< blobs; absent where that side has none
  std::optional<Oid> ours;
  std::optional<Oid> theirs;
  std::string from;    ///< the endpoint that theirs comes from
  Timestamp at{};      ///< when it was found
  std::string holder;  ///< the endpoint that has the conflict
  bool operator==(const Conflict&) const = default;
};

std::string_view to_text(ChangeKind kind);    ///< added, modified, deleted
std::string_view to_text(HoldReason reason);  ///< size, secret, …
std::string_view to_text(ConflictKind kind);  ///< content, add/add, type, case
std::optional<HoldReason> hold_reason_from(std::string_view text);
std::optional<ConflictKind> conflict_kind_from(std::string_view text);

}  // namespace ps_sync::sync
