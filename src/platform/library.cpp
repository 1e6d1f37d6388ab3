#include "ps_sync/platform/library.hpp"

#include <dlfcn.h>

#include "ps_sync/base/error.hpp"
#include "ps_sync/base/text.hpp"

namespace ps_sync {

void open_library(const char* soname, const char* package) {
  if (::dlopen(soname, RTLD_LAZY | RTLD_GLOBAL) != nullptr) return;
  const char* reason = ::dlerror();
  throw Error(ErrorKind::failed, concat("cannot load ", soname))
      .because(reason != nullptr ? reason : "no reason given")
      .hint(concat("install it (Debian, Ubuntu: apt-get install ", package, ")"));
}

}  // namespace ps_sync
