// The index's last part: everything in it that is not an entry, as JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ps_sync/sync/index.hpp"

namespace ps_sync::sync {

std::string format_index_state(const IndexState& state);
/// Absent where it cannot be read.
std::optional<IndexState> parse_index_state(std::string_view text);

}  // namespace ps_sync::sync
