#include "ps_sync/base/text.hpp"

#include <algorithm>
#include <cstdint>

namespace ps_sync {

std::string_view trim(std::string_view text) {
  constexpr std::string_view blank = " \t\r\n\v\f";
  const std::size_t first = text.find_first_not_of(blank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t at = text.find(separator);
    parts.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    lines.emplace_back(line);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += separator;
    out += parts[i];
  }
  return out;
}

std::string to_lower_ascii(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

namespace {

/// The length of the valid UTF-8 sequence at the front and its code point; length 0 where there is none.
struct Decoded {
  std::size_t length = 0;
  std::uint32_t code_point = 0;
};

Decoded decode_utf8(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
  const std::uint8_t lead = at(0);
  if (lead < 0x80) return {1, lead};
  std::size_t length = 0;
  std::uint32_t value = 0;
  std::uint32_t smallest = 0;
  if ((lead & 0xE0) == 0xC0) {
    length = 2, value = lead & 0x1F, smallest = 0x80;
  } else if ((lead & 0xF0) == 0xE0) {
    length = 3, value = lead & 0x0F, smallest = 0x800;
  } else if ((lead & 0xF8) == 0xF0) {
    length = 4, value = lead & 0x07, smallest = 0x10000;
  } else {
    return {};
  }
  if (bytes.size() < length) return {};
  for (std::size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xC0) != 0x80) return {};
    value = (value << 6) | (at(i) & 0x3F);
  }
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < smallest || value > 0x10FFFF || surrogate) return {};
  return {length, value};
}

bool reorders_text(std::uint32_t code_point) {
  return (code_point >= 0x202A && code_point <= 0x202E) || (code_point >= 0x2066 && code_point <= 0x2069);
}

constexpr char hex_digits[] = "0123456789ABCDEF";

void append_hex_escape(std::string& out, char byte) {
  const auto value = static_cast<std::uint8_t>(byte);
  out += "\\x";
  out += hex_digits[value >> 4];
  out += hex_digits[value & 15];
}

}  // namespace

bool is_valid_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t length = decode_utf8(bytes).length;
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::string escape_for_display(std::string_view bytes) {
  std::string out;
  while (!bytes.empty()) {
    const Decoded decoded = decode_utf8(bytes);
    const std::size_t length = std::max<std::size_t>(decoded.length, 1);
    const bool control = decoded.code_point < 0x20 || (decoded.code_point >= 0x7F && decoded.code_point < 0xA0);
    if (bytes[0] == '\n') {
      out += "\\n";
    } else if (bytes[0] == '\t') {
      out += "\\t";
    } else if (decoded.length == 0 || control || reorders_text(decoded.code_point)) {
      for (std::size_t i = 0; i < length; ++i) append_hex_escape(out, bytes[i]);
    } else {
      out += bytes.substr(0, length);
    }
    bytes.remove_prefix(length);
  }
  return out;
}

namespace {

// The escapes of C that git's quote.c uses, in the order of the codes 7 to 13.
constexpr std::string_view letter_escapes = "abtnvfr";

}  // namespace

std::string quote_path(std::string_view path) {
  std::string out;
  bool quoted = false;
  for (char c : path) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (byte >= 7 && byte <= 13) {
      out += '\\';
      out += letter_escapes[byte - 7];
      quoted = true;
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
      quoted = true;
    } else if (byte < 0x20 || byte >= 0x7F) {
      out += '\\';
      out += static_cast<char>('0' + (byte >> 6));
      out += static_cast<char>('0' + ((byte >> 3) & 7));
      out += static_cast<char>('0' + (byte & 7));
      quoted = true;
    } else {
      out += c;
    }
  }
  return quoted ? concat("\"", out, "\"") : out;
}

std::optional<std::string> unquote_path(std::string_view quoted) {
  if (quoted.empty() || quoted.front() != '"') return std::string(quoted);
  if (quoted.size() < 2 || quoted.back() != '"') return std::nullopt;
  quoted = quoted.substr(1, quoted.size() - 2);
  std::string out;
  for (std::size_t i = 0; i < quoted.size(); ++i) {
    if (quoted[i] == '"') return std::nullopt;
    if (quoted[i] != '\\') {
      out += quoted[i];
      continue;
    }
    if (++i == quoted.size()) return std::nullopt;
    const char c = quoted[i];
    if (c == '"' || c == '\\') {
      out += c;
    } else if (const std::size_t letter = letter_escapes.find(c); letter != std::string_view::npos) {
      out += static_cast<char>(7 + letter);
    } else {
      if (i + 2 >= quoted.size()) return std::nullopt;
      int value = 0;
      for (std::size_t k = 0; k < 3; ++k) {
        const char digit = quoted[i + k];
        if (digit < '0' || digit > '7') return std::nullopt;
        value = value * 8 + (digit - '0');
      }
      if (value > 255) return std::nullopt;
      out += static_cast<char>(value);
      i += 2;
    }
  }
  return out;
}

std::string percent_encode(std::string_view bytes) {
  std::string out;
  for (char c : bytes) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~/").find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      const auto value = static_cast<std::uint8_t>(c);
      out += '%';
      out += hex_digits[value >> 4];
      out += hex_digits[value & 15];
    }
  }
  return out;
}

std::string redact_url(std::string_view url) {
  const std::size_t scheme = url.find("://");
  std::string head;
  std::string_view rest = url;
  if (scheme != std::string_view::npos) {
    head = url.substr(0, scheme + 3);
    rest = url.substr(scheme + 3);
  } else if (url.find(':') == std::string_view::npos || url.find('/') < url.find(':')) {
    return std::string(url);  // a path
  }
  const std::size_t authority_end = scheme != std::string_view::npos ? rest.find('/') : rest.find(':');
  const std::size_t at = rest.substr(0, authority_end).rfind('@');
  if (at != std::string_view::npos) rest.remove_prefix(at + 1);
  return concat(head, rest.substr(0, rest.find('?')));
}

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates) {
  std::optional<std::string> best;
  std::size_t best_distance = word.size() / 2 + 1;
  for (const std::string& candidate : candidates) {
    std::vector<std::size_t> row(candidate.size() + 1);
    for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= word.size(); ++i) {
      std::size_t diagonal = row[0];
      row[0] = i;
      for (std::size_t j = 1; j < row.size(); ++j) {
        const std::size_t above = row[j];
        const std::size_t cost = word[i - 1] == candidate[j - 1] ? 0 : 1;
        row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + cost});
        diagonal = above;
      }
    }
    if (row.back() < best_distance) {
      best_distance = row.back();
      best = candidate;
    }
  }
  return best;
}

}  // namespace ps_sync
