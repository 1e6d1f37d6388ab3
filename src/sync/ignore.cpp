#include "sync/ignore.hpp"

#include "ps_sync/base/error.hpp"
#include "ps_sync/base/text.hpp"

namespace ps_sync::sync {

namespace {

constexpr std::string_view wildcards = "*?[\\";

/// The line without the spaces at its end that no backslash protects, and without the CR of a CRLF.
std::string_view trim_end(std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool escape = line[i] == '\\';
    if (escape) ++i;
    if (escape || line[i] != ' ') kept = i + 1;
  }
  return line.substr(0, kept);
}

}  // namespace

IgnoreRules::IgnoreRules(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    if (!line.empty() && line.front() == '#') continue;
    const std::string_view text = trim_end(line);
    if (text.empty()) continue;
    if (text.size() > Glob::max_pattern_bytes) {
      throw Error(ErrorKind::config, concat("cannot exclude ", escape_for_display(text.substr(0, 40)), "…"))
          .because("the pattern is longer than 4,096 bytes, which no path is");
    }
    patterns_.push_back(compile(text));
    texts_.emplace_back(text);
  }
}

IgnoreRules::Pattern IgnoreRules::compile(std::string_view text) {
  Pattern pattern;
  if (text.front() == '!') {
    pattern.negated = true;
    text.remove_prefix(1);
  }
  if (!text.empty() && text.back() == '/') {
    pattern.directory_only = true;
    text.remove_suffix(1);
  }
  pattern.name_only = text.find('/') == std::string_view::npos;
  if (!text.empty() && text.front() == '/') text.remove_prefix(1);

  const std::size_t special = text.find_first_of(wildcards);
  if (special == std::string_view::npos) {
    pattern.kind = Kind::whole;
    pattern.literal = text;
  } else if (pattern.name_only && text.front() == '*' && text.find_first_of(wildcards, 1) == std::string_view::npos) {
    pattern.kind = Kind::suffix;
    pattern.literal = text.substr(1);
  } else if (std::optional<Glob> glob = Glob::compile(text.substr(special))) {
    // The plain bytes in front are compared first and are no part of the glob, in git too: so `a**/b` means there what
    // `**/b` means behind an `a`, though the manual has it otherwise.
    pattern.kind = Kind::glob;
    pattern.literal = text.substr(0, special);
    pattern.wildcard = std::move(glob);
  }
  return pattern;
}

bool IgnoreRules::Pattern::matches(std::string_view path, std::string_view name) const {
  const std::string_view subject = name_only ? name : path;
  switch (kind) {
    case Kind::whole:
      return subject == literal;
    case Kind::suffix:
      return subject.ends_with(literal);
    case Kind::glob:
      return subject.starts_with(literal) && wildcard->matches(subject.substr(literal.size()));
    case Kind::nothing:
      break;
  }
  return false;
}

IgnoreRules::Verdict IgnoreRules::verdict_of(std::string_view path, bool is_directory) const {
  const std::string_view name = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
  for (auto pattern = patterns_.rbegin(); pattern != patterns_.rend(); ++pattern) {
    if (pattern->directory_only && !is_directory) continue;
    if (pattern->matches(path, name)) return pattern->negated ? Verdict::included : Verdict::excluded;
  }
  return Verdict::none;
}

bool IgnoreRules::excludes(std::string_view path, bool is_directory) const {
  if (patterns_.empty()) return false;
  for (std::size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1)) {
    if (verdict_of(path.substr(0, slash), true) == Verdict::excluded) return true;
  }
  return verdict_of(path, is_directory) == Verdict::excluded;
}

}  // namespace ps_sync::sync
