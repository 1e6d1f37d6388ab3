// A remote repository: what it has, fetching from it, pushing to it.
#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ps_sync/base/trace.hpp"
#include "ps_sync/base/transfer_meter.hpp"
#include "ps_sync/git/place.hpp"
#include "ps_sync/git/store.hpp"
#include "ps_sync/net/http.hpp"

namespace ps_sync::git {

struct RemoteAddress {
  std::string name;       ///< the remote's name, or "" where a URL was given
  std::string fetch_url;  ///< insteadOf applied
  std::string push_url;   ///< pushurl, pushInsteadOf and insteadOf applied
};

/// Finds the URLs of a remote, by name or of a URL itself, as git would. Relative paths are taken from the working
/// tree's top. Absent where no such remote is configured. Throws Error{config} for URLs that are refused (`git://`,
/// `ext::`, a leading '-').
std::optional<RemoteAddress> find_remote(const UserConfig& config, const Place& place, const std::string& name_or_url);

/// What the user chose to run instead of `ssh`, in git's order: the first that is set counts.
struct SshSettings {
  std::optional<std::string> command;  ///< GIT_SSH_COMMAND, core.sshCommand: for the shell
  std::optional<std::string> program;  ///< GIT_SSH: a program's path
  std::optional<std::string> variant;  ///< GIT_SSH_VARIANT, ssh.variant
};
SshSettings read_ssh_settings(const UserConfig& config);

struct RemoteOptions {
  std::chrono::milliseconds silence{30000};                    ///< no byte for this long ends the connection
  std::chrono::milliseconds connect{10000};                    ///< as long as a connection may take to come about
  std::optional<std::chrono::steady_clock::time_point> until;  ///< the whole network part ends here
  const std::atomic<bool>* abandoned = nullptr;                ///< over http: true ends a wait at once
  bool terminal = false;                                       ///< may prompts appear?
  Trace trace;                                                 ///< told of requests and programs
  TransferMeter* meter = nullptr;                              ///< told how far it has come; absent: nobody looks
  SshSettings ssh;
  std::function<net::HttpSettings(const std::string& url)> http_settings;
  fs::path folder;         ///< where the user's git is run for what the repository says: credential helpers
  fs::path spool_folder;   ///< for large requests
  bool keep_pack = false;  ///< by path: what is sent stays the pack that it is
};

using RefMap = std::map<std::string, Oid>;

struct RefUpdate {
  std::string remote_ref;
  std::optional<Oid> expected;  ///< the remote's value it is based on; absent: it must not exist
  Oid target;
};

struct RefResult {
  std::string remote_ref;
  bool accepted = false;
  bool moved = false;  ///< refused since the ref no longer had the expected value: fetch, merge and try again
  std::string reason;  ///< the server's words, not yet escaped
};

struct PushResult {
  std::vector<RefResult> refs;
  std::string server_words;  ///< what hooks and the server wrote besides, not yet escaped
};

/// A pack that was just written: everything that `target` has and `from` lacks.
struct ReadyPack {
  fs::path path;
  Oid from;
  Oid target;
};

struct FetchSpec {
  std::string remote_ref;
  std::string store_ref;
  Durable durable = Durable::yes;  ///< no: what is lost with the power is fetched again
};

class Connection;

/// The fetching side of a remote by path, begun before the settings are read, which tell whether it is the one. Ended
/// unused where it is not. For one over http the library is loaded meanwhile.
class HeadStart {
 public:
  /// No error is thrown: for another URL, or where nothing can be begun, this is nothing. `asks`: will the fetching
  /// side be asked first?
  HeadStart(std::string url, bool asks);
  ~HeadStart();
  HeadStart(HeadStart&&) noexcept;

  std::unique_ptr<Connection> take(const std::string& url, const RemoteOptions& options);

 private:
  std::string url_;
  std::unique_ptr<Connection> connection_;
  std::future<void> loading_;  // of libcurl, where that will be needed
};

/// One remote for the time of one command. A connection is made when first needed, and kept for what follows.
/// Throws Error{unreachable} where nothing answers or an answer stops, Error{rejected} where the answer is no.
class Remote {
 public:
  Remote(RemoteAddress address, RemoteOptions options, std::optional<HeadStart> head_start = std::nullopt);
  ~Remote();
  Remote(Remote&&) noexcept;

  const RemoteAddress& address() const;

  /// What the remote has, as the fetching side is told. Asked once; `again` asks anew.
  const RefMap& list(bool again = false);
  /// What the remote has, by whichever side was asked last in this command; asks if none was.
  const RefMap& seen();
  /// Nothing more is going to be asked: the fetching side may end while this command does.
  void hang_up();
  /// Brings commits into the store and sets the store's refs to exactly what the remote has (a rewound remote rewinds
  /// them). Refs that the remote lacks are deleted in the store.
  void fetch(const Store& store, const std::vector<FetchSpec>& refs);

  /// Starts the pushing side without waiting for it, so that it is ready when it is needed. No error is thrown before
  /// that.
  void begin_push();
  /// What the remote has, as the pushing side is told; opens the connection that push() then uses.
  const RefMap& list_for_push();
  /// Sends all that the updates need in one pack, then moves the refs; nothing is ever forced, and where the server
  /// can, it is all or nothing. A ready pack goes out as it is, what else is needed in front of it.
  PushResult push(const Store& store, const std::vector<RefUpdate>& updates,
                  const std::optional<ReadyPack>& ready = std::nullopt);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ps_sync::git
