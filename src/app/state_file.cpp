#include "app/state_file.hpp"

#include <nlohmann/json.hpp>
#include <set>

#include "ps_sync/base/error.hpp"
#include "ps_sync/sync/trees.hpp"

namespace ps_sync::app {

using nlohmann::json;

namespace {

constexpr const char* file_name = "state.json";
constexpr std::size_t most_paths = 1000;

json quoted(const std::vector<std::string>& paths) {
  json list = json::array();
  for (const std::string& path : paths) {
    if (list.size() < most_paths) list.push_back(quote_path(path));
  }
  return list;
}

std::set<std::string> unquoted(const json& list) {
  std::set<std::string> paths;
  for (const json& path : list) paths.insert(unquote_path(path.get<std::string>()).value());
  return paths;
}

/// Documents that are queued, or that differ on disk from what was agreed.
std::size_t count_outgoing(const git::Place& place, const json& state) {
  const sync::Index index = sync::Index::load(place.own_folder() / "index");
  std::set<std::string> outgoing = unquoted(state.at("queued"));
  const std::size_t listed = outgoing.size();
  const std::size_t queued = std::max(state.at("outgoing").get<std::size_t>(), listed);
  if (index.size() > quick_look || index.lost()) return queued;
  const json& rules = state.at("sync_set");
  const sync::SyncSet set(rules.at("include").get<std::vector<std::string>>(),
                          rules.at("exclude").get<std::vector<std::string>>(),
                          rules.at("allow").get<std::vector<std::string>>());
  const std::set<std::string> held = unquoted(state.at("held_back_paths"));
  const auto is_skipped = [&](std::string_view path) { return held.contains(std::string(path)); };
  const sync::ScanResult found = sync::scan(place.top, set, index, 0, is_skipped);
  outgoing.insert(found.gone.begin(), found.gone.end());
  for (const auto& [path, candidate] : found.candidates) {
    const auto position = index.find(path);
    if (position) {
      const sync::IndexEntry known = index.at(*position);
      const auto read = sync::read_stable(place.top, path, candidate.stat.size);
      const auto* file = std::get_if<sync::ReadFile>(&read);
      const bool same = file != nullptr && known.entry.mode == file->mode &&
                        git::hash_object(git::ObjectType::blob, file->bytes) == known.entry.oid;
      if (same) continue;
    }
    outgoing.insert(path);
  }
  return queued - listed + outgoing.size();
}

}  // namespace

std::vector<std::string> paths_between(const git::Store& store, const std::optional<Oid>& from,
                                       const std::optional<Oid>& to) {
  std::vector<std::string> paths;
  if (from == to || !to) return paths;
  std::optional<Oid> from_tree;
  if (from) {
    if (const auto base = store.merge_base(*from, *to)) from_tree = store.read_commit(*base).tree;
  }
  for (const auto& [path, delta] : sync::diff_trees(store, from_tree, store.read_commit(*to).tree))
    paths.push_back(path);
  return paths;
}

StateFile look_at_state(const Context& context, const WorkingTree& tree, const std::optional<Oid>& local,
                        const std::optional<Oid>& tip) {
  const git::Store& store = context.store;
  StateFile state{tree.state().conflicts.size(), 0, {}, {}, local, tip};
  const bool is_behind = tip && local && tip != local && !store.is_ancestor(*tip, *local);
  if (is_behind) {
    state.incoming = tree.incoming(store, *tip).size();
  } else if (local && tree.state().base != local) {
    state.incoming = tree.incoming(store, *local).size();
  }
  state.queued = paths_between(store, tip, local);
  return state;
}

void write_state_file(const Context& context, const StateFile& state, const Outbox& outbox) {
  const config::Settings& settings = context.settings();
  const auto hex = [](const std::optional<Oid>& oid) { return oid ? json(oid->hex()) : json(nullptr); };
  const json value{
      {"version", 1},
      {"endpoint", context.endpoint},
      {"session", context.session()},
      {"branch", context.branch()},
      {"local", hex(state.local)},
      {"tip", hex(state.tip)},
      {"reachable", !outbox.unreachable},
      {"conflicts", state.conflicts},
      {"incoming", state.incoming},
      {"outgoing", state.queued.size()},
      {"held_back", state.held_back.size()},
      {"beacon_pending", outbox.beacon_pending},
      {"queued", quoted(state.queued)},
      {"held_back_paths", quoted(state.held_back)},
      {"sync_set", {{"include", settings.include}, {"exclude", settings.exclude}, {"allow", settings.allow}}}};
  const std::string text = value.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
  const fs::path path = context.place.own_folder() / file_name;
  if (read_file(path) == text) return;
  make_private_folders(context.place.own_folder());
  write_file(path, text);
}

std::optional<ShortStatus> short_status(const fs::path& folder) {
  const auto place = git::glance(folder);
  if (!place) return std::nullopt;
  const auto text = read_file(place->own_folder() / file_name);
  if (!text) return std::nullopt;
  try {
    const json state = json::parse(*text);
    ShortStatus status;
    status.conflicts = state.at("conflicts").get<std::size_t>();
    status.incoming = state.at("incoming").get<std::size_t>();
    status.outgoing = count_outgoing(*place, state);
    status.unreachable = !state.at("reachable").get<bool>();
    return status;
  } catch (const std::exception&) {
    return std::nullopt;  // damaged: the next command writes it anew
  }
}

}  // namespace ps_sync::app
