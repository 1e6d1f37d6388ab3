// Fetching: git's fetch-pack, spoken by ourselves (gitprotocol-pack(5), "Packfile Negotiation"); libgit2 checks and
// indexes the pack that comes.
//
// libgit2's own negotiation asks twice where once is enough, since it waits to hear what is known before it says that
// it is done; each asking is a process at a web server, and a way there and back over ssh. It also wants thin packs
// from everybody, and has no setting for that.
#pragma once

#include <vector>

#include "git/pkt_line.hpp"
#include "ps_sync/git/store.hpp"

namespace ps_sync::git {

/// Downloads what `wants` need and the store lacks, over a connection that has said what it has. The objects are on
/// disk (fsync) when this returns, unless told that they may be lost.
void fetch_objects(const Store& store, Connection& connection, const Advertisement& advertisement,
                   const std::vector<Oid>& wants, Durable durable, TransferMeter& meter);

}  // namespace ps_sync::git
