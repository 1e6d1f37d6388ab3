// Changing one value of config.yml with every other byte kept.
//
// The text is never written anew from the tree: the tree only tells where the value stands, and that stretch of text is
// replaced, or a line or an entry put in. Wherever the stretch would be a guess, nothing is changed and the person is
// told which line to edit. Whatever was done is then read again: the result must hold the new value, and all other
// settings as they were.
#include <algorithm>

#include "config/keys.hpp"
#include "config/values.hpp"
#include "config/yaml_text.hpp"
#include "config/yaml_tree.hpp"
#include "ps_sync/base/text.hpp"

namespace ps_sync::config {
namespace {

using Values = std::vector<std::string>;

/// Used once; the text given must outlive it.
class FileEditor {
 public:
  FileEditor(const std::string& text, const Key& key, const Values& values)
      : text_(text), places_(text), root_(read_yaml(text, Sources().file_name)), key_(key), values_(values) {
    newline_ = places_.line_end(0) + 1 < places_.next_line_start(0) ? "\r\n" : "\n";
  }

  std::string run() {
    const std::size_t dot = key_.name.find('.');
    const std::string first = key_.name.substr(0, dot);
    const YamlNode* name = root_.find_key(first);
    if (root_.kind == YamlNode::Kind::nothing) {
      append("version: 1");
      append(new_top_entry(Inside::block));
    } else if (root_.kind != YamlNode::Kind::map) {
      refuse(root_.line);
    } else if (name == nullptr) {
      add_entry(root_, new_top_entry(places_.is_flow(root_) ? Inside::flow : Inside::block));
    } else if (dot == std::string::npos) {
      replace(*name, *root_.find(first), places_.is_flow(root_));
    } else {
      edit_section(*name, *root_.find(first), key_.name.substr(dot + 1));
    }
    return text_;
  }

  /// The line that a person would have to look at.
  std::size_t line() const { return line_; }

  [[noreturn]] void refuse(std::size_t line) const {
    const std::string file = Sources().file_name;
    throw Error(ErrorKind::config,
                concat("cannot set ", key_.name, ": edit ", file, ":", std::to_string(line), " by hand"))
        .because("what stands there cannot be changed with all else kept as it is");
  }

 private:
  std::string new_value(Inside inside) const {
    if (!key_.is_list) return yaml_scalar(values_.front(), inside);
    Values written;
    for (const std::string& value : values_) written.push_back(yaml_scalar(value, Inside::flow));
    return concat("[", join(written, ", "), "]");
  }

  /// `remote: origin`, `network: {timeout: 10s}`
  std::string new_top_entry(Inside inside) const {
    const std::size_t dot = key_.name.find('.');
    if (dot == std::string::npos) return concat(key_.name, ": ", new_value(inside));
    return concat(key_.name.substr(0, dot), ": {", new_entry(key_.name.substr(dot + 1), Inside::flow), "}");
  }

  std::string new_entry(std::string_view last_part, Inside inside) const {
    return concat(yaml_scalar(last_part, inside), ": ", new_value(inside));
  }

  /// Positions count in the text as it was read, so what is further down must be changed first, or nothing else.
  void splice(std::size_t begin, std::size_t end, std::string_view replacement) {
    text_.replace(begin, end - begin, replacement);
  }

  void append(std::string_view line) {
    if (!text_.empty() && text_.back() != '\n') text_ += newline_;
    text_ += concat(line, newline_);
  }

  /// A whole line where a line begins, or at the end of a file without a last newline, which stays so.
  void insert_line(std::size_t at, std::string_view line) {
    const bool after_torn_line = at > 0 && text_[at - 1] != '\n';
    text_.insert(at, after_torn_line ? concat(newline_, line) : concat(line, newline_));
  }

  void edit_section(const YamlNode& name, const YamlNode& section, const std::string& last_part) {
    line_ = name.line;
    if (section.kind == YamlNode::Kind::nothing) {
      replace_nothing(name, concat("{", new_entry(last_part, Inside::flow), "}"));
    } else if (section.kind != YamlNode::Kind::map) {
      refuse(name.line);
    } else if (const YamlNode* key = section.find_key(last_part)) {
      replace(*key, *section.find(last_part), places_.is_flow(section));
    } else {
      add_entry(section, new_entry(last_part, places_.is_flow(section) ? Inside::flow : Inside::block));
    }
  }

