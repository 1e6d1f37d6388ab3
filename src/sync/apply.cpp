#include "ps_sync/sync/apply.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <tuple>

#include "ps_sync/base/error.hpp"
#include "ps_sync/base/failpoint.hpp"
#include "ps_sync/base/text.hpp"
#include "ps_sync/sync/scan.hpp"
#include "sync/rename.hpp"

namespace ps_sync::sync {
namespace {

constexpr std::string_view staging_name = "staged";
constexpr std::string_view journal_name = "apply";

struct Place {
  std::string folder;  // repository path without the name
  std::string name;
};

Place split_path(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {"", path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

/// Opens the folder beneath top, making what is missing; none where something that is no folder is in the way.
Fd make_folder_beneath(const fs::path& top, std::string_view folder) {
  Fd fd(::open(top.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  while (fd && !folder.empty()) {
    const std::size_t slash = folder.find('/');
    const std::string name(folder.substr(0, slash));
    if (::mkdirat(fd.get(), name.c_str(), 0777) != 0 && errno != EEXIST)
      throw_system_error("make the folder", top / name);
    fd = Fd(::openat(fd.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    folder = slash == std::string_view::npos ? std::string_view() : folder.substr(slash + 1);
  }
  return fd;
}

bool lists_name(int folder, const std::string& name) {
  DIR* handle = ::fdopendir(::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (handle == nullptr) return false;
  bool found = false;
  while (const dirent* entry = ::readdir(handle)) {
    if (name == entry->d_name) found = true;
  }
  ::closedir(handle);
  return found;
}

/// Removes a folder in which there are only folders, all the way down. False, and nothing else is touched, where there
/// is any file, or it is no folder.
bool remove_if_empty(int parent, const std::string& name, int depth = 0) {
  constexpr int deepest = 100;
  if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0) return true;
  if (depth == deepest || (errno != ENOTEMPTY && errno != EEXIST)) return false;
  const int fd = ::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR* handle = fd < 0 ? nullptr : ::fdopendir(fd);
  if (handle == nullptr) return false;
  std::vector<std::string> inside;
  while (const dirent* entry = ::readdir(handle)) {
    if (std::string_view(entry->d_name) != "." && std::string_view(entry->d_name) != "..")
      inside.emplace_back(entry->d_name);
  }
  bool empty = true;
  for (const std::string& item : inside) empty = empty && remove_if_empty(::dirfd(handle), item, depth + 1);
  ::closedir(handle);
  return empty && ::unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0;
}

/// Renaming moves ctime, so of a file that was renamed only the rest can be compared.
bool is_same_file(const FileStat& left, const FileStat& right) {
  return left.size == right.size && left.modified == right.modified && left.inode == right.inode;
}

std::optional<FileStat> stat_at(int folder, const std::string& name) {
  struct stat status {};
  if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode))
    return std::nullopt;
  return FileStat::of(status);
}

/// Removes the folders above `path` that are empty now, up to a root, which stays.
void remove_empty_parents(const fs::path& top, const std::vector<std::string>& roots, const std::string& path) {
  const auto is_root_or_above = [&](const std::string& folder) {
    return std::any_of(roots.begin(), roots.end(),
                       [&](const std::string& root) { return root == folder || root.rfind(folder + "/", 0) == 0; });
  };
  std::string folder = split_path(path).folder;
  while (!folder.empty() && !is_root_or_above(folder)) {
    const Place place = split_path(folder);
    const Fd parent = open_folder_beneath(top, place.folder);
    if (parent && ::unlinkat(parent.get(), place.name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) return;
    folder = place.folder;
  }
}

class Run {
 public:
  Run(const git::Store& store, const fs::path& top, const fs::path& folder, const std::vector<std::string>& roots)
      : store_(store), top_(top), folder_(folder), roots_(roots), staging_(folder / staging_name) {}

  ApplyResult apply(const std::vector<ApplyStep>& steps, std::int64_t now) {
    const mode_t mask = ::umask(0);
    ::umask(mask);
    mask_ = mask;
    open_staging();
    stage(steps);
    write_journal(steps);
    failpoint("apply-journal-written");
    // Removals first: they make room for a file where a folder was.
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (!steps[i].target) take_place(steps[i], i);
    }
    remove_empty_folders(steps);
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (steps[i].target) take_place(steps[i], i);
    }
    check_swapped_out(steps);
    sync_folders();
    failpoint("apply-all-in-place");
    look_again(steps, now);
    return std::move(result_);
  }

 private:
  struct SwappedOut {
    std::size_t step;
    FileStat stat;
  };

  void open_staging() {
    make_private_folders(staging_);
    staging_fd_ = Fd(::open(staging_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!staging_fd_) throw_system_error("open", staging_);
  }

  /// A batch of files is put on disk by one call; a handful each by its own, so that others' unwritten data does not
  /// wait.
  void stage(const std::vector<ApplyStep>& steps) {
    constexpr std::size_t handful = 24;
    const auto count = static_cast<std::size_t>(
        std::count_if(steps.begin(), steps.end(), [](const ApplyStep& step) { return step.target.has_value(); }));
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (!steps[i].target) continue;
      const std::string name = std::to_string(i);
      const mode_t mode = (steps[i].target->mode == git::mode_executable ? 0777 : 0666) & ~mask_;
      const Fd fd(
          ::openat(staging_fd_.get(), name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode));
      if (!fd) throw_system_error("write", staging_ / name);
      store_.read(git::ObjectType::blob, steps[i].target->oid,
                  [&](std::string_view bytes) { write_all(fd.get(), bytes, top_ / steps[i].path); });
      if (count <= handful && ::fdatasync(fd.get()) != 0) throw_system_error("write", staging_ / name);
      failpoint("apply-staged-file");
    }
    if (count > handful) sync_file_system(staging_fd_.get());
  }

  /// One line a step: staged name, mode, blob, path. A removal has "-" for the middle two.
  void write_journal(const std::vector<ApplyStep>& steps) const {
    std::string text = "promptsync apply 1\n";
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const ApplyStep& step = steps[i];
      text +=
          concat(std::to_string(i), step.target ? (step.target->mode == git::mode_executable ? " x " : " f ") : " - ",
                 step.target ? step.target->oid.hex() : "-", " ", quote_path(step.path), "\n");
    }
    write_file(folder_ / journal_name, text + "end\n", 0600, Durable::yes);
  }

  void hold(const ApplyStep& step, HoldReason reason, std::string detail) {
    result_.held_back.push_back({step.path, reason, std::move(detail)});
  }
  void hold_busy(const ApplyStep& step) {
    hold(step, HoldReason::busy, "it changed on disk just now; the next run merges it");
  }

  void take_place(const ApplyStep& step, std::size_t number) {
    const Place place = split_path(step.path);
    const Fd folder = step.target ? make_folder_beneath(top_, place.folder) : open_folder_beneath(top_, place.folder);
    if (!folder) {
      if (step.target) return hold(step, HoldReason::type, "something that is no folder is in the way");
      if (step.expected) hold_busy(step);
      return;
    }
    touched_folders_.insert(place.folder);
    const std::string staged = std::to_string(number);
    if (step.target && !bring_near(folder.get(), place, staged)) return hold_busy(step);
    const int from = staging_of(number);
    if (!step.expected) {
      if (step.target) add_file(step, number, from, folder.get(), place.name);
      return;
    }
    const auto present = stat_at(folder.get(), place.name);
    if (!present || !is_same_file(*present, *step.expected)) return hold_busy(step);
    const bool swapped = step.target ? exchange(from, staged_name(number), folder.get(), place.name)
                                     : rename_without_replacing(folder.get(), place.name, staging_fd_.get(), staged);
    if (!swapped) {
      if (errno == EXDEV && !step.target) return remove_across(step, number, folder.get(), place.name);
      if (errno == ENOENT || errno == EEXIST) return hold_busy(step);
      throw_system_error(step.target ? "replace" : "remove", top_ / step.path);
    }
    const auto out = stat_at(step.target ? from : staging_fd_.get(), step.target ? staged_name(number) : staged);
    if (!out || !is_same_file(*out, *step.expected)) return put_back(step, number, folder.get(), place.name);
    swapped_out_.push_back({number, *step.expected});
    done_.insert(number);
    failpoint("apply-file-in-place");
  }

  /// Where the git folder is on another file system than the document, the staged file is copied beside its place.
  bool bring_near(int folder, const Place& place, const std::string& staged) {
    struct stat here {};
    struct stat there {};
    if (::fstat(staging_fd_.get(), &here) != 0 || ::fstat(folder, &there) != 0) return false;
    if (here.st_dev == there.st_dev) return true;
    const auto bytes = read_file(staging_ / staged);
    const std::string near = near_name(staged);
    const Fd fd(::openat(folder, near.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
    struct stat status {};
    if (!bytes || !fd || ::fstatat(staging_fd_.get(), staged.c_str(), &status, 0) != 0) return false;
    write_all(fd.get(), *bytes, top_ / place.folder / near);
    if (::fchmod(fd.get(), status.st_mode & 0777) != 0 || ::fdatasync(fd.get()) != 0) return false;
    near_[static_cast<std::size_t>(std::stoul(staged))] = Fd(::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return true;
  }

  static std::string near_name(const std::string& staged) { return concat(".promptsync-staged-", staged); }
  int staging_of(std::size_t number) const {
    const auto near = near_.find(number);
    return near == near_.end() ? staging_fd_.get() : near->second.get();
  }
  std::string staged_name(std::size_t number) const {
    return near_.contains(number) ? near_name(std::to_string(number)) : std::to_string(number);
  }

  void add_file(const ApplyStep& step, std::size_t number, int from, int folder, const std::string& name) {
    if (rename_without_replacing(from, staged_name(number), folder, name)) {
      done_.insert(number);
      ::unlinkat(staging_fd_.get(), std::to_string(number).c_str(), 0);  // the original of a copy
      failpoint("apply-file-in-place");
      return;
    }
    if (errno != EEXIST) throw_system_error("write", top_ / step.path);
    // As git's checkout has it, folders that hold no file make way.
    if (remove_if_empty(folder, name) && rename_without_replacing(from, staged_name(number), folder, name)) {
      done_.insert(number);
      return;
    }
    if (lists_name(folder, name)) return hold_busy(step);
    // The name is taken, yet not listed: the file system takes another spelling for this one.
    result_.clashes.push_back(step.path);
  }

  void remove_across(const ApplyStep& step, std::size_t number, int folder, const std::string& name) {
    const std::string near = near_name(std::to_string(number));
    if (!rename_without_replacing(folder, name, folder, near)) return hold_busy(step);
    const auto out = stat_at(folder, near);
    near_[number] = Fd(::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!out || !is_same_file(*out, *step.expected)) return put_back(step, number, folder, name);
    swapped_out_.push_back({number, *step.expected});
    done_.insert(number);
  }

  void put_back(const ApplyStep& step, std::size_t number, int folder, const std::string& name) {
    const std::string held = staged_name(number);
    if (step.target) {
      exchange(staging_of(number), held, folder, name);
    } else {
      rename_without_replacing(staging_of(number), held, folder, name);
    }
    done_.erase(number);
    hold_busy(step);
  }

  /// A program that held the old file open may have written into it after the swap: then its bytes come back.
  void check_swapped_out(const std::vector<ApplyStep>& steps) {
    for (const SwappedOut& out : swapped_out_) {
      const ApplyStep& step = steps[out.step];
      const std::string held = staged_name(out.step);
      const auto now = stat_at(staging_of(out.step), held);
      if (now && is_same_file(*now, out.stat)) {
        ::unlinkat(staging_of(out.step), held.c_str(), 0);
        continue;
      }
      const Place place = split_path(step.path);
      const Fd folder = make_folder_beneath(top_, place.folder);
      if (folder) put_back(step, out.step, folder.get(), place.name);
    }
    for (auto& [number, folder] : near_) ::unlinkat(folder.get(), near_name(std::to_string(number)).c_str(), 0);
  }

  void sync_folders() const {
    constexpr std::size_t handful = 16;
    if (touched_folders_.size() > handful) {
      const Fd top(::open(top_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      if (top) sync_file_system(top.get());
      return;
    }
    for (const std::string& folder : touched_folders_) {
      const Fd fd = open_folder_beneath(top_, folder);
      if (fd) ::fsync(fd.get());
    }
  }

  void look_again(const std::vector<ApplyStep>& steps, std::int64_t now) {
    for (std::size_t number : done_) {
      const ApplyStep& step = steps[number];
      if (!step.target) {
        result_.updates[step.path] = std::nullopt;
        continue;
      }
      const auto status = look_at(top_, step.path);
      const FileStat stat = status ? FileStat::of(*status) : FileStat{};
      // Racy whatever the clock says: it was written a moment ago, and a program may be writing to it now.
      result_.updates[step.path] = NewIndexEntry{*step.target, stat, !status || is_racy(stat, now)};
    }
  }

  void remove_empty_folders(const std::vector<ApplyStep>& steps) const {
    for (std::size_t number : done_) {
      if (!steps[number].target) remove_empty_parents(top_, roots_, steps[number].path);
    }
  }

  const git::Store& store_;
  const fs::path& top_;
  const fs::path& folder_;
  const std::vector<std::string>& roots_;
  fs::path staging_;
  Fd staging_fd_;
  mode_t mask_ = 022;
  std::map<std::size_t, Fd> near_;  // steps whose staged file is beside its place, with that folder
  std::vector<SwappedOut> swapped_out_;
  std::set<std::size_t> done_;
  std::set<std::string> touched_folders_;
  ApplyResult result_;
};

struct JournalLine {
  std::string staged;
  std::optional<Entry> target;
  std::string path;
};

std::optional<JournalLine> parse_journal_line(const std::string& line) {
  const std::vector<std::string> parts = split(line, ' ');
  if (parts.size() < 4) return std::nullopt;
  const auto path =
      unquote_path(std::string_view(line).substr(parts[0].size() + parts[1].size() + parts[2].size() + 3));
  if (!path) return std::nullopt;
  if (parts[1] == "-") return JournalLine{parts[0], std::nullopt, *path};
  const auto oid = Oid::from_hex(parts[2]);
  if (!oid) return std::nullopt;
  return JournalLine{parts[0], Entry{*oid, parts[1] == "x" ? git::mode_executable : git::mode_file}, *path};
}

/// What is staged for a step, beside its place or in our folder; absent where nothing is.
struct Staged {
  Fd folder;
  std::string name;
  std::string bytes;
  bool executable = false;
};

std::optional<Staged> find_staged(const fs::path& top, const fs::path& staging, const JournalLine& line) {
  for (const auto& [root, folder, name] :
       {std::tuple(top, split_path(line.path).folder, concat(".promptsync-staged-", line.staged)),
        std::tuple(staging, std::string(), line.staged)}) {
    const auto read = read_stable(root, folder.empty() ? name : concat(folder, "/", name), ~std::uint64_t{0} >> 1);
    const auto* file = std::get_if<ReadFile>(&read);
    if (file == nullptr) continue;
    return Staged{open_folder_beneath(root, folder), name, file->bytes, file->mode == git::mode_executable};
  }
  return std::nullopt;
}

/// Did this step happen before the process ended? Until then the staged file is the new one; after, it is the one that
/// was on disk, or gone.
bool was_applied(const fs::path& top, const JournalLine& line, const std::optional<Staged>& staged) {
  if (!line.target) return staged || !look_at(top, line.path);
  if (!staged) return true;
  return git::hash_object(git::ObjectType::blob, staged->bytes) != line.target->oid ||
         staged->executable != (line.target->mode == git::mode_executable);
}

/// Bytes that were on disk and are in no commit, since a program wrote them at the last moment, go back to their place.
bool give_back(const git::Store& store, const fs::path& top, const JournalLine& line, const Staged& staged) {
  if (store.has(git::hash_object(git::ObjectType::blob, staged.bytes))) return false;
  const Place place = split_path(line.path);
  const Fd folder = make_folder_beneath(top, place.folder);
  if (!folder || !staged.folder) return false;
  if (line.target) return exchange(staged.folder.get(), staged.name, folder.get(), place.name);
  return rename_without_replacing(staged.folder.get(), staged.name, folder.get(), place.name);
}

}  // namespace

std::optional<HeldBack> refusal_of(const SyncSet& set, const std::string& path, const Entry& entry) {
  if (!is_safe_path(path)) return HeldBack{path, HoldReason::name, "this name is not safe to write"};
  const Policy policy = policy_of(path);
  if (policy == Policy::programs) return HeldBack{path, HoldReason::policy, "it could make programs run"};
  if (policy == Policy::steering && !set.allows(path)) {
    return HeldBack{
        path, HoldReason::policy,
        concat("it steers an assistant; to allow it here: git config --add promptsync.allow ", quote_path(path))};
  }
  if (entry.mode != git::mode_file && entry.mode != git::mode_executable) {
    return HeldBack{path, HoldReason::type, "not a regular file"};
  }
  return std::nullopt;
}

ApplyResult Applier::apply(const std::vector<ApplyStep>& steps, std::int64_t now) {
  return Run(store_, top_, folder_, roots_).apply(steps, now);
}

void Applier::finish() {
  std::error_code ignored;
  fs::remove_all(folder_ / staging_name, ignored);
  fs::remove(folder_ / journal_name, ignored);
  failpoint("apply-finished");
}

std::optional<IndexUpdates> Applier::recover() {
  const auto journal = read_file(folder_ / journal_name);
  if (!journal || !journal->ends_with("\nend\n")) {
    std::error_code ignored;
    if (journal || fs::exists(folder_ / staging_name, ignored)) finish();  // killed before a file was touched
    return std::nullopt;
  }
  IndexUpdates updates;
  for (const std::string& text : lines_of(*journal)) {
    const auto line = parse_journal_line(text);
    if (!line) continue;
    const auto staged = find_staged(top_, folder_ / staging_name, *line);
    const bool applied = was_applied(top_, *line, staged) && !(staged && give_back(store_, top_, *line, *staged));
    if (staged && staged->folder) ::unlinkat(staged->folder.get(), staged->name.c_str(), 0);
    if (!applied) continue;
    if (line->target) {
      // Without the times that it had: the next look reads it, and sees what was edited since.
      updates[line->path] = NewIndexEntry{*line->target, FileStat{}, true};
    } else {
      updates[line->path] = std::nullopt;
      remove_empty_parents(top_, roots_, line->path);
    }
  }
  return updates;
}

}  // namespace ps_sync::sync
