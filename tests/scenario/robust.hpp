// What the robustness scenarios look at: whole folders, all documents of a place, all bytes that a history holds.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "scenario/reading.hpp"
#include "support/catch.hpp"

namespace ps_sync::test {

inline const std::string implementation = ".claude/implementation/";

/// Everything below a folder, links not followed: path → kind, mode and content.
using Picture = std::map<std::string, std::string>;

/// Takes a picture of `folder`; what `skip` answers true for (with all below it) is left out.
inline Picture picture_of(const std::filesystem::path& folder,
                          const std::function<bool(const std::filesystem::path&)>& skip) {
  Picture picture;
  const std::filesystem::recursive_directory_iterator end;
  for (std::filesystem::recursive_directory_iterator at(folder); at != end; ++at) {
    if (skip(at->path())) {
      at.disable_recursion_pending();
      continue;
    }
    picture[at->path().string()] = state_on_disk(at->path());
  }
  return picture;
}

/// Paths that are new, gone or different in `later`, one a line; "" where nothing changed.
inline std::string changes(const Picture& before, const Picture& later) {
  std::string text;
  for (const auto& [path, state] : before) {
    const auto found = later.find(path);
    if (found == later.end())
      text += "gone: " + path + "\n";
    else if (found->second != state)
      text += "changed: " + path + "\n";
  }
  for (const auto& [path, state] : later)
    if (!before.contains(path)) text += "new: " + path + "\n";
  return text;
}

/// The documents of a place: path → "x " or "- " for the executable bit, then the bytes.
inline Files documents(const Clone& clone) {
  Files found;
  for (const std::string& root : {planning, implementation})
    if (std::filesystem::is_directory(clone.path(root)))
      for (const auto& [path, bytes] : clone.files(root))
        found[path] = (clone.is_executable(path) ? "x " : "- ") + bytes;
  return found;
}

/// The id of each document's bytes, by path, as git computes it.
inline std::map<std::string, std::string> document_ids(World& world, const Clone& clone) {
  std::vector<std::string> names;
  std::string list;
  for (const auto& [path, bytes] : documents(clone)) {
    names.push_back(path);
    list += path + "\n";
  }
  const Outcome hashed = world.run(clone.root(), {"git", "hash-object", "--no-filters", "--stdin-paths"}, {}, list);
  const std::vector<std::string> ids = lines_of(hashed.out);
  if (ids.size() != names.size()) throw std::runtime_error("git hash-object\n" + hashed.describe());
  std::map<std::string, std::string> found;
  for (std::size_t n = 0; n < names.size(); ++n) found[names[n]] = ids[n];
  return found;
}

/// The ids of all objects that a ref of the repository reaches. Throws where one of them is missing.
inline std::set<std::string> reachable_objects(World& world, const std::filesystem::path& repository) {
  const Outcome list =
      world.run(world.root(), {"git", "--git-dir=" + repository.string(), "rev-list", "--all", "--objects"});
  if (list.exit != 0) throw std::runtime_error("git rev-list\n" + list.describe());
  std::set<std::string> ids;
  for (const std::string& line : lines_of(list.out)) ids.insert(line.substr(0, 40));
  return ids;
}

/// Names of files and folders below `folder` that a run should have taken away at its end, one a line.
inline std::string leftovers(const std::filesystem::path& folder) {
  std::string found;
  const std::filesystem::recursive_directory_iterator end;
  for (std::filesystem::recursive_directory_iterator at(folder); at != end; ++at) {
    const std::string name = at->path().filename().string();
    const bool left = name.starts_with("tmp_") || name.starts_with("incoming-") || name.starts_with(".promptsync-") ||
                      name.ends_with(".lock") || contains(name, ".new-") ||
                      (name == "apply" && at->is_regular_file()) ||
                      (name == "staged" && at->is_directory() && !std::filesystem::is_empty(at->path()));
    if (left) found += at->path().string() + "\n";
  }
  return found;
}

inline void check_fsck(World& world, const std::filesystem::path& repository) {
  const Outcome outcome = world.run(
      world.root(), {"git", "--git-dir=" + repository.string(), "fsck", "--strict", "--no-dangling", "--no-progress"});
  INFO("git fsck in " << repository << "\n" << outcome.describe());
  CHECK((outcome.exit == 0 && outcome.err.empty() && outcome.out.empty()));
}

}  // namespace ps_sync::test
