#include "ps_sync/sync/scan.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include "ps_sync/base/error.hpp"
#include "ps_sync/base/text.hpp"
#include "ps_sync/platform/interrupt.hpp"
#include "ps_sync/platform/parallel.hpp"

namespace ps_sync::sync {
namespace {

constexpr int folder_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using FolderHandle = std::unique_ptr<DIR, CloseFolder>;

/// A folder still to be looked into: where it is, and its descriptor, which makes the way to it safe.
struct Pending {
  std::string path;  // repository path, with a '/' at its end
  Fd fd;
};

/// What one folder gave; folders are looked into side by side and their findings joined in order.
struct Findings {
  std::vector<std::pair<std::string, Candidate>> candidates;
  std::vector<HeldBack> held_back;
  std::vector<std::string> blocked;  // paths (or folders ending in '/') below which nothing counts as gone
  std::vector<Pending> folders;
  std::size_t files = 0;
};

class Walk {
 public:
  Walk(const SyncSet& set, const Index& index, const std::function<bool(std::string_view)>& is_skipped)
      : set_(set),
        index_(index),
        is_skipped_(is_skipped),
        same_rules_(index.state().rules == set.fingerprint()),
        seen_(index.size(), 0) {}

  Findings look_into(Pending& folder) {
    Findings findings;
    std::vector<Item> items;
    const FolderHandle handle(::fdopendir(folder.fd.get()));
    if (!handle) {
      hold(findings, folder.path.substr(0, folder.path.size() - 1), HoldReason::unreadable, std::strerror(errno), true);
      return findings;
    }
    folder.fd.release();  // the handle has it now
    if (!read_items(folder.path, handle.get(), items, findings)) return findings;
    std::size_t cursor = index_.lower_bound(folder.path);
    for (const Item& item : items) look_at_item(folder.path, ::dirfd(handle.get()), item, cursor, findings);
    return findings;
  }

  bool was_seen(std::size_t position) const { return seen_[position] != 0; }

  void hold(Findings& findings, std::string path, HoldReason reason, std::string detail, bool folder = false) const {
    findings.blocked.push_back(folder ? path + "/" : path);
    findings.held_back.push_back({std::move(path), reason, std::move(detail)});
  }

  void look_at_file(int folder, const std::string& name, const std::string& path, std::size_t& cursor,
                    Findings& findings) {
    struct stat status {};
    if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return;  // gone since it was listed
    if (!S_ISREG(status.st_mode)) {
      if (!set_.is_excluded(path, false)) hold(findings, path, HoldReason::type, type_of(status), true);
      return;
    }
    const Candidate candidate{(status.st_mode & S_IXUSR) != 0 ? git::mode_executable : git::mode_file,
                              FileStat::of(status)};
    const auto position = find_from(path, cursor);
    if (position && same_rules_) {
      // What stands in the index was judged when it came there; the common case ends here.
      const IndexEntry known = index_.at(*position);
      seen_[*position] = 1;
      if (!known.racy && known.entry.mode == candidate.mode && known.stat == candidate.stat) {
        ++findings.files;
        return;
      }
    }
    if (set_.is_excluded(path, false)) return;
    if (!is_safe_path(path)) return hold(findings, path, HoldReason::name, "this name cannot travel to every system");
    if (policy_of(path) != Policy::allowed && !set_.allows(path)) {
      return hold(findings, path, HoldReason::policy, "files like this never travel");
    }
    ++findings.files;
    if (position) {
      seen_[*position] = 1;
      const IndexEntry known = index_.at(*position);
      if (!known.racy && known.entry.mode == candidate.mode && known.stat == candidate.stat) return;
    }
    findings.candidates.emplace_back(path, candidate);
  }

 private:
  struct Item {
    std::string name;
    bool maybe_folder;
  };

