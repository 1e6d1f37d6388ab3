// What the scenarios read out of ps-sync's answers.
#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <string>

#include "support/world.hpp"

namespace ps_sync::test {

using Files = std::map<std::string, std::string>;  ///< path → bytes

inline const std::string planning = ".claude/planning/";

/// The paths in a list of changes, conflicts or files held back.
inline std::set<std::string> paths(const nlohmann::json& list) {
  std::set<std::string> found;
  for (const auto& entry : list) found.insert(entry.at("path").get<std::string>());
  return found;
}

/// One field of the entry for `path`; "" where there is no such entry.
inline std::string field(const nlohmann::json& list, const std::string& path, const std::string& name) {
  for (const auto& entry : list)
    if (entry.at("path") == path) return entry.at(name).get<std::string>();
  return "";
}

/// The id that git gives to these bytes.
inline std::string blob_id(World& world, const std::string& bytes) {
  return world.origin_git({"hash-object", "--stdin"}, bytes);
}

/// Are exactly these bytes in a commit that a ref of the clone's store reaches?
inline bool in_history(World& world, Clone& clone, const std::string& bytes) {
  return contains(clone.store({"rev-list", "--all", "--objects"}), blob_id(world, bytes));
}

/// The beacon's body on origin; throws where there is none.
inline std::string beacon_body(World& world) {
  return world.origin_git({"cat-file", "blob", "refs/promptsync/beacon:BEACON.md"}) + "\n";
}

/// Bytes that no compression makes small.
inline std::string noise(std::size_t size) {
  std::string bytes;
  std::uint64_t state = 88172645463325252ULL;
  while (bytes.size() < size) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    for (int shift = 0; shift < 64; shift += 8) bytes += static_cast<char>(state >> shift);
  }
  bytes.resize(size);
  return bytes;
}

/// Two places that know each other: both set up, and both with `files`.
struct Pair {
  World world;
  Clone& desktop;
  Clone& code;

  explicit Pair(const Files& files = {}) : desktop(world.place("desktop")), code(world.place("code")) {
    for (const auto& [path, bytes] : files) desktop.write(path, bytes);
    if (!files.empty()) desktop.ok({"push"});
    code.ok({"pull"});
    for (const auto& [path, bytes] : files)
      if (!code.exists(path) || code.read(path) != bytes) throw std::runtime_error(path + " did not arrive");
  }
};

}  // namespace ps_sync::test
