#include <algorithm>
#include <map>

#include "config/keys.hpp"
#include "config/values.hpp"
#include "config/yaml_tree.hpp"
#include "ps_sync/base/text.hpp"

namespace ps_sync::config {
namespace {

constexpr std::string_view git_prefix = "promptsync.";
constexpr std::string_view environment_prefix = "PROMPTSYNC_";

/// Variables of the same prefix that steer a process and are no settings.
constexpr std::string_view other_variables[] = {"PROMPTSYNC_SKIP",      "PROMPTSYNC_TOKEN", "PROMPTSYNC_AUTO_SYNC",
                                                "PROMPTSYNC_FAILPOINT", "PROMPTSYNC_TRACE", "PROMPTSYNC_FAILPOINT_LOG"};
/// The documented name of beacon.api, shorter than the one made from the key.
constexpr std::string_view api_variable = "PROMPTSYNC_GITHUB_API";

/// What one source says for one key.
struct Given {
  std::vector<std::string> values;
  std::string place;                ///< for messages
  std::vector<std::string> places;  ///< of each value, where a source tells them apart
  std::string origin;
};

class Loader {
 public:
  explicit Loader(const Sources& sources) : sources_(sources) {}

  Loaded run() {
    if (sources_.file) read_file();
    read_git();
    read_environment();
    return {settings_, list_values()};
  }

 private:
  void put(const Key& key, const Given& given) {
    try {
      key.set(settings_, given.values);
    } catch (const BadValue& bad) {
      const std::string& place = bad.entry() < given.places.size() ? given.places[bad.entry()] : given.place;
      throw Error(ErrorKind::config, concat(place, ": ", bad.what()));
    }
    origins_[key.name] = given.origin;
  }

  std::string file_place(std::size_t line) const { return concat(sources_.file_name, ":", std::to_string(line)); }

  [[noreturn]] void fail_in_file(std::size_t line, std::string_view why) const {
    throw Error(ErrorKind::config, concat(file_place(line), ": ", why));
  }

  void read_file() {
    const YamlNode root = read_yaml(*sources_.file, sources_.file_name);
    if (root.kind == YamlNode::Kind::nothing) return;
    if (root.kind != YamlNode::Kind::map)
      fail_in_file(root.line, concat("expected settings such as `remote: origin`, found ", describe(root)));
    check_version(root);  // before any key: a newer format may have keys that this program does not know
    for (std::size_t i = 0; i < root.children.size(); i += 2) {
      const YamlNode& key = root.children[i];
      if (key.text != "version") read_setting(key, root.children[i + 1]);
    }
  }

  void check_version(const YamlNode& root) const {
    const YamlNode* version = root.find("version");
    if (version == nullptr || version->text == "1") return;
    const std::size_t line = root.find_key("version")->line;
    const std::string& text = version->text;
    const bool is_number = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
    if (!is_number || text.front() == '0')
      fail_in_file(line, concat("version: expected 1, found ", describe(*version)));
    throw Error(ErrorKind::config, concat(file_place(line), ": this file has version ", text.substr(0, 20),
                                          ", and this ps-sync knows version 1 alone"))
        .hint("upgrade ps-sync");
  }

  static bool is_section(std::string_view name) {
    if (name == "labels") return true;
    const std::string start = concat(name, ".");
    return std::any_of(fixed_keys().begin(), fixed_keys().end(),
                       [&](const Key& key) { return key.name.starts_with(start); });
  }

  void read_setting(const YamlNode& name, const YamlNode& value) {
    if (!is_section(name.text)) {
      read_value(name.text, name, value);
    } else if (value.kind == YamlNode::Kind::map) {
      for (std::size_t i = 0; i < value.children.size(); i += 2)
        read_value(concat(name.text, ".", value.children[i].text), value.children[i], value.children[i + 1]);
    } else if (value.kind != YamlNode::Kind::nothing) {  // a section whose lines are all commented out is empty
      const std::string example = name.text == "beacon" ? " such as {provider: git}" : "";
      fail_in_file(name.line, concat(name.text, ": expected a map", example, ", found ", describe(value)));
    }
  }

  void read_value(const std::string& full_name, const YamlNode& name, const YamlNode& value) {
    const bool dotted = name.text.find('.') != std::string::npos;
    const std::optional<Key> key = find_key(full_name);
    if (!key || dotted) fail_unknown(full_name, name, key.has_value());
    if (key->place != Place::anywhere) {
      throw Error(ErrorKind::config,
                  concat(file_place(name.line), ": ", key->name, " is each clone's own and not for this file"))
          .hint(concat("git config ", git_config_name(key->name), " VALUE"));
    }
    const std::string place = file_place(name.line);
    Given given{{}, concat(place, ": ", key->name), {}, place};
    if (key->is_list) {
      if (value.kind != YamlNode::Kind::list)
        fail_in_file(name.line, concat(key->name, ": expected a list such as [docs/plans/], found ", describe(value)));
      for (const YamlNode& entry : value.children) add_entry(given, *key, entry);
    } else {
      // An empty text lets the key's own reader say what it expects.
      if (value.kind == YamlNode::Kind::list || value.kind == YamlNode::Kind::map)
        fail_in_file(name.line, concat(key->name, ": expected a single value, found ", describe(value)));
      given.values.push_back(value.text);
    }
    put(*key, given);
  }

