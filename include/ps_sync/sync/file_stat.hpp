// How a file looks without being read.
#pragma once

#include <sys/stat.h>

#include <cstdint>

namespace ps_sync::sync {

/// How a file looked: if all of it is the same, so are its bytes, unless it was written within the clock's grain of the
/// look.
struct FileStat {
  std::uint64_t size = 0;
  std::int64_t modified = 0;  ///< ns since 1970
  std::int64_t changed = 0;   ///< ns since 1970
  std::uint64_t inode = 0;
  bool operator==(const FileStat&) const = default;

  static FileStat of(const struct stat& status);
};

/// A file whose time is not older than the look by the file system's grain could change again without its times
/// changing: it must be read at the next look ("racily clean", as git's racy-git note has it).
bool is_racy(const FileStat& file, std::int64_t looked_at);

}  // namespace ps_sync::sync
