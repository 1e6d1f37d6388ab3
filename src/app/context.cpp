#include "app/context.hpp"

#include <unistd.h>
#include <ctime>

#include "ps_sync/base/endpoint.hpp"
#include "ps_sync/base/error.hpp"
#include "ps_sync/beacon/provider.hpp"
#include "ps_sync/git/http_settings.hpp"
#include "ps_sync/platform/environment.hpp"

extern char** environ;

namespace ps_sync::app {
namespace {

std::vector<std::pair<std::string, std::string>> own_environment() {
  std::vector<std::pair<std::string, std::string>> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view line(*entry);
    if (line.rfind("PROMPTSYNC_", 0) != 0) continue;
    const std::size_t equals = line.find('=');
    variables.emplace_back(line.substr(0, equals), line.substr(equals + 1));
  }
  return variables;
}

/// A linked worktree without a name of its own is `<name>-<worktree>`.
std::string endpoint_of(const git::Place& place, const git::UserConfig& user_config, const config::Settings& settings) {
  if (!settings.endpoint) return "";
  if (place.worktree.empty()) return *settings.endpoint;
  for (const git::ConfigEntry& entry : user_config.entries()) {
    if (entry.scope == "worktree" && entry.key == "promptsync.endpoint") return *settings.endpoint;
  }
  if (environment_value("PROMPTSYNC_ENDPOINT")) return *settings.endpoint;
  return to_endpoint_name(concat(*settings.endpoint, "-", place.worktree));
}

git::Signature signature_now(git::Identity identity) {
  const std::time_t seconds = std::time(nullptr);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  return {std::move(identity.name), std::move(identity.email), now(), static_cast<int>(local.tm_gmtoff / 60)};
}

}  // namespace

std::string Context::remote_ref() const {
  const std::string& prefix = settings().branch;
  return concat(prefix.rfind("refs/", 0) == 0 ? "" : "refs/heads/", prefix, "/", session());
}

std::string Context::branch() const {
  const std::string& prefix = settings().branch;
  return concat(prefix.rfind("refs/", 0) == 0 ? prefix.substr(5) : prefix, "/", session());
}

std::vector<config::GitConfigEntry> to_config_entries(const git::UserConfig& config) {
  std::vector<config::GitConfigEntry> entries;
  for (const git::ConfigEntry& entry : config.entries()) {
    if (entry.key.rfind("promptsync.", 0) == 0) entries.push_back({entry.scope, entry.key, entry.value});
  }
  return entries;
}

std::optional<std::string> read_config_file(const git::Place& place) {
  auto text = read_file(place.top / config_file);
  if (!text && !place.worktree.empty() && place.common_dir.filename() == ".git") {
    text = read_file(place.common_dir.parent_path() / config_file);
  }
  return text;
}

Context open_context(const Options& options, const Meanwhile& meanwhile) {
  git::OpenPlace open = git::open_place(options.folder, meanwhile);
  config::Sources sources;
  sources.file = read_config_file(open.place);
  sources.git = to_config_entries(open.config);
  sources.environment = own_environment();
  config::Loaded loaded = config::load(sources);
  const config::Settings& settings = loaded.settings;
  sync::SyncSet set(settings.include, settings.exclude, settings.allow);
  git::Store store(open.place.store_path());
  std::string endpoint = endpoint_of(open.place, open.config, settings);
  return {options,        std::move(open.place), std::move(open.config), std::move(loaded),
          std::move(set), std::move(store),      std::move(endpoint)};
}

Context open_set_up(const Options& options, const Meanwhile& meanwhile) {
  Context context = open_context(options, meanwhile);
  if (context.endpoint.empty()) {
    throw Error(ErrorKind::failed, concat("ps-sync is not set up in ", quote_path(context.place.top.string())))
        .because("this clone has no endpoint name yet")
        .hint("set it up: ps-sync init --as NAME   (desktop, code, your-laptop, …)");
  }
  if (context.remote_ref() == beacon::git_beacon_ref) {
    throw Error(ErrorKind::config, concat("a session cannot be called ", context.session(), " here"))
        .because(concat(context.remote_ref(), " is where the beacon is"))
        .hint("choose another name for the session, or another `branch` in the settings");
  }
  return context;
}

std::optional<git::RemoteAddress> find_remote(const Context& context) {
  return git::find_remote(context.user_config, context.place, context.settings().remote);
}

git::RemoteOptions remote_options(const Context& context) {
  git::RemoteOptions options;
  options.silence = context.settings().network_timeout;
  options.terminal = context.options.terminal;
  options.meter = context.options.meter;
  options.trace = context.options.trace;
  options.ssh = git::read_ssh_settings(context.user_config);
  const std::string& name = context.settings().remote;
  const std::string remote = context.user_config.find(concat("remote.", name, ".url")) ? name : "";
  options.http_settings = [config = context.user_config, remote, top = context.place.top](const std::string& url) {
    return git::read_http_settings(config, url, remote, top);
  };
  options.folder = context.place.top;
  options.spool_folder = context.place.shared_folder();
  return options;
}

git::Signature author_now(const Context& context) {
  return signature_now(git::author_of(context.place, context.user_config));
}
git::Signature committer_now(const Context& context) {
  return signature_now(git::committer_of(context.place, context.user_config));
}

Timestamp now() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }

std::string to_repository_path(const Context& context, const std::string& typed) {
  std::error_code failed;
  const fs::path folder = fs::canonical(context.options.folder, failed);
  const fs::path named = typed.starts_with('/') ? fs::path(typed) : folder / typed;
  // Only the folder is resolved: the last part may be gone, or be a link that is itself meant.
  const fs::path parent = fs::weakly_canonical(named.parent_path(), failed);
  const fs::path full = (parent / named.filename()).lexically_normal();
  std::string path = full.lexically_relative(context.place.top).string();
  while (path.ends_with('/')) path.pop_back();
  if (path.empty() || path == ".." || path.rfind("../", 0) == 0) {
    // Perhaps a repository path was typed from a folder below the top.
    throw Error(ErrorKind::usage, concat(quote_path(typed), " is outside of the working tree"))
        .because(concat("the working tree is ", quote_path(context.place.top.string())));
  }
  return path;
}

Oid ensure_root_commit(const git::Store& store) {
  git::Batch batch = store.begin_batch();
  git::Commit root;
  root.tree = batch.add_tree({});
  root.author = root.committer = {"PromptSync", "promptsync@localhost", *parse_utc("2026-01-01T00:00:00Z"), 0};
  root.message = "Begin the sync branch\n\nPromptsync-Format: 1\n";
  const Oid oid = batch.add_commit(root);
  batch.finish();
  return oid;
}

}  // namespace ps_sync::app
