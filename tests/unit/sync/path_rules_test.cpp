#include "ps_sync/sync/path_rules.hpp"

#include "ps_sync/base/text.hpp"
#include "support/catch.hpp"

using namespace ps_sync;
using namespace ps_sync::sync;

TEST_CASE("path rules: an ordinary name is safe, whatever its language", "[sync][paths]") {
  for (const char* name :
       {"plan.md", "a b",     ".gitignore", ".gitkeep",  ".github",    "git",   "gitk",    ".g",    "...",      "-x",
        "~",       "git~",    "git~x",      "git~1.txt", ".git-notes", ".gitx", "my.git",  "x.git", "a:b",      "a\\b",
        "é",       "計画.md", "\xff\xfe",   "é.git",     " .git",      "nul",   "con.txt", "\xC2",  "a\xC2\xA0"}) {
    INFO(escape_for_display(name));
    CHECK(is_safe_component(name));
  }
  CHECK(is_safe_component(std::string(255, 'x')));
}

TEST_CASE("path rules: a name that is not one component, or cannot be shown, is not safe", "[sync][paths]") {
  for (const char* name : {"", ".", "..", "a/b", "/", "a\nb", "a\x1b[2J", "\x7f", "tab\t",
                           "a\xC2\x9B"
                           "31m",
                           "\xC2\x80"}) {
    INFO(escape_for_display(name));
    CHECK_FALSE(is_safe_component(name));
  }
  CHECK_FALSE(is_safe_component(std::string("a\0b", 3)));
  CHECK_FALSE(is_safe_component(std::string(256, 'x')));
}

TEST_CASE("path rules: .git is known in every disguise", "[sync][paths]") {
  for (const char* name : {".git",
                           ".GIT",
                           ".Git",
                           ".git.",
                           ".git ",
                           ".git . .",
                           ".git::$INDEX_ALLOCATION",
                           ".git:stream",
                           ".Git ::$DATA",
                           ".git\\config",
                           "a\\.git\\hooks",
                           "a\\.git",
                           "git~1",
                           "GIT~1",
                           "git~2",
                           "git~9",
                           "git~10",
                           "git~1.",
                           "git~1 ",
                           "git~1:x",
                           "git~1\\x",
                           ".gi\xE2\x80\x8Ct",
                           "\xE2\x80\x8E.git",
                           ".git\xE2\x80\x8F",
                           ".g\xE2\x80\xAAi\xE2\x80\xAEt",
                           ".git\xE2\x81\xAA",
                           ".gIt\xE2\x81\xAF.",
                           "\xEF\xBB\xBF.git",
                           ".git \xEF\xBB\xBF.",
                           ".\xE2\x80\x8Dgit:x"}) {
    INFO(escape_for_display(name));
    CHECK_FALSE(is_safe_component(name));
    CHECK(policy_of(concat("docs/", name)) == Policy::programs);
  }
  // The neighbours of the invisible code points are letters like others.
  for (const char* name : {".gi\xE2\x80\x8Bt", ".gi\xE2\x80\x90t", ".git\xE2\x80\xA9", ".git\xE2\x80\xAF",
                           ".git\xE2\x81\xA9", ".git\xE2\x81\xB0", ".git\xEF\xBB\xBE", ".git\xE2\x80"}) {
    INFO(escape_for_display(name));
    CHECK(is_safe_component(name));
  }
}

TEST_CASE("path rules: a path is relative, bounded, and safe in every component", "[sync][paths]") {
  for (const char* path : {"a", "a/b/c.md", ".claude/planning/é.md"}) CHECK(is_safe_path(path));
  for (const char* path :
       {"", "/", "/a", "a/", "a//b", "./a", "a/.", "../a", "a/../b", "a/..", "a/.git/config", "a/b/git~1"}) {
    INFO(path);
    CHECK_FALSE(is_safe_path(path));
  }
  std::string deep = "a";
  for (int i = 1; i < 100; ++i) deep += "/a";
  CHECK(is_safe_path(deep));
  CHECK_FALSE(is_safe_path(deep + "/a"));

  std::string longest(16 * 241 - 1, 'x');  // 16 components of 240 bytes
  for (std::size_t i = 240; i < longest.size(); i += 241) longest[i] = '/';
  longest += "/" + std::string(4096 - longest.size() - 1, 'x');
  REQUIRE(longest.size() == 4096);
  CHECK(is_safe_path(longest));
  CHECK_FALSE(is_safe_path(longest + "x"));
}

