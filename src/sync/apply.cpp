#include "ps_sync/sync/apply.hpp"

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
#include "ps_sync/platform/interrupt.hpp"
#include "ps_sync/sync/scan.hpp"
#include "sync/beneath.hpp"
#include "sync/rename.hpp"

namespace ps_sync::sync {
namespace {

constexpr std::string_view staging_name = "staged";
constexpr std::string_view journal_name = "apply";

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

class Run {
 public:
  Run(const git::Store& store, const fs::path& top, const fs::path& folder, const std::vector<std::string>& roots,
      std::vector<ApplyStep> steps)
      : store_(store),
        top_(top),
        folder_(folder),
        roots_(roots),
        staging_(folder / staging_name),
        steps_(std::move(steps)),
        outcomes_(steps_.size(), Outcome::left) {}

  ApplyResult apply() {
    const mode_t mask = ::umask(0);
    ::umask(mask);
    mask_ = mask;
    open_staging();
    stage();
    const std::int64_t began = write_journal();
    failpoint("apply-journal-written");
    // Removals first: they make room for a file where a folder was.
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      if (!steps_[i].target) take_place(i);
    }
    remove_empty_folders();
    open_folder_ = {};
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      if (steps_[i].target) take_place(i);
    }
    check_swapped_out();
    sync_folders();
    failpoint("apply-all-in-place");
    look_again(began);
    return std::move(result_);
  }

 private:
  enum class Outcome : std::uint8_t { left, done, nothing_there };

  /// Steps come in order of their paths, so that one folder serves many.
  struct OpenFolder {
    std::string path;
    Fd fd;
    dev_t device = 0;
  };

  void open_staging() {
    make_private_folders(staging_);
    staging_fd_ = Fd(::open(staging_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat status {};
    if (!staging_fd_ || ::fstat(staging_fd_.get(), &status) != 0) throw_system_error("open", staging_);
    staging_device_ = status.st_dev;
  }

  /// A batch of files is put on disk by one call; a handful each by its own, so that others' unwritten data does not
  /// wait.
  void stage() {
    constexpr std::size_t handful = 24;
    const auto count = static_cast<std::size_t>(
        std::count_if(steps_.begin(), steps_.end(), [](const ApplyStep& step) { return step.target.has_value(); }));
    staged_.resize(steps_.size());
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      if (!steps_[i].target) continue;
      throw_if_interrupted();
      const std::string name = std::to_string(i);
      const mode_t mode = (steps_[i].target->mode == git::mode_executable ? 0777 : 0666) & ~mask_;
      const Fd fd(
          ::openat(staging_fd_.get(), name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode));
      if (!fd) throw_system_error("write", staging_ / name);
      store_.read(git::ObjectType::blob, steps_[i].target->oid,
                  [&](std::string_view bytes) { write_all(fd.get(), bytes, top_ / steps_[i].path); });
      if (count <= handful && ::fdatasync(fd.get()) != 0) throw_system_error("write", staging_ / name);
      struct stat status {};
      if (::fstat(fd.get(), &status) != 0) throw_system_error("write", staging_ / name);
      staged_[i] = FileStat::of(status);
      failpoint("apply-staged-file");
    }
    if (count > handful) sync_file_system(staging_fd_.get());
  }

  /// One line a step: staged name, mode, blob, path. A removal has "-" for the middle two. Answers the file system's
  /// time, at which nothing was in its place yet.
  std::int64_t write_journal() const {
    NewFile file(folder_ / journal_name, 0600);
    file.write("promptsync apply 1\n");
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      const ApplyStep& step = steps_[i];
      file.write(concat(std::to_string(i),
                        step.target ? (step.target->mode == git::mode_executable ? " x " : " f ") : " - ",
                        step.target ? step.target->oid.hex() : "-", " ", quote_path(step.path), "\n"));
    }
    file.write("end\n");
    file.commit(Durable::yes);
    struct stat status {};
    if (::stat((folder_ / journal_name).c_str(), &status) != 0) throw_system_error("read", folder_ / journal_name);
    return modified_ns(status);
  }

