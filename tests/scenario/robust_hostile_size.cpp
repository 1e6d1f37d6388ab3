// Trees of hostile size: ten thousand levels, a hundred thousand entries. (Documents in such numbers are the
// benchmark's: to write them, and to remove them afterwards, takes a disk minutes.)
#include <filesystem>
#include <nlohmann/json.hpp>

#include "scenario/robust_hostile.hpp"
#include "support/catch.hpp"

using namespace ps_sync::test;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

/// Raw entries `000000.md`, `000001.md`, … of one mode and object.
std::vector<RawEntry> many(int count, const std::string& mode, const std::string& id) {
  std::vector<RawEntry> entries;
  for (int n = 0; n < count; ++n) {
    const std::string number = std::to_string(n);
    entries.push_back({mode, std::string(6 - number.size(), '0') + number + ".md", id});
  }
  return entries;
}

}  // namespace

TEST_CASE("a tree of ten thousand levels is refused, and the files beside it arrive", "[robust][hostile]") {
  Hostile world;
  std::string path = planning;
  for (int level = 0; level < 10'000; ++level) path += "d/";
  const std::string tip = world.world.origin_tip();
  world.world.origin_git({"fast-import", "--quiet"},
                         "commit refs/heads/promptsync/main\ncommitter Mallory <m@example.org> 1700000000 +0000\n"
                         "data 31\nPlanted\n\nPromptsync-Format: 1\n\n\nfrom " +
                             tip + "\nM 100644 inline " + path + "deep.md\ndata 5\nevil\n\nM 100644 inline " +
                             planning + "beside.md\ndata 7\nbeside\n\n");
  const std::string deep = world.world.origin_git({"rev-parse", world.world.origin_tip() + ":" + planning + "d"});
  const json pulled = world.pull();
  CHECK(pulled["held_back"].size() == 1);
  Hostile::check_held_back(pulled, {{"40000", "d", deep}});
  world.look_around();
  world.push_beside({{"40000", "d", deep}});

  Clone& fresh = world.world.place("fresh");
  CHECK(fresh.ps({"pull"}).exit == 0);
  CHECK(fresh.files(planning).size() == 3);

  // And away again: what was never applied is taken away from nobody.
  world.plant({});
  world.pull();
}

TEST_CASE("a hundred thousand refused entries in one folder are held back, and the files beside them arrive",
          "[robust][hostile]") {
  Hostile world;
  const RawEntry links = {"40000", "links", world.tree(many(100'000, "120000", world.blob("../../../..")))};
  world.plant({links});
  const json pulled = world.pull();
  Hostile::check_held_back(pulled, {links});
  world.push_beside({links});
  CHECK_FALSE(world.code.exists(planning + "links"));
}

TEST_CASE("ten thousand documents in one folder arrive, and one of them may change", "[robust][hostile]") {
  Hostile world;
  const std::string text = world.blob("one of many\n");
  world.plant({{"40000", "many", world.tree(many(10'000, "100644", text))}});
  const Picture before = world.outside();
  const Outcome pulled = world.code.ps({"pull", "--json"});
  CHECK(pulled.exit == 0);
  CHECK(pulled.json()["received"].size() == 10'001);
  CHECK(changes(before, world.outside()) == "");
  CHECK(world.code.read(planning + "beside.md") == "beside\n");
  CHECK(std::distance(fs::directory_iterator(world.code.path(planning + "many")), fs::directory_iterator()) == 10'000);
  CHECK(world.code.read(planning + "many/009999.md") == "one of many\n");
  world.code.write(planning + "many/005000.md", "changed\n");
  const json pushed = world.code.json({"push"});
  CHECK(paths(pushed["sent"]) == std::set{planning + "many/005000.md"});
  CHECK(world.world.origin_git({"cat-file", "blob", "promptsync/main:" + planning + "many/005000.md"}) == "changed");
}
