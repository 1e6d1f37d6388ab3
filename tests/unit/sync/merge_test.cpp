#include "ps_sync/sync/merge.hpp"

#include <algorithm>

#include "support/catch.hpp"

using namespace ps_sync;
using namespace ps_sync::sync;

namespace {

/// A file whose content is this one letter.
std::optional<Entry> file(char content) {
  Entry entry;
  entry.oid.bytes.fill(static_cast<std::uint8_t>(content));
  return entry;
}
const std::optional<Entry> nothing;

/// Contents conflict wherever both sides changed them, and theirs' tree holds the files of `theirs_has`.
MergeContents contents_with(std::map<std::string, std::optional<Entry>> theirs_has = {}) {
  MergeContents contents;
  contents.merge = [](const Oid&, const Oid&, const Oid&) { return std::nullopt; };
  contents.similarity = [](const Oid&, const Oid&) { return 0; };
  contents.find_theirs = [theirs_has](const std::string& path) {
    const auto found = theirs_has.find(path);
    return found == theirs_has.end() ? std::nullopt : found->second;
  };
  contents.list_theirs = [theirs_has](const std::string& folder) {
    std::vector<std::string> files;
    for (const auto& [path, entry] : theirs_has)
      if (path.starts_with(folder + "/")) files.push_back(path);
    return files;
  };
  return contents;
}

using Edited = std::vector<std::pair<std::string, std::optional<Entry>>>;

Edited edited(const Deltas& ours, const MergeOutcome& outcome) {
  Edited list;
  for (const TreeEdit& edit : edits_of(ours, outcome)) list.emplace_back(edit.path, edit.entry);
  return list;
}

}  // namespace

TEST_CASE("where only ours changed, the merge does what ours did and lists nothing besides", "[merge]") {
  const Deltas ours{{"a", {nothing, file('1')}}, {"b", {file('1'), nothing}}, {"c", {file('1'), file('2')}}};
  const MergeOutcome outcome = merge(ours, {}, contents_with());
  CHECK(outcome.merged.empty());
  CHECK(outcome.dropped.empty());
  CHECK(edited(ours, outcome) == Edited{{"a", file('1')}, {"b", nothing}, {"c", file('2')}});
}

TEST_CASE("what both sides did alike is done already", "[merge]") {
  const Deltas both{{"a", {nothing, file('1')}}, {"b", {file('1'), nothing}}};
  CHECK(edited(both, merge(both, both, contents_with({{"a", file('1')}}))).empty());
}

TEST_CASE("a change wins over the other side's deletion", "[merge]") {
  const Deltas ours{{"deleted", {file('1'), nothing}}, {"edited", {file('1'), file('2')}}};
  const Deltas theirs{{"deleted", {file('1'), file('3')}}, {"edited", {file('1'), nothing}}};
  const MergeOutcome outcome = merge(ours, theirs, contents_with({{"deleted", file('3')}}));
  CHECK(outcome.kept_from_them == std::vector<std::string>{"deleted"});
  CHECK(outcome.kept_from_us == std::vector<std::string>{"edited"});
  CHECK(outcome.conflicts.empty());
  CHECK(edited(ours, outcome) == Edited{{"edited", file('2')}});
}

TEST_CASE("in a conflict of contents theirs stays in the branch", "[merge]") {
  const Deltas ours{{"a", {file('1'), file('2')}}};
  const Deltas theirs{{"a", {file('1'), file('3')}}};
  const MergeOutcome outcome = merge(ours, theirs, contents_with({{"a", file('3')}}));
  REQUIRE(outcome.conflicts.size() == 1);
  CHECK(outcome.conflicts[0].kind == ConflictKind::content);
  CHECK(edited(ours, outcome) == Edited{{"a", file('3')}});
}

TEST_CASE("a file of ours does not take the place of a folder of theirs", "[merge]") {
  const Deltas ours{{"topic", {nothing, file('1')}}, {"topic.md", {nothing, file('2')}}};
  const MergeOutcome outcome = merge(ours, {}, contents_with({{"topic/part", file('3')}}));
  REQUIRE(outcome.conflicts.size() == 1);
  CHECK(outcome.conflicts[0].kind == ConflictKind::type);
  CHECK(outcome.conflicts[0].path == "topic");
  CHECK(edited(ours, outcome) == Edited{{"topic.md", file('2')}});
}

TEST_CASE("files of ours do not go below a file of theirs", "[merge]") {
  const Deltas ours{{"topic/a", {nothing, file('1')}}, {"topic/b", {nothing, file('2')}}};
  const MergeOutcome outcome = merge(ours, {}, contents_with({{"topic", file('3')}}));
  REQUIRE(outcome.conflicts.size() == 1);
  CHECK(outcome.conflicts[0].path == "topic");
  CHECK(edited(ours, outcome).empty());
}

TEST_CASE("a change follows the file that the other side renamed, and the edits stay in order", "[merge]") {
  const Deltas ours{{"a", {nothing, file('9')}}, {"old", {file('1'), file('2')}}, {"z", {nothing, file('8')}}};
  const Deltas theirs{{"new", {nothing, file('1')}}, {"old", {file('1'), nothing}}};
  const MergeOutcome outcome = merge(ours, theirs, contents_with({{"new", file('1')}}));
  CHECK(edited(ours, outcome) == Edited{{"a", file('9')}, {"new", file('2')}, {"z", file('8')}});
}

TEST_CASE("a file that ours renamed takes along what theirs changed in it", "[merge]") {
  const Deltas ours{{"new", {nothing, file('1')}}, {"old", {file('1'), nothing}}};
  const Deltas theirs{{"old", {file('1'), file('2')}}};
  const MergeOutcome outcome = merge(ours, theirs, contents_with({{"old", file('2')}}));
  CHECK(outcome.conflicts.empty());
  CHECK(edited(ours, outcome) == Edited{{"new", file('2')}, {"old", nothing}});
}
