#include "ps_sync/sync/types.hpp"

#include <array>

namespace ps_sync::sync {
namespace {
constexpr std::array<std::string_view, 3> change_names{"added", "modified", "deleted"};
constexpr std::array<std::string_view, 9> hold_names{"size",       "secret", "conflict", "name", "type",
                                                     "unreadable", "policy", "checkout", "busy"};
constexpr std::array<std::string_view, 4> conflict_names{"content", "add/add", "type", "case"};

template <class Kind, std::size_t Count>
std::optional<Kind> find_kind(const std::array<std::string_view, Count>& names, std::string_view text) {
  for (std::size_t i = 0; i < Count; ++i) {
    if (names[i] == text) return static_cast<Kind>(i);
  }
  return std::nullopt;
}
}  // namespace

std::string_view to_text(ChangeKind kind) { return change_names[static_cast<std::size_t>(kind)]; }
std::string_view to_text(HoldReason reason) { return hold_names[static_cast<std::size_t>(reason)]; }
std::string_view to_text(ConflictKind kind) { return conflict_names[static_cast<std::size_t>(kind)]; }
std::optional<HoldReason> hold_reason_from(std::string_view text) { return find_kind<HoldReason>(hold_names, text); }
std::optional<ConflictKind> conflict_kind_from(std::string_view text) {
  return find_kind<ConflictKind>(conflict_names, text);
}

}  // namespace ps_sync::sync
