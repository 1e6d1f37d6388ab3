// What is remembered between runs besides the index: how the last attempt at the network went, and what the beacon
// lacks. Losing it costs a request, never a document.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/context.hpp"

namespace ps_sync::app {

struct Outbox {
  std::string remote_url;                   ///< what `tip` refs in the store were fetched from; redacted
  bool unreachable = false;                 ///< the last attempt did not reach the remote
  std::optional<std::string> last_failure;  ///< in the words given then: one line
  bool beacon_pending = false;
  std::optional<Oid> beacon_for;            ///< the published beacon was in line with the branch at this commit
  std::map<std::string, Oid> acknowledged;  ///< by endpoint: what the published beacon says it has applied
};

Outbox read_outbox(const git::Place& place);
void write_outbox(const git::Place& place, const Outbox& outbox);

}  // namespace ps_sync::app