TEST_CASE("path rules: what makes programs run never travels, at any depth and in any spelling", "[sync][policy]") {
  for (const char* path : {".git/config",
                           ".gitattributes",
                           ".gitmodules",
                           "sub/.gitattributes",
                           "sub/.gitmodules",
                           ".envrc",
                           "sub/.envrc",
                           ".mcp.json",
                           "a/b/.mcp.json",
                           ".vscode",
                           ".vscode/tasks.json",
                           "sub/.vscode/settings.json",
                           ".github/workflows/ci.yml",
                           "x/.github/x",
                           ".husky/pre-commit",
                           "x/.husky/_/husky.sh",
                           ".claude/sync/config.yml",
                           ".claude/sync",
                           ".claude/hooks/x.sh",
                           ".claude/settings.json",
                           ".claude/settings.local.json",
                           ".claude/settings-old.json",
                           "app/.claude/settings.json",
                           "app/.claude/hooks/x",
                           ".claude/settings.json/x"}) {
    INFO(path);
    CHECK(policy_of(path) == Policy::programs);
  }
  for (const char* path : {".VSCode/tasks.json",
                           ".Claude/Settings.JSON",
                           ".CLAUDE/HOOKS/x",
                           ".EnvRC",
                           ".vscode./tasks.json",
                           ".vscode /tasks.json",
                           ".envrc::$DATA",
                           ".claude:x/hooks/y",
                           ".hus\xE2\x84\xAAy/pre-commit",
                           ".v\xC5\xBF"
                           "code/tasks.json",
                           ".cla\xE2\x80\x8Dude/hooks/x",
                           ".claude/\xEF\xBB\xBFsync/x",
                           ".claude\\hooks\\x.sh",
                           "a\\.vscode\\tasks.json",
                           ".claude//hooks/x",
                           ".claude/./hooks/x",
                           "VSCODE~1/tasks.json",
                           "vscode~2/tasks.json",
                           "GITHUB~1/x",
                           "githu~10/x",
                           "HUSKY~1/x",
                           "ENVRC~1",
                           "MCP~1.JSO",
                           "GITATT~1",
                           "GITMOD~1",
                           "gi7eba~1",
                           "GI7D29~1",
                           "CLAUDE~1/hooks/x",
                           ".claude/SETTIN~1.JSO",
                           ".claude/settin~4.jso",
                           "CLAUDE~1/SETTIN~2.JSO"}) {
    INFO(escape_for_display(path));
    CHECK(policy_of(path) == Policy::programs);
  }
}

TEST_CASE("path rules: what steers an assistant is told apart", "[sync][policy]") {
  for (const char* path : {"CLAUDE.md", "claude.md", "docs/CLAUDE.md", "CLAUDE.local.md", "CLAUDE~1.MD", "AGENTS.md",
                           "sub/agents.MD", ".claude/commands/x.md", ".claude/agents", ".claude/agents/x.md",
                           ".claude/skills/x/SKILL.md", "sub/.Claude/Skills/x",
                           ".claude/comm\xE2\x80\x8C"
                           "ands/x",
                           ".claude/s\xE2\x84\xAAills/x", "CLAUDE~1/skills/x", "CLAUDE.md./x"}) {
    INFO(escape_for_display(path));
    CHECK(policy_of(path) == Policy::steering);
  }
  // Both at once: the stricter one holds.
  CHECK(policy_of(".claude/skills/.envrc") == Policy::programs);
  CHECK(policy_of(".claude/commands/.vscode/tasks.json") == Policy::programs);
}

TEST_CASE("path rules: documents are allowed, also where their names come near", "[sync][policy]") {
  for (const char* path : {"",
                           ".claude",
                           ".claude/planning/plan.md",
                           ".claude/implementation/hooks/x.md",
                           ".claude/planning/sync/x.md",
                           "hooks/x",
                           "sync/x",
                           "settings.json",
                           "docs/settings.json",
                           ".claude/settings",
                           ".claude/settings.yml",
                           ".claude/x/settings.json",
                           "commands/x",
                           ".gitignore",
                           ".claude/planning/.gitignore",
                           ".vscodex/a",
                           "x.vscode/a",
                           ".github.md",
                           "envrc",
                           "mcp.json",
                           "CLAUDE.md.txt",
                           "my-CLAUDE.md",
                           "vscode/a",
                           "vscode~x/a",
                           "~1/a",
                           "vscod~1/a",
                           "settin~1.txt",
                           "agents/x.md",
                           "githubs~1/x",
                           "gi12zz~1",
                           "計画/é.md"}) {
    INFO(escape_for_display(path));
    CHECK(policy_of(path) == Policy::allowed);
  }
}
