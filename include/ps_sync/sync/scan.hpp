// Looking at the sync set on disk: which files are new, changed, gone, or not to be touched.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ps_sync/sync/index.hpp"
#include "ps_sync/sync/path_rules.hpp"
#include "ps_sync/sync/types.hpp"

namespace ps_sync::sync {

/// A file on disk that may differ from the index: new, other times, or racy.
struct Candidate {
  std::uint32_t mode = git::mode_file;
  FileStat stat;
};

struct ScanResult {
  std::map<std::string, Candidate> candidates;
  std::vector<std::string> gone;           ///< in the index and no longer on disk
  std::vector<std::string> missing_roots;  ///< include roots that the index has files of, and the disk has not
  std::vector<HeldBack> held_back;         ///< name, type, unreadable, policy
  std::size_t known = 0;                   ///< index entries inside the sync set
  std::size_t files = 0;                   ///< regular files seen
  std::int64_t looked_at = 0;              ///< the file system's time just before the look
};

/// Walks the sync set below `top` without following any link, comparing with the index; reads no file. `is_skipped`
/// names paths that are left out whatever they are (conflicts). What lies below a link, a nested repository or an
/// unreadable folder is held back, never gone.
ScanResult scan(const fs::path& top, const SyncSet& set, const Index& index, std::int64_t now,
                const std::function<bool(std::string_view)>& is_skipped);

/// Opens a folder below `top` without following links in any of its components; none where it is not there or not a
/// folder.
Fd open_folder_beneath(const fs::path& top, std::string_view folder);

/// What stands at `path` below `top`, links not followed: absent for nothing there.
std::optional<struct stat> look_at(const fs::path& top, std::string_view path);

/// A file's bytes and how it looked while they were read; read again if it changed meanwhile.
struct ReadFile {
  std::string bytes;
  FileStat stat;
  std::uint32_t mode = git::mode_file;
};
enum class ReadProblem { gone, not_a_file, unreadable, busy };
/// `most` bytes at most: a longer file is busy growing, and is reported as such.
std::variant<ReadFile, ReadProblem> read_stable(const fs::path& top, std::string_view path, std::uint64_t most);

}  // namespace ps_sync::sync
