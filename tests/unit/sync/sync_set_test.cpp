#include "ps_sync/base/error.hpp"
#include "ps_sync/base/text.hpp"
#include "ps_sync/sync/path_rules.hpp"
#include "support/catch.hpp"

using namespace ps_sync;
using namespace ps_sync::sync;

namespace {

using Paths = std::vector<std::string>;

/// The error that these settings give, as a person reads it; empty for none.
std::string refusal(const Paths& include, const Paths& allow = {}) {
  try {
    const SyncSet set(include, {}, allow);
    return "";
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::config);
    CHECK_FALSE(error.hints().empty());
    return concat(error.message(), ": ", join(error.causes(), ", "));
  }
}

}  // namespace

TEST_CASE("sync set: roots are normalised, sorted, and none is inside another", "[sync][set]") {
  const SyncSet set({"docs/plans/", "./b//c/", "a", "b/c/d", "a-b/x", "a/b.md", "docs/plans", "a-b"}, {});
  CHECK(set.roots() == Paths{"a", "a-b", "b/c", "docs/plans"});
  CHECK(SyncSet({}, {}).roots().empty());
  CHECK_FALSE(SyncSet({}, {}).contains("a"));
}

TEST_CASE("sync set: a path belongs to the root it is or is below", "[sync][set]") {
  const SyncSet set({"a", "a-b", "plans/x.md"}, {});
  CHECK(set.root_of("a") == "a");
  CHECK(set.root_of("a/b/c") == "a");
  CHECK(set.root_of("a-b/c") == "a-b");
  CHECK(set.root_of("plans/x.md") == "plans/x.md");
  for (const char* path : {"", "ab", "a-", "A/b", "plans", "plans/y.md", "plans/x.mdx", "x/a"}) {
    INFO(path);
    CHECK_FALSE(set.root_of(path));
    CHECK_FALSE(set.contains(path));
  }
}

TEST_CASE("sync set: an include that can never be right is refused by name", "[sync][set]") {
  for (const char* path : {"",
                           ".",
                           "./",
                           "/",
                           "/etc",
                           "..",
                           "../x",
                           "a/../b",
                           "a\nb",
                           ".git",
                           ".git/hooks",
                           "a/git~1",
                           ".claude/sync",
                           ".vscode/",
                           "sub/.github",
                           ".claude/settings.json",
                           ".claude/hooks/",
                           ".mcp.json",
                           ".envrc",
                           ".husky",
                           ".gitattributes",
                           ".VSCODE"}) {
    INFO(escape_for_display(path));
    const std::string said = refusal({"docs", path});
    CHECK(said.starts_with("cannot include"));
    CHECK(said.find(path[0] == '\0' ? "an empty path" : escape_for_display(path)) != std::string::npos);
  }
  CHECK(refusal({"."}).find("whole repository") != std::string::npos);
  CHECK(refusal({"/etc"}).find("absolute") != std::string::npos);
  CHECK(refusal({".vscode"}).find("programs") != std::string::npos);
  CHECK(refusal({".claude/", ".claude/planning/", "docs", ".claude/commands", "CLAUDE.md"}).empty());
}

TEST_CASE("sync set: what is excluded, or in an excluded folder, is not contained", "[sync][set]") {
  const SyncSet set({"docs/plans"}, {"*.tmp", "drafts/", "/docs/plans/old", "!keep.tmp"});
  CHECK(set.contains("docs/plans/a.md"));
  CHECK(set.contains("docs/plans/keep.tmp"));
  CHECK(set.contains("docs/plans/drafts"));  // a file of that name
  for (const char* path : {"docs/plans/a.tmp", "docs/plans/drafts/a.md", "docs/plans/x/drafts/y/a.md", "docs/plans/old",
                           "docs/plans/old/keep.tmp"}) {
    INFO(path);
    CHECK_FALSE(set.contains(path));
    CHECK_FALSE(set.may_travel(path));
  }
  CHECK(set.is_excluded("docs/plans/drafts", true));
  CHECK_FALSE(set.is_excluded("docs/plans/drafts", false));
  CHECK_FALSE(set.is_excluded("docs/plans/drafts/a.md", false));  // the walk does not get here
  CHECK_FALSE(SyncSet({"docs/plans"}, {"docs"}).contains("docs/plans/a.md"));
}

TEST_CASE("sync set: only what is safe and allowed may travel", "[sync][set]") {
  const SyncSet set({".claude", "docs"}, {});
  CHECK(set.may_travel(".claude/planning/a.md"));
  CHECK(set.contains(".claude/settings.json"));  // says nothing of policy
  for (const char* path :
       {".claude/settings.json", ".claude/sync/config.yml", ".claude/commands/x.md", "docs/CLAUDE.md",
        "docs/.git/config", "docs/../x", "docs//x", "docs/x\n", "other/a.md", "docs/.envrc"}) {
    INFO(escape_for_display(path));
    CHECK_FALSE(set.may_travel(path));
  }
}

TEST_CASE("sync set: what steers an assistant travels where this clone allows it", "[sync][set]") {
  const SyncSet set({".claude", "CLAUDE.md", "docs"}, {}, {"./.claude/commands/", "CLAUDE.md", "docs"});
  for (const char* path : {".claude/commands/x.md", "CLAUDE.md", "docs/sub/CLAUDE.md", "docs/.claude/skills/x"}) {
    INFO(path);
    CHECK(set.allows(path));
    CHECK(set.may_travel(path));
  }
  for (const char* path :
       {".claude/agents/x.md", ".claude/commandsx/a", "claude.md", "docs/.claude/hooks/x", "docs/.vscode/a"}) {
    INFO(path);
    CHECK_FALSE(set.allows(path));
  }
  CHECK_FALSE(set.may_travel("docs/.claude/hooks/x"));
  CHECK_FALSE(set.may_travel("docs/.claude/commands/.envrc"));
  CHECK_FALSE(set.allows("docs/a.md"));  // travels without being allowed
  CHECK(set.may_travel("docs/a.md"));
}

TEST_CASE("sync set: what makes programs run cannot be allowed", "[sync][set]") {
  for (const char* path : {".vscode", ".claude/hooks", ".", "/x", "../x", ""}) {
    INFO(path);
    CHECK(refusal({"docs"}, {path}).starts_with("cannot allow"));
  }
}

TEST_CASE("sync set: the same rules have the same fingerprint, others another", "[sync][set]") {
  const std::string print = SyncSet({"a", "b/"}, {"*.tmp", "x"}).fingerprint();
  CHECK(print.size() == 16);
  CHECK(SyncSet({"./b", "a/", "a/c"}, {"# note", "*.tmp  ", "", "x"}).fingerprint() == print);
  CHECK(SyncSet({"a", "b"}, {"*.tmp", "x"}, {"CLAUDE.md"}).fingerprint() == print);
  CHECK(SyncSet({"a"}, {"*.tmp", "x"}).fingerprint() != print);
  CHECK(SyncSet({"a", "b"}, {"x", "*.tmp"}).fingerprint() != print);  // the last match wins, so order counts
  CHECK(SyncSet({"a", "b"}, {"*.tmp"}).fingerprint() != print);
  CHECK(SyncSet({"a", "b", "*.tmp"}, {"x"}).fingerprint() != print);
  CHECK(SyncSet({"ab"}, {"*.tmp", "x"}).fingerprint() != print);
}
