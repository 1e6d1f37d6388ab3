// Hostile trees, built by hand on origin: what is refused stays on the branch and off the disk, the rest arrives.
#include <filesystem>
#include <nlohmann/json.hpp>

#include "scenario/robust_hostile.hpp"
#include "support/catch.hpp"

using namespace ps_sync::test;
using nlohmann::json;
namespace fs = std::filesystem;

TEST_CASE("files whose names climb out, or are .git in disguise, are refused and the rest arrives",
          "[robust][hostile]") {
  Hostile world;
  const std::string evil = world.blob(Hostile::evil);
  std::vector<RawEntry> entries;
  for (const char* name : {"..", ".", ".git", ".GIT", ".Git", "git~1", "GIT~2", ".git\u200c", ".g\u200dit", ".git.",
                           ".git ", ".git::$INDEX_ALLOCATION", ".git\\config"})
    entries.push_back({"100644", name, evil});
  world.suffer(entries);
}

TEST_CASE("folders whose names climb out, or are .git in disguise, are refused and the rest arrives",
          "[robust][hostile]") {
  Hostile world;
  std::vector<RawEntry> entries;
  for (const char* name : {"..", ".", ".git", ".GIT", "git~1", ".git\u200c", ".git.", ".git "})
    entries.push_back({"40000", name, world.folder_with("config")});
  const std::string up = world.tree({{"40000", "..", world.folder_with("escaped.md")}});
  entries.push_back({"40000", "deeper", world.tree({{"40000", "..", up}})});
  entries.push_back({"40000", "hooks above", world.tree({{"40000", ".git", world.folder_with("post-checkout")}})});
  world.suffer(entries);
}

TEST_CASE("names with a slash in them, relative or absolute, are refused and the rest arrives", "[robust][hostile]") {
  Hostile world;
  const std::string evil = world.blob(Hostile::evil);
  std::vector<RawEntry> entries;
  for (const std::string& name :
       {std::string("sub/file.md"), std::string("../../escaped.md"), std::string("../../../escaped.md"),
        std::string("/escaped.md"), (world.world.root() / "escaped.md").string(), std::string("trailing/"),
        std::string("../../.git/config"), std::string("../sync/config.yml"), std::string("two//slashes.md")})
    entries.push_back({"100644", name, evil});
  entries.push_back({"40000", "../..", world.folder_with("escaped.md")});
  world.suffer(entries);
}

TEST_CASE("names with control characters are refused, shown escaped, and the rest arrives", "[robust][hostile]") {
  Hostile world;
  const std::string evil = world.blob(Hostile::evil);
  std::vector<RawEntry> entries;
  for (const char* name :
       {"line\nbreak.md", "\x1b[31mred\x1b[0m.md", "\x1b]0;title\x07.md", "del\x7f.md",
        "c1 \xc2\x9b"
        "31m.md",
        "tab\t.md", "return\r.md", "bell\x07.md", "back\b\b\b.md", "front matter\n---\nCOMMIT: 0\n.md"})
    entries.push_back({"100644", name, evil});
  entries.push_back({"40000", "folder\x1b[2J", world.folder_with("x.md")});
  world.suffer(entries);
}

TEST_CASE("names of 300 bytes are refused, odd but harmless ones arrive", "[robust][hostile]") {
  Hostile world;
  const std::string fine = world.blob("fine\n");
  std::vector<RawEntry> entries = {{"100644", std::string(300, 'n'), world.blob(Hostile::evil)},
                                   {"100644", std::string(256, 'm'), world.blob(Hostile::evil)},
                                   {"40000", std::string(300, 'f'), world.folder_with("x.md")}};
  Files harmless;
  for (const std::string& name :
       {std::string(255, 'l'), std::string("-rf"), std::string("--upload-pack=touch x"), std::string("$(touch x).md"),
        std::string("; touch x"), std::string("nul.md"), std::string("@everyone fixes #1.md"), std::string("-->.md"),
        std::string("\"quoted\".md"), std::string("\xce\xb1\xcc\x81.md"), std::string("*.md"), std::string(" "),
        std::string("COMMIT: 0"), std::string(".gitignore"), std::string("100%.md")}) {
    entries.push_back({"100644", name, fine});
    harmless[planning + name] = "fine\n";
  }
  world.suffer(entries, harmless);
}

