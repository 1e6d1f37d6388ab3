// Every setting, typed, with the place its value came from.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ps_sync::config {

struct BeaconSettings {
  std::string provider = "git";        ///< git, none or github
  std::optional<std::string> repo;     ///< OWNER/REPO, for github
  std::optional<std::int64_t> issue;   ///< the ticket's number, for github
  std::optional<std::string> project;  ///< PVT_…, for github
  std::optional<std::string> api;      ///< base URL of the REST interface, for GitHub Enterprise
};

/// The settings in force. A default-constructed object holds the built-in values.
struct Settings {
  std::string remote = "origin";      ///< a remote's name, or a URL
  std::string branch = "promptsync";  ///< prefix of the sync branch on the remote; "refs/…" is taken as a whole ref
  std::vector<std::string> include{".claude/planning/",
                                   ".claude/implementation/"};  ///< repository paths, no leading '/'
  std::vector<std::string> exclude{"*.tmp", ".DS_Store"};       ///< gitignore patterns
  BeaconSettings beacon;
  std::map<std::string, std::string> labels{{"desktop", "Desktop"}, {"code", "Code"}};  ///< endpoint to label
  std::chrono::milliseconds watch_interval{15000};
  std::chrono::milliseconds watch_debounce{300};
  std::chrono::milliseconds network_timeout{30000};
  std::uint64_t max_file = 50'000'000;  ///< bytes; decimal units, the limit itself is allowed
  int max_delete_percent = 50;          ///< more than this share (and at least 10 files) gone at once is refused

  std::optional<std::string> endpoint;  ///< this clone's own name; never from the file
  std::string session = "main";         ///< this clone's current session; never from the file
  std::vector<std::string> allow;       ///< paths that steer an assistant and may be applied; git config only
};

/// One value in force, for `config list` and `doctor`.
struct Value {
  std::string key;     ///< dotted, as in `network.timeout`
  std::string text;    ///< as `config get` prints it; lists joined by ", ", URLs redacted, "" where there is none
  std::string origin;  ///< "default", ".claude/sync/config.yml:7", "git config (local)", "PROMPTSYNC_REMOTE"
};

/// One line of `git config --list -z --show-scope`: scope, key (as git prints it: section and name in lower case),
/// value.
struct GitConfigEntry {
  std::string scope;  ///< system, global, local, worktree, command
  std::string key;
  std::string value;
};

/// Everything settings are read from; reading files and running git is the caller's.
struct Sources {
  std::optional<std::string> file;                               ///< text of config.yml; absent where there is none
  std::string file_name = ".claude/sync/config.yml";             ///< how messages name it
  std::vector<GitConfigEntry> git;                               ///< in git's order: later ones win
  std::vector<std::pair<std::string, std::string>> environment;  ///< NAME, value; only PROMPTSYNC_* are looked at
};

struct Loaded {
  Settings settings;
  std::vector<Value> values;  ///< every known key, sorted by key
};

/// Reads all sources: file, then git config, then environment; a later one wins as a whole value (lists are replaced).
/// Throws Error{config} for an unknown key (names the nearest known one), a wrong type (says what was expected), a
/// newer `version`, or YAML that cannot be read; the message names file and line, the git config key, or the variable.
/// A file without `version` is read as version 1. A variable with an empty value counts as not set.
Loaded load(const Sources& sources);

/// Every key that can be set, sorted; those of clone-only settings (endpoint, session, allow) included. The labels of
/// desktop and code stand for those of all endpoints.
std::vector<std::string> known_keys();

/// The name of a key in git config, which has no underscores: `promptsync.limits.max-file` for `limits.max_file`.
std::string git_config_name(std::string_view key);

/// Checks `text` as a value for `key`, and throws as load() does; returns it in canonical form. The entries of a list
/// are separated by newlines or commas.
std::string check_value(std::string_view key, std::string_view text);

/// The file's text with `key` set to `text`: comments, order and everything else in it are kept byte for byte. An empty
/// or absent file gets a `version: 1` line first. Throws for clone-only keys, which belong in git config, and names the
/// line to edit by hand where the file is written in a way that cannot be changed safely.
std::string set_in_file(const std::optional<std::string>& file, std::string_view key, std::string_view text);

/// The short form that `--beacon` takes: git, none, github:OWNER/REPO or github:OWNER/REPO#N. Throws Error{usage}.
BeaconSettings parse_beacon(std::string_view text);
/// The short form; what it cannot say (project, api, a github beacon without a repository) is left out.
std::string format_beacon(const BeaconSettings& beacon);

/// The label of an endpoint as people see it: from `labels`, else the name with a capital first letter.
std::string label_of(const Settings& settings, std::string_view endpoint);

}  // namespace ps_sync::config
