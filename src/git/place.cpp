#include "ps_sync/git/place.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "ps_sync/base/error.hpp"
#include "ps_sync/base/text.hpp"
#include "ps_sync/platform/process.hpp"

namespace ps_sync::git {
namespace {

bool is_git_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path / "HEAD", ignored) &&
         (fs::exists(path / "commondir", ignored) ||
          (fs::is_directory(path / "objects", ignored) && fs::is_directory(path / "refs", ignored)));
}

fs::path resolve(const fs::path& base, const std::string& text) {
  std::error_code failed;
  const fs::path joined = base / text;  // an absolute `text` replaces the base
  const fs::path real = fs::canonical(joined, failed);
  return failed ? joined.lexically_normal() : real;
}

/// The git folder that `top/.git` is or names; absent where there is none.
std::optional<fs::path> git_folder_of(const fs::path& top) {
  std::error_code ignored;
  const fs::path dot_git = top / ".git";
  if (fs::is_directory(dot_git, ignored)) {
    if (is_git_folder(dot_git)) return resolve(top, ".git");
    return std::nullopt;
  }
  if (!fs::is_regular_file(dot_git, ignored)) return std::nullopt;
  const auto text = read_file(dot_git);
  if (!text || text->rfind("gitdir: ", 0) != 0) return std::nullopt;
  const fs::path named = resolve(top, std::string(trim(std::string_view(*text).substr(8))));
  return is_git_folder(named) ? std::optional(named) : std::nullopt;
}

Place place_at(const fs::path& top, const fs::path& git_dir) {
  Place place{top, git_dir, git_dir, ""};
  if (const auto common = read_file(git_dir / "commondir")) {
    place.common_dir = resolve(git_dir, std::string(trim(*common)));
    place.worktree = git_dir.filename().string();
  }
  return place;
}

std::vector<ConfigEntry> list_config(const fs::path& folder, const std::function<void()>& meanwhile) {
  Command command{{"git", "config", "--list", "-z", "--show-scope"}, folder, {}};
  for (auto& change : without_git_environment()) {
    // `git -c key=value ps-sync …` passes its settings in these two: they are settings, not a place.
    if (change.first.rfind("GIT_CONFIG_", 0) != 0) command.environment.push_back(std::move(change));
  }
  const Output output = run(command, {}, std::chrono::seconds(30), meanwhile);
  if (output.status != 0) {
    throw Error(ErrorKind::failed, "cannot read git's configuration")
        .because(escape_for_display(trim(output.err)))
        .hint("see what git says to: git config --list");
  }
  // "<scope>\0<key>\n<value>\0", and a key without a value has no newline.
  std::vector<ConfigEntry> entries;
  std::string_view rest = output.out;
  while (!rest.empty()) {
    const std::size_t scope_end = rest.find('\0');
    const std::size_t end = rest.find('\0', scope_end + 1);
    if (scope_end == std::string_view::npos || end == std::string_view::npos) break;
    const std::string_view pair = rest.substr(scope_end + 1, end - scope_end - 1);
    const std::size_t line = pair.find('\n');
    entries.push_back({std::string(rest.substr(0, scope_end)), std::string(pair.substr(0, line)),
                       line == std::string_view::npos ? "true" : std::string(pair.substr(line + 1))});
    rest.remove_prefix(end + 1);
  }
  return entries;
}

bool is_own(const fs::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 || status.st_uid == ::geteuid()) return true;
  const char* sudo = std::getenv("SUDO_UID");
  return ::geteuid() == 0 && sudo != nullptr && std::to_string(status.st_uid) == sudo;
}