TEST_CASE("a name that is not valid UTF-8 arrives, and is given percent-encoded", "[robust][hostile]") {
  Hostile world;
  const std::string name = "not utf-8 \xff\xfe.md";
  world.plant({{"100644", name, world.blob("fine\n")}});
  const json pulled = world.pull({{planning + name, "fine\n"}});
  bool encoded = false;
  for (const json& change : pulled["received"])
    if (change["path"] == planning + "not utf-8 %FF%FE.md" || change["path"] == planning + "not%20utf-8%20%FF%FE.md")
      encoded = change.value("encoded", false);
  CHECK(encoded);
  world.look_around();
  world.push_beside({{"100644", name, world.blob("fine\n")}});
}

TEST_CASE("links, gitlinks and odd modes are refused and the rest arrives", "[robust][hostile]") {
  Hostile world;
  const std::string evil = world.blob(Hostile::evil);
  const std::string commit = world.world.origin_tip();
  world.suffer({{"120000", "link to a file", world.blob("/etc/passwd")},
                {"120000", "link to a folder", world.blob("../../..")},
                {"120000", "link.md", world.blob("a.md")},
                {"160000", "gitlink", commit},
                {"100666", "mode 666", evil},
                {"100600", "mode 600", evil},
                {"100664", "mode 664", evil},
                {"104755", "set user id", evil},
                {"140000", "socket", evil},
                {"20000", "device", evil},
                {"644", "no type", evil}});
}

TEST_CASE("an executable file arrives executable", "[robust][hostile]") {
  Hostile world;
  world.plant({{"100755", "run.sh", world.blob("#!/bin/sh\n")}});
  world.pull({{planning + "run.sh", "#!/bin/sh\n"}});
  CHECK(world.code.is_executable(planning + "run.sh"));
  CHECK_FALSE(world.code.is_executable(planning + "beside.md"));
}

TEST_CASE("a folder with a mode of its own is refused or read, and kept either way", "[robust][hostile]") {
  Hostile world;
  const RawEntry odd = {"40755", "odd folder", world.folder_with("x.md")};
  world.plant({odd});
  const Outcome pulled = world.code.ps({"pull", "--json"});
  CHECK(pulled.exit == 0);
  CHECK(world.code.read(planning + "beside.md") == "beside\n");
  if (!world.code.exists(planning + "odd folder/x.md")) Hostile::check_held_back(pulled.json(), {odd});
  world.push_beside({odd});
}

TEST_CASE("a mode with a leading zero is the same mode", "[robust][hostile]") {
  Hostile world;
  world.plant({{"040000", "sub", world.folder_with("x.md")}, {"0100644", "zero.md", world.blob("zero\n")}});
  world.pull({{planning + "sub/x.md", Hostile::evil}, {planning + "zero.md", "zero\n"}});
}

TEST_CASE("a name that stands twice is refused, whichever comes first, and the rest arrives", "[robust][hostile]") {
  Hostile world;
  fs::create_directories(world.world.root() / "target");
  const std::string one = world.blob("one\n");
  const std::string two = world.blob("two\n");
  const std::string link = world.blob("../../../target");
  const std::string folder = world.folder_with("pwned.md");
  world.suffer({{"100644", "double.md", one},
                {"100644", "double.md", two},
                {"100644", "file and folder", one},
                {"40000", "file and folder", folder},
                {"120000", "link and folder", link},
                {"40000", "link and folder", folder},
                {"40000", "two folders", folder},
                {"40000", "two folders", world.folder_with("other.md")}});
  CHECK(fs::is_empty(world.world.root() / "target"));
}

