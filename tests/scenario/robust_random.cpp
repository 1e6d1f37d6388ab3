// Random operations over three places, with a remote that comes and goes. In the end all hold the same bytes, and every
// version that a finished command saw is in origin's history.
//
// The seeds are fixed; PS_SYNC_SEED runs one of one's own.
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <nlohmann/json.hpp>
#include <random>

#include "scenario/robust.hpp"
#include "support/catch.hpp"

using namespace ps_sync::test;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

class Chance {
 public:
  explicit Chance(unsigned seed) : random_(seed) {}

  /// 0 to count - 1. Not by a standard distribution: those differ between libraries.
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(random_() % count); }
  bool one_in(std::size_t count) { return below(count) == 0; }
  template <class List>
  const auto& pick(const List& list) {
    return *std::next(std::begin(list), static_cast<std::ptrdiff_t>(below(std::size(list))));
  }

 private:
  std::mt19937 random_;
};

class Play {
 public:
  explicit Play(unsigned seed) : chance_(seed) {
    for (const char* name : {"alpha", "beta", "gamma"}) places_.push_back(&world_.place(name));
  }

  /// One random operation at a random place; now and then the remote goes away or comes back.
  void step() {
    ++step_;
    if (chance_.one_in(remote_on_ ? 12 : 5)) return turn_remote(!remote_on_);
    Clone& place = *chance_.pick(places_);
    const std::size_t what = chance_.below(20);
    if (what < 5) return write(place);
    if (what < 8) return edit(place);
    if (what < 9) return remove(place);
    if (what < 11) return rename(place);
    if (what < 12) return change_mode(place);
    if (what < 13) return make_folder(place);
    if (what < 14) return resolve_some(place);
    static const std::vector<std::string> commands = {"push", "pull", "sync"};
    command(place, commands[(what - 14) / 2]);
  }

  /// Remote on, every conflict resolved, and one after the other syncs until nothing moves.
  void come_to_rest() {
    turn_remote(true);
    for (int round = 0; round < 12; ++round) {
      bool quiet = true;
      for (Clone* place : places_) {
        const json result = command(*place, "sync");
        for (const json& conflict : result.at("conflicts")) {
          quiet = false;
          resolve(*place, conflict.at("path").get<std::string>());
        }
        if (!result.at("sent").empty() || !result.at("received").empty()) quiet = false;
      }
      if (quiet) return;
    }
    FAIL("it did not come to rest in 12 rounds");
  }

  void check_end() {
    const Files first = documents(*places_[0]);
    for (Clone* place : places_) {
      INFO("at " << place->name() << ", against alpha:\n" << changes(first, documents(*place)));
      CHECK(documents(*place) == first);
      CHECK(leftovers(place->git_folder() / "promptsync") == "");
    }
    Files bytes_only;
    for (const auto& [path, state] : first) bytes_only[path] = state.substr(2);
    CHECK(world_.origin_files() == bytes_only);

    const std::set<std::string> history = reachable_objects(world_, world_.origin());
    std::string lost;
    for (const auto& [id, where] : seen_)
      if (!history.contains(id)) lost += id + " " + where + "\n";
    INFO("versions that are in no commit on origin:\n" << lost);
    CHECK(lost.empty());
  }

 private:
  /// Names that collide now and then, as files, as folders, and one as both.
  static inline const std::vector<std::string> names_ = {
      planning + "a.md",        planning + "b.md",         planning + "topic",          planning + "topic/part.md",
      planning + "deep/x/y.md", planning + "deep/x/z.md",  planning + "Überblick.md",   planning + "with space.md",
      implementation + "i.md",  implementation + "run.sh", implementation + "topic.md", implementation + "data.bin"};

  void turn_remote(bool on) {
    if (on == remote_on_) return;
    if (on)
      world_.bring_origin_back();
    else
      world_.take_origin_away();
    remote_on_ = on;
  }

  /// A name that can be written at the place: nothing else is in its way there.
  std::string free_name(Clone& place) {
    for (;;) {
      const std::string& name = chance_.pick(names_);
      if (fs::is_directory(place.path(name))) continue;
      bool blocked = false;
      for (fs::path above = fs::path(name).parent_path(); !above.empty(); above = above.parent_path())
        if (fs::exists(place.path(above.string())) && !fs::is_directory(place.path(above.string()))) blocked = true;
      if (!blocked) return name;
    }
  }

  std::string some_document(Clone& place) {
    const Files present = documents(place);
    return present.empty() ? "" : chance_.pick(present).first;
  }

  void write(Clone& place) {
    std::string text = "# " + place.name() + " " + std::to_string(step_) + "\n";
    for (int n = 0; n < 10; ++n) text += "line " + std::to_string(n) + "\n";
    if (chance_.one_in(5)) text += std::string("\0\1\2binary", 9) + std::to_string(step_);
    place.write(free_name(place), text);
  }

