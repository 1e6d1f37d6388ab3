// What git does is asked of git itself in contract/ignore_against_git_test.cpp; here stands what the manual promises.
#include "sync/ignore.hpp"

#include <chrono>

#include "ps_sync/base/error.hpp"
#include "ps_sync/base/text.hpp"
#include "support/catch.hpp"

using namespace ps_sync;
using sync::Glob;
using sync::IgnoreRules;

namespace {

/// A path with a '/' at its end is a folder.
bool excludes(const IgnoreRules& rules, std::string_view path) {
  const bool is_directory = path.ends_with('/');
  if (is_directory) path.remove_suffix(1);
  return rules.excludes(path, is_directory);
}

struct Row {
  std::string pattern;
  std::vector<std::string> out;  // excluded
  std::vector<std::string> in;
};

void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    const IgnoreRules rules({row.pattern});
    for (const std::string& path : row.out) {
      INFO(row.pattern << " against " << path);
      CHECK(excludes(rules, path));
    }
    for (const std::string& path : row.in) {
      INFO(row.pattern << " against " << path);
      CHECK_FALSE(excludes(rules, path));
    }
  }
}

}  // namespace

TEST_CASE("exclude: a name without a slash holds at any depth", "[sync][ignore]") {
  check({
      {"x", {"x", "x/", "a/x", "a/b/x", "x/y", "a/x/y"}, {"xx", "a/xx", "ax"}},
      {"*.tmp", {"a.tmp", ".tmp", "d/a.tmp", "a.tmp/x"}, {"a.tmpx", "tmp", "a.TMP"}},
      {"*", {"a", "a/b"}, {}},
      {"a?c", {"abc", "d/abc"}, {"ac", "abbc"}},
      {"p*n.md", {"plan.md", "pn.md", "d/plan.md"}, {"p/n.md", "plan.md2", "xplan.md"}},
  });
}

TEST_CASE("exclude: a slash at the front or in the middle anchors at the top", "[sync][ignore]") {
  check({
      {"/x", {"x", "x/y"}, {"a/x"}},
      {"/*.md", {"a.md"}, {"d/a.md"}},
      {"a/b", {"a/b", "a/b/c"}, {"x/a/b", "b", "a"}},
      {"a/*", {"a/b", "a/b/c"}, {"x/a/b"}},
      {"a/*/c", {"a/b/c"}, {"a/c", "a/b/b/c"}},
      {"a/b*", {"a/b", "a/bc"}, {"a/c", "x/a/b"}},
  });
}

TEST_CASE("exclude: a slash at the end means folders only", "[sync][ignore]") {
  check({
      {"x/", {"x/", "x/a", "d/x/", "d/x/a"}, {"x", "d/x"}},
      {"a/x/", {"a/x/", "a/x/y"}, {"a/x", "d/a/x/"}},
      {"*/", {"d/", "d/a"}, {"a"}},
  });
}

TEST_CASE("exclude: two stars stand for any number of folders", "[sync][ignore]") {
  check({
      {"**/x", {"x", "a/x", "a/b/x", "x/y"}, {"ax", "a/xb"}},
      {"**/a/b", {"a/b", "x/a/b", "x/y/a/b"}, {"a/x/b", "xa/b"}},
      {"a/**", {"a/b", "a/b/c"}, {"a", "a/", "x/a/b"}},
      {"a/**/b", {"a/b", "a/x/b", "a/x/y/b"}, {"ab", "a/xb", "x/a/b", "a/x/bc"}},
      {"a/**/b/**/c", {"a/b/c", "a/x/b/y/z/c"}, {"a/c", "a/x/c/b"}},
      {"**/*.md", {"a.md", "d/a.md"}, {"a.txt"}},
      {"a**b", {"ab", "axb"}, {"a/b"}},
      {"**", {"a", "a/b"}, {}},
      {"d/a**", {"d/a", "d/ab"}, {"d/b", "x/d/a"}},
  });
}

TEST_CASE("exclude: brackets hold characters, ranges and classes", "[sync][ignore]") {
  check({
      {"[abc]", {"a", "c"}, {"d", "ab", "[abc]"}},
      {"[a-c]x", {"ax", "cx"}, {"dx", "-x"}},
      {"[!a-c]", {"d", "-"}, {"a", "b"}},
      {"[^a]x", {"bx"}, {"ax"}},
      {"[]a]", {"]", "a"}, {"b"}},
      {"[!]a]", {"b"}, {"]", "a"}},
      {"[a-]", {"a", "-"}, {"b"}},
      {"[-a]", {"a", "-"}, {"b"}},
      {"[\\]a]", {"]", "a"}, {"\\"}},
      {"[a\\-c]", {"a", "-", "c"}, {"b", "\\"}},
      {"[[:digit:]_]", {"7", "_"}, {"a", ":", "d"}},
      {"[[:upper:][:digit:]]", {"A", "1"}, {"a"}},
      {"x[![:space:]]", {"xa"}, {"x ", "x"}},
      {"[c-a]", {"c"}, {"a", "b", "-"}},
      {"[[:nope:]]", {}, {"n", "[", ":"}},
      {"[a", {}, {"a", "[a"}},
      {"a/[!b]c", {"a/xc"}, {"a/bc", "a//c"}},
      {"a[/]b", {}, {"a/b"}},
  });
}

