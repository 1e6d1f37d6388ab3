#include "sync/index_state.hpp"

#include <nlohmann/json.hpp>

#include "ps_sync/base/text.hpp"

namespace ps_sync::sync {
namespace {

using nlohmann::json;

// Paths are bytes and JSON is UTF-8: they are written quoted, as git quotes them, which leaves ASCII.
json from_oid(const std::optional<Oid>& oid) { return oid ? json(oid->hex()) : json(nullptr); }

std::optional<Oid> to_oid(const json& value) {
  if (!value.is_string()) return std::nullopt;
  return Oid::from_hex(value.get<std::string>());
}

json from_conflict(const Conflict& conflict) {
  return {{"path", quote_path(conflict.path)},   {"kind", std::string(to_text(conflict.kind))},
          {"base", from_oid(conflict.base)},     {"ours", from_oid(conflict.ours)},
          {"theirs", from_oid(conflict.theirs)}, {"from", conflict.from},
          {"holder", conflict.holder},           {"at", conflict.at.time_since_epoch().count()}};
}

Conflict to_conflict(const json& value) {
  Conflict conflict;
  conflict.path = unquote_path(value.at("path").get<std::string>()).value();
  conflict.kind = conflict_kind_from(value.at("kind").get<std::string>()).value();
  conflict.base = to_oid(value.at("base"));
  conflict.ours = to_oid(value.at("ours"));
  conflict.theirs = to_oid(value.at("theirs"));
  conflict.from = value.at("from").get<std::string>();
  conflict.holder = value.at("holder").get<std::string>();
  conflict.at = Timestamp(std::chrono::seconds(value.at("at").get<std::int64_t>()));
  return conflict;
}

}  // namespace

std::string format_index_state(const IndexState& state) {
  json out{{"base", from_oid(state.base)},   {"session", state.session},
           {"rules", state.rules},           {"made", from_oid(state.made)},
           {"newer", from_oid(state.newer)}, {"head", state.head ? json(*state.head) : json(nullptr)},
           {"conflicts", json::array()},     {"waiting", json::array()},
           {"taken_away", json::array()},    {"odd", json::array()}};
  for (const Conflict& conflict : state.conflicts) out["conflicts"].push_back(from_conflict(conflict));
  for (const std::string& path : state.waiting) out["waiting"].push_back(quote_path(path));
  for (const std::string& path : state.taken_away) out["taken_away"].push_back(quote_path(path));
  for (const std::string& path : state.odd) out["odd"].push_back(quote_path(path));
  return out.dump();
}

std::optional<IndexState> parse_index_state(std::string_view text) {
  try {
    const json value = json::parse(text);
    IndexState state;
    state.base = to_oid(value.at("base"));
    state.newer = to_oid(value.at("newer"));
    state.made = to_oid(value.at("made"));
    state.session = value.at("session").get<std::string>();
    state.rules = value.at("rules").get<std::string>();
    if (value.at("head").is_string()) state.head = value.at("head").get<std::string>();
    for (const json& conflict : value.at("conflicts")) state.conflicts.push_back(to_conflict(conflict));
    for (const json& path : value.at("waiting")) state.waiting.push_back(unquote_path(path.get<std::string>()).value());
    for (const json& path : value.at("taken_away"))
      state.taken_away.push_back(unquote_path(path.get<std::string>()).value());
    for (const json& path : value.at("odd")) state.odd.push_back(unquote_path(path.get<std::string>()).value());
    return state;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace ps_sync::sync
