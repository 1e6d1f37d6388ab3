// The front matter begins at a `---` that a known key follows, or, where somebody lost that line, at the first of two
// known keys. It ends at the next `---`. Where that is missing it ends with its last entry; a `---` further down, in a
// person's text, must not swallow the text above it, so a paragraph of prose (a line that is no entry, after a blank
// line) ends the front matter too, unless a known key follows.
//
// Every line is looked at a bounded number of times, whatever the body holds.

#include "beacon/front_matter.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "ps_sync/base/text.hpp"

namespace ps_sync::beacon {

namespace {

constexpr std::array<std::string_view, 10> known_keys{"LAST_UPDATE", "TIMESTAMP", "DIRECTION", "FILES_UPDATED",
                                                      "FILES_TOTAL", "ACTION",    "STATUS",    "COMMIT",
                                                      "BRANCH",      "SESSION"};

enum class Kind { blank, fence, known, key, item, comment, indented, prose };

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::size_t indent_of(std::string_view line) {
  return static_cast<std::size_t>(std::find_if_not(line.begin(), line.end(), is_blank) - line.begin());
}

std::string_view unindented(std::string_view line) { return line.substr(indent_of(line)); }

/// The key that a line begins with; "" for none. A known key needs no blank after its colon.
std::string_view key_of(std::string_view line) {
  const std::size_t end = std::min(line.find(':'), line.size());
  if (end == line.size()) return {};
  const std::string_view key = trim(line.substr(0, end));
  if (std::find(known_keys.begin(), known_keys.end(), key) != known_keys.end()) return key;
  const bool is_word = !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
  });
  const bool is_separate = end + 1 == line.size() || is_blank(line[end + 1]);
  return is_word && is_separate && key[0] != '-' && key[0] != '.' ? key : std::string_view();
}

bool is_known_key(std::string_view key) {
  return std::find(known_keys.begin(), known_keys.end(), key) != known_keys.end();
}

Kind kind_of(std::string_view line) {
  const std::string_view content = trim(line);
  if (content.empty()) return Kind::blank;
  if (content == "---" || content == "...") return Kind::fence;
  if (is_blank(line[0])) return Kind::indented;
  const std::string_view key = key_of(line);
  if (!key.empty()) return is_known_key(key) ? Kind::known : Kind::key;
  if (line[0] == '-' && (line.size() == 1 || is_blank(line[1]))) return Kind::item;
  return line[0] == '#' ? Kind::comment : Kind::prose;
}

/// The body's lines, each with where it begins.
struct Lines {
  explicit Lines(std::string_view all) : text(all) {
    for (std::size_t at = 0; at < all.size();) {
      starts.push_back(at);
      at = std::min(all.find('\n', at), all.size() - 1) + 1;
    }
    starts.push_back(all.size());
  }

  std::size_t count() const { return starts.size() - 1; }

  /// Without its end, and without up to `indent` blanks in front.
  std::string_view line(std::size_t i, std::size_t indent) const {
    std::string_view found = text.substr(starts[i], starts[i + 1] - starts[i]);
    while (!found.empty() && (found.back() == '\n' || found.back() == '\r')) found.remove_suffix(1);
    return found.substr(std::min(indent, indent_of(found)));
  }

  std::string_view text;
  std::vector<std::size_t> starts;
};

/// Lines of a front matter; half open.
struct Block {
  std::size_t open = 0;   ///< the opening line
  std::size_t first = 0;  ///< the first line inside
  std::size_t end = 0;
  std::size_t after = 0;  ///< the first line behind it
  std::size_t indent = 0;
};

class Finder {
 public:
  explicit Finder(const Lines& lines) : lines_(lines) {}

  std::optional<Block> find() const {
    for (std::size_t i = 0; i < lines_.count(); ++i) {
      const std::string_view line = lines_.line(i, 0);
      if (trim(line) != "---") continue;
      Block block{i, i + 1, 0, 0, indent_of(line)};
      if (close(block)) return block;
    }
    return find_unopened();
  }

 private:
  Kind kind(const Block& block, std::size_t i) const { return kind_of(lines_.line(i, block.indent)); }

