#include "ps_sync/git/http_settings.hpp"

#include <compare>

#include "ps_sync/base/text.hpp"
#include "ps_sync/platform/environment.hpp"

namespace ps_sync::git {
namespace {

/// How well a `http.<url>.` fits an address; more is better, and compared in this order.
struct Fit {
  std::size_t host = 0;
  std::size_t path = 0;
  bool user = false;
  friend auto operator<=>(const Fit&, const Fit&) = default;
};

/// A `*` in the pattern stands for one whole label.
bool host_fits(const std::string& pattern, const std::string& host) {
  const std::vector<std::string> wanted = split(pattern, '.');
  const std::vector<std::string> labels = split(host, '.');
  if (wanted.size() != labels.size()) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] != "*" && wanted[i] != labels[i]) return false;
  }
  return true;
}

/// The length of the pattern where it is the path or a folder above it. Both begin and end with '/'.
std::optional<std::size_t> path_fit(std::string pattern, std::string path) {
  if (!pattern.ends_with('/')) pattern += '/';
  if (!path.ends_with('/')) path += '/';
  return path.rfind(pattern, 0) == 0 ? std::optional(pattern.size()) : std::nullopt;
}

std::optional<Fit> fit_of(const std::string& pattern, const net::UrlParts& url) {
  // libcurl takes no '*' for a host: it is matched on a name that it takes.
  constexpr std::string_view star = "--star--";
  std::string readable;
  for (const char c : pattern) readable += c == '*' ? std::string(star) : std::string(1, c);
  auto wanted = net::parse_http_url(readable);
  if (!wanted) return std::nullopt;
  for (std::size_t at; (at = wanted->host.find(star)) != std::string::npos;) wanted->host.replace(at, star.size(), "*");
  if (wanted->scheme != url.scheme || wanted->port != url.port || !host_fits(wanted->host, url.host))
    return std::nullopt;
  if (!wanted->user.empty() && wanted->user != url.user) return std::nullopt;
  const auto path = path_fit(wanted->path, url.path);
  if (!path) return std::nullopt;
  return Fit{wanted->host.size(), *path, !wanted->user.empty()};
}

/// The values of every `http.<name>` that hold for one address.
class Matched {
 public:
  Matched(const UserConfig& config, const std::string& url) : url_(net::parse_http_url(url)) {
    for (const ConfigEntry& entry : config.entries()) add(entry);
  }

  std::string find(const std::string& name) const {
    const auto found = values_.find(name);
    return found == values_.end() || found->second.texts.empty() ? "" : found->second.texts.back();
  }
  bool has(const std::string& name) const { return values_.contains(name); }
  /// All values of one that adds up; an empty one takes back those before it.
  std::vector<std::string> list(const std::string& name) const {
    std::vector<std::string> lines;
    const auto found = values_.find(name);
    if (found == values_.end()) return lines;
    for (const std::string& text : found->second.texts) {
      if (text.empty()) {
        lines.clear();
      } else {
        lines.push_back(text);
      }
    }
    return lines;
  }

 private:
  struct Values {
    Fit fit;
    std::vector<std::string> texts;
  };

  void add(const ConfigEntry& entry) {
    constexpr std::string_view section = "http.";
    if (entry.key.rfind(section, 0) != 0) return;
    const std::size_t dot = entry.key.rfind('.');
    const std::string name = entry.key.substr(dot + 1);
    Fit fit;
    if (dot >= section.size()) {
      if (!url_) return;
      const auto found = fit_of(entry.key.substr(section.size(), dot - section.size()), *url_);
      if (!found) return;
      fit = *found;
    }
    Values& values = values_[name];
    if (fit < values.fit) return;
    values.fit = fit;
    values.texts.push_back(entry.value);
  }

  std::optional<net::UrlParts> url_;
  std::map<std::string, Values> values_;
};

/// git's booleans.
bool is_true(const std::string& text) {
  const std::string word = to_lower_ascii(text);
  if (word == "true" || word == "yes" || word == "on") return true;
  return word.find_first_not_of("0123456789") == std::string::npos && word.find_first_not_of('0') != std::string::npos;
}
bool is_false(const std::string& text) {
  const std::string word = to_lower_ascii(text);
  return word == "false" || word == "no" || word == "off" || word == "0";
}

