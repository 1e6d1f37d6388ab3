#include "config/values.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include "ps_sync/base/endpoint.hpp"
#include "ps_sync/base/text.hpp"

namespace ps_sync::config {
namespace {

constexpr std::string_view digits = "0123456789";
constexpr std::string_view name_characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

[[noreturn]] void wrong(std::string_view expected, std::string_view found, std::string_view why = {}) {
  throw BadValue(concat("expected ", expected, ", found ", found.empty() ? "nothing" : shown(found),
                        why.empty() ? "" : ": ", why));
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; });
}

bool has_only(std::string_view text, std::string_view characters) {
  return text.find_first_not_of(characters) == std::string_view::npos;
}

/// What no text setting may hold, whatever else it is.
void require_text(std::string_view expected, std::string_view text) {
  if (text.empty()) wrong(expected, text);
  if (has_control(text)) wrong(expected, text, "it holds a control character");
  if (!is_valid_utf8(text)) wrong(expected, text, "it is not UTF-8");
}

/// The number in `text` (digits only), unless it is larger than `largest`.
std::optional<std::uint64_t> read_number(std::string_view text, std::uint64_t largest) {
  std::uint64_t value = 0;
  for (char c : text) {
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (largest - digit) / 10 || digit > largest) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

/// The number and its unit, multiplied; nullopt means over `largest`. Zero is refused.
template <std::size_t N>
std::optional<std::uint64_t> read_measure(std::string_view expected, std::string_view text, const Unit (&units)[N],
                                          std::uint64_t largest) {
  const std::size_t end = std::min(text.find_first_not_of(digits), text.size());
  const std::string name = to_lower_ascii(text.substr(end));
  if (end == 0) wrong(expected, text);
  const auto unit =
      std::find_if(std::begin(units), std::end(units), [&](const Unit& u) { return to_lower_ascii(u.name) == name; });
  if (unit == std::end(units)) wrong(expected, text, name.empty() ? "the unit is missing" : "the unit is not known");
  const std::optional<std::uint64_t> number = read_number(text.substr(0, end), largest / unit->factor);
  if (number && *number == 0) wrong(expected, text, "it must be more than 0");
  if (!number) return std::nullopt;
  return *number * unit->factor;
}

/// The largest unit (they come smallest first) that gives a whole number.
template <std::size_t N>
std::string format_measure(std::uint64_t amount, const Unit (&units)[N]) {
  const auto unit = std::find_if(std::rbegin(units), std::rend(units),
                                 [&](const Unit& u) { return !u.name.empty() && amount % u.factor == 0; });
  return concat(std::to_string(amount / unit->factor), unit->name);
}

constexpr Unit duration_units[] = {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}};
constexpr Unit size_units[] = {{"", 1},
                               {"B", 1},
                               {"kB", 1000},
                               {"KiB", 1024},
                               {"MB", 1'000'000},
                               {"MiB", 1024 * 1024},
                               {"GB", 1'000'000'000},
                               {"GiB", 1024 * 1024 * 1024}};

}  // namespace

std::string shown(std::string_view text) {
  constexpr std::size_t longest = 80;
  return concat("`", escape_for_display(text.substr(0, longest)), text.size() > longest ? "…`" : "`");
}

std::chrono::milliseconds parse_duration(std::string_view text) {
  constexpr std::string_view expected = "a duration such as 15s, 300ms, 2m or 1h";
  constexpr std::uint64_t day = 24 * 3'600'000;
  const std::optional<std::uint64_t> value = read_measure(expected, text, duration_units, day);
  if (!value) wrong(expected, text, "it is more than 24h");
  return std::chrono::milliseconds(*value);
}

std::string format_duration(std::chrono::milliseconds duration) {
  return format_measure(static_cast<std::uint64_t>(duration.count()), duration_units);
}

