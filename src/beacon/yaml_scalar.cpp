#include "beacon/yaml_scalar.hpp"

#include <algorithm>
#include <array>

#include "ps_sync/base/text.hpp"

namespace ps_sync::beacon {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alnum(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Characters that YAML cannot hold plainly, or that nobody sees: controls, line separators, reordering marks.
bool is_hidden(std::uint32_t value) {
  return value < 0x20 || (value >= 0x7F && value < 0xA0) || value == 0x200B || value == 0x200E || value == 0x200F ||
         (value >= 0x2028 && value <= 0x202E) || (value >= 0x2060 && value <= 0x2069) || value == 0xFEFF ||
         (value & 0xFFFE) == 0xFFFE;
}

/// Removes digits (and the `_` that YAML 1.1 allows between them) from the front; says how many characters.
std::size_t take_digits(std::string_view& text) {
  const std::size_t length = std::min(text.find_first_not_of("0123456789_"), text.size());
  text.remove_prefix(length);
  return length;
}

/// 2026-11-23, which YAML 1.1 reads as a date.
bool looks_like_date(std::string_view text) {
  return text.size() >= 8 && text.size() <= 10 && text[4] == '-' &&
         text.find_first_not_of("0123456789-") == std::string_view::npos;
}

bool looks_like_number(std::string_view text) {
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) text.remove_prefix(1);
  if (text.size() > 2 && text[0] == '0' && std::string_view("xXoObB").find(text[1]) != std::string_view::npos)
    return text.find_first_not_of("0123456789abcdefABCDEF_", 2) == std::string_view::npos;
  if (looks_like_date(text)) return true;
  std::size_t digits = take_digits(text);
  while (digits > 0 && text.size() > 1 && text[0] == ':' && is_digit(text[1])) {  // 1:30, sexagesimal in YAML 1.1
    text.remove_prefix(1);
    take_digits(text);
  }
  if (!text.empty() && text[0] == '.') {
    text.remove_prefix(1);
    digits += take_digits(text);
  }
  if (digits == 0) return false;
  if (!text.empty() && (text[0] == 'e' || text[0] == 'E')) {
    text.remove_prefix(1);
    if (!text.empty() && (text[0] == '+' || text[0] == '-')) text.remove_prefix(1);
    return take_digits(text) > 0 && text.empty();
  }
  return text.empty();
}

/// Words that some YAML reader takes for a boolean, nothing, or a number.
bool is_word_of_yaml(std::string_view text) {
  static constexpr std::array<std::string_view, 14> words{"null", "~", "true", "false", "yes",  "no",    "on",
                                                          "off",  "y", "n",    ".nan",  ".inf", "-.inf", "+.inf"};
  return std::find(words.begin(), words.end(), to_lower_ascii(text)) != words.end() || looks_like_number(text);
}

bool can_be_plain(std::string_view text) {
  if (text.empty() || trim(text).size() != text.size() || text == "None" || text == "...") return false;
  if (std::string_view("-?:,[]{}#&*!|>'\"%@`=").find(text[0]) != std::string_view::npos) return false;
  if (text.back() == ':' || text.find(": ") != std::string_view::npos) return false;
  for (std::size_t i = 0; i < text.size();) {
    const CodePoint point = code_point_at(text, i);
    // A backslash is plain in YAML, but Markdown would drop it and make `GH\-1` live.
    if (point.length == 0 || is_hidden(point.value) || text[i] == '\\' || is_live(text, i)) return false;
    i += point.length;
  }
  return !is_word_of_yaml(text);
}

void append_hex(std::string& out, std::uint32_t value, int digits) {
  static constexpr char hex[] = "0123456789ABCDEF";
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) out += hex[(value >> shift) & 15];
}

void append_utf8(std::string& out, std::uint32_t value) {
  const auto byte = [&out](std::uint32_t bits) { out += static_cast<char>(static_cast<std::uint8_t>(bits)); };
  if (value < 0x80) {
    byte(value);
  } else if (value < 0x800) {
    byte(0xC0 | (value >> 6)), byte(0x80 | (value & 0x3F));
  } else if (value < 0x10000) {
    byte(0xE0 | (value >> 12)), byte(0x80 | ((value >> 6) & 0x3F)), byte(0x80 | (value & 0x3F));
  } else {
    byte(0xF0 | (value >> 18)), byte(0x80 | ((value >> 12) & 0x3F)), byte(0x80 | ((value >> 6) & 0x3F)),
        byte(0x80 | (value & 0x3F));
  }
}

/// Takes `digits` hex digits from the front.
std::optional<std::uint32_t> take_hex(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const std::size_t digit = std::string_view("0123456789abcdef").find(to_lower_ascii(text.substr(i, 1)));
    if (digit == std::string_view::npos) return std::nullopt;
    value = value * 16 + static_cast<std::uint32_t>(digit);
  }
  text.remove_prefix(digits);
  return value;
}

