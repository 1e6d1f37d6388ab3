// The table of the contract's section on merging, row by row, as far as nobody has to decide anything.
#include <filesystem>
#include <nlohmann/json.hpp>

#include "scenario/reading.hpp"
#include "support/catch.hpp"

using namespace ps_sync::test;
using nlohmann::json;

namespace {

const std::string doc = planning + "a.md";

/// Desktop pushes, code syncs, desktop pulls: both must end without a conflict and with the same documents.
Outcome meet(Pair& pair) {
  pair.desktop.ok({"push"});
  const Outcome outcome = pair.code.ps({"sync"});
  INFO(outcome.describe());
  CHECK(outcome.exit == 0);
  pair.desktop.ok({"pull"});
  CHECK(pair.desktop.files(planning) == pair.code.files(planning));
  CHECK(pair.world.origin_files() == pair.code.files(planning));
  CHECK(pair.code.json({"conflicts"})["conflicts"].empty());
  return outcome;
}

/// A text long enough that a rename of it is seen whatever one line says.
std::string text_with(const std::string& first, const std::string& last) {
  std::string text = first + "\n";
  for (int n = 2; n < 20; ++n) text += "line " + std::to_string(n) + "\n";
  return text + last + "\n";
}

}  // namespace

TEST_CASE("the same change on both sides is no conflict", "[merge]") {
  Pair pair(Files{{doc, "old\n"}});
  pair.desktop.write(doc, "new\n").write(planning + "b.md", "added\n");
  pair.code.write(doc, "new\n").write(planning + "b.md", "added\n");
  meet(pair);
  CHECK(pair.code.read(doc) == "new\n");
}

TEST_CASE("changes to different lines of one text are merged", "[merge]") {
  Pair pair(Files{{doc, text_with("first", "last")}});
  pair.desktop.write(doc, text_with("first by desktop", "last"));
  pair.code.write(doc, text_with("first", "last by code"));
  meet(pair);
  CHECK(pair.code.read(doc) == text_with("first by desktop", "last by code"));
}

TEST_CASE("a merge keeps line endings and a missing last newline as they are", "[merge]") {
  const std::string middle = "\r\n2\r\n3\r\n4\r\n5\r\n6\r\n7\r\n8\r\n";
  Pair pair(Files{{doc, "1" + middle + "9"}});
  for (Clone* clone : {&pair.desktop, &pair.code}) clone->git({"config", "core.autocrlf", "input"});
  pair.desktop.write(doc, "1 desktop" + middle + "9");
  pair.code.write(doc, "1" + middle + "9 code");
  meet(pair);
  CHECK(pair.code.read(doc) == "1 desktop" + middle + "9 code");
}

TEST_CASE("the merge asks no attribute and no merge driver of the user's repository", "[merge]") {
  Pair pair(Files{{doc, text_with("first", "last")}});
  for (Clone* clone : {&pair.desktop, &pair.code}) {
    clone->write(".gitattributes", "*.md merge=spoil -text\n").write(".git/info/attributes", "*.md merge=spoil\n");
    clone->git({"config", "merge.spoil.driver", "echo spoilt >%A"});
  }
  pair.desktop.write(doc, text_with("first by desktop", "last"));
  pair.code.write(doc, text_with("first", "last by code"));
  meet(pair);
  CHECK(pair.code.read(doc) == text_with("first by desktop", "last by code"));
}

TEST_CASE("changed here and deleted there: the change wins on both sides, and the deletion is reported", "[merge]") {
  Pair pair(Files{{doc, "old\n"}, {planning + "b.md", "b\n"}});
  pair.desktop.remove(doc).ok({"push", "-m", "Throw it away"});
  const std::string deletion = pair.world.origin_tip();
  pair.code.write(doc, "changed\n");
  const Outcome told = meet(pair);
  CHECK(pair.desktop.read(doc) == "changed\n");
  const std::string words = told.out + told.err;
  CHECK(contains(words, doc));
  CHECK(contains(words, "Desktop"));
  CHECK(contains(words, deletion.substr(0, 7)));
}

