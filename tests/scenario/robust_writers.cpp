// Many writers at once: places that race for the remote, processes that race for one working tree, linked worktrees.
#include <filesystem>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "scenario/robust.hpp"
#include "support/catch.hpp"

using namespace ps_sync::test;
namespace fs = std::filesystem;

namespace {

/// What went wrong in threads, where Catch2 cannot be asked.
class Problems {
 public:
  void add(const std::string& text) {
    const std::lock_guard hold(guard_);
    text_ += text + "\n";
  }
  /// Runs `work`; what it throws is a problem.
  template <class Work>
  void watch(Work work) {
    try {
      work();
    } catch (const std::exception& problem) {
      add(problem.what());
    }
  }
  const std::string& text() const { return text_; }

 private:
  std::mutex guard_;
  std::string text_;
};

/// Makes origin refuse a forced push, and write down every move of a ref.
void guard_origin(World& world) {
  world.origin_git({"config", "receive.denyNonFastForwards", "true"});
  write_file(world.origin() / "hooks" / "update", "#!/bin/sh\necho \"$1 $2 $3\" >>moves\n");
  fs::permissions(world.origin() / "hooks" / "update", fs::perms(0755));
}

/// Every move of the sync branch on origin was a fast-forward.
void check_moves(World& world) {
  std::size_t moves = 0;
  for (const std::string& line : lines_of(read_file(world.origin() / "moves"))) {
    const std::string ref = line.substr(0, line.find(' '));
    const std::string from = line.substr(ref.size() + 1, 40);
    const std::string to = line.substr(ref.size() + 42, 40);
    if (ref != "refs/heads/promptsync/main") {
      CHECK_FALSE(ref.starts_with("refs/heads/"));
      continue;
    }
    ++moves;
    CHECK(to.find_first_not_of('0') != std::string::npos);
    if (from.find_first_not_of('0') != std::string::npos) {
      INFO(line);
      CHECK(world.try_origin_git({"merge-base", "--is-ancestor", from, to}).exit == 0);
    }
  }
  CHECK(moves > 0);
}

/// A list in which every place has a line of its own, far from the others'.
std::string shared_text(const std::string& present, const std::string& name, int round) {
  std::string text;
  for (const std::string& line : lines_of(present))
    text += (line.starts_with("- " + name + ":") ? "- " + name + ": " + std::to_string(round) : line) + "\n";
  return text;
}

}  // namespace

TEST_CASE("four places that sync 25 rounds at once: every document is everywhere, and no push was forced",
          "[robust][writers]") {
  constexpr int rounds = 25;
  World world;
  guard_origin(world);
  const std::vector<std::string> names = {"alpha", "beta", "gamma", "delta"};
  std::vector<Clone*> places;
  std::string shared = "# Shared\n";
  for (const std::string& name : names) {
    places.push_back(&world.place(name));
    shared += "\n## " + name + "\n\n- " + name + ": 0\n\nWhat " + name + " does.\n";
  }
  places[0]->write(planning + "shared.md", shared).ok({"push"});
  for (Clone* place : places) place->ok({"pull"});

  Problems problems;
  std::vector<std::thread> threads;
  for (Clone* place : places) {
    threads.emplace_back([&problems, place] {
      problems.watch([&] {
        for (int round = 1; round <= rounds; ++round) {
          const std::string number = std::to_string(round);
          place->write(planning + place->name() + ".md", "round " + number + "\n");
          if (round % 4 == 0)
            place->write(planning + "shared.md",
                         shared_text(place->read(planning + "shared.md"), place->name(), round));
          if (round % 5 == 0) place->write(planning + place->name() + "/added " + number + ".md", "added\n");
          const Outcome outcome = place->ps({"sync"});
          if (outcome.exit != 0) problems.add(place->name() + ", round " + number + ": " + outcome.describe());
        }
      });
    });
  }
  for (std::thread& thread : threads) thread.join();
  INFO(problems.text());
  REQUIRE(problems.text().empty());

  for (int last = 0; last < 2; ++last)
    for (Clone* place : places) place->ok({"sync"});
  Files wanted;
  for (const std::string& name : names) {
    shared = shared_text(shared, name, 24);
    wanted[planning + name + ".md"] = "round 25\n";
    for (int round = 5; round <= rounds; round += 5)
      wanted[planning + name + "/added " + std::to_string(round) + ".md"] = "added\n";
  }
  wanted[planning + "shared.md"] = shared;
  CHECK(world.origin_files() == wanted);
  for (Clone* place : places) {
    INFO(place->name());
    CHECK(place->files(planning) == wanted);
    CHECK(leftovers(place->git_folder() / "promptsync") == "");
  }
  check_moves(world);
}

