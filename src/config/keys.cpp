#include "config/keys.hpp"

#include <algorithm>
#include <limits>

#include "config/values.hpp"
#include "ps_sync/base/endpoint.hpp"
#include "ps_sync/base/text.hpp"

namespace ps_sync::config {
namespace {

constexpr std::string_view label_prefix = "labels.";

using Values = std::vector<std::string>;
using Parse = std::string (*)(std::string_view);
template <class Owner, class Value>
using Field = Value Owner::*;

Key text_key(std::string name, Field<Settings, std::string> field, Parse parse, Place place = Place::anywhere) {
  return {std::move(name), false, place,
          [field, parse](Settings& settings, const Values& values) { settings.*field = parse(values.front()); },
          [field](const Settings& settings) { return settings.*field; }};
}

Key list_key(std::string name, Field<Settings, Values> field, Parse parse, Place place = Place::anywhere) {
  return {std::move(name), true, place,
          [field, parse](Settings& settings, const Values& values) {
            Values parsed;
            for (std::size_t i = 0; i < values.size(); ++i) {
              try {
                parsed.push_back(parse(values[i]));
              } catch (const BadValue& bad) {
                throw BadValue(bad.what(), i);
              }
            }
            settings.*field = std::move(parsed);
          },
          [field](const Settings& settings) { return join(settings.*field, ", "); }};
}

Key duration_key(std::string name, Field<Settings, std::chrono::milliseconds> field) {
  return {std::move(name), false, Place::anywhere,
          [field](Settings& settings, const Values& values) { settings.*field = parse_duration(values.front()); },
          [field](const Settings& settings) { return format_duration(settings.*field); }};
}

Key beacon_key(std::string name, Field<BeaconSettings, std::optional<std::string>> field, Parse parse) {
  return {std::move(name), false, Place::anywhere,
          [field, parse](Settings& settings, const Values& values) { settings.beacon.*field = parse(values.front()); },
          [field](const Settings& settings) { return (settings.beacon.*field).value_or(""); }};
}

Key make_include_key() {
  Key key = list_key("include", &Settings::include, parse_repo_path);
  key.set = [set = key.set](Settings& settings, const Values& values) {
    if (values.empty()) throw BadValue("expected at least one path such as docs/plans/, found none");
    set(settings, values);
  };
  return key;
}

std::vector<Key> make_fixed_keys() {
  std::vector<Key> keys{
      text_key("remote", &Settings::remote, parse_remote),
      text_key("branch", &Settings::branch, parse_branch),
      make_include_key(),
      list_key("exclude", &Settings::exclude, parse_pattern),
      list_key("allow", &Settings::allow, parse_repo_path, Place::git_only),
      text_key("session", &Settings::session, parse_name, Place::clone),
      duration_key("watch.interval", &Settings::watch_interval),
      duration_key("watch.debounce", &Settings::watch_debounce),
      duration_key("network.timeout", &Settings::network_timeout),
      beacon_key("beacon.repo", &BeaconSettings::repo, parse_ticket_repo),
      beacon_key("beacon.project", &BeaconSettings::project, parse_project),
      beacon_key("beacon.api", &BeaconSettings::api, parse_api),
  };
  keys.push_back({"beacon.provider", false, Place::anywhere,
                  [](Settings& s, const Values& values) { s.beacon.provider = parse_provider(values.front()); },
                  [](const Settings& s) { return s.beacon.provider; }});
  keys.push_back({"beacon.issue", false, Place::anywhere,
                  [](Settings& s, const Values& values) {
                    s.beacon.issue = parse_whole(values.front(), 1, std::numeric_limits<std::int64_t>::max());
                  },
                  [](const Settings& s) { return s.beacon.issue ? std::to_string(*s.beacon.issue) : ""; }});
  keys.push_back({"endpoint", false, Place::clone,
                  [](Settings& s, const Values& values) { s.endpoint = parse_name(values.front()); },
                  [](const Settings& s) { return s.endpoint.value_or(""); }});
  keys.push_back({"limits.max_file", false, Place::anywhere,
                  [](Settings& s, const Values& values) { s.max_file = parse_size(values.front()); },
                  [](const Settings& s) { return format_size(s.max_file); }});
  keys.push_back({"limits.max_delete_percent", false, Place::anywhere,
                  [](Settings& s, const Values& values) {
                    s.max_delete_percent = static_cast<int>(parse_whole(values.front(), 1, 100));
                  },
                  [](const Settings& s) { return std::to_string(s.max_delete_percent); }});
  std::sort(keys.begin(), keys.end(), [](const Key& a, const Key& b) { return a.name < b.name; });
  return keys;
}

std::string without(std::string_view text, std::string_view dropped) {
  std::string out = to_lower_ascii(text);
  out.erase(std::remove_if(out.begin(), out.end(), [&](char c) { return dropped.find(c) != std::string_view::npos; }),
            out.end());
  return out;
}

std::optional<Key> find_spelled(std::string_view name, std::string_view dropped) {
  const std::string wanted = without(name, dropped);
  for (const Key& key : fixed_keys()) {
    if (without(key.name, dropped) == wanted) return key;
  }
  return std::nullopt;
}

std::optional<Key> find_label_key(std::string_view name) {
  if (!name.starts_with(label_prefix)) return std::nullopt;
  const std::string_view endpoint = name.substr(label_prefix.size());
  if (!is_endpoint_name(endpoint)) return std::nullopt;
  return make_label_key(std::string(endpoint));
}

}  // namespace

const std::vector<Key>& fixed_keys() {
  static const std::vector<Key> keys = make_fixed_keys();
  return keys;
}

Key make_label_key(const std::string& endpoint) {
  return {
      concat(label_prefix, endpoint), false, Place::anywhere,
      [endpoint](Settings& settings, const Values& values) { settings.labels[endpoint] = parse_label(values.front()); },
      [endpoint](const Settings& settings) {
        const auto found = settings.labels.find(endpoint);
        return found == settings.labels.end() ? std::string() : found->second;
      }};
}

std::optional<Key> find_key(std::string_view name) {
  for (const Key& key : fixed_keys()) {
    if (key.name == name) return key;
  }
  return find_label_key(name);
}

Key require_key(std::string_view name) {
  if (std::optional<Key> key = find_key(name)) return *key;
  throw unknown_key(concat("unknown key ", shown(name)), name, known_keys(),
                    [](std::string_view key) { return std::string(key); });
}

std::vector<std::string> values_in(const Key& key, std::string_view text) {
  if (key.is_list) return split_list(text, ",\n");
  return {std::string(text)};
}

std::optional<Key> find_git_key(std::string_view name) {
  if (std::optional<Key> key = find_label_key(to_lower_ascii(name))) return key;
  return find_spelled(name, "_-");
}

std::optional<Key> find_environment_key(std::string_view name) {
  std::string dotted = to_lower_ascii(name);
  if (const std::size_t end = dotted.find('_'); end != std::string::npos) {
    std::replace(dotted.begin(), dotted.end(), '_', '-');
    dotted[end] = '.';
    if (std::optional<Key> key = find_label_key(dotted)) return key;
  }
  return find_spelled(name, "_-.");
}

std::string environment_name(std::string_view key) {
  std::string name = "PROMPTSYNC_";
  for (char c : key) {
    if (c >= 'a' && c <= 'z') {
      name += static_cast<char>(c - 'a' + 'A');
    } else {
      name += c == '.' || c == '-' ? '_' : c;
    }
  }
  return name;
}

std::string git_config_name(std::string_view key) {
  std::string name = concat("promptsync.", key);
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

Error unknown_key(std::string_view what, std::string_view word, const std::vector<std::string>& candidates,
                  const Spelling& spelling) {
  std::optional<std::string> meant = nearest(word, candidates);
  // `interval` alone is far from `watch.interval` by letters, yet what was meant.
  const auto ends_with_word = [&](const std::string& candidate) { return candidate.ends_with(concat(".", word)); };
  if (!meant) {
    const auto found = std::find_if(candidates.begin(), candidates.end(), ends_with_word);
    if (found != candidates.end()) meant = *found;
  }
  if (meant) return Error(ErrorKind::config, concat(what, "; did you mean `", spelling(*meant), "`?"));
  std::vector<std::string> spelled;
  for (const std::string& candidate : candidates) spelled.push_back(spelling(candidate));
  return Error(ErrorKind::config, std::string(what)).hint(concat("known are ", join(spelled, ", ")));
}

std::vector<std::string> known_keys() {
  std::vector<std::string> names;
  for (const Key& key : fixed_keys()) names.push_back(key.name);
  for (const auto& [endpoint, label] : Settings().labels) names.push_back(make_label_key(endpoint).name);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace ps_sync::config
