// Files and folders: descriptors that close themselves, atomic writes, mapped files, a lock between processes.
#pragma once

#include <sys/stat.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ps_sync {

namespace fs = std::filesystem;

/// Throws Error{failed}: "cannot <doing> <path>", with the reason of errno (or `code`), and a hint for a full disk and
/// for missing permission.
[[noreturn]] void throw_system_error(std::string_view doing, const fs::path& path, int code = 0);

/// An open file descriptor, closed at the end of its life. -1 is none.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release();
  void reset();

 private:
  int fd_ = -1;
};

/// The whole file; absent where there is none. Throws for anything else that goes wrong.
std::optional<std::string> read_file(const fs::path& path);

enum class Durable { no, yes };

/// Replaces the file in one step: temporary file beside it, then rename. Mode as given, whatever the umask.
/// With Durable::yes file and folder are on disk when this returns.
void write_file(const fs::path& path, std::string_view bytes, mode_t mode = 0600, Durable durable = Durable::no);

/// A file that is to replace the one at `path`, written piece by piece: for what need not be held in memory as a whole.
/// It is a temporary file beside that one until commit(), and goes where that is never called.
class NewFile {
 public:
  NewFile(fs::path path, mode_t mode);
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile();

  void write(std::string_view bytes);
  /// Replaces bytes that were written before.
  void write_over(std::uint64_t offset, std::string_view bytes);
  /// Puts it in the place of the old one. With Durable::yes file and folder are on disk when this returns.
  void commit(Durable durable);

 private:
  void flush();

  fs::path path_;
  std::string temporary_;
  Fd fd_;
  std::string pending_;
};

/// Writes all of `bytes`, however many calls that takes; throws naming `path`.
void write_all(int fd, std::string_view bytes, const fs::path& path);

/// Hands on the bytes of an open file from `begin` up to `end`, piece by piece: of a large file that was mapped, all
/// would count as memory in use. Throws naming `path` where it is shorter.
void visit_bytes(int fd, std::uint64_t begin, std::uint64_t end, const fs::path& path,
                 const std::function<void(std::string_view)>& visit);

/// Makes the folder and those above it; new ones get mode 0700.
void make_private_folders(const fs::path& path);

/// Puts a folder's entries on disk.
void sync_folder(const fs::path& path);

/// A file mapped for reading. Empty where there is no such file or it has no bytes.
class MappedFile {
 public:
  MappedFile() = default;
  explicit MappedFile(const fs::path& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  std::string_view bytes() const { return {static_cast<const char*>(address_), size_}; }
  /// Gives back the memory of what was looked at: the next look reads it from the system's cache again.
  void rest() const;

 private:
  void* address_ = nullptr;
  std::size_t size_ = 0;
};

/// An exclusive lock between processes (flock): it ends with the process that holds it, so a dead holder never blocks.
class FileLock {
 public:
  /// Waits at most `wait`. Throws Error{busy}, naming the holder's process id, when it did not come.
  FileLock(const fs::path& path, std::chrono::milliseconds wait);

  /// The present time of the file system that holds the lock file: its clock and granularity are what file times come
  /// from.
  std::int64_t file_system_now() const;
  /// True where the last holder ended without saying it was finished (a crash): there may be leftovers.
  bool holder_crashed() const { return crashed_; }
  /// Says that no leftovers remain.
  void mark_clean();

 private:
  fs::path path_;
  Fd fd_;
  bool crashed_ = false;
};

/// Nanoseconds since 1970 of a file's times.
std::int64_t modified_ns(const struct stat& status);
std::int64_t changed_ns(const struct stat& status);

/// The user's home folder, from HOME, else the password database; absent where neither knows.
std::optional<fs::path> home_folder();
/// `~/x` is x in the home folder; everything else, and where no home is known, stays.
std::string expand_home(const std::string& path);

}  // namespace ps_sync
