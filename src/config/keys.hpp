// The one table of settings: what each is called, where it may come from, and how its text becomes a value.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ps_sync/base/error.hpp"
#include "ps_sync/config/settings.hpp"

namespace ps_sync::config {

enum class Place {
  anywhere,  ///< file, git config, environment
  clone,     ///< this clone's own: git config and environment
  git_only,  ///< git config alone: neither a file that came with the repository nor a process may widen it
};

struct Key {
  std::string name;  ///< dotted
  bool is_list;
  Place place;
  /// Puts a value in force; a key that is no list gets exactly one text. Throws BadValue.
  std::function<void(Settings&, const std::vector<std::string>&)> set;
  /// The canonical text; "" where a value is absent, list entries joined by ", ".
  std::function<std::string(const Settings&)> get;
};

/// All but the labels, of which there is one for each endpoint; sorted.
const std::vector<Key>& fixed_keys();

Key make_label_key(const std::string& endpoint);

/// By its exact dotted name; `labels.<endpoint>` too, if that is an endpoint's name.
std::optional<Key> find_key(std::string_view name);
/// The same; throws the Error for an unknown key.
Key require_key(std::string_view name);
/// The values in a text that a person typed for the key, one unless it is a list.
std::vector<std::string> values_in(const Key& key, std::string_view text);

/// By what follows `promptsync.` in git config, where a name has no underscore: letter case, `_` and `-` do not count.
std::optional<Key> find_git_key(std::string_view name);
/// By what follows `PROMPTSYNC_`.
std::optional<Key> find_environment_key(std::string_view name);

std::string environment_name(std::string_view key);

/// How a source spells a dotted key.
using Spelling = std::function<std::string(std::string_view)>;

/// `what` says it in the words of the source; the nearest of `candidates` to `word` is named in its spelling.
Error unknown_key(std::string_view what, std::string_view word, const std::vector<std::string>& candidates,
                  const Spelling& spelling);

}  // namespace ps_sync::config
