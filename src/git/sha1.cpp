#include "git/sha1.hpp"

#include <openssl/evp.h>

#include "git/libraries.hpp"
#include "ps_sync/base/error.hpp"

namespace ps_sync::git {
namespace {
EVP_MD_CTX* context_of(void* context) { return static_cast<EVP_MD_CTX*>(context); }

void check_digest(int code) {
  if (code != 1) throw Error(ErrorKind::failed, "cannot compute SHA-1").because("libcrypto refused");
}
}  // namespace

Sha1::Sha1() {
  load_libcrypto();
  context_ = EVP_MD_CTX_new();
  check_digest(EVP_DigestInit_ex(context_of(context_), EVP_sha1(), nullptr));
}

Sha1::~Sha1() { EVP_MD_CTX_free(context_of(context_)); }

void Sha1::add(std::string_view bytes) {
  check_digest(EVP_DigestUpdate(context_of(context_), bytes.data(), bytes.size()));
}

Oid Sha1::finish() {
  Oid oid;
  unsigned size = 0;
  check_digest(EVP_DigestFinal_ex(context_of(context_), oid.bytes.data(), &size));
  return oid;
}

}  // namespace ps_sync::git
