// libgit2 and libcrypto are loaded on first use: loading them costs more than most commands' own work
// (docs/decisions/0002-lazy-libraries.md).
#pragma once

namespace ps_sync::git {

/// Must come before any call into libcrypto. Thread-safe; cheap when repeated.
void load_libcrypto();
/// Must come before any call into libgit2; initialises it. Thread-safe; cheap when repeated.
void load_libgit2();

}  // namespace ps_sync::git