  /// Changes one line of a document that is there.
  void edit(Clone& place) {
    const std::string path = some_document(place);
    if (path.empty()) return write(place);
    std::vector<std::string> lines = lines_of(place.read(path));
    if (lines.empty()) lines.emplace_back();
    lines[chance_.below(lines.size())] = "edited by " + place.name() + " " + std::to_string(step_);
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    place.write(path, text);
  }

  void remove(Clone& place) {
    const std::string path = some_document(place);
    if (!path.empty()) place.remove(path);
  }

  void rename(Clone& place) {
    const std::string from = some_document(place);
    if (from.empty()) return;
    const std::string to = free_name(place);
    if (from != to && !to.starts_with(from + "/") && !place.exists(to)) place.rename(from, to);
  }

  void change_mode(Clone& place) {
    const std::string path = some_document(place);
    if (!path.empty()) fs::permissions(place.path(path), place.is_executable(path) ? fs::perms(0644) : fs::perms(0755));
  }

  void make_folder(Clone& place) { fs::create_directories(place.path(planning + "folder " + std::to_string(step_))); }

  /// Runs push, pull or sync, and remembers the versions that it saw and answers for.
  json command(Clone& place, const std::string& name) {
    const std::map<std::string, std::string> ids = document_ids(world_, place);
    Outcome outcome = place.ps({name, "--json"});
    if (outcome.exit == 5) outcome = place.ps({name, "--json", "--allow-deletes"});
    INFO("step " << step_ << ": " << name << " at " << place.name() << "\n" << outcome.describe());
    REQUIRE((outcome.exit == 0 || outcome.exit == 3));
    const json result = outcome.json();
    const std::set<std::string> held_back = paths(result.at("held_back"));
    // Where a folder here clashes with a file there, what lies in the folder is held back with it.
    const auto is_below_held_back = [&](fs::path path) {
      for (; !path.empty(); path = path.parent_path())
        if (held_back.contains(path.string())) return true;
      return false;
    };
    for (const auto& [path, id] : ids)
      if (!is_below_held_back(path))
        seen_.emplace(id, path + " at " + place.name() + ", step " + std::to_string(step_) + ", " + name);
    return result;
  }

  void resolve_some(Clone& place) {
    const json report = place.json({"conflicts"});
    for (const json& conflict : report.at("conflicts"))
      if (chance_.one_in(2)) resolve(place, conflict.at("path").get<std::string>());
  }

  /// What is on disk is in the history before a choice replaces it.
  void resolve(Clone& place, const std::string& path) {
    const std::map<std::string, std::string> ids = document_ids(world_, place);
    const std::string choice = chance_.one_in(2) ? "--ours" : "--theirs";
    const Outcome outcome = place.ps({"resolve", path, choice});
    INFO("step " << step_ << ": resolve " << choice << " " << path << " at " << place.name() << "\n"
                 << outcome.describe());
    // 3: others wait still. What an earlier resolution of the same round settled as well is no conflict any more.
    const bool settled = outcome.exit == 1 && !paths(place.json({"conflicts"}).at("conflicts")).contains(path);
    REQUIRE((outcome.exit == 0 || outcome.exit == 3 || settled));
    if (settled) return;
    for (const auto& [on_disk, id] : ids)
      if (on_disk == path || on_disk.starts_with(path + "/"))
        seen_.emplace(id, on_disk + " at " + place.name() + ", step " + std::to_string(step_) + ", resolve");
  }

  World world_;
  std::vector<Clone*> places_;
  Chance chance_;
  bool remote_on_ = true;
  int step_ = 0;
  std::map<std::string, std::string> seen_;  ///< blob → where and when
};

void play(unsigned seed) {
  const char* other = std::getenv("PS_SYNC_SEED");
  if (other != nullptr) seed = static_cast<unsigned>(std::strtoul(other, nullptr, 10));
  INFO("PS_SYNC_SEED=" << seed);
  Play game(seed);
  for (int step = 0; step < 160; ++step) game.step();
  game.come_to_rest();
  game.check_end();
}

}  // namespace

TEST_CASE("random operations, seed 1: all end with the same bytes, and the history has every version",
          "[robust][random]") {
  play(1);
}

TEST_CASE("random operations, seed 20261123: all end with the same bytes, and the history has every version",
          "[robust][random]") {
  play(20261123);
}

TEST_CASE("random operations, seed 4711: all end with the same bytes, and the history has every version",
          "[robust][random]") {
  play(4711);
}

TEST_CASE("random operations, seed 8: all end with the same bytes, and the history has every version",
          "[robust][random]") {
  play(8);
}

TEST_CASE("random operations, seed 99: all end with the same bytes, and the history has every version",
          "[robust][random]") {
  play(99);
}
