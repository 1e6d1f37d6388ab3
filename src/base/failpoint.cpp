#include "ps_sync/base/failpoint.hpp"

#ifdef PS_SYNC_FAILPOINTS

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "ps_sync/base/error.hpp"
#include "ps_sync/base/text.hpp"

namespace ps_sync {

void failpoint(const char* name) {
  if (const char* log = std::getenv("PROMPTSYNC_FAILPOINT_LOG")) {
    if (std::FILE* file = std::fopen(log, "a")) {
      std::fprintf(file, "%s\n", name);
      std::fclose(file);
    }
  }
  const char* wanted = std::getenv("PROMPTSYNC_FAILPOINT");
  if (wanted == nullptr) return;
  const std::string_view spec(wanted);
  const std::size_t colon = spec.find(':');
  if (spec.substr(0, colon) != name) return;
  if (colon != std::string_view::npos) {
    const std::string_view action = spec.substr(colon + 1);
    if (action == "error") throw Error(ErrorKind::failed, concat("failpoint ", name));
    static int passed = 0;
    if (++passed < std::atoi(action.data())) return;
  }
  std::raise(SIGKILL);
}

}  // namespace ps_sync

#endif
