// Where things of a YAML tree end in their text, and how a value is written into one.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "config/yaml_tree.hpp"

namespace ps_sync::config {

/// Looks at one text that a tree was read from. yaml-cpp tells where a node begins; the end is found from the tree, and
/// absent wherever it would be a guess (block scalars, text that runs over several lines, values left out).
class YamlText {
 public:
  explicit YamlText(std::string_view text) : text_(text) {}

  bool is_flow(const YamlNode& node) const;
  /// One past the last byte.
  std::optional<std::size_t> end_of(const YamlNode& node) const;
  /// Whether a flow list or map has a comment inside.
  bool has_comment_inside(const YamlNode& flow) const;
  /// One past the colon of a map's key.
  std::optional<std::size_t> after_colon(const YamlNode& key) const;

  std::size_t line_start(std::size_t position) const;
  /// Where the line ends, before its "\n" or "\r\n".
  std::size_t line_end(std::size_t position) const;
  std::size_t next_line_start(std::size_t position) const;
  /// What stands before a node in its line.
  std::string_view before_in_line(const YamlNode& node) const;

 private:
  std::optional<std::size_t> end_of_scalar(const YamlNode& node) const;
  std::optional<std::size_t> end_of_flow(const YamlNode& node) const;

  std::string_view text_;
};

enum class Inside { block, flow };
/// A scalar as YAML, in double quotes where it needs them.
std::string yaml_scalar(std::string_view text, Inside inside);

}  // namespace ps_sync::config
