#include "ps_sync/git/objects.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "ps_sync/base/error.hpp"
#include "ps_sync/git/store.hpp"

namespace ps_sync::git {
namespace {

[[noreturn]] void throw_malformed(std::string_view what) {
  throw Error(ErrorKind::failed, concat("cannot read a ", what)).because("its bytes are malformed");
}

std::string signature_line(const Signature& signature) {
  const int offset = std::abs(signature.offset_minutes);
  char zone[16];
  std::snprintf(zone, sizeof zone, "%c%02d%02d", signature.offset_minutes < 0 ? '-' : '+', offset / 60, offset % 60);
  return concat(signature.name, " <", signature.email, "> ", std::to_string(signature.time.time_since_epoch().count()),
                " ", zone);
}

Signature parse_signature(std::string_view line) {
  Signature signature;
  const std::size_t open = line.find('<');
  const std::size_t close = line.rfind('>');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return signature;
  signature.name = trim(line.substr(0, open));
  signature.email = line.substr(open + 1, close - open - 1);
  const std::vector<std::string> rest = split(trim(line.substr(close + 1)), ' ');
  std::int64_t seconds = 0;
  std::from_chars(rest[0].data(), rest[0].data() + rest[0].size(), seconds);
  signature.time = Timestamp(std::chrono::seconds(seconds));
  if (rest.size() > 1 && rest[1].size() == 5) {
    int zone = 0;
    std::from_chars(rest[1].data() + 1, rest[1].data() + 5, zone);
    signature.offset_minutes = (zone / 100 * 60 + zone % 100) * (rest[1][0] == '-' ? -1 : 1);
  }
  return signature;
}

/// The trailers are the last paragraph, if each of its lines looks like one.
std::vector<std::pair<std::string, std::string>> trailers_of(const std::string& message) {
  std::string_view text = message;
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  const std::size_t start = text.rfind("\n\n");
  if (start == std::string_view::npos) return {};
  std::vector<std::pair<std::string, std::string>> found;
  for (const std::string& line : lines_of(text.substr(start + 2))) {
    const std::size_t colon = line.find(": ");
    if (colon == std::string::npos || colon == 0 || line.find(' ') < colon) return {};
    found.emplace_back(line.substr(0, colon), line.substr(colon + 2));
  }
  return found;
}

}  // namespace

std::string Commit::subject() const { return message.substr(0, message.find('\n')); }

std::optional<std::string> Commit::find_trailer(std::string_view name) const {
  const std::vector<std::string> values = trailers(name);
  if (values.empty()) return std::nullopt;
  return values.back();
}

std::vector<std::string> Commit::trailers(std::string_view name) const {
  std::vector<std::string> values;
  for (auto& [key, value] : trailers_of(message)) {
    if (key == name) values.push_back(std::move(value));
  }
  return values;
}

std::vector<TreeEntry> parse_tree(std::string_view bytes) {
  std::vector<TreeEntry> entries;
  while (!bytes.empty()) {
    TreeEntry entry;
    std::size_t at = 0;
    while (at < bytes.size() && bytes[at] >= '0' && bytes[at] <= '7' && at < 8) {
      entry.mode = entry.mode * 8 + static_cast<std::uint32_t>(bytes[at++] - '0');
    }
    const std::size_t end = bytes.find('\0', at);
    if (at >= bytes.size() || bytes[at] != ' ' || end == std::string_view::npos || bytes.size() - end < 21) {
      throw_malformed("tree");
    }
    entry.name = bytes.substr(at + 1, end - at - 1);
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(end) + 1, 20, entry.oid.bytes.begin());
    entries.push_back(std::move(entry));
    bytes.remove_prefix(end + 21);
  }
  return entries;
}

bool comes_before(const TreeEntry& left, const TreeEntry& right) {
  const std::size_t common = std::min(left.name.size(), right.name.size());
  const int order = left.name.compare(0, common, right.name, 0, common);
  if (order != 0) return order < 0;
  const auto after = [common](const TreeEntry& entry) -> unsigned char {
    if (entry.name.size() > common) return static_cast<unsigned char>(entry.name[common]);
    return entry.mode == mode_tree ? '/' : '\0';
  };
  return after(left) < after(right);
}

std::string serialize_tree(std::vector<TreeEntry> entries) {
  std::sort(entries.begin(), entries.end(), comes_before);
  std::string bytes;
  for (const TreeEntry& entry : entries) {
    char mode[16];
    std::snprintf(mode, sizeof mode, "%o ", entry.mode);
    bytes += mode;
    bytes += entry.name;
    bytes += '\0';
    bytes.append(entry.oid.bytes.begin(), entry.oid.bytes.end());
  }
  return bytes;
}

Commit parse_commit(const Oid& oid, std::string_view bytes) {
  Commit commit;
  commit.oid = oid;
  bool has_tree = false;
  while (!bytes.empty() && bytes.front() != '\n') {
    const std::size_t end = bytes.find('\n');
    const std::string_view line = bytes.substr(0, end);
    const std::size_t space = line.find(' ');
    const std::string_view key = line.substr(0, space);
    const std::string_view value = space == std::string_view::npos ? std::string_view() : line.substr(space + 1);
    if (key == "tree" || key == "parent") {
      const auto id = Oid::from_hex(value);
      if (!id) throw_malformed("commit");
      if (key == "tree") {
        commit.tree = *id;
        has_tree = true;
      } else {
        commit.parents.push_back(*id);
      }
    } else if (key == "author") {
      commit.author = parse_signature(value);
    } else if (key == "committer") {
      commit.committer = parse_signature(value);
    }
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
  }
  if (!has_tree) throw_malformed("commit");
  if (!bytes.empty()) bytes.remove_prefix(1);
  commit.message = bytes;
  return commit;
}

std::string serialize_commit(const Commit& commit) {
  std::string bytes = concat("tree ", commit.tree.hex(), "\n");
  for (const Oid& parent : commit.parents) bytes += concat("parent ", parent.hex(), "\n");
  bytes += concat("author ", signature_line(commit.author), "\ncommitter ", signature_line(commit.committer), "\n\n");
  return bytes + commit.message;
}

Oid empty_tree() { return *Oid::from_hex("4b825dc642cb6eb9a060e54bf8d69288fbee4904"); }

}  // namespace ps_sync::git
