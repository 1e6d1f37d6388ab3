// What a YAML parser would have to expand or nest is refused, by looking and without parsing. Text that merely begins
// like it (`*done* at last`) is text.

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "beacon/front_matter.hpp"
#include "ps_sync/base/error.hpp"
#include "ps_sync/base/text.hpp"

namespace ps_sync::beacon {

namespace {

constexpr std::size_t deepest = 4;

[[noreturn]] void refuse(std::string_view cause) {
  throw Error(ErrorKind::rejected, "cannot read the beacon")
      .because(std::string(cause))
      .hint("correct its front matter by hand, or run `ps-sync beacon reset`");
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
  });
}

/// Where the value begins in `key: value`, at its colon; npos for content that is no such pair.
std::size_t find_colon(std::string_view content) {
  std::size_t key_end = 0;
  if (!content.empty() && (content[0] == '"' || content[0] == '\'')) {
    key_end = content.find(content[0], 1);
    while (key_end != std::string_view::npos && content[key_end - 1] == '\\')
      key_end = content.find(content[0], key_end + 1);
    if (key_end == std::string_view::npos || content.substr(key_end + 1, 1) != ":") return std::string_view::npos;
  }
  std::size_t colon = content.find(':', key_end);
  while (colon != std::string_view::npos && colon + 1 < content.size() && content[colon + 1] != ' ' &&
         content[colon + 1] != '\t')
    colon = content.find(':', colon + 1);
  return colon;
}

/// Refuses content that begins with an alias, an anchor or a tag. An alias is followed by nothing or by one of
/// `followers`: else it is a person's emphasis.
void refuse_property(std::string_view content, std::string_view followers) {
  if (content.size() < 2) return;
  const char next = content[1];
  const std::size_t end = std::min(content.find_first_of(" \t,:[]{}", 1), content.size());
  const std::size_t behind = content.find_first_not_of(" \t", end);
  const bool stands_alone =
      behind == std::string_view::npos || followers.find(content[behind]) != std::string_view::npos;
  const bool is_named = is_name(content.substr(1, end - 1));
  if (content[0] == '*' && is_named && stands_alone) refuse("it holds a YAML alias");
  if (content[0] == '&' && is_named) refuse("it holds a YAML anchor");
  if (content[0] == '!' &&
      (is_letter(next) || next == '<' || (next == '!' && content.size() > 2 && is_letter(content[2]))))
    refuse("it holds a YAML tag");
}

/// Brackets of `[a, {b: c}]`, which may go on over several lines.
class Flow {
 public:
  bool is_open() const { return depth_ > 0; }

  /// `level` is the depth around the outermost bracket.
  void scan(std::string_view text, std::size_t level) {
    bool element_begins = true;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      if (c == '[' || c == '{') {
        if (level + ++depth_ > deepest) refuse("it is nested deeper than 4 levels");
      } else if ((c == ']' || c == '}') && --depth_ == 0) {
        return;
      } else if (element_begins && (c == '"' || c == '\'')) {
        i = std::min(text.find(c, i + 1), text.size() - 1);
      } else if (element_begins) {
        refuse_property(text.substr(i), ",]}:");
      }
      const bool begins_next = c == '[' || c == '{' || c == ',' || c == ':';
      element_begins = begins_next || (element_begins && (c == ' ' || c == '\t'));
    }
  }

 private:
  std::size_t depth_ = 0;
};

/// The collections that are open at a line, by the column of each.
class Levels {
 public:
  void close_to(std::size_t column, bool is_item) {
    while (open_.size() > 1 &&
           (open_.back().column > column || (open_.back().column == column && open_.back().is_list && !is_item)))
      open_.pop_back();
  }
  void open(std::size_t column, bool is_list) {
    if (open_.back().column == column && open_.back().is_list == is_list) return;
    open_.push_back({column, is_list});
    if (open_.size() > deepest) refuse("it is nested deeper than 4 levels");
  }
  std::size_t depth() const { return open_.size(); }

 private:
  struct Level {
    std::size_t column;
    bool is_list;
  };
  std::vector<Level> open_{{0, false}};  // the front matter itself
};

bool is_item(std::string_view content) {
  return !content.empty() && content[0] == '-' && (content.size() == 1 || content[1] == ' ' || content[1] == '\t');
}

std::size_t indent_of(std::string_view line) { return std::min(line.find_first_not_of(" \t"), line.size()); }

}  // namespace

void refuse_structure(const Entry& entry) {
  Levels levels;
  Flow flow;
  std::size_t text_deeper_than = std::string_view::npos;  // inside a block scalar: its key's column
  for (const std::string_view line : entry.lines) {
    std::size_t column = indent_of(line);
    std::string_view content = line.substr(column);
    if (content.empty() || (text_deeper_than != std::string_view::npos && column > text_deeper_than)) continue;
    text_deeper_than = std::string_view::npos;
    if (flow.is_open()) {
      flow.scan(content, levels.depth());
      continue;
    }
    const std::size_t line_column = column;
    levels.close_to(column, is_item(content));
    while (is_item(content)) {
      levels.open(column, true);
      const std::size_t inner = 1 + indent_of(content.substr(1));
      content.remove_prefix(inner);
      column += inner;
    }
    std::string_view value = content;
    if (const std::size_t colon = find_colon(content); colon != std::string_view::npos) {
      levels.open(column, false);
      refuse_property(content.substr(0, colon), "");  // a key may be an alias too
      value = trim(content.substr(colon + 1));
    }
    refuse_property(value, "");
    if (!value.empty() && (value[0] == '[' || value[0] == '{')) flow.scan(value, levels.depth());
    if (is_block_scalar(value)) text_deeper_than = line_column;
  }
}

}  // namespace ps_sync::beacon