/// What follows a backslash and a letter of \xNN, \uNNNN, \UNNNNNNNN. A pair of surrogates counts as one character, as
/// in JSON.
bool take_numeric_escape(char letter, std::string_view& rest, std::string& out) {
  const auto value = take_hex(rest, letter == 'x' ? 2 : letter == 'u' ? 4 : 8);
  if (!value) return false;
  if (letter == 'x') {
    out += static_cast<char>(static_cast<std::uint8_t>(*value));
    return true;
  }
  std::uint32_t point = *value;
  if (point >= 0xD800 && point < 0xDC00 && rest.substr(0, 2) == "\\u") {
    rest.remove_prefix(2);
    const auto low = take_hex(rest, 4);
    if (!low || *low < 0xDC00 || *low > 0xDFFF) return false;
    point = 0x10000 + ((point - 0xD800) << 10) + (*low - 0xDC00);
  }
  if (point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return false;
  append_utf8(out, point);
  return true;
}

std::optional<std::string> unquote_double(std::string_view rest) {
  static constexpr std::string_view letters = "0abtnvfre \"/\\N_LP";
  static constexpr std::array<std::uint32_t, 17> meanings{0,   7,   8,   9,    10,   11,   12,     13,    27,
                                                          ' ', '"', '/', '\\', 0x85, 0xA0, 0x2028, 0x2029};
  std::string out;
  while (!rest.empty()) {
    const char c = rest[0];
    rest.remove_prefix(1);
    if (c == '"') return std::nullopt;
    if (c != '\\') {
      out += c;
      continue;
    }
    if (rest.empty()) return std::nullopt;
    const char letter = rest[0];
    rest.remove_prefix(1);
    if (letter == 'x' || letter == 'u' || letter == 'U') {
      if (!take_numeric_escape(letter, rest, out)) return std::nullopt;
    } else if (const std::size_t known = letters.find(letter); known != std::string_view::npos) {
      append_utf8(out, meanings[known]);
    } else {
      return std::nullopt;
    }
  }
  return out;
}

std::optional<std::string> unquote_single(std::string_view rest) {
  std::string out;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (rest[i] == '\'' && (++i == rest.size() || rest[i] != '\'')) return std::nullopt;
    out += rest[i];
  }
  return out;
}

}  // namespace

CodePoint code_point_at(std::string_view text, std::size_t at) {
  const auto lead = static_cast<std::uint8_t>(text[at]);
  if (lead < 0x80) return {1, lead};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (text.size() - at < length || !is_valid_utf8(text.substr(at, length))) return {};
  std::uint32_t value = lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) value = (value << 6) | (static_cast<std::uint8_t>(text[at + i]) & 0x3F);
  return {length, value};
}

bool is_live(std::string_view text, std::size_t at) {
  const auto character = [&](std::size_t i) { return i < text.size() ? text[i] : '\0'; };
  switch (text[at]) {
    case '@':
    case '#':
    case '<':
    case '>':
      return true;
    case '&': {
      std::size_t end = at + 1;
      while (is_alnum(character(end))) ++end;
      return end > at + 1 && character(end) == ';';
    }
    case '/':
      return at > 0 && text[at - 1] == ':' && character(at + 1) == '/';
    case '-':
      return at >= 2 && to_lower_ascii(text.substr(at - 2, 2)) == "gh" && is_digit(character(at + 1)) &&
             (at == 2 || !is_alnum(text[at - 3]));
    default:
      return false;
  }
}

std::string write_scalar(std::string_view text) {
  if (can_be_plain(text)) return std::string(text);
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size();) {
    const CodePoint point = code_point_at(text, i);
    if (point.length == 0) {
      out += "\\x";
      append_hex(out, static_cast<std::uint8_t>(text[i]), 2);
    } else if (text[i] == '"' || text[i] == '\\') {
      out += '\\';
      out += text[i];
    } else if (text[i] == '\n' || text[i] == '\t') {
      out += text[i] == '\n' ? "\\n" : "\\t";
    } else if (is_hidden(point.value) || is_live(text, i)) {
      out += point.value > 0xFFFF ? "\\U" : "\\u";
      append_hex(out, point.value, point.value > 0xFFFF ? 8 : 4);
    } else {
      out += text.substr(i, point.length);
    }
    i += std::max<std::size_t>(point.length, 1);
  }
  out += '"';
  return out;
}

std::string read_scalar(std::string_view value) {
  value = trim(value);
  if (value.size() >= 2 && (value[0] == '"' || value[0] == '\'') && value.back() == value[0]) {
    const std::string_view inside = value.substr(1, value.size() - 2);
    if (auto text = value[0] == '"' ? unquote_double(inside) : unquote_single(inside)) return *text;
  }
  return std::string(value);
}

std::optional<std::string> read_optional_scalar(std::string_view value) {
  value = trim(value);
  if (value.empty() || value == "None") return std::nullopt;
  return read_scalar(value);
}

}  // namespace ps_sync::beacon
