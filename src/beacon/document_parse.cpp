// Reads a body: machine parts out, front matter found, and whatever is left is a person's text.

#include <algorithm>
#include <charconv>

#include "beacon/front_matter.hpp"
#include "beacon/machine_part.hpp"
#include "beacon/yaml_scalar.hpp"
#include "ps_sync/base/error.hpp"
#include "ps_sync/beacon/document.hpp"

namespace ps_sync::beacon {

namespace {

constexpr std::size_t largest_body = std::size_t{256} * 1024;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// A value with the lines that it was wrapped over, or the text of a block scalar.
std::string whole_value(const Entry& entry) {
  const std::string_view first = first_value(entry);
  const bool is_block = is_block_scalar(first);
  std::string value(is_block ? std::string_view() : first);
  for (std::size_t i = 1; i < entry.lines.size(); ++i) {
    if (!value.empty()) value += is_block && first[0] == '|' ? '\n' : ' ';
    value += trim(entry.lines[i]);
  }
  return value;
}

/// `a, b` at its commas; those in quotes do not count.
std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> items;
  std::size_t begin = 0;
  const auto take = [&](std::size_t end) {
    const std::string_view item = trim(text.substr(begin, end - begin));
    if (!item.empty()) items.push_back(read_scalar(item));
    begin = end + 1;
  };
  bool item_begins = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (item_begins && (c == '"' || c == '\'')) {
      for (++i; i < text.size() && text[i] != c; ++i)
        if (c == '"' && text[i] == '\\') ++i;
    } else if (c == ',') {
      take(i);
    }
    item_begins = c == ',' || (item_begins && (c == ' ' || c == '\t'));
  }
  if (begin < text.size()) take(text.size());
  return items;
}

/// FILES_UPDATED: items below it, `[a, b]`, names behind the key, or the lines of a block scalar.
std::vector<std::string> read_files(const Entry& entry) {
  const bool is_block = is_block_scalar(first_value(entry));
  std::string inline_list(is_block ? std::string_view() : first_value(entry));
  std::vector<std::string> files;
  std::string item;
  const auto finish_item = [&] {
    if (!trim(item).empty()) files.push_back(read_scalar(item));
    item.clear();
  };
  bool has_items = false;
  for (std::size_t i = 1; i < entry.lines.size(); ++i) {
    const std::string_view line = trim(entry.lines[i]);
    if (line == "-" || line.substr(0, 2) == "- " || line.substr(0, 2) == "-\t") {
      finish_item();
      item = line.substr(1);
      has_items = true;
    } else if (is_block) {
      finish_item();
      item = line;
    } else if (has_items) {
      item += concat(" ", line);
    } else {
      inline_list += concat(" ", line);
    }
  }
  finish_item();
  if (inline_list.size() >= 2 && inline_list.front() == '[' && inline_list.back() == ']')
    inline_list = inline_list.substr(1, inline_list.size() - 2);
  if (inline_list.empty() || inline_list == "None") return files;
  std::vector<std::string> all = split_list(inline_list);
  all.insert(all.end(), files.begin(), files.end());
  return all;
}

std::size_t read_number(std::string_view text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

void read_known(const Entry& entry, Document& document) {
  if (entry.key == "FILES_UPDATED") {
    document.files_updated = read_files(entry);
    return;
  }
  const std::string value = whole_value(entry);
  const std::optional<std::string> text = read_optional_scalar(value);
  if (entry.key == "LAST_UPDATE") document.last_update = text;
  if (entry.key == "TIMESTAMP") document.timestamp = text;
  if (entry.key == "DIRECTION") document.direction = text;
  if (entry.key == "FILES_TOTAL") document.files_total = read_number(text.value_or(""));
  if (entry.key == "ACTION") document.action = trim(value) == waiting_action ? std::nullopt : text;
  if (entry.key == "STATUS") document.update_available = text == "UPDATE_AVAILABLE";
  if (entry.key == "COMMIT") document.commit = Oid::from_hex(text.value_or(""));
  if (entry.key == "BRANCH") document.branch = text;
  if (entry.key == "SESSION") document.session = text;
}

std::string raw_lines(const Entry& entry) {
  std::string raw;
  for (const std::string_view line : entry.lines) {
    if (!raw.empty()) raw += '\n';
    raw += line;
  }
  return raw;
}

}  // namespace

Document parse(std::string_view body) {
  if (body.size() > largest_body) {
    throw Error(ErrorKind::rejected, "cannot read the beacon")
        .because(concat("it is ", std::to_string(body.size()), " bytes long, more than 256 KiB"))
        .hint("shorten its text by hand, or run `ps-sync beacon reset`");
  }

  const Parted parted = part(body);
  std::string_view text = parted.text;
  while (text.substr(0, byte_order_mark.size()) == byte_order_mark) text.remove_prefix(byte_order_mark.size());
  const FrontMatter front = read_front_matter(text);
  Document document;
  document.before = front.before;
  document.after = front.after;
  for (const Entry& entry : front.entries) {
    refuse_structure(entry);
    if (entry.is_known) {
      read_known(entry, document);
    } else {
      document.unknown_keys.emplace_back(entry.key, raw_lines(entry));
    }
  }
  document.files_total = std::max(document.files_total, document.files_updated.size());
  for (const std::string_view json : parted.machine_parts) {
    document.has_machine_part = read_machine_part(json, document);
    if (document.has_machine_part) break;
  }
  return document;
}

}  // namespace ps_sync::beacon
