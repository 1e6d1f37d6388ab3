// Where the front matter stands in a body, and the entries in it. Line by line and not by a YAML parser, since people
// write what no YAML parser takes (`LAST_UPDATE: Session 3: done`), and since nothing of a stranger's is to be
// expanded.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ps_sync::beacon {

/// What ACTION says when nothing waits; plain it means absence, as None does for the other keys.
constexpr std::string_view waiting_action = "Waiting for updates";

/// One key with all lines that belong to it, without line ends and without the block's own indentation.
struct Entry {
  std::string key;  ///< "" for a line that has none
  bool is_known = false;
  std::vector<std::string_view> lines;  ///< the first one begins with the key
};

struct FrontMatter {
  bool is_there = false;
  std::string_view before;  ///< all text where there is no front matter is in `after`
  std::vector<Entry> entries;
  std::string_view after;  ///< from the line behind the closing `---`, or behind the last entry where there is none
};

/// Views point into `text`.
FrontMatter read_front_matter(std::string_view text);

/// What stands behind `KEY:` in an entry's first line, trimmed.
std::string_view first_value(const Entry& entry);

/// Is this the head of a block scalar, `|` or `>` with its modifiers?
bool is_block_scalar(std::string_view value);

/// Throws Error{rejected} for aliases, anchors and tags in the entry's structure, and for nesting deeper than 4, the
/// front matter itself being the first level.
void refuse_structure(const Entry& entry);

}  // namespace ps_sync::beacon
