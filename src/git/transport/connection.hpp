// A git service at the other end of a stream of bytes. Each way to reach one is a source file beside this.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "ps_sync/base/error.hpp"
#include "ps_sync/git/remote.hpp"

namespace ps_sync::git {

/// How much a side that was told good-bye may still say before it is cut short, in bytes: hooks that run after a push
/// are heard, an answer without an end is not.
constexpr std::size_t longest_good_bye = 16 << 20;

enum class Service { upload_pack, receive_pack };

/// What a stream that ended too early means, and what to do about it.
struct Ending {
  ErrorKind kind;
  std::vector<std::string> hints;
};

class HttpSession;
class SshShare;

/// What the connections to one remote have in common; each is made when it is first needed.
struct Conversation {
  std::shared_ptr<HttpSession> http;
  std::shared_ptr<SshShare> ssh;
};

class Connection {
 public:
  virtual ~Connection() = default;
  /// Others may go through this one: it is waited for after them.
  bool carries_others = false;
  /// Reads at least one byte; 0 at the end of the stream. Throws Error{unreachable} after too long a silence.
  virtual std::size_t read(std::span<char> into) = 0;
  virtual void write(std::string_view bytes) = 0;
  /// How long a silence is too long.
  virtual void set_silence(std::chrono::milliseconds silence) = 0;
  /// Says that nothing more will be written.
  virtual void finish_writing() = 0;
  /// What the other side said on its error stream so far; not escaped.
  virtual std::string errors() = 0;
  /// Is every byte dear? Where none is, as between folders of one machine, packs come whole instead of thin: completing
  /// a thin pack of a hundred small files takes libgit2 ten times as long as reading a whole one.
  virtual bool is_network() const = 0;
  /// Has the other side to be heard before it can be told anything? A request over http stands by itself: what the
  /// fetching side was told is enough to push by.
  virtual bool speaks_first() const { return true; }
  /// The stream has ended before its time: waits for the other side's end, and says what to make of it.
  virtual Ending judge_ending() = 0;
  /// Ends it in good order, waiting for the other side within the bound.
  virtual void close() = 0;
};

/// Connects by the scheme of `url`. Throws Error{rejected} for a scheme that ps-sync does not speak.
std::unique_ptr<Connection> connect(const std::string& url, Service service, const RemoteOptions& options,
                                    Conversation& conversation);

/// A folder on this machine: `git upload-pack` or `git receive-pack` is run on it.
std::unique_ptr<Connection> connect_local(const std::string& path, Service service, const RemoteOptions& options);

/// %41 is A; what is no escape stays.
std::string percent_decode(std::string_view text);

/// The path of a `file://` URL or of a plain path; absent for other URLs.
std::optional<std::string> local_path_of(const std::string& url);

}  // namespace ps_sync::git