std::string to_path(const std::string& text, const fs::path& folder) {
  if (text.empty()) return "";
  return (folder / expand_home(text)).string();
}

/// `user:password@` of a proxy goes to `login`; libcurl gets the rest.
void read_proxy(const Matched& matched, const UserConfig& config, const std::string& remote_name,
                net::HttpSettings& settings) {
  std::optional<std::string> proxy;
  if (matched.has("proxy")) proxy = matched.find("proxy");
  if (!remote_name.empty()) {
    if (const auto own = config.find(concat("remote.", remote_name, ".proxy"))) proxy = own;
    settings.proxy_auth_method = config.find(concat("remote.", remote_name, ".proxyauthmethod")).value_or("");
  }
  if (settings.proxy_auth_method.empty()) settings.proxy_auth_method = matched.find("proxyauthmethod");
  if (const auto method = environment_value("GIT_HTTP_PROXY_AUTHMETHOD")) settings.proxy_auth_method = *method;
  if (!proxy) return;
  settings.proxy = proxy;
  const auto parts = net::parse_http_url(proxy->find("://") == std::string::npos ? concat("http://", *proxy) : *proxy);
  if (!parts || parts->user.empty()) return;
  settings.proxy = net::without_login(*proxy);
  settings.proxy_login = net::Login{parts->user, parts->password, "", 0};
}

void read_tls(const Matched& matched, const fs::path& folder, net::HttpSettings& settings) {
  const auto value = [&](const char* variable, const char* name) {
    return environment_value(variable).value_or(matched.find(name));
  };
  // In doubt (a key without a value, a word that is no boolean) certificates are looked at.
  settings.ssl_verify = !environment_value("GIT_SSL_NO_VERIFY") && !is_false(matched.find("sslverify"));
  settings.ssl_ca_info = to_path(value("GIT_SSL_CAINFO", "sslcainfo"), folder);
  settings.ssl_ca_path = to_path(value("GIT_SSL_CAPATH", "sslcapath"), folder);
  settings.ssl_cert = to_path(value("GIT_SSL_CERT", "sslcert"), folder);
  settings.ssl_key = to_path(value("GIT_SSL_KEY", "sslkey"), folder);
  settings.ssl_version = value("GIT_SSL_VERSION", "sslversion");
  settings.ssl_cipher_list = value("GIT_SSL_CIPHER_LIST", "sslcipherlist");
  settings.pinned_pubkey = matched.find("pinnedpubkey");
  settings.proxy_ca_info = to_path(value("GIT_PROXY_SSL_CAINFO", "proxysslcainfo"), folder);
  settings.proxy_cert = to_path(value("GIT_PROXY_SSL_CERT", "proxysslcert"), folder);
  settings.proxy_key = to_path(value("GIT_PROXY_SSL_KEY", "proxysslkey"), folder);
}

}  // namespace

net::HttpSettings read_http_settings(const UserConfig& config, const std::string& url, const std::string& remote_name,
                                     const fs::path& folder) {
  const Matched matched(config, url);
  net::HttpSettings settings;
  read_proxy(matched, config, remote_name, settings);
  read_tls(matched, folder, settings);
  settings.version = matched.find("version");
  settings.user_agent = environment_value("GIT_HTTP_USER_AGENT").value_or(matched.find("useragent"));
  // Some servers tell git from a browser by this name, and serve the one alone.
  if (settings.user_agent.empty()) settings.user_agent = "git/ps-sync";
  settings.cookie_file = to_path(matched.find("cookiefile"), folder);
  settings.save_cookies = is_true(matched.find("savecookies"));
  settings.resolve = matched.list("curloptresolve");
  settings.extra_headers = matched.list("extraheader");
  // "initial", git's default, is what we always do; "true" would follow more, "false" nothing.
  settings.follow_redirects = !is_false(matched.find("followredirects"));
  settings.empty_auth = is_true(matched.find("emptyauth"));
  settings.delegation = matched.find("delegation");
  return settings;
}

}  // namespace ps_sync::git