  void hold(const ApplyStep& step, HoldReason reason, std::string detail) {
    result_.held_back.push_back({step.path, reason, std::move(detail)});
  }
  void hold_busy(const ApplyStep& step) {
    hold(step, HoldReason::busy, "it changed on disk just now; the next run merges it");
  }

  /// -1 where there is no such folder; or, where it is to be made, something that is no folder is in the way.
  int open_folder(const std::string& path, bool make) {
    if (open_folder_.fd && open_folder_.path == path) return open_folder_.fd.get();
    open_folder_ = {path, make ? make_folder_beneath(top_, path) : open_folder_beneath(top_, path), 0};
    struct stat status {};
    if (open_folder_.fd && ::fstat(open_folder_.fd.get(), &status) == 0) open_folder_.device = status.st_dev;
    return open_folder_.fd.get();
  }

  void take_place(std::size_t number) {
    const ApplyStep& step = steps_[number];
    const Place place = split_path(step.path);
    const int folder = open_folder(place.folder, step.target.has_value());
    if (folder < 0 && step.target) return hold(step, HoldReason::type, "something that is no folder is in the way");
    if (folder < 0 && step.expected) return hold_busy(step);
    if (!step.target && !step.expected) {
      outcomes_[number] = Outcome::nothing_there;
      return;
    }
    touched_folders_.insert(place.folder);
    const std::string staged = std::to_string(number);
    if (step.target && !bring_near(folder, place, number)) return hold_busy(step);
    const int from = staging_of(number);
    if (!step.expected) return add_file(step, number, from, folder, place.name);
    const auto present = stat_at(folder, place.name);
    if (!present || !is_same_file(*present, *step.expected)) return hold_busy(step);
    const bool swapped = step.target ? exchange(from, staged_name(number), folder, place.name)
                                     : rename_without_replacing(folder, place.name, staging_fd_.get(), staged);
    if (!swapped) {
      if (errno == EXDEV && !step.target) return remove_across(step, number, folder, place.name);
      if (errno == ENOENT || errno == EEXIST) return hold_busy(step);
      throw_system_error(step.target ? "replace" : "remove", top_ / step.path);
    }
    const auto out = stat_at(step.target ? from : staging_fd_.get(), step.target ? staged_name(number) : staged);
    if (!out || !is_same_file(*out, *step.expected)) return put_back(step, number, folder, place.name);
    swapped_out_.push_back(number);
    outcomes_[number] = Outcome::done;
    failpoint("apply-file-in-place");
  }

