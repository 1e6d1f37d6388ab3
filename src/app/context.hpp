// What every use case works with: the place, the settings in force, the store, and the names of things.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ps_sync/app/app.hpp"
#include "ps_sync/git/place.hpp"
#include "ps_sync/git/remote.hpp"
#include "ps_sync/git/store.hpp"
#include "ps_sync/sync/path_rules.hpp"

namespace ps_sync::app {

struct Context {
  Options options;
  git::Place place;
  git::UserConfig user_config;
  config::Loaded config;
  sync::SyncSet set;
  git::Store store;
  std::string endpoint;  ///< "" before `init`

  const config::Settings& settings() const { return config.settings; }
  const std::string& session() const { return config.settings.session; }
  std::string label() const { return config::label_of(config.settings, endpoint); }

  std::string local_ref() const { return concat("refs/heads/", session()); }
  std::string tip_ref() const { return concat("refs/remotes/sync/", session()); }
  /// The sync branch on the remote: refs/heads/promptsync/main, or below refs/… where the settings say so.
  std::string remote_ref() const;
  /// As people see it: promptsync/main.
  std::string branch() const;

  fs::path index_path() const { return place.own_folder() / "index"; }
  fs::path lock_path() const { return place.shared_folder() / "lock"; }
};

/// Up to this many documents a look at all of them takes no noticeable time: a pull takes it even where nothing came,
/// and `status --short`, which a prompt waits for, as well. Beyond it that tells what was last seen.
constexpr std::size_t quick_look = 2000;

constexpr const char* config_file = ".claude/sync/config.yml";
constexpr const char* template_file = ".claude/sync/beacon-template.md";

/// What a command begins while git still lists the settings; see git::open_place.
using Meanwhile = std::function<void(const git::Place&)>;
/// Opens the place and reads all settings. Throws as git::open_place and config::load do.
Context open_context(const Options& options, const Meanwhile& meanwhile = {});
/// Same, and throws Error{failed} "not set up" where no endpoint has a name here.
Context open_set_up(const Options& options, const Meanwhile& meanwhile = {});
/// The text of .claude/sync/config.yml: this working tree's own, else the main one's.
std::optional<std::string> read_config_file(const git::Place& place);
std::vector<config::GitConfigEntry> to_config_entries(const git::UserConfig& config);

/// The remote in force; absent where it is not configured.
std::optional<git::RemoteAddress> find_remote(const Context& context);
git::RemoteOptions remote_options(const Context& context);

/// A signature by the user's identity and the present time.
git::Signature author_now(const Context& context);
git::Signature committer_now(const Context& context);
Timestamp now();

/// The repository path for a path typed on the command line. Throws Error{usage} where it lies outside the working
/// tree.
std::string to_repository_path(const Context& context, const std::string& typed);

/// The root commit that is the same for everybody; put into the store if it is not there.
Oid ensure_root_commit(const git::Store& store);

}  // namespace ps_sync::app