TEST_CASE("places that make the first push at once share one history", "[robust][writers]") {
  World world(World::Origin::empty);
  guard_origin(world);
  std::vector<Clone*> places;
  for (const char* name : {"alpha", "beta", "gamma", "delta"}) places.push_back(&world.place(name));
  Problems problems;
  std::vector<std::thread> threads;
  for (Clone* place : places) {
    threads.emplace_back([&problems, place] {
      problems.watch([&] { place->write(planning + place->name() + ".md", "mine\n").ok({"push"}); });
    });
  }
  for (std::thread& thread : threads) thread.join();
  INFO(problems.text());
  REQUIRE(problems.text().empty());
  CHECK(world.origin_files().size() == 4);
  CHECK(lines_of(world.origin_git({"rev-list", "--max-parents=0", "refs/heads/promptsync/main"})).size() == 1);
  for (Clone* place : places) {
    place->ok({"pull"});
    CHECK(place->files(planning) == world.origin_files());
  }
  check_moves(world);
  // As a host does with the first branch that arrives; git fsck minds a HEAD that points nowhere.
  world.origin_git({"symbolic-ref", "HEAD", "refs/heads/promptsync/main"});
}

TEST_CASE("push, pull and sync at once in one working tree take turns", "[robust][writers]") {
  Pair pair(Files{{planning + "a.md", "a 0\n"}, {planning + "b.md", "b 0\n"}});
  pair.desktop.ok({"pull"});
  Problems problems;
  for (int round = 1; round <= 6; ++round) {
    const std::string number = std::to_string(round);
    pair.desktop.write(planning + "a.md", "a " + number + "\n")
        .write(planning + "from desktop " + number + ".md", "d\n");
    pair.desktop.ok({"push"});
    pair.code.write(planning + "b.md", "b " + number + "\n").write(planning + "from code " + number + ".md", "c\n");
    std::vector<std::thread> threads;
    for (const char* command : {"push", "pull", "sync", "status"}) {
      threads.emplace_back([&, command] {
        problems.watch([&] {
          const Outcome outcome = pair.code.ps({command});
          if (outcome.exit != 0) problems.add(std::string(command) + ": " + outcome.describe());
        });
      });
    }
    for (std::thread& thread : threads) thread.join();
    INFO(problems.text());
    REQUIRE(problems.text().empty());
    pair.code.ok({"sync"});
    pair.desktop.ok({"pull"});
    REQUIRE(documents(pair.code) == documents(pair.desktop));
    CHECK(pair.code.read(planning + "a.md") == "a " + number + "\n");
    CHECK(pair.desktop.read(planning + "b.md") == "b " + number + "\n");
  }
  CHECK(pair.code.files(planning).size() == 14);
  CHECK(leftovers(pair.code.git_folder() / "promptsync") == "");
}

TEST_CASE("two linked worktrees of one repository sync at once", "[robust][writers]") {
  Pair pair(Files{{planning + "a.md", "a\n"}});
  pair.code.git({"worktree", "add", "--quiet", "-b", "linked", (pair.world.root() / "linked").string()});
  pair.code.git({"worktree", "add", "--quiet", "-b", "other", (pair.world.root() / "other").string()});
  Clone& linked = pair.world.adopt("linked", pair.world.root() / "linked");
  Clone& other = pair.world.adopt("other", pair.world.root() / "other");
  linked.ok({"pull"});
  other.ok({"pull"});
  const Fingerprint before = pair.code.fingerprint();
  Problems problems;
  std::vector<std::thread> threads;
  for (Clone* tree : {&pair.code, &linked, &other, &pair.desktop}) {
    threads.emplace_back([&problems, tree] {
      problems.watch([&] {
        for (int round = 1; round <= 8; ++round) {
          tree->write(planning + tree->name() + ".md", "round " + std::to_string(round) + "\n");
          const Outcome outcome = tree->ps({round % 2 == 0 ? "sync" : "push"});
          if (outcome.exit != 0) problems.add(tree->name() + ": " + outcome.describe());
        }
      });
    });
  }
  for (std::thread& thread : threads) thread.join();
  INFO(problems.text());
  REQUIRE(problems.text().empty());
  Files wanted = {{planning + "a.md", "a\n"}};
  for (Clone* tree : {&pair.code, &linked, &other, &pair.desktop}) {
    wanted[planning + tree->name() + ".md"] = "round 8\n";
    tree->ok({"sync"});
  }
  for (Clone* tree : {&pair.code, &linked, &other, &pair.desktop}) {
    INFO(tree->name());
    tree->ok({"sync"});
    CHECK(tree->files(planning) == wanted);
  }
  CHECK(pair.world.origin_files() == wanted);
  CHECK(before.changes(pair.code.fingerprint()) == "");
}
