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

/// Absent where the file was written for another source, is missing or is damaged.
std::optional<SeenNews> recall_news(const Context& context, const NewsSource& source);
/// A file that cannot be written costs time at the next look, and nothing else.
void remember_news(const Context& context, const NewsSource& source, const SeenNews& news);

}  // namespace ps_sync::app
