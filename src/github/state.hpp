// What was last seen at GitHub, kept between runs. Losing it costs a request or two.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ps_sync/platform/files.hpp"

namespace ps_sync::github {

struct SeenTicket {
  std::int64_t number = 0;
  std::string address;  ///< of the issue in the REST interface, redirects followed
  std::string node_id;
  std::string title;
  std::string body;
  bool is_open = true;
  bool is_locked = false;
  std::vector<std::string> labels;
  bool labels_refused = false;  ///< we tried, and GitHub left them out
  std::string updated_at;       ///< ISO 8601, whole seconds
  std::string etag;             ///< "" where none is known, as after a write of ours
  std::string token_hash;       ///< of the token that the etag was given to
};

struct State {
  std::string repo;  ///< what all of this is about; another one makes it void
  std::string api;
  std::optional<SeenTicket> ticket;
  std::int64_t wait_until = 0;  ///< seconds since 1970: GitHub asked not to be asked before
  std::string wait_reason;
  std::int64_t ask_after = 0;  ///< seconds since 1970: a look that can wait is not to be taken before (x-poll-interval)
  std::string board_item;      ///< PVTI_…, once the ticket is on the board
  std::string board;           ///< the project that it is on
  std::int64_t board_check = 0;  ///< seconds since 1970: look at its Status again then; 0: no more
};

/// An empty state where there is none, it is damaged, or of another ticket.
State read_state(const fs::path& file, const std::string& api, const std::string& repo);
void write_state(const fs::path& file, const State& state);

}  // namespace ps_sync::github
