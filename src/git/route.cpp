#include "ps_sync/git/route.hpp"

#include "git/transport/ssh.hpp"
#include "ps_sync/base/text.hpp"
#include "ps_sync/platform/environment.hpp"

namespace ps_sync::git {
namespace {

std::string value_of(const std::multimap<std::string, std::string>& settings, const std::string& name) {
  const auto found = settings.find(name);
  return found == settings.end() || found->second == "none" ? "" : found->second;
}

/// The key files that are there, of those that ssh would try.
std::string keys_of(const std::multimap<std::string, std::string>& settings) {
  std::vector<std::string> keys;
  const auto [first, last] = settings.equal_range("identityfile");
  for (auto at = first; at != last; ++at) {
    const std::string path = expand_home(at->second);
    std::error_code ignored;
    if (fs::exists(path, ignored)) keys.push_back(path);
  }
  if (keys.empty()) return "no key file is there";
  return join(keys, ", ");
}

void describe_ssh(const SshAddress& address, const RemoteOptions& options, std::vector<RouteFact>& facts) {
  const std::vector<std::string> words = ssh_words(address, options);
  facts.push_back({"ssh", concat(options.ssh.command.value_or(join(words, " ")), " ", address.host)});
  const auto settings = ask_ssh(words, address.host);
  if (settings.empty()) return;
  facts.back().text += concat(", that is ", value_of(settings, "user"), "@", value_of(settings, "hostname"), " port ",
                              value_of(settings, "port"));
  facts.push_back({"key", concat(keys_of(settings),
                                 environment_value("SSH_AUTH_SOCK") ? "; and what the agent holds" : "; no agent")});
  if (const std::string jump = value_of(settings, "proxyjump"); !jump.empty()) facts.push_back({"jump host", jump});
  if (const std::string proxy = value_of(settings, "proxycommand"); !proxy.empty()) facts.push_back({"proxy", proxy});
}

std::string proxy_from_environment(const std::string& scheme) {
  // As libcurl looks: the lower case first, and for http the lower case alone (a CGI's HTTP_PROXY is somebody else's).
  std::vector<std::string> names = {scheme + "_proxy"};
  if (scheme == "https") names.emplace_back("HTTPS_PROXY");
  names.insert(names.end(), {"all_proxy", "ALL_PROXY"});
  for (const std::string& name : names) {
    if (const auto value = environment_value(name.c_str())) return concat(redact_url(*value), " (", name, ")");
  }
  return "";
}

void describe_http(const net::UrlParts& parts, const net::HttpSettings& settings, std::vector<RouteFact>& facts) {
  const std::string from_environment = proxy_from_environment(parts.scheme);
  if (settings.proxy && !settings.proxy->empty()) {
    facts.push_back({"proxy", concat(redact_url(*settings.proxy), " (git's configuration)")});
  } else if (!settings.proxy && !from_environment.empty()) {
    facts.push_back({"proxy", from_environment});
  } else {
    facts.push_back({"proxy", "none"});
  }
  if (parts.scheme != "https") return;
  if (!settings.ssl_verify) facts.push_back({"certificates", "not looked at (http.sslVerify is off)"});
  if (!settings.ssl_ca_info.empty()) facts.push_back({"certificates", concat("trusted by ", settings.ssl_ca_info)});
}

}  // namespace

std::vector<RouteFact> describe_route(const std::string& url, const RemoteOptions& options) {
  std::vector<RouteFact> facts;
  if (local_path_of(url)) return facts;
  if (const auto address = parse_ssh_url(url)) {
    describe_ssh(*address, options, facts);
  } else if (const auto parts = net::parse_http_url(url)) {
    describe_http(*parts, options.http_settings(url), facts);
  }
  return facts;
}

}  // namespace ps_sync::git
