#include "app/state_files.hpp"

#include <nlohmann/json.hpp>

#include "ps_sync/sync/trees.hpp"

namespace ps_sync::app {

using nlohmann::json;

namespace {

constexpr const char* short_file = "status";
constexpr const char* json_file = "state.json";

std::size_t count_changes(const git::Store& store, const std::optional<Oid>& from, const std::optional<Oid>& to) {
  if (from == to || !to) return 0;
  std::optional<Oid> from_tree;
  if (from && store.has(*from)) from_tree = store.read_commit(*from).tree;
  return sync::diff_trees(store, from_tree, store.read_commit(*to).tree).size();
}

}  // namespace

void write_state_files(const Context& context, const StateCounts& counts, const std::optional<Oid>& local,
                       const std::optional<Oid>& tip, const Outbox& outbox) {
  const std::string line = concat("1 ", std::to_string(counts.conflicts), " ", std::to_string(counts.incoming), " ",
                                  std::to_string(counts.outgoing), " ", outbox.unreachable ? "1" : "0", "\n");
  const fs::path folder = context.place.own_folder();
  make_private_folders(folder);
  if (read_file(folder / short_file) != line) write_file(folder / short_file, line);
  const auto hex = [](const std::optional<Oid>& oid) { return oid ? json(oid->hex()) : json(nullptr); };
  const json state{{"version", 1},
                   {"endpoint", context.endpoint},
                   {"session", context.session()},
                   {"branch", context.branch()},
                   {"local", hex(local)},
                   {"tip", hex(tip)},
                   {"reachable", !outbox.unreachable},
                   {"conflicts", counts.conflicts},
                   {"incoming", counts.incoming},
                   {"outgoing", counts.outgoing},
                   {"held_back", counts.held_back},
                   {"beacon_pending", outbox.beacon_pending}};
  const std::string text = state.dump(1) + "\n";
  if (read_file(folder / json_file) != text) write_file(folder / json_file, text);
}

void write_state_files(const Context& context, const WorkingTree& tree, const std::optional<Oid>& local,
                       const std::optional<Oid>& tip, const Outbox& outbox, const std::vector<HeldBack>& held_back) {
  StateCounts counts;
  counts.conflicts = tree.state().conflicts.size();
  counts.held_back = held_back.size();
  const git::Store& store = context.store;
  const bool is_behind = tip && local && tip != local && !store.is_ancestor(*tip, *local);
  counts.incoming = is_behind ? tree.incoming(store, *tip).size()
                    : local   ? (tree.state().base == local ? 0 : tree.incoming(store, *local).size())
                              : 0;
  if (local && tip != local && (!tip || !store.is_ancestor(*local, *tip)))
    counts.outgoing = count_changes(store, tip, local);
  write_state_files(context, counts, local, tip, outbox);
}

std::optional<ShortStatus> short_status(const fs::path& folder) {
  const auto place = git::glance(folder);
  if (!place) return std::nullopt;
  const auto text = read_file(place->own_folder() / short_file);
  if (!text) return std::nullopt;
  const std::vector<std::string> words = split(trim(*text), ' ');
  if (words.size() != 5 || words[0] != "1") return std::nullopt;
  ShortStatus status;
  status.conflicts = std::strtoul(words[1].c_str(), nullptr, 10);
  status.incoming = std::strtoul(words[2].c_str(), nullptr, 10);
  status.outgoing = std::strtoul(words[3].c_str(), nullptr, 10);
  status.unreachable = words[4] == "1";
  return status;
}

}  // namespace ps_sync::app