std::uint64_t parse_size(std::string_view text) {
  constexpr std::string_view expected = "a size such as 50MB, 500kB or 1GiB";
  // Signed 64 bits are what file offsets have.
  const auto largest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const std::optional<std::uint64_t> value = read_measure(expected, text, size_units, largest);
  if (!value) wrong(expected, text, "it is too large");
  return *value;
}

std::string format_size(std::uint64_t bytes) { return format_measure(bytes, size_units); }

std::int64_t parse_whole(std::string_view text, std::int64_t smallest, std::int64_t largest) {
  const bool bounded = largest != std::numeric_limits<std::int64_t>::max();
  const std::string expected = concat("a whole number ", bounded ? "from " : "of at least ", std::to_string(smallest),
                                      bounded ? concat(" to ", std::to_string(largest)) : "");
  if (text.empty() || !has_only(text, digits)) wrong(expected, text);
  const std::optional<std::uint64_t> value = read_number(text, static_cast<std::uint64_t>(largest));
  if (!value || *value < static_cast<std::uint64_t>(smallest)) wrong(expected, text);
  return static_cast<std::int64_t>(*value);
}

// A remote may hold a password, so its value is never shown.
std::string parse_remote(std::string_view text) {
  constexpr std::string_view expected = "a remote's name or a URL";
  if (text.empty()) wrong(expected, text);
  if (text.front() == '-') throw BadValue(concat("expected ", expected, ", found one that begins with `-`"));
  if (has_control(text) || !is_valid_utf8(text))
    throw BadValue(concat("expected ", expected, ", found one with a control character or bytes that are not UTF-8"));
  if (trim(text) != text) throw BadValue(concat("expected ", expected, ", found one with blanks around it"));
  return std::string(text);
}

// The rules of git-check-ref-format(1), for a prefix to which `/<session>` is added.
std::string parse_branch(std::string_view text) {
  constexpr std::string_view expected = "a branch name such as promptsync, or a ref such as refs/promptsync";
  require_text(expected, text);
  if (text.front() == '-') wrong(expected, text, "it begins with `-`");
  if (text.find_first_of(" ~^:?*[\\") != std::string_view::npos || text.find("..") != std::string_view::npos ||
      text.find("@{") != std::string_view::npos || text == "@")
    wrong(expected, text, "git allows no such ref");
  const std::vector<std::string> components = split(text, '/');
  for (const std::string& component : components) {
    const bool is_lock = component.size() >= 5 && component.ends_with(".lock");
    if (component.empty() || component.front() == '.' || component.back() == '.' || is_lock)
      wrong(expected, text, "git allows no such ref");
  }
  // `refs/heads` would make the session `main` the user's own branch `main`.
  if (components[0] == "refs") {
    const bool is_shared = components.size() > 1 && (components[1] == "heads" || components[1] == "tags" ||
                                                     components[1] == "remotes" || components[1] == "notes");
    if (components.size() < (is_shared ? 3U : 2U)) wrong(expected, text, "git keeps other things right below it");
  }
  return std::string(text);
}

std::string parse_repo_path(std::string_view text) {
  constexpr std::string_view expected = "a path from the repository's top such as docs/plans/";
  require_text(expected, text);
  if (text.front() == '/' || text.starts_with("~/")) wrong(expected, text, "it does not begin at the repository's top");
  if (text.find_first_of("*?[]") != std::string_view::npos) wrong(expected, text, "patterns belong in exclude");
  if (text.find('\\') != std::string_view::npos) wrong(expected, text, "its separator is /");
  std::string_view folders = text;
  if (folders.back() == '/') folders.remove_suffix(1);
  for (const std::string& component : split(folders, '/')) {
    if (component == "..") wrong(expected, text, "it leads out of the repository");
    if (component.empty() || component == ".") wrong(expected, text, "it has an empty or a `.` component");
  }
  return std::string(text);
}

std::string parse_pattern(std::string_view text) {
  require_text("a gitignore pattern such as *.tmp", text);
  return std::string(text);
}