  static std::string type_of(const struct stat& status) {
    if (S_ISLNK(status.st_mode)) return "a symbolic link";
    if (S_ISSOCK(status.st_mode)) return "a socket";
    if (S_ISFIFO(status.st_mode)) return "a named pipe";
    return "not a regular file";
  }

  /// False where the folder is not looked into at all.
  bool read_items(const std::string& folder, DIR* handle, std::vector<Item>& items, Findings& findings) {
    const std::string path = folder.substr(0, folder.size() - 1);
    errno = 0;
    while (const dirent* entry = ::readdir(handle)) {
      const std::string_view name(entry->d_name);
      if (name == "." || name == "..") continue;
      if (name == ".git") {
        hold(findings, path, HoldReason::type, "a repository of its own", true);
        return false;
      }
      items.push_back({std::string(name), entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN});
    }
    if (errno != 0) {
      hold(findings, path, HoldReason::unreadable, std::strerror(errno), true);
      return false;
    }
    std::sort(items.begin(), items.end(), [](const Item& left, const Item& right) { return left.name < right.name; });
    return true;
  }

  void look_at_item(const std::string& folder_path, int folder, const Item& item, std::size_t& cursor,
                    Findings& findings) {
    const std::string path = folder_path + item.name;
    if (is_skipped_ && is_skipped_(path)) return;
    if (item.maybe_folder) {
      Fd fd(::openat(folder, item.name.c_str(), folder_flags));
      if (fd) {
        if (set_.is_excluded(path, true)) return;
        if (!is_safe_path(path))
          return hold(findings, path, HoldReason::name, "this name cannot travel to every system", true);
        findings.folders.push_back({path + "/", std::move(fd)});
        return;
      }
      if (errno == EMFILE || errno == ENFILE) throw_system_error("open", path);
      if (errno == EACCES) {
        if (!set_.is_excluded(path, true)) hold(findings, path, HoldReason::unreadable, std::strerror(EACCES), true);
        return;
      }
      if (errno == ENOENT) return;
    }
    look_at_file(folder, item.name, path, cursor, findings);
  }

  /// Paths come in order, so the index is mostly found one step further; a jump is looked up.
  std::optional<std::size_t> find_from(std::string_view path, std::size_t& cursor) const {
    for (int step = 0; step < 4 && cursor < index_.size(); ++step) {
      const int order = index_.path_at(cursor).compare(path);
      if (order == 0) return cursor++;
      if (order > 0) break;
      ++cursor;
    }
    const auto found = index_.find(path);
    if (found) cursor = *found + 1;
    return found;
  }

  const SyncSet& set_;
  const Index& index_;
  const std::function<bool(std::string_view)>& is_skipped_;
  bool same_rules_;                 // the index was written under the same rules
  std::vector<std::uint8_t> seen_;  // a byte each: neighbours are set from several threads
};

/// True if `path` is `blocked`, or lies below it where that is a folder.
bool is_below(std::string_view path, std::string_view blocked) {
  if (!blocked.ends_with('/')) return path == blocked;
  return path.rfind(blocked, 0) == 0 || path == blocked.substr(0, blocked.size() - 1);
}

/// A folder is best looked into through the descriptor that its parent gave; but those are few: half of the limit.
std::size_t folders_to_hold_open() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return 256;
  return std::min<std::size_t>(limit.rlim_cur / 2, 8192);
}

class Scanner {
 public:
  Scanner(const fs::path& top, const SyncSet& set, const Index& index,
          const std::function<bool(std::string_view)>& is_skipped)
      : top_(top), set_(set), index_(index), is_skipped_(is_skipped), walk_(set, index, is_skipped) {}