  /// Finds the end of an opened block; false where it is no front matter of ours. That must not hang on a `---` below,
  /// since writing adds one.
  bool close(Block& block) const {
    if (walk(block) == 0) return false;
    std::size_t last_known = block.first;
    std::size_t fence = block.first;
    for (; fence < lines_.count() && kind(block, fence) != Kind::fence; ++fence) {
      if (kind(block, fence) == Kind::known) last_known = fence;
    }
    if (fence < lines_.count() && !has_paragraph(block, last_known + 1, fence)) {
      block.end = fence;
      block.after = fence + 1;
    }
    return true;
  }

  bool has_paragraph(const Block& block, std::size_t from, std::size_t to) const {
    for (std::size_t i = from; i < to; ++i) {
      const Kind is = kind(block, i);
      if ((is == Kind::prose || is == Kind::comment) && kind(block, i - 1) == Kind::blank) return true;
    }
    return false;
  }

  /// Sets the end of a block that nothing closes: before the first thing that is no entry, and that no known key
  /// follows in the same paragraph. Returns how many known keys there are.
  std::size_t walk(Block& block) const {
    const std::size_t limit = lines_.count();
    std::size_t known = 0;
    std::size_t i = block.first;
    while (i < limit && kind(block, i) == Kind::blank) ++i;
    while (i < limit) {
      const Kind is = kind(block, i);
      if (is == Kind::fence) break;
      if (is == Kind::known) ++known;
      if (is == Kind::blank || is == Kind::prose) {
        std::size_t next = i + 1;
        while (next < limit && continues_search(is, kind(block, next))) ++next;
        if (next == limit || kind(block, next) != Kind::known) break;
        i = next;
      } else {
        ++i;
      }
    }
    block.end = block.after = i;
    return known;
  }

  /// From a blank line the next line that is none decides, from prose the next known key in the paragraph.
  static bool continues_search(Kind from, Kind at) {
    if (from == Kind::blank) return at == Kind::blank;
    return at != Kind::blank && at != Kind::known && at != Kind::fence;
  }

  std::optional<Block> find_unopened() const {
    for (std::size_t i = 0; i < lines_.count();) {
      const std::size_t indent = indent_of(lines_.line(i, 0));
      Block block{i, i, 0, 0, indent};
      if (kind(block, i) != Kind::known) {
        ++i;
        continue;
      }
      if (walk(block) >= 2) {
        if (block.end < lines_.count() && kind(block, block.end) == Kind::fence) block.after = block.end + 1;
        return block;
      }
      i = block.end;
    }
    return std::nullopt;
  }

  const Lines& lines_;
};

/// Does this line go on with the known entry before it? Items belong to FILES_UPDATED, other indented lines to a value
/// that was wrapped.
bool goes_on(const Entry& entry, std::string_view line) {
  if (is_block_scalar(first_value(entry))) return is_blank(line[0]);
  const Kind is = kind_of(unindented(line));
  if (is == Kind::item) return entry.key == "FILES_UPDATED";
  return is_blank(line[0]) && is == Kind::prose;
}

std::vector<Entry> read_entries(const Lines& lines, const Block& block) {
  std::vector<Entry> entries;
  std::size_t blank_lines = 0;
  for (std::size_t i = block.first; i < block.end; ++i) {
    const std::string_view line = lines.line(i, block.indent);
    if (trim(line).empty()) {
      ++blank_lines;
      continue;
    }
    Entry* const last = entries.empty() ? nullptr : &entries.back();
    if (last && (last->is_known ? goes_on(*last, line) : is_blank(line[0]))) {
      if (!last->is_known) last->lines.insert(last->lines.end(), blank_lines, std::string_view());
      last->lines.push_back(line);
    } else {
      const std::string_view content = unindented(line);
      const std::string_view key = key_of(content);
      entries.push_back({std::string(key), is_known_key(key), {content}});
    }
    blank_lines = 0;
  }
  return entries;
}

}  // namespace

FrontMatter read_front_matter(std::string_view text) {
  const Lines lines(text);
  const std::optional<Block> block = Finder(lines).find();
  if (!block) return {false, {}, {}, text};
  return {true, text.substr(0, lines.starts[block->open]), read_entries(lines, *block),
          text.substr(lines.starts[block->after])};
}

std::string_view first_value(const Entry& entry) {
  const std::string_view line = entry.lines.front();
  return trim(line.substr(std::min(line.find(':'), line.size() - 1) + 1));
}

bool is_block_scalar(std::string_view value) {
  return !value.empty() && (value[0] == '|' || value[0] == '>') &&
         value.find_first_not_of("+-0123456789", 1) == std::string_view::npos;
}

}  // namespace ps_sync::beacon