TEST_CASE("deleted here and changed there: the change wins on both sides, and the deletion is reported", "[merge]") {
  Pair pair(Files{{doc, "old\n"}, {planning + "b.md", "b\n"}});
  pair.desktop.write(doc, "changed\n");
  pair.code.remove(doc);
  const Outcome told = meet(pair);
  CHECK(pair.code.read(doc) == "changed\n");
  CHECK(contains(told.out + told.err, doc));
}

TEST_CASE("deleted on both sides is deleted", "[merge]") {
  Pair pair(Files{{doc, "old\n"}, {planning + "b.md", "b\n"}});
  pair.desktop.remove(doc);
  pair.code.remove(doc);
  meet(pair);
  CHECK_FALSE(pair.code.exists(doc));
}

TEST_CASE("renamed on one side and changed on the other: both hold", "[merge]") {
  for (const bool rename_here : {true, false}) {
    INFO("renamed by code: " << rename_here);
    Pair pair(Files{{doc, text_with("first", "last")}});
    Clone& renames = rename_here ? pair.code : pair.desktop;
    Clone& changes = rename_here ? pair.desktop : pair.code;
    renames.rename(doc, planning + "sub/renamed.md");
    changes.write(doc, text_with("first", "last, changed"));
    meet(pair);
    CHECK(pair.code.files(planning) == Files{{planning + "sub/renamed.md", text_with("first", "last, changed")}});
  }
}

TEST_CASE("renamed and changed on one side, changed on the other: all three hold", "[merge]") {
  Pair pair(Files{{doc, text_with("first", "last")}});
  pair.desktop.rename(doc, planning + "renamed.md").write(planning + "renamed.md", text_with("first, d", "last"));
  pair.code.write(doc, text_with("first", "last, c"));
  meet(pair);
  CHECK(pair.code.files(planning) == Files{{planning + "renamed.md", text_with("first, d", "last, c")}});
}

TEST_CASE("renamed on one side and deleted on the other: the rename wins", "[merge]") {
  for (const bool rename_here : {true, false}) {
    INFO("renamed by code: " << rename_here);
    Pair pair(Files{{doc, text_with("first", "last")}, {planning + "b.md", "b\n"}});
    Clone& renames = rename_here ? pair.code : pair.desktop;
    Clone& deletes = rename_here ? pair.desktop : pair.code;
    renames.rename(doc, planning + "renamed.md");
    deletes.remove(doc);
    meet(pair);
    CHECK(pair.desktop.read(planning + "renamed.md") == text_with("first", "last"));
    CHECK_FALSE(pair.desktop.exists(doc));
  }
}

TEST_CASE("renamed to two names: both names stay, and it is no conflict", "[merge]") {
  Pair pair(Files{{doc, text_with("first", "last")}});
  pair.desktop.rename(doc, planning + "by desktop.md");
  pair.code.rename(doc, planning + "by code.md");
  meet(pair);
  const std::string text = text_with("first", "last");
  CHECK(pair.code.files(planning) == Files{{planning + "by desktop.md", text}, {planning + "by code.md", text}});
}

TEST_CASE("the executable bit changed on one side and the text on the other: both hold", "[merge]") {
  Pair pair(Files{{doc, text_with("first", "last")}});
  pair.desktop.make_executable(doc);
  pair.code.write(doc, text_with("first", "last, changed"));
  meet(pair);
  for (Clone* clone : {&pair.desktop, &pair.code}) {
    CHECK(clone->is_executable(doc));
    CHECK(clone->read(doc) == text_with("first", "last, changed"));
  }
}

TEST_CASE("many places change many files at once, and all meet", "[merge]") {
  Files files;
  for (int n = 0; n < 30; ++n) files[planning + "f" + std::to_string(n) + ".md"] = text_with("first", "last");
  Pair pair(files);
  int n = 0;
  for (const auto& [path, bytes] : files) {
    if (n % 3 != 0) pair.desktop.write(path, text_with("first by desktop", "last"));
    if (n % 3 != 1) pair.code.write(path, text_with("first", "last by code"));
    ++n;
  }
  meet(pair);
  n = 0;
  for (const auto& [path, bytes] : files) {
    CHECK(pair.code.read(path) ==
          text_with(n % 3 != 0 ? "first by desktop" : "first", n % 3 != 1 ? "last by code" : "last"));
    ++n;
  }
}
