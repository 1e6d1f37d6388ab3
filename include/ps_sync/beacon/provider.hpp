// Where a beacon is published. Every provider passes the same suite, tests/contract/beacon_provider_suite.hpp.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ps_sync/git/remote.hpp"
#include "ps_sync/git/store.hpp"

namespace ps_sync::beacon {

enum class Published {
  yes,
  moved,  ///< somebody else wrote since read(): read, compose and try again
};

class Provider {
 public:
  virtual ~Provider() = default;

  /// As in the settings: git, github, none.
  virtual std::string name() const = 0;
  /// The ticket as people write it (o/r#12); absent where there is none.
  virtual std::optional<std::string> ticket() const { return std::nullopt; }

  /// The published body as it stands now; absent where none is. Throws Error{unreachable} or Error{rejected}.
  virtual std::optional<std::string> read() = 0;
  /// The same, as far as it is known without asking: publish() finds out whether it still holds.
  virtual std::optional<std::string> read_lately() { return read(); }
  /// Is something wrong with the place itself (a ticket that was closed, say) that publish() would mend?
  virtual bool needs_repair() const { return false; }
  /// What somebody should know, and nothing failed for; each once.
  virtual std::vector<std::string> take_warnings() { return {}; }
  /// Replaces what the last read() gave. Throws as read() does; then nothing was published, as far as is known.
  virtual Published publish(const std::string& body) = 0;

  /// A provider whose beacon is a ref of the sync remote can let it travel in the same push as the documents: the
  /// update to make, over what the last read() gave. Absent for all others.
  virtual std::optional<git::RefUpdate> as_ref_update(const std::string& /*body*/) { return std::nullopt; }
  /// Says that such an update was accepted.
  virtual void ref_update_accepted(const git::RefUpdate& /*update*/) {}
};

/// Publishes nowhere: read() is always absent, publish() always answers yes.
std::unique_ptr<Provider> make_none_provider();

constexpr const char* git_beacon_ref = "refs/promptsync/beacon";     ///< on the remote
constexpr const char* seen_beacon_ref = "refs/remotes/sync/beacon";  ///< in the store: as last seen there

/// The body as BEACON.md in a commit at refs/promptsync/beacon of the sync remote; each version a child of the one
/// before.
std::unique_ptr<Provider> make_git_provider(const git::Store& store, git::Remote& remote, const git::Signature& author);

/// A commit that holds the body, over `parents`. It need not be on disk: a hint, made anew from git whenever it is
/// lost.
Oid make_beacon_commit(const git::Store& store, const std::string& body, const std::vector<Oid>& parents,
                       const git::Signature& author);

/// The body of a beacon commit in the store; absent where it has no BEACON.md, or one over 256 KiB.
std::optional<std::string> read_beacon_commit(const git::Store& store, const Oid& commit);

}  // namespace ps_sync::beacon
