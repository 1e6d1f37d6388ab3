// SHA-1 by OpenSSL's libcrypto: about four times as quick as libgit2's own, and it takes a stream.
#pragma once

#include <memory>
#include <string_view>

#include "ps_sync/base/oid.hpp"

namespace ps_sync::git {

class Sha1 {
 public:
  Sha1();
  ~Sha1();
  void add(std::string_view bytes);
  /// The digest of all that was added; nothing may be added after.
  Oid finish();

 private:
  void* context_;
};

}  // namespace ps_sync::git
