// One wildcard pattern, matched in time proportional to the text whatever the pattern is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ps_sync::sync {

/// A compiled pattern with git's wildcards: `*` and `?` stop at '/', `[…]` never matches '/', a folder's `**` crosses
/// it. Works on bytes: `?` is one byte of a UTF-8 letter, as it is for git.
class Glob {
 public:
  static constexpr std::size_t max_pattern_bytes = 4096;

  /// Absent where the pattern can match nothing: a bracket left open, a class with an unknown name, a last backslash.
  /// The pattern has at most max_pattern_bytes.
  static std::optional<Glob> compile(std::string_view pattern);

  /// True if the pattern matches all of `text`.
  bool matches(std::string_view text) const;

 private:
  Glob() = default;

  std::size_t words_ = 0;                // 64-bit words in a set of states
  std::size_t steps_ = 0;                // the state that stands for the whole pattern
  std::vector<std::uint64_t> accepts_;   // for each byte value, the steps that it takes one further
  std::vector<std::uint64_t> stars_;     // steps that also stay for any byte but '/'
  std::vector<std::uint64_t> crossing_;  // steps that also stay for '/'
  std::vector<std::uint64_t> folders_;   // steps before a `**/`, which may be left out
  std::optional<char> last_byte_;        // what a text must end in, where the pattern ends in a plain byte
};

}  // namespace ps_sync::sync
