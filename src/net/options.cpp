#include "net/options.hpp"

#include <new>

#include "ps_sync/base/error.hpp"
#include "ps_sync/base/text.hpp"

namespace ps_sync::net {
namespace {

void set(CURL* easy, CURLoption option, const std::string& value) {
  if (!value.empty()) curl_easy_setopt(easy, option, value.c_str());
}

/// A value of `choices` by its name; git takes what it does not know for nothing said, and so do we.
template <std::size_t count>
std::optional<long> choice(const std::string& name, const std::pair<std::string_view, long> (&choices)[count]) {
  for (const auto& [known, value] : choices) {
    if (name == known) return value;
  }
  return std::nullopt;
}

constexpr std::pair<std::string_view, long> versions[] = {{"HTTP/2", CURL_HTTP_VERSION_2TLS},
                                                          {"HTTP/1.1", CURL_HTTP_VERSION_1_1}};
constexpr std::pair<std::string_view, long> tls_versions[] = {
    {"tlsv1", CURL_SSLVERSION_TLSv1},     {"tlsv1.0", CURL_SSLVERSION_TLSv1_0}, {"tlsv1.1", CURL_SSLVERSION_TLSv1_1},
    {"tlsv1.2", CURL_SSLVERSION_TLSv1_2}, {"tlsv1.3", CURL_SSLVERSION_TLSv1_3},
};
// libcurl's own names of these are unsigned: the sign never shows in the bits that are set.
constexpr std::pair<std::string_view, long> auth_methods[] = {
    {"basic", static_cast<long>(CURLAUTH_BASIC)},         {"digest", static_cast<long>(CURLAUTH_DIGEST)},
    {"negotiate", static_cast<long>(CURLAUTH_NEGOTIATE)}, {"ntlm", static_cast<long>(CURLAUTH_NTLM)},
    {"anyauth", static_cast<long>(CURLAUTH_ANY)},
};
constexpr std::pair<std::string_view, long> delegations[] = {{"none", CURLGSSAPI_DELEGATION_NONE},
                                                             {"policy", CURLGSSAPI_DELEGATION_POLICY_FLAG},
                                                             {"always", CURLGSSAPI_DELEGATION_FLAG}};

void apply_proxy(CURL* easy, const HttpSettings& settings) {
  if (settings.proxy) curl_easy_setopt(easy, CURLOPT_PROXY, settings.proxy->c_str());
  const auto method = choice(settings.proxy_auth_method, auth_methods);
  curl_easy_setopt(easy, CURLOPT_PROXYAUTH, method.value_or(static_cast<long>(CURLAUTH_ANY)));
  if (settings.proxy_login) {
    set(easy, CURLOPT_PROXYUSERNAME, settings.proxy_login->user);
    set(easy, CURLOPT_PROXYPASSWORD, settings.proxy_login->secret);
  }
  set(easy, CURLOPT_PROXY_CAINFO, settings.proxy_ca_info);
  set(easy, CURLOPT_PROXY_SSLCERT, settings.proxy_cert);
  set(easy, CURLOPT_PROXY_SSLKEY, settings.proxy_key);
}

void apply_tls(CURL* easy, const HttpSettings& settings) {
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, settings.ssl_verify ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, settings.ssl_verify ? 2L : 0L);
  set(easy, CURLOPT_CAINFO, settings.ssl_ca_info);
  set(easy, CURLOPT_CAPATH, settings.ssl_ca_path);
  set(easy, CURLOPT_SSLCERT, settings.ssl_cert);
  set(easy, CURLOPT_SSLKEY, settings.ssl_key);
  set(easy, CURLOPT_SSL_CIPHER_LIST, settings.ssl_cipher_list);
  set(easy, CURLOPT_PINNEDPUBLICKEY, settings.pinned_pubkey);
  if (const auto version = choice(settings.ssl_version, tls_versions))
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, *version);
}

void allow_http_alone(CURL* easy) {
#if LIBCURL_VERSION_NUM >= 0x075500
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS, static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

}  // namespace

void TextList::add(const std::string& line) {
  curl_slist* longer = curl_slist_append(list_, line.c_str());
  if (longer == nullptr) throw std::bad_alloc();
  list_ = longer;
}

void TextList::clear() {
  if (list_ != nullptr) curl_slist_free_all(list_);
  list_ = nullptr;
}

void apply_settings(CURL* easy, const HttpSettings& settings, TextList& resolve) {
  allow_http_alone(easy);
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);  // by hand: a login must not go along
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");  // all that libcurl can decompress
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_OPTIONAL));
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                   choice(settings.version, versions).value_or(static_cast<long>(CURL_HTTP_VERSION_2TLS)));
  set(easy, CURLOPT_USERAGENT, settings.user_agent);
  curl_easy_setopt(easy, CURLOPT_COOKIEFILE, settings.cookie_file.c_str());  // "" keeps them for this command
  if (settings.save_cookies) set(easy, CURLOPT_COOKIEJAR, settings.cookie_file);
  if (const auto delegation = choice(settings.delegation, delegations))
    curl_easy_setopt(easy, CURLOPT_GSSAPI_DELEGATION, *delegation);
  for (const std::string& line : settings.resolve) resolve.add(line);
  if (resolve.get() != nullptr) curl_easy_setopt(easy, CURLOPT_RESOLVE, resolve.get());
  apply_proxy(easy, settings);
  apply_tls(easy, settings);
#if LIBCURL_VERSION_NUM >= 0x075700
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);  // a name that is still looked up must not hold up the end
#endif
}

void apply_login(CURL* easy, const HttpSettings& settings, const std::optional<Login>& login) {
  unsigned long methods = CURLAUTH_ANY;
  if (login && login->scheme.empty()) {
    // Where only the plain way is offered, it goes out at once, without being asked for again.
    if (login->methods != 0) methods &= login->methods;
    curl_easy_setopt(easy, CURLOPT_USERNAME, login->user.c_str());
    curl_easy_setopt(easy, CURLOPT_PASSWORD, login->secret.c_str());
  } else if (!login && settings.empty_auth) {
    curl_easy_setopt(easy, CURLOPT_USERPWD, ":");
  }
  curl_easy_setopt(easy, CURLOPT_HTTPAUTH, static_cast<long>(methods));
}

bool may_know_us(unsigned long offered_auth) { return (offered_auth & (CURLAUTH_NEGOTIATE | CURLAUTH_NTLM)) != 0; }

}  // namespace ps_sync::net
