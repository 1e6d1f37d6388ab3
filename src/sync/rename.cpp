#include "sync/rename.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>

#include "ps_sync/base/text.hpp"
#include "ps_sync/platform/files.hpp"

namespace ps_sync::sync {
namespace {

bool is_unsupported(int code) { return code == EINVAL || code == ENOSYS || code == ENOTSUP; }

#ifdef __APPLE__
int rename_exclusively(int from_folder, const char* from, int to_folder, const char* to) {
  return ::renameatx_np(from_folder, from, to_folder, to, RENAME_EXCL);
}
int rename_swapping(int from_folder, const char* from, int to_folder, const char* to) {
  return ::renameatx_np(from_folder, from, to_folder, to, RENAME_SWAP);
}
#else
int rename_exclusively(int from_folder, const char* from, int to_folder, const char* to) {
  return ::renameat2(from_folder, from, to_folder, to, RENAME_NOREPLACE);
}
int rename_swapping(int from_folder, const char* from, int to_folder, const char* to) {
  return ::renameat2(from_folder, from, to_folder, to, RENAME_EXCHANGE);
}
#endif

}  // namespace

bool rename_without_replacing(int from_folder, const std::string& from, int to_folder, const std::string& to) {
  if (rename_exclusively(from_folder, from.c_str(), to_folder, to.c_str()) == 0) return true;
  if (!is_unsupported(errno)) return false;
  // A hard link refuses to replace as well; and where there are none, a look before the rename is all there is.
  if (::linkat(from_folder, from.c_str(), to_folder, to.c_str(), 0) == 0)
    return ::unlinkat(from_folder, from.c_str(), 0) == 0;
  if (errno == EEXIST) return false;
  if (::faccessat(to_folder, to.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
    errno = EEXIST;
    return false;
  }
  return ::renameat(from_folder, from.c_str(), to_folder, to.c_str()) == 0;
}

bool exchange(int from_folder, const std::string& from, int to_folder, const std::string& to) {
  if (rename_swapping(from_folder, from.c_str(), to_folder, to.c_str()) == 0) return true;
  if (!is_unsupported(errno)) return false;
  const std::string aside = from + ".aside";
  if (::renameat(to_folder, to.c_str(), from_folder, aside.c_str()) != 0) return false;
  if (::renameat(from_folder, from.c_str(), to_folder, to.c_str()) != 0) {
    const int code = errno;
    ::renameat(from_folder, aside.c_str(), to_folder, to.c_str());
    errno = code;
    return false;
  }
  return ::renameat(from_folder, aside.c_str(), from_folder, from.c_str()) == 0;
}

void sync_file_system(int fd) {
#ifdef __APPLE__
  (void)fd;
  ::sync();
#else
  if (::syncfs(fd) != 0) throw_system_error("write to", "the file system");
#endif
}

}  // namespace ps_sync::sync
