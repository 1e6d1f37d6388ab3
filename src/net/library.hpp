// libcurl, opened when the first request is made.
#pragma once

namespace ps_sync::net {

/// Throws Error{failed} where it cannot be loaded.
void load_libcurl();

}  // namespace ps_sync::net
