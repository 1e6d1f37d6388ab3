#include "ps_sync/git/store.hpp"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>

#include "git/libraries.hpp"
#include "git/store_state.hpp"
#include "ps_sync/base/error.hpp"
#include "ps_sync/platform/process.hpp"

namespace ps_sync::git {

void check(int code, std::string_view doing, std::string_view subject) {
  if (code >= 0) return;
  const git_error* last = git_error_last();  // this thread's; may be null (libgit2 docs/error-handling.md)
  std::string cause = last != nullptr ? last->message : concat("libgit2 code ", std::to_string(code), ", no message");
  git_error_clear();  // so that it cannot explain some later failure
  throw Error(ErrorKind::failed, concat("cannot ", doing, " ", escape_for_display(subject)))
      .because(escape_for_display(cause));
}

git_repository* Store::Repository::raw() {
  if (!repository_) {
    load_libgit2();
    repository_ = acquire<RepositoryHandle, git_repository_open_bare>("open", path.string(), path.c_str());
  }
  return repository_.get();
}

git_odb* Store::Repository::odb() {
  if (!odb_) odb_ = acquire<OdbHandle, git_repository_odb>("open", path.string(), raw());
  return odb_.get();
}

void Store::Repository::close() {
  odb_.reset();
  repository_.reset();
}

void Store::Repository::refresh() {
  if (odb_) check(git_odb_refresh(odb_.get()), "read", path.string());
}

Store::Store(fs::path path) : repository_(std::make_shared<Repository>(std::move(path))) {}

const fs::path& Store::path() const { return repository_->path; }

Store::Repository& Store::repository() const { return *repository_; }

bool Store::exists() const { return fs::exists(path() / "HEAD"); }

void Store::create() const {
  if (exists()) return;
  for (const char* folder : {"objects/pack", "objects/info", "refs/heads", "info"})
    make_private_folders(path() / folder);
  // Renames must not be guessed differently by `ps-sync git log`, no attribute may apply, and what the store holds is
  // packed by us: gc would run in the middle of a command.
  write_file(path() / "config",
             "[core]\n\trepositoryformatversion = 0\n\tbare = true\n\tfilemode = true\n\tlogAllRefUpdates = false\n"
             "[gc]\n\tauto = 0\n[pack]\n\twriteReverseIndex = false\n",
             0600, Durable::yes);
  write_file(path() / "HEAD", "ref: refs/heads/main\n", 0600, Durable::yes);  // last: it is what makes it a repository
}

namespace {

bool has_prefix(const std::string& text, std::string_view prefix) { return text.rfind(prefix, 0) == 0; }

bool is_leftover(const fs::path& path) {
  const std::string name = path.filename().string();
  return has_prefix(name, "tmp_") || has_prefix(name, "pack_") || has_prefix(name, ".tmp-") ||
         has_prefix(name, "incoming-") || path.extension() == ".lock" || name.find(".new-") != std::string::npos;
}

}  // namespace

void Store::remove_leftovers() const {
  std::error_code ignored;
  std::vector<fs::path> found;
  for (const char* folder : {"objects", "refs", ""}) {
    const bool deep = *folder != '\0';
    if (deep) {
      for (const auto& entry : fs::recursive_directory_iterator(path() / folder, ignored)) {
        if (entry.is_regular_file(ignored) && is_leftover(entry.path())) found.push_back(entry.path());
      }
    } else {
      for (const auto& entry : fs::directory_iterator(path(), ignored)) {
        if (entry.is_regular_file(ignored) && is_leftover(entry.path())) found.push_back(entry.path());
      }
    }
  }
  // A pack whose index did not make it names nothing.
  for (const auto& entry : fs::directory_iterator(path() / "objects" / "pack", ignored)) {
    fs::path index = entry.path();
    if (entry.path().extension() == ".pack" && !fs::exists(index.replace_extension(".idx"), ignored)) {
      found.push_back(entry.path());
    }
  }
  for (const fs::path& leftover : found) fs::remove(leftover, ignored);
}

void Store::maintain() const {
  constexpr std::ptrdiff_t many_packs = 60;
  std::error_code ignored;
  const auto packs =
      std::count_if(fs::directory_iterator(path() / "objects" / "pack", ignored), fs::directory_iterator(),
                    [](const auto& entry) { return entry.path().extension() == ".pack"; });
  if (packs < many_packs) return;
  // A geometric repack joins the small packs only: its cost follows what came since the last one.
  Command repack{{"git", concat("--git-dir=", path().string()), "repack", "-d", "-q", "--geometric=2"},
                 std::nullopt,
                 without_git_environment()};
  const PrivateFiles guard;
  run(repack, {}, std::chrono::minutes(5));
  repository_->close();
}

bool Store::has(const Oid& oid) const {
  const git_oid raw = to_git(oid);
  return git_odb_exists_ext(repository_->odb(), &raw, GIT_ODB_LOOKUP_NO_REFRESH) == 1;
}

bool Store::is_commit(const Oid& oid) const {
  const git_oid raw = to_git(oid);
  std::size_t size = 0;
  git_object_t type;
  return has(oid) && git_odb_read_header(&size, &type, repository_->odb(), &raw) == 0 && type == GIT_OBJECT_COMMIT;
}

void Store::read(ObjectType type, const Oid& oid, const std::function<void(std::string_view)>& use) const {
  const git_oid raw = to_git(oid);
  const std::string name = concat("object ", oid.hex());
  const OdbObjectHandle object = acquire<OdbObjectHandle, git_odb_read>("read", name, repository_->odb(), &raw);
  if (static_cast<int>(git_odb_object_type(object.get())) != static_cast<int>(type)) {
    throw Error(ErrorKind::failed, concat("cannot read ", name)).because("it is of another type");
  }
  use({static_cast<const char*>(git_odb_object_data(object.get())), git_odb_object_size(object.get())});
}

std::string Store::read(ObjectType type, const Oid& oid) const {
  std::string bytes;
  read(type, oid, [&](std::string_view found) { bytes = found; });
  return bytes;
}

std::uint64_t Store::size_of(const Oid& oid) const {
  const git_oid raw = to_git(oid);
  std::size_t size = 0;
  git_object_t type;
  check(git_odb_read_header(&size, &type, repository_->odb(), &raw), "read object", oid.hex());
  return size;
}

std::vector<TreeEntry> Store::read_tree(const Oid& oid) const {
  if (oid == empty_tree()) return {};
  return parse_tree(read(ObjectType::tree, oid));
}

Commit Store::read_commit(const Oid& oid) const { return parse_commit(oid, read(ObjectType::commit, oid)); }

}  // namespace ps_sync::git
