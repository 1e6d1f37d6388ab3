#include "ps_sync/config/settings.hpp"

#include <limits>

#include "config/keys.hpp"
#include "config/values.hpp"
#include "ps_sync/base/text.hpp"

namespace ps_sync::config {

std::string check_value(std::string_view key_name, std::string_view text) {
  const Key key = require_key(key_name);
  Settings scratch;
  try {
    key.set(scratch, values_in(key, text));
  } catch (const BadValue& bad) {
    throw Error(ErrorKind::config, concat(key.name, ": ", bad.what()));
  }
  return key.get(scratch);
}

BeaconSettings parse_beacon(std::string_view text) {
  constexpr std::string_view ticket_prefix = "github:";
  BeaconSettings beacon;
  try {
    if (!text.starts_with(ticket_prefix)) {
      if (text == "github") throw BadValue("it names no repository");
      beacon.provider = parse_provider(text);
      return beacon;
    }
    const std::string_view ticket = text.substr(ticket_prefix.size());
    const std::size_t hash = ticket.find('#');
    beacon.provider = "github";
    beacon.repo = parse_ticket_repo(ticket.substr(0, hash));
    if (hash != std::string_view::npos)
      beacon.issue = parse_whole(ticket.substr(hash + 1), 1, std::numeric_limits<std::int64_t>::max());
  } catch (const BadValue& bad) {
    throw Error(ErrorKind::usage, concat("cannot read the beacon ", shown(text)))
        .because(bad.what())
        .hint("write git, none, github:OWNER/REPO or github:OWNER/REPO#N");
  }
  return beacon;
}

std::string format_beacon(const BeaconSettings& beacon) {
  std::string text = beacon.provider;
  if (beacon.provider != "github" || !beacon.repo) return text;
  text += concat(":", *beacon.repo);
  if (beacon.issue) text += concat("#", std::to_string(*beacon.issue));
  return text;
}

std::string label_of(const Settings& settings, std::string_view endpoint) {
  const auto found = settings.labels.find(std::string(endpoint));
  if (found != settings.labels.end()) return found->second;
  std::string label(endpoint);
  if (!label.empty() && label[0] >= 'a' && label[0] <= 'z') label[0] = static_cast<char>(label[0] - 'a' + 'A');
  return label;
}

}  // namespace ps_sync::config
