// From a remote's name to its URLs, by git's rules: pushurl, insteadOf, pushInsteadOf (git-config(1), url.<base>.*).
#include "git/transport/ssh.hpp"
#include "ps_sync/base/error.hpp"
#include "ps_sync/base/text.hpp"
#include "ps_sync/platform/environment.hpp"

namespace ps_sync::git {
namespace {

/// Replaces the longest prefix for which a `url.<base>.<key>` is set; absent where none is.
std::optional<std::string> rewrite(const UserConfig& config, const std::string& url, std::string_view key) {
  std::string best_base;
  std::string best_prefix;
  for (const ConfigEntry& entry : config.entries()) {
    if (entry.key.rfind("url.", 0) != 0 || !entry.key.ends_with(key)) continue;
    if (entry.key.size() < 4 + key.size() || url.rfind(entry.value, 0) != 0 || entry.value.size() <= best_prefix.size())
      continue;
    best_prefix = entry.value;
    best_base = entry.key.substr(4, entry.key.size() - 4 - key.size());
  }
  if (best_prefix.empty()) return std::nullopt;
  return best_base + url.substr(best_prefix.size());
}

void check_url(const std::string& url) {
  const auto refuse = [&](std::string_view why) {
    throw Error(ErrorKind::config, concat("refusing the remote address ", escape_for_display(redact_url(url))))
        .because(std::string(why))
        .hint("use a path, file://, ssh://, host:path, http:// or https://");
  };
  if (url.empty()) refuse("it is empty");
  if (url[0] == '-') refuse("it begins with '-', so that a program could take it for an option");
  const std::size_t scheme = url.find("://");
  const std::size_t helper = url.find("::");
  if (helper != std::string::npos && helper < url.find('/') && url[0] != '[')
    refuse("remote helpers (name::…) run programs");
  if (scheme == std::string::npos) return;
  const std::string name = to_lower_ascii(url.substr(0, scheme));
  if (name == "git") refuse("git:// has neither encryption nor authentication");
  for (std::string_view known : {"file", "ssh", "git+ssh", "ssh+git", "http", "https"}) {
    if (name == known) return;
  }
  refuse(concat("ps-sync does not know ", name, "://"));
}

bool looks_like_url(const std::string& text) {
  return text.find('/') != std::string::npos || text.find(':') != std::string::npos || text == "." || text == "..";
}

/// A relative path counts from the top of the working tree, wherever the command runs.
std::string absolute(const Place& place, const std::string& url) {
  const auto path = local_path_of(url);
  if (!path || url.rfind("file://", 0) == 0) return url;
  return (place.top / *path).lexically_normal().string();
}

}  // namespace

SshSettings read_ssh_settings(const UserConfig& config) {
  SshSettings settings;
  settings.command = environment_value("GIT_SSH_COMMAND");
  if (!settings.command) settings.command = config.find("core.sshcommand");
  if (!settings.command) settings.program = environment_value("GIT_SSH");
  settings.variant = environment_value("GIT_SSH_VARIANT");
  if (!settings.variant) settings.variant = config.find("ssh.variant");
  return settings;
}

std::optional<RemoteAddress> find_remote(const UserConfig& config, const Place& place, const std::string& name_or_url) {
  RemoteAddress address;
  std::string url = name_or_url;
  std::optional<std::string> push_url;
  const std::vector<std::string> urls = config.all(concat("remote.", name_or_url, ".url"));
  if (!urls.empty()) {
    address.name = name_or_url;
    url = urls.front();
    push_url = config.find(concat("remote.", name_or_url, ".pushurl"));
  } else if (!looks_like_url(name_or_url)) {
    if (!name_or_url.empty() && name_or_url[0] == '-') check_url(name_or_url);
    return std::nullopt;
  }
  address.fetch_url = rewrite(config, url, ".insteadof").value_or(url);
  if (push_url) {
    address.push_url = rewrite(config, *push_url, ".insteadof").value_or(*push_url);
  } else {
    address.push_url = rewrite(config, url, ".pushinsteadof").value_or(address.fetch_url);
  }
  check_url(address.fetch_url);
  check_url(address.push_url);
  for (const std::string* given : {&address.fetch_url, &address.push_url})
    parse_ssh_url(*given);  // throws for bad ones
  address.fetch_url = absolute(place, address.fetch_url);
  address.push_url = absolute(place, address.push_url);
  return address;
}

}  // namespace ps_sync::git
