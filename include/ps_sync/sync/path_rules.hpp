// Which paths may be sent and applied: the safety rules as pure functions over bytes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ps_sync::sync {

/// True for one path component that is safe on every system ps-sync writes to: not empty, `.` or `..`; no '/', NUL or
/// control character; at most 255 bytes; not `.git` in any disguise (letter case, HFS+ ignorable code points, trailing
/// dots and spaces, NTFS streams `.git::$INDEX_ALLOCATION`, short names `git~1`).
bool is_safe_component(std::string_view component);

/// True if `path` is relative, has only safe components, at most 4,096 bytes and 100 components deep.
bool is_safe_path(std::string_view path);

enum class Policy {
  allowed,
  programs,  ///< makes programs run, or is ps-sync's or git's own: never travels
  steering,  ///< steers an assistant: only where this clone's git config allows it
};
/// Looks at the path alone, letter case ignored: a path inside a forbidden folder is forbidden too.
Policy policy_of(std::string_view path);

/// The include roots of the sync set and what each path means to it.
class SyncSet {
 public:
  /// `include`: repository paths of folders (with or without a trailing '/') or files. `exclude`: gitignore patterns,
  /// relative to the repository's top. `allow`: steering paths that may travel here (a folder allows all in it).
  /// Throws Error{config} for an include that is not a safe path or is forbidden by policy, naming it.
  SyncSet(const std::vector<std::string>& include, const std::vector<std::string>& exclude,
          const std::vector<std::string>& allow = {});
  ~SyncSet();
  SyncSet(SyncSet&&) noexcept;
  SyncSet& operator=(SyncSet&&) noexcept;

  /// Roots without a trailing '/', sorted, none inside another.
  const std::vector<std::string>& roots() const;
  /// The root that `path` is equal to or inside of, if any.
  std::optional<std::string> root_of(std::string_view path) const;
  /// Inside a root and not excluded (neither itself nor a folder above it). Says nothing of policy or safety.
  bool contains(std::string_view path) const;
  /// For the walk, which has already tested the folders above: is this one file or folder excluded?
  bool is_excluded(std::string_view path, bool is_directory) const;
  /// May be applied here: safe, contained, and allowed by policy.
  bool may_travel(std::string_view path) const;
  /// A steering path that this clone allows.
  bool allows(std::string_view path) const;
  /// A fingerprint of include and exclude: equal sets of rules have equal fingerprints.
  std::string fingerprint() const;

 private:
  struct Rules;
  std::unique_ptr<Rules> rules_;
};

/// A credential-like text found in a document.
struct Secret {
  std::size_t line;  ///< from 1
  std::string kind;  ///< "GitHub token", "private key", …: never the text itself
};
/// Looks for private keys, `user:password@` URLs, and GitHub, AWS, Slack, Anthropic and OpenAI tokens. Quick for large
/// texts: one pass, no backtracking. Binary content (a NUL byte in the first 8,000) is searched as well.
std::optional<Secret> find_secret(std::string_view content);

}  // namespace ps_sync::sync