  ScanResult run(std::int64_t now) {
    result_.looked_at = now;
    std::vector<Pending> wave;
    for (const std::string& root : set_.roots()) open_root(root, wave);
    while (!wave.empty()) {
      std::vector<Pending> next;
      constexpr std::size_t at_once = 1024;  // what they find is held until they all are through
      for (std::size_t first = 0; first < wave.size(); first += at_once) {
        const std::size_t count = std::min<std::size_t>(at_once, wave.size() - first);
        std::vector<Findings> found(count);
        for_each_in_parallel(count, 4, [&](std::size_t i) {
          throw_if_interrupted();
          Pending& folder = wave[first + i];
          if (!folder.fd)
            folder.fd = open_folder_beneath(top_, std::string_view(folder.path).substr(0, folder.path.size() - 1));
          if (folder.fd) found[i] = walk_.look_into(folder);
          folder.fd.reset();
        });
        for (Findings& findings : found) take(findings, next);
      }
      wave = std::move(next);
    }
    find_gone();
    return std::move(result_);
  }

 private:
  void open_root(const std::string& root, std::vector<Pending>& wave) {
    if (is_skipped_ && is_skipped_(root)) return;
    const auto status = look_at(top_, root);
    Findings findings;
    if (!status) {
      find_blocked_parent(root, findings);
    } else if (S_ISDIR(status->st_mode)) {
      Fd fd = open_folder_beneath(top_, root);
      if (fd) {
        wave.push_back({root + "/", std::move(fd)});
      } else {
        walk_.hold(findings, root, HoldReason::unreadable, std::strerror(errno), true);
      }
    } else {
      const std::size_t slash = root.rfind('/');
      const Fd folder = open_folder_beneath(top_, slash == std::string::npos ? "" : root.substr(0, slash));
      std::size_t cursor = index_.lower_bound(root);
      if (folder)
        walk_.look_at_file(folder.get(), root.substr(slash == std::string::npos ? 0 : slash + 1), root, cursor,
                           findings);
    }
    std::vector<Pending> none;
    take(findings, none);
  }

  /// A root that is not there, since a folder above it is a link or cannot be entered, is not missing.
  void find_blocked_parent(const std::string& root, Findings& findings) {
    for (std::size_t slash = root.find('/'); slash != std::string::npos; slash = root.find('/', slash + 1)) {
      const std::string folder = root.substr(0, slash);
      const auto status = look_at(top_, folder);
      if (!status) return;
      if (!S_ISDIR(status->st_mode)) return walk_.hold(findings, folder, HoldReason::type, "not a folder", true);
      if (!open_folder_beneath(top_, folder))
        return walk_.hold(findings, folder, HoldReason::unreadable, std::strerror(errno), true);
    }
  }

  void take(Findings& findings, std::vector<Pending>& next) {
    for (auto& [path, candidate] : findings.candidates) result_.candidates.emplace(std::move(path), candidate);
    std::move(findings.held_back.begin(), findings.held_back.end(), std::back_inserter(result_.held_back));
    std::move(findings.blocked.begin(), findings.blocked.end(), std::back_inserter(blocked_));
    result_.files += findings.files;
    for (Pending& folder : findings.folders) {
      if (next.size() >= most_open_) folder.fd.reset();  // opened again, by its path, when its turn comes
      next.push_back(std::move(folder));
    }
  }

  void find_gone() {
    for (std::size_t i = 0; i < index_.size(); ++i) {
      if (walk_.was_seen(i)) {
        ++result_.known;
        continue;
      }
      const std::string_view path = index_.path_at(i);
      if (!set_.contains(path)) continue;
      ++result_.known;
      if (is_skipped_ && is_skipped_(path)) continue;
      if (std::any_of(blocked_.begin(), blocked_.end(),
                      [&](const std::string& blocked) { return is_below(path, blocked); }))
        continue;
      result_.gone.emplace_back(path);
    }
    for (const std::string& root : set_.roots()) {
      if (look_at(top_, root)) continue;
      const bool had_files = std::any_of(result_.gone.begin(), result_.gone.end(), [&](const std::string& path) {
        return is_below(path, root + "/") || path == root;
      });
      if (had_files) result_.missing_roots.push_back(root);
    }
  }

