#include "git/libraries.hpp"

#include <git2.h>

#include <mutex>

#include "ps_sync/platform/library.hpp"

#ifdef PS_SYNC_LIBGIT2_SONAME
// libgit2 of Debian and Ubuntu parses the whole bundle of CA certificates when it starts (5 ms), for a TLS that ps-sync
// never uses: http goes through libcurl. With this in its place libgit2 trusts no certificate, so it fails closed.
extern "C" __attribute__((visibility("default"))) int mbedtls_x509_crt_parse_file(void* /*chain*/,
                                                                                  const char* /*path*/) {
  return 0;
}
#endif

namespace ps_sync::git {
namespace {

void initialise_libgit2() {
  git_libgit2_init();
  // All lower case: libgit2 compares with the normalised key (measured with 1.5.1).
  const char* extensions[] = {"worktreeconfig", "partialclone", "preciousobjects"};
  git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, extensions, std::size_t{3});
  git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
  // A window on a pack counts as memory of ours: keep it small, so that a large file is not held twice.
  git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, std::size_t{1} << 20);
  git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, std::size_t{4} << 20);
  // We hold our own copy of what we read; libgit2's would double it.
  git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, static_cast<ssize_t>(1) << 20);
  // What comes is hashed when it is indexed. Hashing it again at each read, as libgit2 would, costs more than reading
  // it; git does not, and a disk that garbles bytes shows in zlib's checksum.
  git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0);
  // The store belongs to whoever runs this; place.cpp checks the owner of the user's repository as git does.
  git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
}

}  // namespace

void load_libcrypto() {
#ifdef PS_SYNC_LIBCRYPTO_SONAME
  static std::once_flag once;
  std::call_once(once, [] { open_library(PS_SYNC_LIBCRYPTO_SONAME, "libssl3"); });
#endif
}

void load_libgit2() {
  static std::once_flag once;
  std::call_once(once, [] {
#ifdef PS_SYNC_LIBGIT2_SONAME
    open_library(PS_SYNC_LIBGIT2_SONAME, "libgit2-dev");
#endif
    initialise_libgit2();
  });
}

}  // namespace ps_sync::git