  void add_entry(const YamlNode& map, std::string_view entry) {
    line_ = map.line;
    const std::optional<std::size_t> last = map.children.empty() ? std::nullopt : places_.end_of(map.children.back());
    if (places_.is_flow(map)) {
      if (last) {
        text_.insert(*last, concat(", ", entry));
      } else {
        text_.insert(map.position + 1, concat(entry, map.children.empty() ? "" : ", "));
      }
      return;
    }
    const std::string indent(places_.before_in_line(map.children.front()));
    if (!trim(indent).empty()) refuse(map.line);
    const std::string new_line = concat(indent, entry);
    if (last) {
      insert_line(places_.next_line_start(*last), new_line);
    } else if (&map == &root_) {
      append(new_line);
    } else {
      insert_line(places_.line_start(map.children.front().position), new_line);
    }
  }

  void replace(const YamlNode& name, const YamlNode& value, bool in_flow) {
    line_ = name.line;
    const Inside inside = in_flow ? Inside::flow : Inside::block;
    if (value.kind == YamlNode::Kind::nothing) {
      replace_nothing(name, new_value(inside));
      return;
    }
    const bool is_list = value.kind == YamlNode::Kind::list && key_.is_list;
    const bool is_collection = value.kind == YamlNode::Kind::list || value.kind == YamlNode::Kind::map;
    if (is_collection && !places_.is_flow(value)) {
      if (!is_list) refuse(name.line);
      replace_block_list(name, value);
      return;
    }
    const std::optional<std::size_t> end = places_.end_of(value);
    if (!end || (is_collection && places_.has_comment_inside(value))) refuse(value.line);
    splice(value.position, *end, is_list ? new_flow_list(value) : new_value(inside));
  }

  /// `key:` and `key: ~` alike.
  void replace_nothing(const YamlNode& name, std::string_view value) {
    const std::optional<std::size_t> after = places_.after_colon(name);
    if (!after) refuse(name.line);
    const std::size_t line_end = places_.line_end(*after);
    const std::size_t word = std::min(text_.find_first_not_of(" \t", *after), line_end);
    const std::size_t word_end = std::min(text_.find_first_of(" \t,}", word), line_end);
    const std::string found = to_lower_ascii(std::string_view(text_).substr(word, word_end - word));
    splice(*after, found == "~" || found == "null" ? word_end : *after, concat(" ", value));
  }

  /// Entries that stay keep their own quotes.
  std::string new_flow_list(const YamlNode& list) const {
    Values written;
    for (const std::string& value : values_) {
      const auto old = std::find_if(list.children.begin(), list.children.end(),
                                    [&](const YamlNode& entry) { return entry.text == value; });
      const std::optional<std::size_t> end = old == list.children.end() ? std::nullopt : places_.end_of(*old);
      written.push_back(end ? text_.substr(old->position, *end - old->position) : yaml_scalar(value, Inside::flow));
    }
    return concat("[", join(written, ", "), "]");
  }

  /// Lines of entries that stay are not touched; the others are taken out or put in as whole lines.
  void replace_block_list(const YamlNode& name, const YamlNode& list) {
    for (const YamlNode& entry : list.children) require_line_of_its_own(entry);
    struct Change {
      std::size_t begin, end;
      std::string line;
    };
    std::vector<Change> changes;
    const std::vector<bool> kept_old = entries_to_keep(list);
    const std::string start(places_.before_in_line(list.children.front()));
    std::size_t anchor = places_.line_start(list.children.front().position);
    std::size_t next_new = 0;
    const auto put_in_until = [&](const std::string* stop) {
      for (; next_new < values_.size() && (stop == nullptr || values_[next_new] != *stop); ++next_new)
        changes.push_back({anchor, anchor, concat(start, yaml_scalar(values_[next_new], Inside::block))});
    };
    for (std::size_t i = 0; i < list.children.size(); ++i) {
      const std::size_t position = list.children[i].position;
      if (kept_old[i]) {
        put_in_until(&list.children[i].text);
        ++next_new;
        anchor = places_.next_line_start(position);
      } else {
        changes.push_back({places_.line_start(position), places_.next_line_start(position), {}});
      }
    }
    put_in_until(nullptr);
    // Applied from the end on, so that positions further up stay right; at one place, what goes out goes first.
    std::stable_sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) {
      return std::pair(a.begin, a.line.empty()) < std::pair(b.begin, b.line.empty());
    });
    for (auto change = changes.rbegin(); change != changes.rend(); ++change) {
      if (change->line.empty()) {
        splice(change->begin, change->end, "");
      } else {
        insert_line(change->begin, change->line);
      }
    }
    if (values_.empty()) replace_nothing(name, "[]");
  }

