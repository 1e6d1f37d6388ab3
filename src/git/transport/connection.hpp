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

class Connection {
 public:
  virtual ~Connection() = default;
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
  /// Does the other side forget everything between a request and the next (gitprotocol-http(5))? Then what was said has
  /// to be said again, and what is written counts from the last read.
  virtual bool is_stateless() const { return false; }
  /// The stream has ended before its time: waits for the other side's end, and says what to make of it.
  virtual Ending judge_ending() = 0;
  /// Ends it in good order, waiting for the other side within the bound.
  virtual void close() = 0;
};

/// Connects by the scheme of `url`. Throws Error{rejected} for a scheme that ps-sync does not speak.
/// `http` keeps the conversation with http remotes, and is made where there is none yet.
std::unique_ptr<Connection> connect(const std::string& url, Service service, const RemoteOptions& options,
                                    std::shared_ptr<HttpSession>& http);

/// A folder on this machine: `git upload-pack` or `git receive-pack` is run on it.
std::unique_ptr<Connection> connect_local(const std::string& path, Service service, const RemoteOptions& options);

/// %41 is A; what is no escape stays.
std::string percent_decode(std::string_view text);

/// The path of a `file://` URL or of a plain path; absent for other URLs.
std::optional<std::string> local_path_of(const std::string& url);

}  // namespace ps_sync::git
