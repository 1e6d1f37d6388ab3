// A name can be `.git` without being spelled so: file systems ignore letter case, HFS+ leaves out invisible code
// points, NTFS drops dots and spaces at the end, reads `name:stream`, takes '\' for '/', and gives long names short
// ones (`GIT~1`). So names are folded to what the most forgiving file system makes of them, and compared then. A name
// refused here that would have done no harm on this machine is the price, and nobody calls a plan `git~1`.
#include "ps_sync/sync/path_rules.hpp"

#include <algorithm>
#include <cstdint>

#include "ps_sync/base/text.hpp"

namespace ps_sync::sync {

namespace {

constexpr std::size_t max_component_bytes = 255;
constexpr std::size_t max_path_bytes = 4096;
constexpr std::size_t max_components = 100;

/// Calls `each` for every component until it answers false; true if it never did.
template <class Each>
bool every_component(std::string_view path, Each each) {
  for (;;) {
    const std::size_t slash = path.find('/');
    if (!each(path.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

/// The length of an invisible code point at the front that HFS+ leaves out when it compares names, else 0:
/// U+200C-200F, U+202A-202E, U+206A-206F, U+FEFF.
std::size_t ignorable_length(std::string_view text) {
  if (text.size() < 3) return 0;
  const auto last = static_cast<std::uint8_t>(text[2]);
  const std::string_view lead = text.substr(0, 2);
  const bool ignorable = (lead == "\xE2\x80" && ((last >= 0x8C && last <= 0x8F) || (last >= 0xAA && last <= 0xAE))) ||
                         (lead == "\xE2\x81" && last >= 0xAA && last <= 0xAF) || (lead == "\xEF\xBB" && last == 0xBF);
  return ignorable ? 3 : 0;
}

/// Drops what NTFS does not see at the end of the component that begins at `start`.
void trim_component(std::string& folded, std::size_t start) {
  while (folded.size() > start && (folded.back() == '.' || folded.back() == ' ')) folded.pop_back();
}

/// The path as the most forgiving file system reads it.
std::string fold_path(std::string_view path) {
  std::string folded;
  folded.reserve(path.size());
  std::size_t start = 0;
  bool in_stream = false;  // behind the ':' of a component
  for (std::size_t i = 0; i < path.size();) {
    const char c = path[i];
    const std::string_view rest = path.substr(i);
    std::size_t length = 1;
    if (c == '/' || c == '\\') {
      trim_component(folded, start);
      folded += '/';
      start = folded.size();
      in_stream = false;
    } else if (in_stream || c == ':') {
      in_stream = true;
    } else if (static_cast<std::uint8_t>(c) < 0x80) {
      folded += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    } else if (const std::size_t ignorable = ignorable_length(rest)) {
      length = ignorable;
    } else if (rest.starts_with("\xE2\x84\xAA")) {  // the Kelvin sign is a k
      folded += 'k';
      length = 3;
    } else if (rest.starts_with("\xC5\xBF")) {  // the long s is an s
      folded += 's';
      length = 2;
    } else {
      folded += c;
    }
    i += length;
  }
  trim_component(folded, start);
  return folded;
}

bool is_hex_digit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

/// The parts of an NTFS short name: `stem~number.extension`.
struct ShortName {
  std::string_view stem, number, extension;
};

std::optional<ShortName> parse_short_name(std::string_view folded) {
  const std::size_t tilde = folded.find('~');
  if (tilde == std::string_view::npos || tilde == 0) return std::nullopt;
  const std::size_t dot = std::min(folded.find('.', tilde), folded.size());
  const std::string_view number = folded.substr(tilde + 1, dot - tilde - 1);
  if (number.empty() || number.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  return ShortName{folded.substr(0, tilde), number, folded.substr(std::min(dot + 1, folded.size()))};
}

/// True if NTFS can have given `long_name` (folded) the name `folded`: the first letters of it without dots (or two of
/// them and a hash of four hex digits), a tilde, a number, and three letters of the extension.
bool is_short_for(const ShortName& folded, std::string_view long_name) {
  const std::size_t dot = long_name.rfind('.');
  const bool has_extension = dot != std::string_view::npos && dot > 0;
  const std::string_view extension = has_extension ? long_name.substr(dot + 1, 3) : std::string_view();
  if (folded.extension != extension || folded.number.size() > 6) return false;
  std::string base;
  for (const char c : long_name.substr(0, has_extension ? dot : long_name.size())) {
    if (c != '.') base += c;
  }
  const std::size_t room = 7 - folded.number.size();
  if (folded.stem == std::string_view(base).substr(0, room)) return true;
  const bool hashed = folded.stem.size() == std::min<std::size_t>(6, room) && folded.stem.size() > 2;
  return hashed && folded.stem.substr(0, 2) == std::string_view(base).substr(0, 2) &&
         std::all_of(folded.stem.begin() + 2, folded.stem.end(), is_hex_digit);
}

/// One component, folded and looked at once for all the names it is compared with.
class Name {
 public:
  explicit Name(std::string_view folded) : folded_(folded), short_(parse_short_name(folded)) {}

  bool is(std::string_view wanted) const { return folded_ == wanted || (short_ && is_short_for(*short_, wanted)); }
  template <std::size_t Size>
  bool is_any_of(const std::string_view (&wanted)[Size]) const {
    return std::any_of(std::begin(wanted), std::end(wanted), [&](std::string_view name) { return is(name); });
  }
  bool is_dot_git() const {
    return folded_ == ".git" || (short_ && short_->stem == "git" && short_->extension.empty());
  }
  /// Begins with a dot, or stands for a name that may.
  bool is_hidden() const { return short_.has_value() || folded_.starts_with('.'); }
  bool is_claude_settings() const { return folded_.starts_with("settings") && folded_.ends_with(".json"); }

 private:
  std::string_view folded_;
  std::optional<ShortName> short_;
};

bool makes_programs_run(const Name& name, bool in_claude_folder) {
  constexpr std::string_view anywhere[] = {".gitattributes", ".gitmodules", ".envrc", ".mcp.json",
                                           ".vscode",        ".github",     ".husky"};
  constexpr std::string_view claude[] = {"sync", "hooks", "settings.json"};
  if (name.is_dot_git() || (name.is_hidden() && name.is_any_of(anywhere))) return true;
  return in_claude_folder && (name.is_any_of(claude) || name.is_claude_settings());
}

bool steers_an_assistant(const Name& name, bool in_claude_folder) {
  constexpr std::string_view anywhere[] = {"claude.md", "claude.local.md", "agents.md"};
  constexpr std::string_view claude[] = {"commands", "agents", "skills"};
  return name.is_any_of(anywhere) || (in_claude_folder && name.is_any_of(claude));
}

/// C0, DEL, and the C1 controls as UTF-8 has them.
bool has_control_character(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(text[i]);
    if (byte < 0x20 || byte == 0x7F) return true;
    if (byte != 0xC2 || i + 1 == text.size()) continue;
    const auto next = static_cast<std::uint8_t>(text[i + 1]);
    if (next >= 0x80 && next < 0xA0) return true;
  }
  return false;
}

/// Most names cannot be `.git`, and then need no folding: it begins with a '.' or a 'g', unless something invisible or
/// a '\' comes first.
bool may_be_dot_git(std::string_view component) {
  const char first = component.front();
  return first == '.' || first == 'g' || first == 'G' || static_cast<std::uint8_t>(first) >= 0x80 ||
         component.find('\\') != std::string_view::npos;
}

}  // namespace

bool is_safe_component(std::string_view component) {
  if (component.empty() || component == "." || component == "..") return false;
  if (component.size() > max_component_bytes || component.find('/') != std::string_view::npos) return false;
  if (has_control_character(component)) return false;
  if (!may_be_dot_git(component)) return true;
  // One component for us, but NTFS may see more than one.
  return every_component(fold_path(component), [](std::string_view folded) { return !Name(folded).is_dot_git(); });
}

bool is_safe_path(std::string_view path) {
  if (path.size() > max_path_bytes) return false;
  std::size_t count = 0;
  return every_component(
      path, [&](std::string_view component) { return ++count <= max_components && is_safe_component(component); });
}

Policy policy_of(std::string_view path) {
  Policy policy = Policy::allowed;
  bool in_claude_folder = false;
  every_component(fold_path(path), [&](std::string_view folded) {
    if (folded.empty()) return true;  // `a//b`, `a/./b`
    const Name name(folded);
    if (makes_programs_run(name, in_claude_folder)) policy = Policy::programs;
    if (policy == Policy::allowed && steers_an_assistant(name, in_claude_folder)) policy = Policy::steering;
    in_claude_folder = name.is(".claude");
    return policy != Policy::programs;
  });
  return policy;
}

}  // namespace ps_sync::sync
