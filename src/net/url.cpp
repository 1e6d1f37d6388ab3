#include <curl/curl.h>

#include "net/library.hpp"
#include "ps_sync/base/text.hpp"
#include "ps_sync/net/http.hpp"

namespace ps_sync::net {
namespace {

struct UrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using UrlHandle = std::unique_ptr<CURLU, UrlDeleter>;

UrlHandle make_handle() {
  load_libcurl();
  return UrlHandle(curl_url());
}

std::string part_of(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK || text == nullptr) return "";
  std::string copy(text);
  curl_free(text);
  return copy;
}

}  // namespace

std::optional<UrlParts> parse_http_url(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return std::nullopt;
  const std::string name = to_lower_ascii(url.substr(0, scheme));
  if (name != "http" && name != "https") return std::nullopt;
  const UrlHandle handle = make_handle();
  if (curl_url_set(handle.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return std::nullopt;
  CURLU* parts = handle.get();
  return UrlParts{name,
                  part_of(parts, CURLUPART_USER, CURLU_URLDECODE),
                  part_of(parts, CURLUPART_PASSWORD, CURLU_URLDECODE),
                  to_lower_ascii(part_of(parts, CURLUPART_HOST)),
                  part_of(parts, CURLUPART_PORT, CURLU_DEFAULT_PORT),
                  part_of(parts, CURLUPART_PATH)};
}

std::string without_login(const std::string& url) {
  const UrlHandle handle = make_handle();
  CURLU* parts = handle.get();
  if (curl_url_set(parts, CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return url;
  curl_url_set(parts, CURLUPART_USER, nullptr, 0);
  curl_url_set(parts, CURLUPART_PASSWORD, nullptr, 0);
  const std::string plain = part_of(parts, CURLUPART_URL);
  return plain.empty() ? url : plain;
}

std::optional<std::string> resolve_url(const std::string& base, const std::string& location) {
  const UrlHandle handle = make_handle();
  CURLU* parts = handle.get();
  if (curl_url_set(parts, CURLUPART_URL, base.c_str(), 0) != CURLUE_OK) return std::nullopt;
  if (curl_url_set(parts, CURLUPART_URL, location.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK) return std::nullopt;
  const std::string whole = part_of(parts, CURLUPART_URL);
  return whole.empty() ? std::nullopt : std::optional(whole);
}

}  // namespace ps_sync::net
