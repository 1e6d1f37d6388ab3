#include "net/library.hpp"

#include <curl/curl.h>

#include <mutex>

#include "ps_sync/base/error.hpp"
#include "ps_sync/net/http.hpp"
#include "ps_sync/platform/library.hpp"

namespace ps_sync::net {

void load_libcurl() {
  static std::once_flag once;
  std::call_once(once, [] {
#ifdef PS_SYNC_LIBCURL_SONAME
    open_library(PS_SYNC_LIBCURL_SONAME, "libcurl4");
#endif
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) throw Error(ErrorKind::failed, "cannot start libcurl");
  });
}

void preload() {
  try {
    load_libcurl();
  } catch (const Error&) {
    // Whoever needs it gets the error.
  }
}

}  // namespace ps_sync::net
