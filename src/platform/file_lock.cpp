#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <random>

#include "ps_sync/base/error.hpp"
#include "ps_sync/base/text.hpp"
#include "ps_sync/platform/files.hpp"
#include "ps_sync/platform/interrupt.hpp"

namespace ps_sync {
namespace {

// The lock file holds the process id of its holder while work is under way, and nothing when it ended in good order.
std::string read_holder(int fd) {
  char text[32] = {};
  const ssize_t count = ::pread(fd, text, sizeof text - 1, 0);
  return count > 0 ? std::string(trim(text)) : std::string();
}

}  // namespace

FileLock::FileLock(const fs::path& path, std::chrono::milliseconds wait) : path_(path) {
  fd_ = Fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd_) throw_system_error("open the lock", path);
  const auto deadline = std::chrono::steady_clock::now() + wait;
  std::minstd_rand random(static_cast<unsigned>(::getpid()));
  while (::flock(fd_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) throw_system_error("lock", path);
    if (std::chrono::steady_clock::now() >= deadline) {
      const std::string holder = read_holder(fd_.get());
      throw Error(ErrorKind::busy, "another ps-sync is at work here")
          .because(holder.empty() ? "the lock did not become free in time"
                                  : concat("process ", holder, " holds the lock"))
          .hint("wait for it to end, then run the same command again");
    }
    // Jitter, so that waiters do not wake in step.
    pause_for(std::chrono::milliseconds(2 + random() % 18));
  }
  crashed_ = !read_holder(fd_.get()).empty();
  const std::string self = concat(std::to_string(::getpid()), "\n");
  if (::ftruncate(fd_.get(), 0) != 0 ||
      ::pwrite(fd_.get(), self.data(), self.size(), 0) != static_cast<ssize_t>(self.size())) {
    throw_system_error("write", path);
  }
}

std::int64_t FileLock::file_system_now() const {
  struct stat status {};
  if (::futimens(fd_.get(), nullptr) != 0 || ::fstat(fd_.get(), &status) != 0) throw_system_error("write", path_);
  return modified_ns(status);
}

void FileLock::mark_clean() {
  if (::ftruncate(fd_.get(), 0) != 0) throw_system_error("write", path_);
}

}  // namespace ps_sync
