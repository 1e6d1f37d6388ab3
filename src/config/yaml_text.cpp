#include "config/yaml_text.hpp"

#include <algorithm>

#include "ps_sync/base/text.hpp"

namespace ps_sync::config {

bool YamlText::is_flow(const YamlNode& node) const {
  const bool is_collection = node.kind == YamlNode::Kind::list || node.kind == YamlNode::Kind::map;
  return is_collection && node.position < text_.size() && (text_[node.position] == '[' || text_[node.position] == '{');
}

std::optional<std::size_t> YamlText::end_of(const YamlNode& node) const {
  if (node.position >= text_.size()) return std::nullopt;
  if (node.kind == YamlNode::Kind::nothing) return std::nullopt;
  if (node.kind == YamlNode::Kind::scalar) return end_of_scalar(node);
  if (is_flow(node)) return end_of_flow(node);
  if (node.children.empty()) return std::nullopt;
  return end_of(node.children.back());
}

std::optional<std::size_t> YamlText::end_of_scalar(const YamlNode& node) const {
  const char first = text_[node.position];
  if (first != '"' && first != '\'') {
    // A plain scalar of one line stands in the text as it is; block and folded ones do not.
    if (node.text.empty() || text_.substr(node.position, node.text.size()) != node.text) return std::nullopt;
    return node.position + node.text.size();
  }
  for (std::size_t i = node.position + 1; i < text_.size(); ++i) {
    if (first == '"' && text_[i] == '\\') {
      ++i;
    } else if (text_[i] == first) {
      const bool doubled = first == '\'' && i + 1 < text_.size() && text_[i + 1] == '\'';
      if (!doubled) return i + 1;
      ++i;
    }
  }
  return std::nullopt;
}

std::optional<std::size_t> YamlText::end_of_flow(const YamlNode& node) const {
  const char closer = text_[node.position] == '[' ? ']' : '}';
  std::size_t at = node.position + 1;
  for (const YamlNode& child : node.children) {
    const std::optional<std::size_t> end = end_of(child);
    if (!end) return std::nullopt;
    at = *end;
  }
  for (; at < text_.size(); ++at) {
    if (text_[at] == closer) return at + 1;
    if (text_[at] == '#') {
      at = line_end(at);
    } else if (std::string_view(" \t\r\n,").find(text_[at]) == std::string_view::npos) {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

bool YamlText::has_comment_inside(const YamlNode& flow) const {
  const std::size_t end = end_of(flow).value_or(text_.size());
  std::size_t gap = flow.position + 1;
  for (const YamlNode& child : flow.children) {
    if (text_.substr(gap, child.position - gap).find('#') != std::string_view::npos) return true;
    const bool is_nested = is_flow(child);
    if (is_nested && has_comment_inside(child)) return true;
    gap = end_of(child).value_or(child.position);
  }
  return text_.substr(gap, end - gap).find('#') != std::string_view::npos;
}

std::optional<std::size_t> YamlText::after_colon(const YamlNode& key) const {
  const std::optional<std::size_t> end = end_of(key);
  if (!end) return std::nullopt;
  const std::size_t colon = text_.find_first_not_of(" \t", *end);
  if (colon == std::string_view::npos || text_[colon] != ':') return std::nullopt;
  return colon + 1;
}

std::size_t YamlText::line_start(std::size_t position) const {
  const std::size_t newline = position == 0 ? std::string_view::npos : text_.rfind('\n', position - 1);
  if (newline != std::string_view::npos) return newline + 1;
  return text_.starts_with("\xEF\xBB\xBF") ? 3 : 0;
}

std::size_t YamlText::line_end(std::size_t position) const {
  const std::size_t newline = text_.find('\n', position);
  if (newline == std::string_view::npos) return text_.size();
  return newline > position && text_[newline - 1] == '\r' ? newline - 1 : newline;
}

std::size_t YamlText::next_line_start(std::size_t position) const {
  const std::size_t newline = text_.find('\n', position);
  return newline == std::string_view::npos ? text_.size() : newline + 1;
}

std::string_view YamlText::before_in_line(const YamlNode& node) const {
  const std::size_t start = line_start(node.position);
  return text_.substr(start, node.position - start);
}

namespace {

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

/// Whether YAML reads it as this very text without quotes. Stricter than YAML itself: quotes never hurt.
bool may_be_plain(std::string_view text, Inside inside) {
  constexpr std::string_view words[] = {"null", "true", "false", "yes", "no", "on", "off", "y", "n", ".inf", ".nan"};
  if (text.empty() || text.starts_with("...")) return false;
  if (std::find(std::begin(words), std::end(words), to_lower_ascii(text)) != std::end(words)) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_letter_or_digit(c) || c == '.' || c == '/' || c == '_' || (c & 0x80) != 0) continue;
    if (i == 0) return false;
    if (c == '-' || c == '+' || c == '@') continue;
    const bool more_follows = i + 1 < text.size() && text[i + 1] != ' ';
    const bool allowed_between = c == ' ' || (c == ':' && inside == Inside::block);
    if (!allowed_between || !more_follows) return false;
  }
  return true;
}

}  // namespace

std::string yaml_scalar(std::string_view text, Inside inside) {
  if (may_be_plain(text, inside)) return std::string(text);
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace ps_sync::config
