// Fetching through libgit2, over a connection that has already said what the remote has.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "git/transport/connection.hpp"
#include "ps_sync/git/store.hpp"

namespace ps_sync::git {

/// Downloads what `remote_refs` need and the store lacks. `advertisement` is what was already read from `connection`,
/// raw. The objects are on disk (fsync) when this returns, unless told that they may be lost.
void fetch_objects(Store::Repository& store, Connection& connection, const std::string& advertisement,
                   const std::vector<std::string>& remote_refs, Durable durable, TransferMeter& meter);

}  // namespace ps_sync::git