std::string parse_provider(std::string_view text) {
  if (text != "git" && text != "none" && text != "github") wrong("git, none or github", text);
  return std::string(text);
}

std::string parse_ticket_repo(std::string_view text) {
  constexpr std::string_view expected = "OWNER/REPO";
  const std::vector<std::string> parts = split(text, '/');
  if (parts.size() != 2) wrong(expected, text);
  for (const std::string& part : parts) {
    const bool is_dots = part == "." || part == "..";
    if (part.empty() || is_dots || part.front() == '-' || !has_only(part, name_characters)) wrong(expected, text);
  }
  return std::string(text);
}

std::string parse_project(std::string_view text) {
  const bool fits = text.starts_with("PVT_") && text.size() > 4 && has_only(text, name_characters);
  if (!fits) wrong("a project's id, PVT_…", text);
  return std::string(text);
}

namespace {

bool is_loopback(std::string_view host) {
  if (host == "localhost" || host == "[::1]") return true;
  const std::vector<std::string> parts = split(host, '.');
  return parts.size() == 4 && parts[0] == "127" && std::all_of(parts.begin(), parts.end(), [](const std::string& part) {
           return !part.empty() && has_only(part, digits) && read_number(part, 255).has_value();
         });
}

}  // namespace

std::string parse_api(std::string_view text) {
  constexpr std::string_view expected = "a base URL such as https://github.example.com/api/v3";
  constexpr std::string_view path_characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-~%/";
  // Not shown: it may hold a password.
  const auto refuse = [&](std::string_view why) { throw BadValue(concat("expected ", expected, ": ", why)); };
  const bool plain = text.starts_with("http://");
  if (!plain && !text.starts_with("https://")) refuse("it must begin with https://");
  const std::string_view rest = text.substr(plain ? 7 : 8);
  const std::string_view authority = rest.substr(0, rest.find('/'));
  if (authority.find('@') != std::string_view::npos) refuse("a user name or password does not belong in it");
  // The colon of a port, not one inside [::1].
  const std::size_t bracket = authority.starts_with('[') ? std::min(authority.find(']'), authority.size() - 1) : 0;
  const std::size_t colon = std::min(authority.find(':', bracket), authority.size());
  const std::string host = to_lower_ascii(authority.substr(0, colon));
  const bool is_host = !host.empty() && (host == "[::1]" || has_only(host, name_characters)) && host.front() != '-';
  if (!is_host) refuse("its host cannot be read");
  if (colon < authority.size()) {
    const std::string_view port = authority.substr(colon + 1);
    if (port.empty() || !has_only(port, digits) || read_number(port, 65535).value_or(0) == 0)
      refuse("its port cannot be read");
  }
  if (plain && !is_loopback(host)) refuse("http:// is for a server on this machine alone");
  if (!has_only(rest.substr(authority.size()), path_characters)) refuse("its path holds a character it may not");
  std::string canonical(text);
  while (canonical.back() == '/') canonical.pop_back();
  return canonical;
}

std::string parse_label(std::string_view text) {
  constexpr std::string_view expected = "a label such as Code";
  constexpr std::size_t longest = 100;
  require_text(expected, text);
  if (trim(text) != text) wrong(expected, text, "it has blanks around it");
  if (text.size() > longest) wrong(expected, text, "it is longer than 100 bytes");
  return std::string(text);
}

std::string parse_name(std::string_view text) {
  if (!is_endpoint_name(text)) {
    wrong("a name of a-z, 0-9 and -, at most 39 characters, that begins with a letter or digit", text);
  }
  return std::string(text);
}

std::vector<std::string> split_list(std::string_view text, std::string_view separators) {
  std::vector<std::string> entries;
  for (;;) {
    const std::size_t end = text.find_first_of(separators);
    const std::string_view entry = trim(text.substr(0, end));
    if (!entry.empty()) entries.emplace_back(entry);
    if (end == std::string_view::npos) return entries;
    text.remove_prefix(end + 1);
  }
}

}  // namespace ps_sync::config