  const fs::path& top_;
  const SyncSet& set_;
  const Index& index_;
  const std::function<bool(std::string_view)>& is_skipped_;
  Walk walk_;
  std::vector<std::string> blocked_;
  std::size_t most_open_ = folders_to_hold_open();
  ScanResult result_;
};

}  // namespace

Fd open_folder_beneath(const fs::path& top, std::string_view folder) {
  Fd fd(::open(top.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  while (fd && !folder.empty()) {
    const std::size_t slash = folder.find('/');
    const std::string name(folder.substr(0, slash));
    fd = Fd(::openat(fd.get(), name.c_str(), folder_flags));
    folder = slash == std::string_view::npos ? std::string_view() : folder.substr(slash + 1);
  }
  return fd;
}

std::optional<struct stat> look_at(const fs::path& top, std::string_view path) {
  const std::size_t slash = path.rfind('/');
  const Fd folder = open_folder_beneath(top, slash == std::string_view::npos ? "" : path.substr(0, slash));
  if (!folder) return std::nullopt;
  const std::string name(path.substr(slash == std::string_view::npos ? 0 : slash + 1));
  struct stat status {};
  if (::fstatat(folder.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
  return status;
}

ScanResult scan(const fs::path& top, const SyncSet& set, const Index& index, std::int64_t now,
                const std::function<bool(std::string_view)>& is_skipped) {
  return Scanner(top, set, index, is_skipped).run(now);
}

namespace {

std::variant<ReadFile, ReadProblem> read_once(int folder, const std::string& name, std::uint64_t most) {
  const Fd fd(::openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd) {
    if (errno == ENOENT || errno == ENOTDIR) return ReadProblem::gone;
    return errno == ELOOP ? ReadProblem::not_a_file : ReadProblem::unreadable;
  }
  struct stat before {};
  if (::fstat(fd.get(), &before) != 0) return ReadProblem::unreadable;
  if (!S_ISREG(before.st_mode)) return ReadProblem::not_a_file;
  if (static_cast<std::uint64_t>(before.st_size) > most) return ReadProblem::busy;
  ReadFile file;
  file.bytes.resize(static_cast<std::size_t>(before.st_size));
  std::size_t done = 0;
  while (done < file.bytes.size()) {
    const ssize_t count = ::read(fd.get(), file.bytes.data() + done, file.bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ReadProblem::unreadable;
    if (count == 0) return ReadProblem::busy;
    done += static_cast<std::size_t>(count);
  }
  char more = 0;
  struct stat after {};
  struct stat named {};
  if (::read(fd.get(), &more, 1) != 0 || ::fstat(fd.get(), &after) != 0) return ReadProblem::busy;
  if (::fstatat(folder, name.c_str(), &named, AT_SYMLINK_NOFOLLOW) != 0) return ReadProblem::busy;
  file.stat = FileStat::of(after);
  if (FileStat::of(before) != file.stat || FileStat::of(named) != file.stat) return ReadProblem::busy;
  file.mode = (after.st_mode & S_IXUSR) != 0 ? git::mode_executable : git::mode_file;
  return file;
}

}  // namespace

std::variant<ReadFile, ReadProblem> read_stable(const fs::path& top, std::string_view path, std::uint64_t most) {
  const std::size_t slash = path.rfind('/');
  const Fd folder = open_folder_beneath(top, slash == std::string_view::npos ? "" : path.substr(0, slash));
  if (!folder) return errno == EACCES ? ReadProblem::unreadable : ReadProblem::gone;
  const std::string name(path.substr(slash == std::string_view::npos ? 0 : slash + 1));
  constexpr int tries = 4;
  for (int attempt = 1;; ++attempt) {
    auto result = read_once(folder.get(), name, most);
    const auto* problem = std::get_if<ReadProblem>(&result);
    if (problem == nullptr || *problem != ReadProblem::busy || attempt == tries) return result;
    std::this_thread::sleep_for(std::chrono::milliseconds(10 * attempt));
  }
}

}  // namespace ps_sync::sync
