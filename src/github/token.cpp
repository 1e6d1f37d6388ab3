#include "github/token.hpp"

#include "ps_sync/base/error.hpp"
#include "ps_sync/base/text.hpp"
#include "ps_sync/git/credentials.hpp"
#include "ps_sync/platform/environment.hpp"
#include "ps_sync/platform/process.hpp"

namespace ps_sync::github {
namespace {

constexpr auto time_for_gh = std::chrono::seconds(5);

bool is_loopback(const std::string& host) {
  return host == "localhost" || host.ends_with(".localhost") || host == "[::1]" || host.rfind("127.", 0) == 0;
}

/// A token goes into a header: one with a line break in it would be two.
bool is_plausible(const std::string& token) {
  return !token.empty() && token.find_first_not_of(
                               "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "_-.~+/=:") == std::string::npos;
}

std::optional<std::string> ask_gh(const std::string& host) {
  // gh takes these before what it has stored, whatever host is asked for.
  Command command{{"gh", "auth", "token", "--hostname", host}, std::nullopt, without_git_environment()};
  for (const char* name : {"GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN", "GH_DEBUG"})
    command.environment.emplace_back(name, std::nullopt);
  try {
    const Output output = run(command, {}, time_for_gh);
    const std::string token(trim(output.out));
    if (output.status == 0 && is_plausible(token)) return token;
  } catch (const Error&) {
    // No gh here, or one that asks somebody.
  }
  return std::nullopt;
}

}  // namespace

std::string web_host_of(const std::string& api) {
  const auto parts = net::parse_http_url(api);
  if (!parts) return "";
  if (parts->host == "api.github.com") return "github.com";
  if (parts->host.rfind("api.", 0) == 0 && parts->host.ends_with(".ghe.com")) return parts->host.substr(4);
  return parts->host;
}

std::optional<Token> find_token(const std::string& api, const Surroundings& surroundings) {
  const std::string host = web_host_of(api);
  const bool is_github = host == "github.com" || host.ends_with(".ghe.com") || is_loopback(host);
  std::vector<const char*> names = {"PROMPTSYNC_TOKEN"};
  if (is_github) {
    names.insert(names.end(), {"GH_TOKEN", "GITHUB_TOKEN"});
  } else {
    names.insert(names.end(), {"GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"});
  }
  for (const char* name : names) {
    const auto value = environment_value(name);
    if (value && is_plausible(std::string(trim(*value)))) return Token{std::string(trim(*value)), name};
  }
  if (const auto token = ask_gh(host)) return Token{*token, "gh auth token"};
  const git::CredentialHelpers helpers(surroundings.folder, surroundings.terminal, surroundings.meter);
  const auto parts = net::parse_http_url(api);
  const std::string port =
      parts && parts->port != (parts->scheme == "https" ? "443" : "80") ? concat(":", parts->port) : "";
  const auto credential = helpers.fill(concat(parts ? parts->scheme : "https", "://", host, port), {});
  if (credential && is_plausible(credential->login.secret)) return Token{credential->login.secret, "git credential"};
  return std::nullopt;
}

}  // namespace ps_sync::github
