// The user's repository: where it is, what its configuration says, and what its HEAD holds. It is only ever read.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ps_sync/base/oid.hpp"
#include "ps_sync/platform/files.hpp"

namespace ps_sync::git {

/// One line of `git config --list`, in git's order: later ones win.
struct ConfigEntry {
  std::string scope;  ///< system, global, local, worktree, command
  std::string key;
  std::string value;
};

/// The user's git configuration as the user's own git reads it, includes and all.
class UserConfig {
 public:
  UserConfig() = default;
  explicit UserConfig(std::vector<ConfigEntry> entries) : entries_(std::move(entries)) {}
  const std::vector<ConfigEntry>& entries() const { return entries_; }
  /// The last value of a key; section and name in lower case.
  std::optional<std::string> find(std::string_view key) const;
  std::vector<std::string> all(std::string_view key) const;

 private:
  std::vector<ConfigEntry> entries_;
};

/// A working tree and its git folders; all paths absolute.
struct Place {
  fs::path top;          ///< the working tree
  fs::path git_dir;      ///< its own git folder (.git, or .git/worktrees/NAME)
  fs::path common_dir;   ///< the git folder that all worktrees share
  std::string worktree;  ///< NAME of a linked worktree; "" for the main one

  fs::path own_folder() const { return git_dir / "promptsync"; }
  fs::path shared_folder() const { return common_dir / "promptsync"; }
  fs::path store_path() const { return shared_folder() / "store.git"; }
};

/// The nearest git folder from `start` upwards, by looking at the file system alone: no program is run and no
/// configuration read. Absent where there is none. GIT_DIR and the like are not obeyed.
std::optional<Place> glance(const fs::path& start);

/// A place and its configuration, checked: Throws Error{failed} for "not a repository", a bare repository, a folder
/// inside the git folder, and a foreign owner that `safe.directory` does not allow.
struct OpenPlace {
  Place place;
  UserConfig config;
};
/// `meanwhile` is called while git lists the configuration, and only where the place is the user's own without a look
/// at it.
OpenPlace open_place(const fs::path& start, const std::function<void(const Place&)>& meanwhile = {});

/// Writes `key` into the repository's own configuration (for `init` and `config set`).
void set_user_config(const Place& place, const std::string& key, const std::string& value);
/// Removes it; no error where it is not there.
void unset_user_config(const Place& place, const std::string& key);

/// Who git would say commits here: GIT_AUTHOR_* and GIT_COMMITTER_*, then user.name and user.email, then what git makes
/// up.
struct Identity {
  std::string name;
  std::string email;
};
Identity author_of(const Place& place, const UserConfig& config);
Identity committer_of(const Place& place, const UserConfig& config);

/// The commit that HEAD names, in hex (40 or 64 digits); absent where HEAD is unborn. Loose and packed refs are read as
/// files, any other ref storage by asking git.
std::optional<std::string> head_commit(const Place& place);

/// Those of `paths` that the tree of `commit` (any revision git understands) holds as files.
std::set<std::string> tracked_in(const Place& place, const std::string& commit, const std::vector<std::string>& paths);

/// What git's checkout would write for `path` at `commit`: filters and line ends applied; absent where it is not there.
std::optional<std::string> checked_out_bytes(const Place& place, const std::string& commit, const std::string& path);

}  // namespace ps_sync::git