/// As git's ensure_valid_ownership: safe.directory counts only where the repository itself cannot set it.
bool is_declared_safe(const UserConfig& config, const fs::path& top) {
  bool safe = false;
  for (const ConfigEntry& entry : config.entries()) {
    if (entry.key != "safe.directory" || entry.scope == "local" || entry.scope == "worktree") continue;
    const std::string value = expand_home(entry.value);
    if (value.empty()) {
      safe = false;
    } else if (value == "*" || resolve("/", value) == top) {
      safe = true;
    } else if (value.ends_with("/*") && top.string().rfind(value.substr(0, value.size() - 1), 0) == 0) {
      safe = true;
    }
  }
  return safe;
}

bool is_own(const Place& place) { return is_own(place.top) && is_own(place.top / ".git") && is_own(place.git_dir); }

void check_owner(const OpenPlace& open) {
  const Place& place = open.place;
  if (is_own(place)) return;
  if (is_declared_safe(open.config, place.top)) return;
  throw Error(ErrorKind::failed, concat("cannot work in ", quote_path(place.top.string())))
      .because("it belongs to another user (git: detected dubious ownership)")
      .hint(concat("if you trust it: git config --global --add safe.directory ", quote_path(place.top.string())));
}

[[noreturn]] void throw_bare(const fs::path& path) {
  throw Error(ErrorKind::failed, concat("cannot work in ", quote_path(path.string())))
      .because("it is a bare repository: there is no working tree that could hold documents")
      .hint("run this in a clone or in a linked worktree (git worktree add)");
}

}  // namespace

std::optional<std::string> UserConfig::find(std::string_view key) const {
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    if (entry->key == key) return entry->value;
  }
  return std::nullopt;
}

std::vector<std::string> UserConfig::all(std::string_view key) const {
  std::vector<std::string> values;
  for (const ConfigEntry& entry : entries_) {
    if (entry.key == key) values.push_back(entry.value);
  }
  return values;
}

std::optional<Place> glance(const fs::path& start) {
  std::error_code failed;
  fs::path folder = fs::canonical(start, failed);
  if (failed) return std::nullopt;
  for (;; folder = folder.parent_path()) {
    if (const auto git_dir = git_folder_of(folder)) return place_at(folder, *git_dir);
    if (is_git_folder(folder)) return std::nullopt;  // inside a git folder, as git has it
    if (folder == folder.parent_path()) return std::nullopt;
  }
}

OpenPlace open_place(const fs::path& start, const std::function<void(const Place&)>& meanwhile) {
  std::error_code failed;
  const fs::path real = fs::canonical(start, failed);
  if (failed) {
    throw Error(ErrorKind::failed, concat("cannot open ", quote_path(start.string()))).because(failed.message());
  }
  auto place = glance(real);
  if (!place) {
    for (fs::path folder = real; folder != folder.parent_path(); folder = folder.parent_path()) {
      if (is_git_folder(folder)) throw_bare(folder);
    }
    throw Error(ErrorKind::failed, concat("not a git repository: ", quote_path(real.string())))
        .because("no .git in it or in any folder above it")
        .hint("go into your repository, or name it: ps-sync -C DIR …")
        .hint("to begin one: git init");
  }
  OpenPlace open{*place, UserConfig(list_config(place->top, [&] {
                   if (meanwhile && is_own(*place)) meanwhile(*place);
                 }))};
  check_owner(open);
  if (place->worktree.empty()) {
    if (const auto moved = open.config.find("core.worktree")) {
      open.place.top = resolve(place->git_dir, *moved);
    } else if (open.config.find("core.bare") == "true") {
      throw_bare(place->git_dir);
    }
  }
  return open;
}

void set_user_config(const Place& place, const std::string& key, const std::string& value) {
  const Output output =
      run({{"git", "config", "--local", "--replace-all", key, value}, place.top, without_git_environment()});
  if (output.status != 0) {
    throw Error(ErrorKind::failed, concat("cannot set ", key, " in git's configuration"))
        .because(escape_for_display(trim(output.err)));
  }
}

void unset_user_config(const Place& place, const std::string& key) {
  run({{"git", "config", "--local", "--unset-all", key}, place.top, without_git_environment()});
}

}  // namespace ps_sync::git
