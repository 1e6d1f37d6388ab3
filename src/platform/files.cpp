#include "ps_sync/platform/files.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "ps_sync/base/error.hpp"
#include "ps_sync/base/text.hpp"
#include "ps_sync/platform/environment.hpp"

namespace ps_sync {

void throw_system_error(std::string_view doing, const fs::path& path, int code) {
  if (code == 0) code = errno;
  Error error(ErrorKind::failed, concat("cannot ", doing, " ", escape_for_display(path.string())));
  std::move(error).because(std::strerror(code));
  if (code == ENOSPC || code == EDQUOT) {
    std::move(error).hint("free some space, then run the same command again; nothing was lost");
  } else if (code == EACCES || code == EPERM || code == EROFS) {
    std::move(error).hint(concat("check who may write there: ls -ld ", quote_path(path.string())));
  }
  throw error;
}

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.release();
  }
  return *this;
}

int Fd::release() { return std::exchange(fd_, -1); }

void Fd::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

std::optional<std::string> read_file(const fs::path& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    throw_system_error("read", path);
  }
  std::string bytes;
  char buffer[65536];
  for (;;) {
    const ssize_t count = ::read(fd.get(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_system_error("read", path);
    if (count == 0) return bytes;
    bytes.append(buffer, static_cast<std::size_t>(count));
  }
}

void write_all(int fd, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_system_error("write", path);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void visit_bytes(int fd, std::uint64_t begin, std::uint64_t end, const fs::path& path,
                 const std::function<void(std::string_view)>& visit) {
  std::vector<char> buffer(65536);
  while (begin < end) {
    const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(end - begin, buffer.size()));
    const ssize_t count = ::pread(fd, buffer.data(), wanted, static_cast<off_t>(begin));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_system_error("read", path);
    if (count == 0)
      throw Error(ErrorKind::failed, concat("cannot read ", escape_for_display(path.string())))
          .because("it is cut off");
    visit({buffer.data(), static_cast<std::size_t>(count)});
    begin += static_cast<std::uint64_t>(count);
  }
}

NewFile::NewFile(fs::path path, mode_t mode) : path_(std::move(path)), temporary_(path_.string() + ".new-XXXXXX") {
  fd_ = Fd(::mkstemp(temporary_.data()));
  if (!fd_) throw_system_error("write", path_);
  if (::fchmod(fd_.get(), mode) == 0) return;
  const int code = errno;
  ::unlink(temporary_.c_str());
  throw_system_error("write", path_, code);
}

NewFile::~NewFile() {
  if (fd_) ::unlink(temporary_.c_str());
}

void NewFile::write(std::string_view bytes) {
  constexpr std::size_t at_once = 65536;
  if (pending_.size() + bytes.size() > at_once) flush();
  if (bytes.size() > at_once) return write_all(fd_.get(), bytes, path_);
  pending_ += bytes;
}

void NewFile::write_over(std::uint64_t offset, std::string_view bytes) {
  flush();
  const ssize_t count = ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
  if (count != static_cast<ssize_t>(bytes.size())) throw_system_error("write", path_);
}

void NewFile::commit(Durable durable) {
  flush();
  if (durable == Durable::yes && ::fdatasync(fd_.get()) != 0) throw_system_error("write", path_);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) throw_system_error("write", path_);
  fd_.reset();
  if (durable == Durable::yes) sync_folder(path_.parent_path());
}

void NewFile::flush() {
  write_all(fd_.get(), pending_, path_);
  pending_.clear();
}

void write_file(const fs::path& path, std::string_view bytes, mode_t mode, Durable durable) {
  NewFile file(path, mode);
  file.write(bytes);
  file.commit(durable);
}

void make_private_folders(const fs::path& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return;
  if (errno != ENOENT || path.parent_path() == path) throw_system_error("make the folder", path);
  make_private_folders(path.parent_path());
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) throw_system_error("make the folder", path);
}

void sync_folder(const fs::path& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // Some file systems refuse to sync a folder (EINVAL): they have nothing to sync.
  if (!fd || (::fsync(fd.get()) != 0 && errno != EINVAL)) throw_system_error("write", path);
}

MappedFile::MappedFile(const fs::path& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) {
    if (errno == ENOENT || errno == ENOTDIR) return;
    throw_system_error("read", path);
  }
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) throw_system_error("read", path);
  if (status.st_size == 0) return;
  size_ = static_cast<std::size_t>(status.st_size);
  address_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (address_ == MAP_FAILED) {
    address_ = nullptr;
    size_ = 0;
    throw_system_error("read", path);
  }
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : address_(std::exchange(other.address_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(address_, other.address_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (address_ != nullptr) ::munmap(address_, size_);
}

void MappedFile::rest() const {
  if (address_ != nullptr) ::madvise(address_, size_, MADV_DONTNEED);
}

#ifdef __APPLE__
std::int64_t modified_ns(const struct stat& status) {
  return std::int64_t{status.st_mtimespec.tv_sec} * 1'000'000'000 + status.st_mtimespec.tv_nsec;
}
std::int64_t changed_ns(const struct stat& status) {
  return std::int64_t{status.st_ctimespec.tv_sec} * 1'000'000'000 + status.st_ctimespec.tv_nsec;
}
#else
std::int64_t modified_ns(const struct stat& status) {
  return std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
}
std::int64_t changed_ns(const struct stat& status) {
  return std::int64_t{status.st_ctim.tv_sec} * 1'000'000'000 + status.st_ctim.tv_nsec;
}
#endif

std::optional<fs::path> home_folder() {
  if (const auto home = environment_value("HOME")) return fs::path(*home);
  if (const passwd* entry = ::getpwuid(::geteuid()); entry != nullptr && entry->pw_dir != nullptr) {
    return fs::path(entry->pw_dir);
  }
  return std::nullopt;
}

std::string expand_home(const std::string& path) {
  if (path.rfind("~/", 0) != 0) return path;
  const auto home = home_folder();
  return home ? (*home / path.substr(2)).string() : path;
}

}  // namespace ps_sync
