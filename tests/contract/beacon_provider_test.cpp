// The beacon providers pass one suite; below it, what only the git ref promises.
#include "beacon_provider_suite.hpp"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <deque>
#include <filesystem>

#include "ps_sync/base/text.hpp"
#include "ps_sync/platform/process.hpp"

using namespace ps_sync;
using namespace ps_sync::test;

namespace {

class NonePlaces : public BeaconPlaces {
 public:
  Provider make_provider(int /*place*/) override { return beacon::make_none_provider(); }
  bool keeps_bodies() const override { return false; }
  std::vector<Damage> damages() override { return {}; }
  void take_away() override {}
  void bring_back() override {}
};

/// A bare repository made by the real git, reached by its path from two stores.
class GitPlaces : public BeaconPlaces {
 public:
  GitPlaces() : folder_(make_folder()), origin_(folder_ / "origin é.git") {
    // Our own connections start git too, and must see nothing of whoever runs the tests.
    for (const char* name : {"HOME", "XDG_CONFIG_HOME"}) ::setenv(name, folder_.c_str(), 1);
    for (const auto& [name, value] : {std::pair("GIT_CONFIG_NOSYSTEM", "1"), std::pair("LC_ALL", "C"),
                                      std::pair("GIT_TERMINAL_PROMPT", "0"), std::pair("TZ", "UTC")})
      ::setenv(name, value, 1);
    std::signal(SIGPIPE, SIG_IGN);  // as the program does: a closed pipe is an error, not an end
    run_git({"init", "-q", "--bare", origin_.string()});
    for (const char* name : {"store 1", "store 2"}) stores_.emplace_back(folder_ / name).create();
  }
  ~GitPlaces() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  Provider make_provider(int place) override { return make_provider(place, make_remote()); }
  Provider make_provider(int place, git::Remote& remote) {
    return beacon::make_git_provider(store(place), remote, author());
  }
  bool keeps_bodies() const override { return true; }
  void take_away() override { fs::rename(origin_, folder_ / "away"); }
  void bring_back() override { fs::rename(folder_ / "away", origin_); }

  std::vector<Damage> damages() override {
    const auto point_at = [this](const std::string& oid) { git({"update-ref", beacon::git_beacon_ref, oid}); };
    const auto commit_of = [this, point_at](const std::string& mode, const std::string& type,
                                            const std::function<std::string()>& oid) {
      return [this, point_at, mode, type, oid] {
        point_at(commit(tree(concat(mode, " ", type, " ", oid(), "\tBEACON.md\n"))));
      };
    };
    const auto folder = [this] { return tree(concat("100644 blob ", blob("x\n"), "\tBEACON.md\n")); };
    return {
        {"the ref is deleted",
         [this] {
           git({"update-ref", "-d", beacon::git_beacon_ref});
         }},
        {"a blob", [this, point_at] { point_at(blob("a blob\n")); }},
        {"a tree", [point_at, folder] { point_at(folder()); }},
        {"an annotated tag",
         [this, point_at, folder] {
           git({"tag", "-f", "-a", "-m", "A tag", "tagged", commit(folder())});
           point_at(git({"rev-parse", "refs/tags/tagged"}));
         }},
        {"no BEACON.md", [this, point_at] { point_at(commit(tree(""))); }},
        {"another name", [this, point_at] { point_at(commit(tree(concat("100644 blob ", blob("x\n"), "\tb\n")))); }},
        {"a folder", commit_of("040000", "tree", folder)},
        {"a link", commit_of("120000", "blob", [this] { return blob("/etc/passwd"); })},
        {"a gitlink to itself", commit_of("160000", "commit",
                                          [this] {
                                            return git({"rev-parse", beacon::git_beacon_ref});
                                          })},
        {"over 256 KiB", commit_of("100644", "blob", [this] { return blob(std::string(256 * 1024 + 1, 'x')); })}};
  }