TEST_CASE("exclude: a backslash takes the meaning from what follows", "[sync][ignore]") {
  check({
      {"\\*", {"*"}, {"a"}},
      {"\\!x", {"!x"}, {"x"}},
      {"\\#x", {"#x"}, {"x"}},
      {"a\\b", {"ab"}, {"a\\b"}},
      {"a\\\\b", {"a\\b"}, {"ab"}},
      {"a\\", {}, {"a", "a\\"}},
      {"\\[a]", {"[a]"}, {"a"}},
  });
}

TEST_CASE("exclude: blanks at the end, comments and empty lines count for nothing", "[sync][ignore]") {
  check({
      {"x   ", {"x"}, {"x   "}},
      {"x\\ ", {"x "}, {"x"}},
      {"x\\   ", {"x "}, {"x", "x   "}},
      {"a b", {"a b"}, {"a"}},
      {" x", {" x"}, {"x"}},
      {"x\r", {"x"}, {"x\r"}},
      {"#x", {}, {"x", "#x"}},
      {"", {}, {"x"}},
      {"   ", {}, {"x", "   "}},
      {"!", {}, {"x", "!"}},
      {"/", {}, {"x", "x/"}},
      {"//", {}, {"x"}},
  });
  CHECK(IgnoreRules({"# note", "", "  ", "x  ", "y\\ "}).patterns() == std::vector<std::string>{"x", "y\\ "});
}

TEST_CASE("exclude: the last pattern that matches wins", "[sync][ignore]") {
  const IgnoreRules rules({"*.md", "!keep.md", "/d/keep.md"});
  CHECK(excludes(rules, "a.md"));
  CHECK_FALSE(excludes(rules, "keep.md"));
  CHECK_FALSE(excludes(rules, "x/keep.md"));
  CHECK(excludes(rules, "d/keep.md"));
  CHECK(rules.verdict_of("keep.md", false) == IgnoreRules::Verdict::included);
  CHECK(rules.verdict_of("a.txt", false) == IgnoreRules::Verdict::none);
}

TEST_CASE("exclude: nothing in an excluded folder is included again", "[sync][ignore]") {
  const IgnoreRules folder({"d/", "!d/keep.md"});
  CHECK(excludes(folder, "d/keep.md"));
  CHECK(folder.verdict_of("d/keep.md", false) == IgnoreRules::Verdict::included);  // the walk never gets there

  const IgnoreRules contents({"d/*", "!d/keep/"});
  CHECK_FALSE(excludes(contents, "d/keep/a.md"));
  CHECK(excludes(contents, "d/x/a.md"));
}

TEST_CASE("exclude: a multi-byte letter is as many question marks as it has bytes", "[sync][ignore]") {
  check({{"??.md", {"é.md", "ab.md"}, {"a.md"}}, {"é*", {"été"}, {"e"}}});
}

TEST_CASE("exclude: a pattern longer than any path is refused by name", "[sync][ignore]") {
  CHECK_NOTHROW(IgnoreRules({std::string(4096, 'x')}));
  try {
    IgnoreRules({std::string(4097, 'x')});
    FAIL("not refused");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::config);
    CHECK(error.message().starts_with("cannot exclude xxxx"));
  }
}

TEST_CASE("glob: a pattern of many words matches across their borders", "[sync][ignore]") {
  // Each star and folder step falls on every bit of a word once.
  for (std::size_t length = 55; length < 70; ++length) {
    const std::string name(length, 'a');
    const std::optional<Glob> star = Glob::compile("?" + name.substr(1) + "*b");
    const std::optional<Glob> folders = Glob::compile("?" + name.substr(2) + "/**/b*");
    REQUIRE((star && folders));
    INFO(length);
    CHECK(star->matches(name + "b"));
    CHECK(star->matches(name + "xxb"));
    CHECK_FALSE(star->matches(name + "x/b"));
    CHECK_FALSE(star->matches(name.substr(1) + "b"));
    const std::string folder = name.substr(1);
    CHECK(folders->matches(folder + "/b"));
    CHECK(folders->matches(folder + "/x/y/bc"));
    CHECK_FALSE(folders->matches(folder + "/xb"));
    CHECK_FALSE(folders->matches(folder + "/b/c"));
  }
}

TEST_CASE("glob: a pattern made to explode takes no longer than another", "[sync][ignore]") {
  std::string pattern = "/", folders = "/";
  for (int i = 0; i < 200; ++i) pattern += "*a", folders += "**/a*/";
  const IgnoreRules rules({pattern + "b", folders + "b"});
  std::string path(4000, 'a');
  for (std::size_t i = 40; i < path.size(); i += 41) path[i] = '/';
  const auto start = std::chrono::steady_clock::now();
  CHECK_FALSE(excludes(rules, path));
  CHECK_FALSE(excludes(rules, std::string(4000, 'a')));
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));  // tried out one by one: for ever
}
