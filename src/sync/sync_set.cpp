#include <algorithm>
#include <cstdint>

#include "ps_sync/base/error.hpp"
#include "ps_sync/base/text.hpp"
#include "ps_sync/sync/path_rules.hpp"
#include "sync/ignore.hpp"

namespace ps_sync::sync {

namespace {

/// `./docs//plans/` as the repository path `docs/plans`. What is unsafe stays, for is_safe_path to see.
std::string normalise(std::string_view path) {
  std::vector<std::string> kept;
  for (std::string& component : split(path, '/')) {
    if (!component.empty() && component != ".") kept.push_back(std::move(component));
  }
  return join(kept, "/");
}

/// The path as the rules keep it; throws for one that can never travel. `verb` names the setting: include or allow.
std::string checked_path(std::string_view verb, const std::string& path) {
  const std::string message = concat("cannot ", verb, " ", path.empty() ? "an empty path" : escape_for_display(path));
  if (!path.empty() && path.front() == '/') {
    throw Error(ErrorKind::config, message)
        .because("it is an absolute path")
        .hint("name it as seen from the repository's top, for example .claude/planning/");
  }
  std::string normal = normalise(path);
  if (normal.empty()) {
    throw Error(ErrorKind::config, message)
        .because("that is the whole repository, code and all")
        .hint("name the folders that hold documents, for example .claude/planning/");
  }
  if (!is_safe_path(normal)) {
    throw Error(ErrorKind::config, message)
        .because("a path has no .., no control character, nothing named like .git, and no component over 255 bytes")
        .hint("name a folder or file inside the repository, for example .claude/planning/");
  }
  if (policy_of(normal) == Policy::programs) {
    throw Error(ErrorKind::config, message)
        .because("it makes programs run, or belongs to git or ps-sync, and never travels")
        .hint("name folders that hold documents only; docs/sync-set.md lists what never travels");
  }
  return normal;
}

bool holds(const std::vector<std::string>& sorted, std::string_view path) {
  const auto found = std::lower_bound(sorted.begin(), sorted.end(), path);
  return found != sorted.end() && *found == path;
}

/// Whichever of the sorted `roots` is equal to `path` or a folder above it, the outermost first.
std::optional<std::string_view> find_root(const std::vector<std::string>& roots, std::string_view path) {
  for (std::size_t slash = path.find('/');; slash = path.find('/', slash + 1)) {
    const std::string_view folder = path.substr(0, slash);
    if (holds(roots, folder)) return folder;
    if (slash == std::string_view::npos) return std::nullopt;
  }
}

std::vector<std::string> checked_roots(std::string_view verb, const std::vector<std::string>& paths) {
  std::vector<std::string> all;
  all.reserve(paths.size());
  for (const std::string& path : paths) all.push_back(checked_path(verb, path));
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  std::vector<std::string> outermost;
  for (const std::string& path : all) {
    if (find_root(all, path)->size() == path.size()) outermost.push_back(path);
  }
  return outermost;
}

/// FNV-1a. Each text goes in with its length, so that ["ab"] and ["a", "b"] differ.
class Fingerprint {
 public:
  void add(std::string_view text) {
    add_bytes(concat(std::to_string(text.size()), ":"));
    add_bytes(text);
  }
  std::string hex() const {
    std::string out;
    for (int shift = 60; shift >= 0; shift -= 4) out += "0123456789abcdef"[hash_ >> shift & 15];
    return out;
  }

 private:
  void add_bytes(std::string_view bytes) {
    for (const char c : bytes) hash_ = (hash_ ^ static_cast<std::uint8_t>(c)) * 0x100000001b3;
  }

  std::uint64_t hash_ = 0xcbf29ce484222325;
};

}  // namespace

struct SyncSet::Rules {
  std::vector<std::string> roots;
  IgnoreRules exclude;
  std::vector<std::string> allowed;
};

SyncSet::SyncSet(const std::vector<std::string>& include, const std::vector<std::string>& exclude,
                 const std::vector<std::string>& allow)
    : rules_(std::make_unique<Rules>(
          Rules{checked_roots("include", include), IgnoreRules(exclude), checked_roots("allow", allow)})) {}

SyncSet::~SyncSet() = default;
SyncSet::SyncSet(SyncSet&&) noexcept = default;
SyncSet& SyncSet::operator=(SyncSet&&) noexcept = default;

const std::vector<std::string>& SyncSet::roots() const { return rules_->roots; }

std::optional<std::string> SyncSet::root_of(std::string_view path) const {
  const std::optional<std::string_view> root = find_root(rules_->roots, path);
  if (!root) return std::nullopt;
  return std::string(*root);
}

bool SyncSet::contains(std::string_view path) const {
  return find_root(rules_->roots, path).has_value() && !rules_->exclude.excludes(path, false);
}

bool SyncSet::is_excluded(std::string_view path, bool is_directory) const {
  return rules_->exclude.verdict_of(path, is_directory) == IgnoreRules::Verdict::excluded;
}

bool SyncSet::may_travel(std::string_view path) const {
  if (!is_safe_path(path) || !contains(path)) return false;
  const Policy policy = policy_of(path);
  return policy == Policy::allowed || (policy == Policy::steering && find_root(rules_->allowed, path).has_value());
}

bool SyncSet::allows(std::string_view path) const {
  return find_root(rules_->allowed, path).has_value() && policy_of(path) == Policy::steering;
}

std::string SyncSet::fingerprint() const {
  Fingerprint fingerprint;
  fingerprint.add(std::to_string(rules_->roots.size()));
  for (const std::string& root : rules_->roots) fingerprint.add(root);
  for (const std::string& pattern : rules_->exclude.patterns()) fingerprint.add(pattern);
  return fingerprint.hex();
}

}  // namespace ps_sync::sync
