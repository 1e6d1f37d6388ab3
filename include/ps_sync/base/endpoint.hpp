// Names of endpoints and sessions: [a-z0-9][a-z0-9-]{0,38}
#pragma once

#include <string>
#include <string_view>

namespace ps_sync {

bool is_endpoint_name(std::string_view name);
/// Makes any text (a host's name, say) fit: lower case, other characters become '-', cut at 39; "place" if nothing is
/// left.
std::string to_endpoint_name(std::string_view text);

}  // namespace ps_sync
