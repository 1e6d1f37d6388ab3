// A settings file as a tree that knows where everything stands in the text.
//
// Built from yaml-cpp's events and not from its nodes: aliases, anchors, tags, a second document and deep nesting are
// refused as they come by, before anything is expanded, and a key that stands there twice is seen.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ps_sync::config {

struct YamlNode {
  enum class Kind { nothing, scalar, list, map };
  Kind kind = Kind::nothing;
  std::size_t position = 0;        ///< the byte of the text it begins at; a nothing's is of no use
  std::size_t line = 1;            ///< from 1
  std::string text;                ///< a scalar's value, without its quotes
  std::vector<YamlNode> children;  ///< a list's entries; a map's keys and values in turn, keys being scalars

  /// The value at a map's key; null where it has none.
  const YamlNode* find(std::string_view key) const;
  /// The key itself.
  const YamlNode* find_key(std::string_view key) const;
};

/// Throws Error{config} that names `file_name` and the line. An empty text is a nothing.
YamlNode read_yaml(const std::string& text, std::string_view file_name);

/// "text `x`", "a list", "a map", "nothing"
std::string describe(const YamlNode& node);

}  // namespace ps_sync::config
