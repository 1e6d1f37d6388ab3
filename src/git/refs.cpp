// The store's refs. Reading needs no library: a loose file of its own, or a line of packed-refs
// (gitrepository-layout(5)).
#include <algorithm>
#include <thread>

#include "git/store_state.hpp"
#include "ps_sync/base/error.hpp"
#include "ps_sync/base/failpoint.hpp"

namespace ps_sync::git {
namespace {

std::vector<std::pair<std::string, Oid>> read_packed_refs(const fs::path& store) {
  std::vector<std::pair<std::string, Oid>> refs;
  const auto text = read_file(store / "packed-refs");
  if (!text) return refs;
  for (const std::string& line : lines_of(*text)) {
    if (line.size() < 42 || line[40] != ' ') continue;
    if (const auto oid = Oid::from_hex(std::string_view(line).substr(0, 40))) refs.emplace_back(line.substr(41), *oid);
  }
  return refs;
}

/// True where a try failed only since another program holds the ref's lock for a moment.
bool is_locked(int code) { return code == GIT_ELOCKED; }

int write_ref(git_repository* repository, const std::string& name, const std::optional<Oid>& expected,
              const Oid& target) {
  git_reference* made = nullptr;
  const git_oid new_id = to_git(target);
  int code;
  if (expected) {
    const git_oid old_id = to_git(*expected);
    code = git_reference_create_matching(&made, repository, name.c_str(), &new_id, 1, &old_id, "ps-sync");
  } else {
    code = git_reference_create(&made, repository, name.c_str(), &new_id, 0, "ps-sync");
  }
  git_reference_free(made);
  return code;
}

int delete_ref(git_repository* repository, const std::string& name, const std::optional<Oid>& expected) {
  git_reference* raw = nullptr;
  const int code = git_reference_lookup(&raw, repository, name.c_str());
  const ReferenceHandle reference(raw);
  if (code == GIT_ENOTFOUND) return expected ? GIT_EMODIFIED : 0;
  if (code < 0) return code;
  const git_oid* present = git_reference_target(reference.get());
  if (expected && (present == nullptr || from_git(*present) != *expected)) return GIT_EMODIFIED;
  return git_reference_delete(reference.get());
}

/// What the remote had when it was last asked. It need not be on disk before the next step: when it is lost, or cut off
/// by a loss of power, the remote is asked again. Such refs are written by the holder of the store's lock alone.
bool is_remote_tracking(const std::string& name) { return name.rfind("refs/remotes/", 0) == 0; }

}  // namespace

std::optional<Oid> Store::find_ref(const std::string& name) const {
  if (const auto text = read_file(path() / name)) {
    if (const auto oid = Oid::from_hex(trim(*text))) return oid;
    if (is_remote_tracking(name)) return std::nullopt;
    throw Error(ErrorKind::failed, concat("cannot read the ref ", name, " of ", path().string()))
        .because("the file does not hold an object id")
        .hint(
            "move the folder promptsync in the git directory away, then run `ps-sync sync`: nothing is deleted by "
            "that");
  }
  for (const auto& [packed, oid] : read_packed_refs(path())) {
    if (packed == name) return oid;
  }
  return std::nullopt;
}

bool Store::move_ref(const std::string& name, const std::optional<Oid>& expected,
                     const std::optional<Oid>& target) const {
  failpoint("before-ref");
  git_repository* repository = repository_->raw();
  const PrivateFiles guard;
  std::optional<WithoutSync> hint;
  if (is_remote_tracking(name)) {
    hint.emplace();
    // Cut off by a loss of power: libgit2 would take it for damage, and refuse to replace it.
    std::error_code ignored;
    if (!expected && !find_ref(name)) fs::remove(path() / name, ignored);
  }
  int code = GIT_ELOCKED;
  for (int attempt = 0; attempt < 50 && is_locked(code); ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    code = target ? write_ref(repository, name, expected, *target) : delete_ref(repository, name, expected);
  }
  if (code == GIT_EMODIFIED || code == GIT_EEXISTS || (expected && code == GIT_ENOTFOUND)) return false;
  check(code, "move the ref", name);
  failpoint("after-ref");
  return true;
}

std::vector<std::string> Store::list_refs(const std::string& prefix) const {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : fs::recursive_directory_iterator(path() / "refs", ignored)) {
    if (entry.is_regular_file(ignored)) names.push_back(fs::relative(entry.path(), path()).string());
  }
  for (const auto& [name, oid] : read_packed_refs(path())) names.push_back(name);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::erase_if(names, [&](const std::string& name) { return name.rfind(prefix, 0) != 0 || name.ends_with(".lock"); });
  return names;
}

}  // namespace ps_sync::git
