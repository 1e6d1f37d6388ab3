// What the beacon and the branch, as last seen, say of the other places. Kept in a file, since it only changes with
// them: a `status` that finds nothing new then needs neither the store nor libgit2.
#pragma once

#include "app/context.hpp"

namespace ps_sync::app {

struct SeenNews {
  BeaconView beacon;         ///< without `pending`, which the outbox knows
  std::vector<Peer> behind;  ///< others that lack something
};

/// What the news was read from: the same text, the same news.
struct NewsSource {
  std::optional<Oid> beacon;   ///< its commit
  std::optional<Oid> tip;      ///< the remote's branch
  std::optional<Oid> applied;  ///< what this working tree has applied
};

/// From the file, if it was written for this source; else from the store, and then into the file.
SeenNews read_news(const Context& context, const NewsSource& source);
/// Everybody whom the beacon or the branch knows, this endpoint included.
std::vector<Peer> list_peers(const Context& context, const NewsSource& source);

}  // namespace ps_sync::app
