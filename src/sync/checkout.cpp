#include "sync/checkout.hpp"

#include <algorithm>
#include <set>

namespace ps_sync::sync {
namespace {

bool has_stash(const git::Place& place) {
  std::error_code ignored;
  if (fs::exists(place.common_dir / "refs" / "stash", ignored) || fs::exists(place.common_dir / "reftable", ignored))
    return true;
  const auto packed = read_file(place.common_dir / "packed-refs");
  return packed && packed->find(" refs/stash\n") != std::string::npos;
}

std::set<std::string> find_stashed(const git::Place& place, const Index& index, const std::vector<std::string>& gone) {
  std::set<std::string> stashed;
  if (gone.empty() || !has_stash(place)) return stashed;
  // The stash commit's third parent holds the untracked files, its own tree the tracked ones.
  for (const char* revision : {"refs/stash^3", "refs/stash"}) {
    for (const std::string& path : git::tracked_in(place, revision, gone)) {
      const auto bytes = git::checked_out_bytes(place, revision, path);
      const auto position = index.find(path);
      if (bytes && position && git::hash_object(git::ObjectType::blob, *bytes) == index.at(*position).entry.oid) {
        stashed.insert(path);
      }
    }
  }
  return stashed;
}

}  // namespace

std::vector<std::string> find_taken_away(const git::Place& place, const Index& index,
                                         const std::optional<std::string>& head, const std::vector<std::string>& gone) {
  std::set<std::string> taken;
  if (gone.empty()) return {};
  const std::set<std::string> tracked_now = head ? git::tracked_in(place, *head, gone) : std::set<std::string>{};
  const IndexState& state = index.state();
  if (state.head && state.head != head) {
    for (const std::string& path : git::tracked_in(place, *state.head, gone)) {
      if (!tracked_now.contains(path)) taken.insert(path);
    }
  }
  // What was taken away stays so until the file, or HEAD's version of it, is back.
  for (const std::string& path : state.taken_away) {
    if (!tracked_now.contains(path) && std::binary_search(gone.begin(), gone.end(), path)) taken.insert(path);
  }
  const std::set<std::string> stashed = find_stashed(place, index, gone);
  taken.insert(stashed.begin(), stashed.end());
  return {taken.begin(), taken.end()};
}

std::vector<std::string> find_checked_out(const git::Place& place, const git::Store& store,
                                          const std::optional<std::string>& head, const std::optional<Oid>& local,
                                          const std::map<std::string, Oid>& changed) {
  if (!head || !local) return {};
  std::map<std::string, Oid> same_as_head;
  for (const auto& [path, oid] : changed) {
    const auto bytes = git::checked_out_bytes(place, *head, path);
    if (bytes && git::hash_object(git::ObjectType::blob, *bytes) == oid) same_as_head.emplace(path, oid);
  }
  if (same_as_head.empty()) return {};
  return find_in_history(store, *local, same_as_head);
}

}  // namespace ps_sync::sync
