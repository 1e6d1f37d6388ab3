// The environment's variables.
#pragma once

#include <optional>
#include <string>

namespace ps_sync {

/// Absent where the variable is not set, or empty.
std::optional<std::string> environment_value(const char* name);

}  // namespace ps_sync