  const git::Store& store(int place) const { return stores_.at(static_cast<std::size_t>(place - 1)); }
  git::Remote& make_remote() {
    const std::string url = origin_.string();
    return remotes_.emplace_back(git::RemoteAddress{"origin", url, url}, git::RemoteOptions{});
  }
  static git::Signature author() {
    return {"Place", "place@example.org", Timestamp(std::chrono::seconds(1'795'000'000)), 0};
  }

  /// git in the bare repository: its standard output without the last newline.
  std::string git(const std::vector<std::string>& arguments, std::string_view input = {}) {
    std::vector<std::string> all{concat("--git-dir=", origin_.string())};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return run_git(all, input);
  }

 private:
  static fs::path make_folder() {
    std::string name = (fs::temp_directory_path() / "ps-sync beacon é XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    return name;
  }
  static std::string run_git(const std::vector<std::string>& arguments, std::string_view input = {}) {
    Command command{{"git", "-c", "user.name=Grace Test", "-c", "user.email=grace@example.org"},
                    std::nullopt,
                    without_git_environment()};
    command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
    const Output output = run(command, input);
    INFO("git " << join(arguments, " ") << "\n" << output.err);
    REQUIRE(output.status == 0);
    return output.out.substr(0, output.out.find_last_not_of('\n') + 1);
  }
  std::string blob(std::string_view bytes) { return git({"hash-object", "-w", "--stdin"}, bytes); }
  std::string tree(std::string_view entries) { return git({"mktree", "--missing"}, entries); }
  std::string commit(const std::string& of_tree) { return git({"commit-tree", "-m", "By hand", of_tree}); }

  fs::path folder_;
  fs::path origin_;
  std::deque<git::Store> stores_;
  std::deque<git::Remote> remotes_;
};

}  // namespace

TEMPLATE_TEST_CASE("beacon: where nothing is published, nothing is read", "[beacon]", GitPlaces, NonePlaces) {
  TestType places;
  check_nothing_published_is_absent(places);
}

TEMPLATE_TEST_CASE("beacon: what one place publishes the other reads byte for byte", "[beacon]", GitPlaces,
                   NonePlaces) {
  TestType places;
  check_bodies_arrive_unchanged(places);
}

TEMPLATE_TEST_CASE("beacon: publishing over what was read succeeds again and again", "[beacon]", GitPlaces,
                   NonePlaces) {
  TestType places;
  check_publishing_again_succeeds(places);
}

TEMPLATE_TEST_CASE("beacon: publishing over a stale reading changes nothing, and succeeds after reading again",
                   "[beacon]", GitPlaces, NonePlaces) {
  TestType places;
  check_stale_reading_moves_nothing(places);
}

TEMPLATE_TEST_CASE("beacon: one that was removed or replaced by something else is published over", "[beacon]",
                   GitPlaces, NonePlaces) {
  TestType places;
  check_damage_is_published_over(places);
}

TEMPLATE_TEST_CASE("beacon: an unreachable place is told as such, and nothing is lost there", "[beacon]", GitPlaces,
                   NonePlaces) {
  TestType places;
  check_unreachable_place_is_told(places);
}

TEST_CASE("beacon in git: each version is BEACON.md in a child of the one before", "[beacon]") {
  GitPlaces places;
  REQUIRE(places.publish(1, "first\n") == Published::yes);
  const std::string first = places.git({"rev-parse", beacon::git_beacon_ref});
  REQUIRE(places.publish(2, "second\n") == Published::yes);
  CHECK(places.git({"rev-list", "--parents", "-1", beacon::git_beacon_ref}).substr(41) == first);
  CHECK(places.git({"ls-tree", "--name-only", beacon::git_beacon_ref}) == "BEACON.md");
  CHECK(places.git({"cat-file", "blob", concat(beacon::git_beacon_ref, ":BEACON.md")}) == "second");
  CHECK(places.git({"for-each-ref", "--format=%(refname)"}) == beacon::git_beacon_ref);
  places.git({"fsck", "--strict"});
}

TEST_CASE("beacon in git: what was written between asking the fetching and the pushing side is not overwritten unread",
          "[beacon]") {
  GitPlaces places;
  REQUIRE(places.publish(1, "first\n") == Published::yes);
  git::Remote& remote = places.make_remote();
  const BeaconPlaces::Provider provider = places.make_provider(1, remote);
  remote.list();
  REQUIRE(places.publish(2, "second\n") == Published::yes);
  remote.list_for_push();
  CHECK(provider->read() == "second\n");
  CHECK(provider->publish("third\n") == Published::yes);
  CHECK(places.read(2) == "third\n");
}

TEST_CASE("beacon in git: a commit whose BEACON.md cannot be read has no body", "[beacon]") {
  const GitPlaces places;
  const git::Store& store = places.store(1);
  const Oid absent = *Oid::from_hex("0123456789012345678901234567890123456789");
  git::Batch batch = store.begin_batch();
  const Oid blob = batch.add(git::ObjectType::blob, "body\n");
  const Oid folder = batch.add_tree({{git::mode_file, "BEACON.md", blob}});
  const auto commit_of = [&](const Oid& tree) {
    git::Commit commit;
    commit.tree = tree;
    commit.author = commit.committer = GitPlaces::author();
    return batch.add_commit(commit);
  };
  const auto commit_with = [&](std::uint32_t mode, const Oid& oid) {
    return commit_of(batch.add_tree({{mode, "BEACON.md", oid}}));
  };
  const Oid some_commit = commit_of(folder);
  const std::vector<std::pair<std::string, Oid>> unreadable = {
      {"a folder", commit_with(git::mode_tree, folder)},
      {"a link", commit_with(0120000, blob)},
      {"a gitlink", commit_with(0160000, some_commit)},
      {"a missing blob", commit_with(git::mode_file, absent)},
      {"a tree that is called a file", commit_with(git::mode_file, folder)},
      {"a missing tree", commit_of(absent)},
      {"a blob in the tree's place", commit_of(blob)},
      {"a cut tree", commit_of(batch.add(git::ObjectType::tree, "100644 BEACON.md"))},
      {"no commit at all", blob}};
  const Oid old_mode = commit_with(0100664, blob);
  const Oid executable = commit_with(git::mode_executable, blob);
  batch.finish(Durable::no);
  for (const auto& [name, commit] : unreadable) {
    INFO(name);
    CHECK(beacon::read_beacon_commit(store, commit) == std::nullopt);
  }
  for (const Oid& commit : {some_commit, old_mode, executable})
    CHECK(beacon::read_beacon_commit(store, commit) == "body\n");
}