TEST_CASE("a folder first and a link of the same name after it is refused too", "[robust][hostile]") {
  Hostile world;
  fs::create_directories(world.world.root() / "target");
  const std::string folder = world.folder_with("pwned.md");
  const std::string link = world.blob("../../../target");
  world.commit(world.tree({{"40000", ".claude",
                            world.tree({{"40000", "planning",
                                         world.tree({{"100644", "a.md", world.blob("a\n")},
                                                     {"100644", "beside.md", world.blob("beside\n")},
                                                     {"40000", "sub", folder},
                                                     {"120000", "sub", link}})}})}}));
  Hostile::check_held_back(world.pull(), {{"120000", "sub", link}});
  CHECK(fs::is_empty(world.world.root() / "target"));
  world.push_beside({{"40000", "sub", folder}, {"120000", "sub", link}});
}

TEST_CASE("a link on the branch that becomes a folder later lets nothing be written through it", "[robust][hostile]") {
  Hostile world;
  fs::create_directories(world.world.root() / "target");
  world.plant({{"120000", "sub", world.blob("../../../target")}});
  world.pull();
  CHECK_FALSE(world.code.exists(planning + "sub"));
  world.plant({{"40000", "sub", world.folder_with("x.md")}});
  world.pull({{planning + "sub/x.md", Hostile::evil}});
  world.plant({{"120000", "sub", world.blob("../../../target")}});
  world.code.ps({"pull"});
  world.plant({{"40000", "sub", world.folder_with("y.md")}});
  world.code.ps({"pull"});
  CHECK(fs::is_empty(world.world.root() / "target"));
  CHECK(fs::symlink_status(world.code.path(planning + "sub")).type() != fs::file_type::symlink);
}

TEST_CASE("entries out of order are read or refused, and the harmless files beside them arrive", "[robust][hostile]") {
  Hostile world;
  const std::string fine = world.blob("fine\n");
  world.commit(world.tree({{"40000", ".claude",
                            world.tree({{"40000", "planning",
                                         world.tree({{"100644", "z.md", fine},
                                                     {"100644", "beside.md", world.blob("beside\n")},
                                                     {"40000", "m", world.folder_with("x.md")},
                                                     {"100644", "a.md", world.blob("a\n")}})}})}}));
  world.pull({{planning + "z.md", "fine\n"}, {planning + "m/x.md", Hostile::evil}});
  world.code.write(planning + "beside.md", "edited\n").write(planning + "mine.md", "mine\n").ok({"push"});
  world.desktop.ok({"pull"});
  CHECK(world.desktop.files(planning) == world.code.files(planning));
  CHECK(world.desktop.read(planning + "beside.md") == "edited\n");
  CHECK(world.desktop.files(planning).size() == 5);
}

TEST_CASE("trees that no git would send on end in a message, and leave everything as it was", "[robust][hostile]") {
  Hostile world;
  const auto check_unharmed = [&](const std::string& planted) {
    INFO(planted);
    const std::string before = world.world.origin_tip();
    world.commit(planted);
    const Picture outside = world.outside();
    const Outcome pulled = world.code.ps({"pull"});
    INFO(pulled.describe());
    CHECK((pulled.exit == 0 || pulled.exit == 1));
    CHECK(contains(pulled.out + pulled.err, "remote"));
    CHECK(changes(outside, world.outside()) == "");
    CHECK(world.code.files(planning) == Files{{planning + "a.md", "a\n"}});
    world.world.origin_git({"update-ref", "refs/heads/promptsync/main", before});
    world.code.write(planning + "b.md", "b\n").ok({"sync"});
    world.code.remove(planning + "b.md").ok({"sync"});
  };
  const std::string gone = "deadbeefdeadbeefdeadbeefdeadbeefdeadbeef";
  const auto with_planning = [&](const std::string& planning_tree) {
    return world.tree({{"40000", ".claude", world.tree({{"40000", "planning", planning_tree}})}});
  };
  check_unharmed(with_planning(world.tree({{"100644", "", world.blob(Hostile::evil)}})));  // an empty name
  check_unharmed(with_planning(world.tree({{"100644", "missing.md", gone}})));
  check_unharmed(with_planning(world.tree({{"40000", "missing", gone}})));
  check_unharmed(world.world.origin_git({"hash-object", "-t", "tree", "--literally", "-w", "--stdin"}, "100644 cut"));
}
