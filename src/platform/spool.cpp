#include "ps_sync/platform/spool.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace ps_sync {
namespace {

/// A file that has no name from the start, or none any more.
Fd open_nameless(const fs::path& folder) {
#ifdef O_TMPFILE
  if (Fd fd(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)); fd) return fd;
#endif
  std::string name = (folder / "spool-XXXXXX").string();
  Fd fd(::mkstemp(name.data()));
  if (!fd) throw_system_error("write", name);
  ::fcntl(fd.get(), F_SETFD, FD_CLOEXEC);
  ::unlink(name.c_str());
  return fd;
}

}  // namespace

void Spool::append(std::string_view bytes) {
  if (!file_ && memory_.size() + bytes.size() > kept_in_memory) {
    file_ = open_nameless(folder_);
    write_all(file_.get(), memory_, folder_);
    memory_ = std::string();
  }
  if (file_) {
    write_all(file_.get(), bytes, folder_);
  } else {
    memory_ += bytes;
  }
  size_ += bytes.size();
}

std::size_t Spool::read(std::uint64_t offset, std::span<char> into) const {
  if (offset >= size_) return 0;
  const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), size_ - offset));
  if (!file_) return memory_.copy(into.data(), count, static_cast<std::size_t>(offset));
  for (;;) {
    const ssize_t done = ::pread(file_.get(), into.data(), count, static_cast<off_t>(offset));
    if (done > 0) return static_cast<std::size_t>(done);
    if (done == 0 || errno != EINTR) throw_system_error("read", folder_);
  }
}

void Spool::clear() {
  memory_.clear();
  file_.reset();
  size_ = 0;
}

}  // namespace ps_sync
