// Git's objects as values, and their exact bytes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ps_sync/base/oid.hpp"
#include "ps_sync/base/text.hpp"

namespace ps_sync::git {

enum class ObjectType : std::uint8_t { commit = 1, tree = 2, blob = 3, tag = 4 };  // the numbers of the pack format

constexpr std::uint32_t mode_tree = 040000;
constexpr std::uint32_t mode_file = 0100644;
constexpr std::uint32_t mode_executable = 0100755;

/// One entry as it stands in the tree: names and modes from a remote are not checked here.
struct TreeEntry {
  std::uint32_t mode = 0;
  std::string name;
  Oid oid;
  bool operator==(const TreeEntry&) const = default;
};

struct Signature {
  std::string name;
  std::string email;
  Timestamp time{};
  int offset_minutes = 0;
};

struct Commit {
  Oid oid;
  Oid tree;
  std::vector<Oid> parents;
  Signature author;
  Signature committer;
  std::string message;

  /// The first line.
  std::string subject() const;
  /// The value of the last trailer with this name; absent where there is none.
  std::optional<std::string> find_trailer(std::string_view name) const;
  /// All values of a trailer, in order.
  std::vector<std::string> trailers(std::string_view name) const;
};

/// Reads a tree's bytes. Throws Error{failed} where they are cut off; anything else that is odd comes as it is.
std::vector<TreeEntry> parse_tree(std::string_view bytes);
/// Writes a tree; entries are put in git's order first.
std::string serialize_tree(std::vector<TreeEntry> entries);
Commit parse_commit(const Oid& oid, std::string_view bytes);
std::string serialize_commit(const Commit& commit);

/// The tree without entries.
Oid empty_tree();

/// git's order of two entries of one tree: folders compare as if their names ended in '/'.
bool comes_before(const TreeEntry& left, const TreeEntry& right);

}  // namespace ps_sync::git
