#include "ps_sync/base/text.hpp"
#include "ps_sync/github/ticket.hpp"

namespace ps_sync::github {

std::string api_of_host(const std::string& host) {
  if (host == "github.com") return "https://api.github.com";
  if (host.ends_with(".ghe.com")) return concat("https://api.", host);
  return concat("https://", host, "/api/v3");
}

std::optional<std::string> repo_of_url(const std::string& url) {
  std::string rest = url;
  if (const std::size_t scheme = rest.find("://"); scheme != std::string::npos) rest.erase(0, scheme + 3);
  if (const std::size_t at = rest.find('@'); at < rest.find_first_of("/:")) rest.erase(0, at + 1);
  const std::size_t end = rest.find_first_of("/:");
  if (end == std::string::npos) return std::nullopt;
  const std::string host = to_lower_ascii(rest.substr(0, end));
  if (host != "github.com" && host != "ssh.github.com" && !host.ends_with(".ghe.com")) return std::nullopt;
  rest.erase(0, end + 1);
  if (const std::size_t port = rest.find_first_not_of("0123456789");
      port > 0 && port < rest.size() && rest[port] == '/')
    rest.erase(0, port + 1);
  while (rest.ends_with('/')) rest.pop_back();
  if (rest.ends_with(".git")) rest.resize(rest.size() - 4);
  const std::size_t slash = rest.find('/');
  if (slash == 0 || slash == std::string::npos || slash + 1 == rest.size()) return std::nullopt;
  if (rest.find('/', slash + 1) != std::string::npos) return std::nullopt;
  return rest;
}

}  // namespace ps_sync::github
