// Small functions over text. All of them treat a std::string as bytes unless they say otherwise.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ps_sync {

/// Joins its parts; numbers go through std::to_string first.
template <class... Parts>
std::string concat(const Parts&... parts) {
  std::string out;
  out.reserve((std::string_view(parts).size() + ... + 0));
  (out.append(std::string_view(parts)), ...);
  return out;
}

std::string_view trim(std::string_view text);
/// Splits at each `separator`; "a,,b" gives three parts, "" gives one empty part.
std::vector<std::string> split(std::string_view text, char separator);
/// Lines without their ends; a last line need not end in a newline; CRLF ends count as one.
std::vector<std::string> lines_of(std::string_view text);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string to_lower_ascii(std::string_view text);

bool is_valid_utf8(std::string_view bytes);

/// For terminals and logs: control characters, escape sequences and bytes that are not UTF-8 become \xNN (newline
/// becomes \n, tab \t). Also escapes the Unicode characters that reorder text (U+202A-202E, U+2066-2069).
std::string escape_for_display(std::string_view bytes);

/// As git quotes a path in `git diff`: plain where it can be, else "…" with C escapes and octal bytes.
std::string quote_path(std::string_view path);
/// The reverse of quote_path; absent where the quoting is broken.
std::optional<std::string> unquote_path(std::string_view quoted);

/// RFC 3986 percent-encoding of every byte but unreserved ones and '/'.
std::string percent_encode(std::string_view bytes);

/// A URL without user name, password and query: what may be shown and logged.
std::string redact_url(std::string_view url);

/// The candidate nearest to `word` by edit distance, if one is near enough to be meant.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates);

using Timestamp = std::chrono::sys_seconds;
/// 2026-11-23T10:45:00Z
std::string format_utc(Timestamp time);
/// Reads what format_utc writes, also with an offset or fractions of a second; absent for anything else.
std::optional<Timestamp> parse_utc(std::string_view text);

/// "just now", "3 min ago", "2 days ago"
std::string ago(Timestamp then, Timestamp now);

}  // namespace ps_sync