  void require_line_of_its_own(const YamlNode& entry) const {
    const std::optional<std::size_t> end = places_.end_of(entry);
    const std::string_view before = trim(places_.before_in_line(entry));
    if (entry.kind != YamlNode::Kind::scalar || !end || before != "-") refuse(entry.line);
    const std::size_t line_end = places_.line_end(entry.position);
    if (*end > line_end) refuse(entry.line);
    const std::string_view rest = trim(std::string_view(text_).substr(*end, line_end - *end));
    if (!rest.empty() && rest.front() != '#') refuse(entry.line);
  }

  /// A longest common subsequence of the old entries and the new ones: which of the old stay.
  std::vector<bool> entries_to_keep(const YamlNode& list) const {
    const std::size_t rows = list.children.size();
    const std::size_t columns = values_.size();
    if (rows * columns > 1'000'000) refuse(list.line);
    std::vector<std::vector<std::size_t>> longest(rows + 1, std::vector<std::size_t>(columns + 1, 0));
    for (std::size_t i = rows; i-- > 0;) {
      for (std::size_t j = columns; j-- > 0;) {
        longest[i][j] = list.children[i].text == values_[j] ? longest[i + 1][j + 1] + 1
                                                            : std::max(longest[i + 1][j], longest[i][j + 1]);
      }
    }
    std::vector<bool> keep(rows, false);
    for (std::size_t i = 0, j = 0; i < rows && j < columns;) {
      if (list.children[i].text == values_[j]) {
        keep[i] = true;
        ++i, ++j;
      } else if (longest[i + 1][j] >= longest[i][j + 1]) {
        ++i;
      } else {
        ++j;
      }
    }
    return keep;
  }

  std::string text_;
  YamlText places_;
  YamlNode root_;
  const Key& key_;
  const Values& values_;
  std::string newline_;
  std::size_t line_ = 1;
};

std::optional<Loaded> try_load(const std::string& file) {
  Sources sources;
  sources.file = file;
  try {
    return load(sources);
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// The values of all keys but one, for comparison.
std::vector<std::pair<std::string, std::string>> all_but(const Settings& settings, const std::string& left_out) {
  std::vector<std::pair<std::string, std::string>> values;
  for (const Key& key : fixed_keys()) {
    if (key.name != left_out) values.emplace_back(key.name, key.get(settings));
  }
  for (const auto& [endpoint, label] : settings.labels) {
    if (make_label_key(endpoint).name != left_out) values.emplace_back(endpoint, label);
  }
  return values;
}

}  // namespace

std::string set_in_file(const std::optional<std::string>& file, std::string_view key_name, std::string_view text) {
  const Key key = require_key(key_name);
  if (key.place != Place::anywhere) {
    throw Error(ErrorKind::config,
                concat("cannot set ", key.name, " in ", Sources().file_name, ": it is each clone's own"))
        .hint(concat("git config ", git_config_name(key.name), " ", yaml_scalar(text, Inside::flow)));
  }
  check_value(key_name, text);
  const Values values = values_in(key, text);
  const std::string before = file.value_or("");
  FileEditor editor(before, key, values);
  const std::string after = editor.run();

  const std::optional<Loaded> old = try_load(before);
  if (!old) {
    // The file was wrong before; what else may be wrong in it still has to be mended, and load() says where.
    Sources sources;
    sources.file = after;
    const Loaded mended = load(sources);
    if (key.get(mended.settings) != check_value(key_name, text)) editor.refuse(editor.line());
    return after;
  }
  const std::optional<Loaded> now = try_load(after);
  const bool is_right = now && key.get(now->settings) == check_value(key_name, text) &&
                        all_but(now->settings, key.name) == all_but(old->settings, key.name);
  if (!is_right) editor.refuse(editor.line());
  return after;
}

}  // namespace ps_sync::config
