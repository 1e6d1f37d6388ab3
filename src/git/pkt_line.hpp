// pkt-line framing and the advertisement of refs (gitprotocol-common(5), gitprotocol-pack(5)).
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "git/transport/connection.hpp"
#include "ps_sync/base/error.hpp"

namespace ps_sync::git {

/// One pkt-line around `payload`.
std::string pkt_line(std::string_view payload);

/// Reads pkt-lines from a connection. It may read ahead, so there is one reader for each answer.
class PktReader {
 public:
  explicit PktReader(Connection& connection) : connection_(&connection) {}
  /// The next payload; absent for a flush packet. Throws where the stream ends or is no pkt-line: with the words that
  /// the other side left on its error stream.
  std::optional<std::string> next();
  /// Bytes read from the connection so far.
  std::size_t count() const { return count_; }

 private:
  void need(std::size_t bytes);
  Connection* connection_;
  std::string ahead_;  // read, not yet handed out from at_ on
  std::size_t at_ = 0;
  std::size_t count_ = 0;
};

struct Advertisement {
  RefMap refs;
  std::set<std::string> capabilities;
};
Advertisement read_advertisement(Connection& connection);

/// Error{rejected} or Error{unreachable} for a stream that ended too early, by what the other side said.
Error connection_lost(Connection& connection);

}  // namespace ps_sync::git
