// Pushing: git's send-pack, spoken by ourselves (gitprotocol-pack(5), "Pushing Data To a Server").
//
// libgit2's push searches deltas anew for every object it sends, and answers 0 where the server refused; measured with
// 1.5.1, the first push of 10,000 files cost 8 s of processor time that way. Here a pack that was just written goes out
// as it is, and each ref's verdict is read.
#pragma once

#include "git/pkt_line.hpp"
#include "ps_sync/git/remote.hpp"

namespace ps_sync::git {

/// Returns when all refs are in, as soon as the server has told so: what it still does then (post-receive hooks,
/// housekeeping) goes on while the connection is open. Where it refused something, when it has ended.
PushResult send_pack(const Store& store, Connection& connection, const Advertisement& advertisement,
                     const std::vector<RefUpdate>& updates, const std::optional<ReadyPack>& ready,
                     TransferMeter& meter);

}  // namespace ps_sync::git