  void add_entry(Given& given, const Key& key, const YamlNode& entry) const {
    if (entry.kind != YamlNode::Kind::scalar)
      fail_in_file(entry.line, concat(key.name, ": expected an entry that is text, found ", describe(entry)));
    given.values.push_back(entry.text);
    given.places.push_back(concat(file_place(entry.line), ": ", key.name));
  }

  [[noreturn]] void fail_unknown(const std::string& full_name, const YamlNode& name, bool exists_nested) const {
    const std::string what = concat(file_place(name.line), ": unknown key ", shown(full_name));
    if (exists_nested) {
      throw Error(ErrorKind::config, concat(what, "; in the file it is nested, `", split(full_name, '.')[0], ": {",
                                            full_name.substr(full_name.find('.') + 1), ": …}`"));
    }
    if (full_name.starts_with("labels."))
      throw Error(ErrorKind::config, what)
          .because("an endpoint's name has a-z, 0-9 and -, and begins with a letter or digit");
    std::vector<std::string> candidates{"version", "beacon", "labels", "limits", "network", "watch"};
    for (const std::string& known : known_keys()) {
      if (find_key(known)->place == Place::anywhere) candidates.push_back(known);
    }
    throw unknown_key(what, full_name, candidates, [](std::string_view key) { return std::string(key); });
  }

  /// Lists add up over all entries; of other values the last one counts, as in git.
  void read_git() {
    std::map<std::string, Given> found;
    std::map<std::string, std::vector<std::string>> scopes;
    for (const GitConfigEntry& entry : sources_.git) {
      if (!to_lower_ascii(entry.key).starts_with(git_prefix)) continue;
      const std::string place = concat("git config ", escape_for_display(entry.key), " (", entry.scope, ")");
      const std::string word = entry.key.substr(git_prefix.size());
      const std::optional<Key> key = find_git_key(word);
      if (!key) throw unknown_key(concat(place, ": unknown key"), to_lower_ascii(word), known_keys(), git_config_name);
      Given& given = found[key->name];
      std::vector<std::string>& seen = scopes[key->name];
      if (!key->is_list) {
        given = {};
        seen.clear();
      }
      const std::vector<std::string> values = values_in(*key, entry.value);
      given.values.insert(given.values.end(), values.begin(), values.end());
      given.places.insert(given.places.end(), values.size(), place);
      given.place = place;
      if (std::find(seen.begin(), seen.end(), entry.scope) == seen.end()) seen.push_back(entry.scope);
      given.origin = concat("git config (", join(seen, ", "), ")");
    }
    for (const auto& [name, given] : found) put(*find_key(name), given);
  }

  void read_environment() {
    // PROMPTSYNC_BEACON_API is the key's own name, so that it wins over the short one.
    for (const auto& [name, value] : sources_.environment) {
      if (name == api_variable && !value.empty()) put_variable(*find_key("beacon.api"), name, value);
    }
    for (const auto& [name, value] : sources_.environment) {
      const bool is_other =
          std::find(std::begin(other_variables), std::end(other_variables), name) != std::end(other_variables);
      if (!name.starts_with(environment_prefix) || value.empty() || is_other || name == api_variable) continue;
      const std::string word = name.substr(environment_prefix.size());
      const std::optional<Key> key = find_environment_key(word);
      if (!key)
        throw unknown_key(concat("unknown variable ", escape_for_display(name)), to_lower_ascii(word), known_keys(),
                          environment_name);
      if (key->place == Place::git_only) {
        throw Error(ErrorKind::config, concat(name, ": ", key->name, " is read from git config alone"))
            .hint(concat("git config --add ", git_config_name(key->name), " PATH"));
      }
      put_variable(*key, name, value);
    }
  }

  void put_variable(const Key& key, const std::string& name, const std::string& value) {
    Given given{{value}, name, {}, name};
    if (key.is_list) given.values = split_list(value, ":,\n");
    put(key, given);
  }

  std::vector<Value> list_values() const {
    std::vector<Key> keys = fixed_keys();
    for (const auto& [endpoint, label] : settings_.labels) keys.push_back(make_label_key(endpoint));
    std::vector<Value> values;
    for (const Key& key : keys) {
      const bool may_be_url = key.name == "remote" || key.name == "beacon.api";
      const std::string text = key.get(settings_);
      const auto origin = origins_.find(key.name);
      values.push_back(
          {key.name, may_be_url ? redact_url(text) : text, origin == origins_.end() ? "default" : origin->second});
    }
    std::sort(values.begin(), values.end(), [](const Value& a, const Value& b) { return a.key < b.key; });
    return values;
  }

  const Sources& sources_;
  Settings settings_;
  std::map<std::string, std::string> origins_;
};

}  // namespace

Loaded load(const Sources& sources) { return Loader(sources).run(); }

}  // namespace ps_sync::config
