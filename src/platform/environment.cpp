#include "ps_sync/platform/environment.hpp"

#include <cstdlib>

namespace ps_sync {

std::optional<std::string> environment_value(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? std::optional<std::string>(value) : std::nullopt;
}

}  // namespace ps_sync
