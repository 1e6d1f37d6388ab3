// What makes programs run, or steers an assistant, is refused wherever it lies; and nothing is written through a link
// that stands on this disk.
#include <filesystem>
#include <nlohmann/json.hpp>

#include "scenario/robust_hostile.hpp"
#include "support/catch.hpp"

using namespace ps_sync::test;
using nlohmann::json;
namespace fs = std::filesystem;

TEST_CASE("files that make programs run or steer an assistant are refused inside the sync set", "[robust][hostile]") {
  Hostile world;
  const std::string evil = world.blob(Hostile::evil);
  const std::string hooks = world.tree({{"40000", "hooks", world.folder_with("x")}});
  world.suffer({{"100644", ".mcp.json", evil},
                {"100644", ".MCP.JSON", evil},
                {"100644", ".envrc", evil},
                {"100644", ".gitattributes", evil},
                {"100644", ".gitmodules", evil},
                {"40000", ".vscode", world.folder_with("tasks.json")},
                {"40000", ".github", world.folder_with("x.yml")},
                {"40000", ".husky", world.folder_with("pre-push")},
                {"40000", ".claude", hooks},
                {"100644", "CLAUDE.md", evil},
                {"40000", "nested", world.folder_with("CLAUDE.md")}});
}

TEST_CASE("with the whole of .claude included, settings, hooks and ps-sync's own files still never travel",
          "[robust][hostile]") {
  Hostile world;
  world.code.write(".claude/sync/config.yml", "version: 1\ninclude: [.claude/]\n").ok({"pull"});
  const std::string evil = world.blob(Hostile::evil);
  const std::vector<RawEntry> refused = {{"40000", "agents", world.folder_with("agent.md")},
                                         {"40000", "commands", world.folder_with("command.md")},
                                         {"40000", "hooks", world.folder_with("x")},
                                         {"100644", "settings.json", evil},
                                         {"100644", "settings.local.json", evil},
                                         {"40000", "skills", world.folder_with("SKILL.md")},
                                         {"40000", "sync", world.folder_with("config.yml")}};
  std::vector<RawEntry> entries = refused;
  entries.push_back({"100644", "notes.md", world.blob("notes\n")});
  entries.push_back(
      {"40000", "planning",
       world.tree({{"100644", "a.md", world.blob("a\n")}, {"100644", "beside.md", world.blob("beside\n")}})});
  std::sort(entries.begin(), entries.end(), [](const auto& left, const auto& right) { return left.name < right.name; });
  world.commit(world.tree({{"40000", ".claude", world.tree(entries)},
                           {"100644", ".envrc", evil},
                           {"100644", ".mcp.json", evil},
                           {"40000", ".vscode", world.folder_with("tasks.json")},
                           {"100644", "CLAUDE.md", evil},
                           {"100644", "README.md", evil}}));
  const Picture before = world.outside();
  const Outcome pulled = world.code.ps({"pull", "--json"});
  INFO(pulled.describe());
  CHECK(pulled.exit == 0);
  CHECK(changes(before, world.outside()) == "new: " + world.code.path(".claude/notes.md").string() + "\n");
  CHECK(world.code.read(planning + "beside.md") == "beside\n");
  Hostile::check_held_back(pulled.json(), refused, ".claude/");
  const json report = pulled.json();
  for (const json& held : report.at("held_back")) CHECK(held["reason"] == "policy");

  world.code.write(".claude/notes.md", "edited\n").ok({"push"});
  const std::string tip = world.world.origin_tip();
  const std::string raw = world.world.try_origin_git({"cat-file", "tree", tip + ":.claude"}).out;
  for (const RawEntry& entry : refused) CHECK(contains(raw, entry.bytes()));
  for (const char* path : {".envrc", ".mcp.json", ".vscode/tasks.json", "CLAUDE.md", "README.md"})
    CHECK(world.world.try_origin_git({"cat-file", "-e", tip + ":" + path}).exit == 0);
}

TEST_CASE("a parent folder that is a link to elsewhere is not written through", "[robust][hostile]") {
  Hostile world;
  const fs::path target = world.world.root() / "target";
  fs::create_directories(target);
  write_file(target / "x.md", "untouched\n");
  std::string replaced;
  SECTION("a folder inside the sync set") { replaced = planning + "sub"; }
  SECTION("a root of the sync set") { replaced = ".claude/planning"; }
  SECTION("a folder above the root") { replaced = ".claude"; }
  world.code.write(planning + "sub/x.md", "x\n").ok({"push"});
  world.desktop.ok({"pull"});
  world.desktop.write(planning + "sub/x.md", "x2\n").write(planning + "sub/y/new.md", "new\n");
  world.desktop.write(implementation + "i.md", "i\n").ok({"push"});
  const auto files = world.world.origin_files();

  world.code.rename(replaced, "kept aside");
  fs::create_directory_symlink(target, world.code.path(replaced));
  // Where the link's target looks just like the folder it stands for, nothing may be written either.
  fs::create_directories(target / "sub");
  fs::create_directories(target / "planning" / "sub");
  const Picture before = picture_of(target, [](const fs::path&) { return false; });
  const Picture aside = picture_of(world.code.path("kept aside"), [](const fs::path&) { return false; });
  for (const char* command : {"pull", "sync", "push", "pull"}) {
    const Outcome outcome = world.code.ps({command});
    INFO(command << ": " << outcome.describe());
    CHECK(outcome.exit < 126);
    CHECK(changes(before, picture_of(target, [](const fs::path&) { return false; })) == "");
    CHECK(changes(aside, picture_of(world.code.path("kept aside"), [](const fs::path&) { return false; })) == "");
  }
  CHECK(world.world.origin_files() == files);
  if (replaced == planning + "sub") CHECK(world.code.read(implementation + "i.md") == "i\n");

  fs::remove(world.code.path(replaced));
  world.code.rename("kept aside", replaced);
  world.code.ok({"sync"});
  CHECK(world.code.read(planning + "sub/x.md") == "x2\n");
  CHECK(world.code.read(planning + "sub/y/new.md") == "new\n");
}

TEST_CASE("a document that is a link on this disk is replaced by nothing that comes", "[robust][hostile]") {
  Hostile world;
  const fs::path target = world.world.root() / "target.md";
  write_file(target, "untouched\n");
  world.code.remove(planning + "a.md");
  fs::create_symlink(target, world.code.path(planning + "a.md"));
  world.desktop.write(planning + "a.md", "a2\n").write(planning + "b.md", "b\n").ok({"push"});
  const json pulled = world.code.json({"pull"});
  CHECK(paths(pulled["held_back"]).contains(planning + "a.md"));
  CHECK(read_file(target) == "untouched\n");
  CHECK(fs::is_symlink(world.code.path(planning + "a.md")));
  CHECK(world.code.read(planning + "b.md") == "b\n");
  CHECK(world.world.origin_files()[planning + "a.md"] == "a2\n");
}