  /// Where the git folder is on another file system than the document, the staged file is copied beside its place.
  bool bring_near(int folder, const Place& place, std::size_t number) {
    if (staging_device_ == open_folder_.device) return true;
    const std::string staged = std::to_string(number);
    const auto bytes = read_file(staging_ / staged);
    const std::string near = near_name(staged);
    const Fd fd(::openat(folder, near.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
    struct stat status {};
    if (!bytes || !fd || ::fstatat(staging_fd_.get(), staged.c_str(), &status, 0) != 0) return false;
    write_all(fd.get(), *bytes, top_ / place.folder / near);
    if (::fchmod(fd.get(), status.st_mode & 0777) != 0 || ::fdatasync(fd.get()) != 0) return false;
    near_[number] = Fd(::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
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
      outcomes_[number] = Outcome::done;
      if (near_.contains(number)) ::unlinkat(staging_fd_.get(), std::to_string(number).c_str(), 0);
      failpoint("apply-file-in-place");
      return;
    }
    if (errno != EEXIST) throw_system_error("write", top_ / step.path);
    // As git's checkout has it, folders that hold no file make way.
    if (remove_if_empty(folder, name) && rename_without_replacing(from, staged_name(number), folder, name)) {
      outcomes_[number] = Outcome::done;
      return;
    }
    if (lists_name(folder, name)) return hold_busy(step);
    // The name is taken, yet not listed: the file system takes another spelling for this one.
    result_.clashes.push_back({step.path, step.target->oid});
  }

  void remove_across(const ApplyStep& step, std::size_t number, int folder, const std::string& name) {
    const std::string near = near_name(std::to_string(number));
    if (!rename_without_replacing(folder, name, folder, near)) return hold_busy(step);
    const auto out = stat_at(folder, near);
    near_[number] = Fd(::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!out || !is_same_file(*out, *step.expected)) return put_back(step, number, folder, name);
    swapped_out_.push_back(number);
    outcomes_[number] = Outcome::done;
  }

  void put_back(const ApplyStep& step, std::size_t number, int folder, const std::string& name) {
    const std::string held = staged_name(number);
    if (step.target) {
      exchange(staging_of(number), held, folder, name);
    } else {
      rename_without_replacing(staging_of(number), held, folder, name);
    }
    outcomes_[number] = Outcome::left;
    hold_busy(step);
  }

  /// A program that held the old file open may have written into it after the swap: then its bytes come back.
  void check_swapped_out() {
    for (const std::size_t number : swapped_out_) {
      const ApplyStep& step = steps_[number];
      const std::string held = staged_name(number);
      const auto now = stat_at(staging_of(number), held);
      if (now && is_same_file(*now, *step.expected)) {
        ::unlinkat(staging_of(number), held.c_str(), 0);
        continue;
      }
      const Place place = split_path(step.path);
      const Fd folder = make_folder_beneath(top_, place.folder);
      if (folder) put_back(step, number, folder.get(), place.name);
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

  /// The steps' paths go into the index's updates, and the steps themselves before the list of changes is made: of
  /// many, there is no room for all three at once.
  void look_again(std::int64_t began) {
    open_folder_ = {};
    std::vector<std::optional<ChangeKind>> kinds;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      if (outcomes_[i] == Outcome::left) continue;
      ApplyStep& step = steps_[i];
      const bool is_done = outcomes_[i] == Outcome::done;
      std::optional<NewIndexEntry> entry;
      if (step.target) entry = entry_in_place(i, began);
      const ChangeKind with_target = step.was_known ? ChangeKind::modified : ChangeKind::added;
      kinds.push_back(is_done ? std::optional(step.target ? with_target : ChangeKind::deleted) : std::nullopt);
      result_.updates.emplace_hint(result_.updates.end(), std::move(step.path), entry);
    }
    steps_ = std::vector<ApplyStep>();
    staged_ = std::vector<FileStat>();
    result_.changes.reserve(static_cast<std::size_t>(std::count(outcomes_.begin(), outcomes_.end(), Outcome::done)));
    auto kind = kinds.begin();
    for (const auto& [path, entry] : result_.updates) {
      if (*kind) result_.changes.push_back({path, **kind});
      ++kind;
    }
  }

  /// The very file that was staged, some time before it took its place, has shown in its times whether a program wrote
  /// to it since. Of any other nothing is known: it is read at the next look.
  NewIndexEntry entry_in_place(std::size_t number, std::int64_t began) {
    const Place place = split_path(steps_[number].path);
    const int folder = open_folder(place.folder, false);
    const FileStat stat = (folder < 0 ? std::nullopt : stat_at(folder, place.name)).value_or(FileStat{});
    return {*steps_[number].target, stat, !is_same_file(stat, staged_[number]) || is_racy(stat, began)};
  }

  void remove_empty_folders() const {
    std::string_view last;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      if (steps_[i].target || outcomes_[i] != Outcome::done) continue;
      const std::string_view folder = std::string_view(steps_[i].path).substr(0, steps_[i].path.rfind('/') + 1);
      if (folder != last) remove_empty_parents(top_, roots_, steps_[i].path);
      last = folder;
    }
  }

  const git::Store& store_;
  const fs::path& top_;
  const fs::path& folder_;
  const std::vector<std::string>& roots_;
  fs::path staging_;
  std::vector<ApplyStep> steps_;
  std::vector<Outcome> outcomes_;  // one for each step
  std::vector<FileStat> staged_;   // how each step's new content was left
  Fd staging_fd_;
  dev_t staging_device_ = 0;
  OpenFolder open_folder_;
  mode_t mask_ = 022;
  std::map<std::size_t, Fd> near_;  // steps whose staged file is beside its place, with that folder
  std::vector<std::size_t> swapped_out_;
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

ApplyResult Applier::apply(std::vector<ApplyStep> steps) {
  return Run(store_, top_, folder_, roots_, std::move(steps)).apply();
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
