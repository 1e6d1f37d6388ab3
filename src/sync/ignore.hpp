// Exclude patterns: the rules of a .gitignore at the repository's top, as git reads them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sync/glob.hpp"

namespace ps_sync::sync {

/// Pure and quick: a scan asks once for every file. Letter case counts on every system, so that two endpoints never
/// disagree on what the sync set is.
class IgnoreRules {
 public:
  /// One line of a .gitignore each; comments and empty ones are passed over. Throws Error{config} for a pattern longer
  /// than any path.
  explicit IgnoreRules(const std::vector<std::string>& lines);

  enum class Verdict { none, excluded, included };
  /// What the last pattern that matches says of this one path, whatever the folders above it are.
  Verdict verdict_of(std::string_view path, bool is_directory) const;

  /// True if the path or any folder above it is excluded: what is in an excluded folder cannot be included again.
  bool excludes(std::string_view path, bool is_directory) const;

  /// The patterns in force, without comments and the blanks git drops: rules with the same patterns are the same rules.
  const std::vector<std::string>& patterns() const { return texts_; }

 private:
  enum class Kind { whole, suffix, glob, nothing };
  struct Pattern {
    bool negated = false;
    bool directory_only = false;
    bool name_only = false;  // has no '/': looks at a path's last component, at any depth
    Kind kind = Kind::nothing;
    std::string literal;           // all of it, what follows the `*`, or what stands before the glob
    std::optional<Glob> wildcard;  // for Kind::glob

    bool matches(std::string_view path, std::string_view name) const;
  };
  static Pattern compile(std::string_view text);

  std::vector<Pattern> patterns_;
  std::vector<std::string> texts_;
};

}  // namespace ps_sync::sync
