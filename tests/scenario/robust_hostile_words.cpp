// Hostile commit messages and a hostile beacon: at most they are shown, and never do more harm than costing a fetch.
#include <nlohmann/json.hpp>

#include "scenario/robust_hostile.hpp"
#include "support/catch.hpp"

using namespace ps_sync::test;
using nlohmann::json;

namespace {

/// Puts a commit with this tree at the beacon's ref.
void plant_beacon(Hostile& world, const std::string& tree, const std::string& message = "Beacon\n") {
  const std::string made = world.world.origin_git(
      {"-c", "user.name=Mallory", "-c", "user.email=m@example.org", "commit-tree", tree}, message);
  world.world.origin_git({"update-ref", "refs/promptsync/beacon", made});
}

/// Whatever the beacon is: what was pushed arrives in both directions, nothing crashes, and a word is said at most.
void check_life_goes_on(Hostile& world) {
  const std::string number = std::to_string(world.world.origin_files().size());
  const Picture before = world.outside();
  world.look_around();
  world.desktop.write(planning + "a.md", "a " + number + "\n").write(planning + "new " + number + ".md", "new\n");
  CHECK(world.desktop.ps({"push"}).exit == 0);
  CHECK(world.code.ps({"pull"}).exit == 0);
  CHECK(world.code.read(planning + "a.md") == "a " + number + "\n");
  world.code.write(planning + "a.md", "back " + number + "\n");
  CHECK(world.code.ps({"sync"}).exit == 0);
  CHECK(world.desktop.ps({"sync"}).exit == 0);
  CHECK(world.desktop.read(planning + "a.md") == "back " + number + "\n");
  CHECK(changes(before, world.outside()) == "");
  world.look_around();
}

}  // namespace

TEST_CASE("a commit message of five megabytes full of escape sequences hurts nobody", "[robust][hostile]") {
  Hostile world;
  std::string message =
      "Subject \x1b[2J\x1b]0;owned\x07 \xc2\x9b"
      "5n with \r a return " +
      std::string(100'000, 's') + "\n\n";
  while (message.size() < 5'000'000) message += "\x1b[31mline\x1b[0m \b\b\b \x07 of a very long message\n";
  world.plant({}, message + "\nPromptsync-Format: 1\nPromptsync-Endpoint: mallory\n");
  world.pull();
  world.look_around();
  world.push_beside({});
}

TEST_CASE("trailers full of junk are not believed", "[robust][hostile]") {
  Hostile world;
  const std::string missing = "deadbeefdeadbeefdeadbeefdeadbeefdeadbeef";
  world.plant({},
              "Planted\n\n"
              "Promptsync-Format: banana\n"
              "Promptsync-Endpoint: ../../etc\n"
              "Promptsync-Endpoint: \x1b[31mred\n"
              "Promptsync-Session: " +
                  std::string(10'000, 'x') +
                  "\n"
                  "Promptsync-Source: HEAD; touch x\n"
                  "Promptsync-Conflict: nonsense\n"
                  "Promptsync-Conflict: content - - -\n"
                  "Promptsync-Conflict: content x y z " +
                  planning +
                  "a.md\n"
                  "Promptsync-Conflict: content " +
                  missing + " " + missing + " " + missing + " " + planning +
                  "a.md\n"
                  "Promptsync-Conflict: content - - - \"../../../escaped.md\"\n"
                  "Promptsync-Conflict: type - - - \"\\033[31m\\n\\377.md\"\n"
                  "Promptsync-Conflict: case - - - /etc/passwd\n"
                  "Promptsync-Conflict: content - - - .git/config\n"
                  "Promptsync-Conflict: content - - - .claude/settings.json\n"
                  "Promptsync-Conflict: content - - - \"unfinished \\\n"
                  "Promptsync-Resolved: nonsense\n"
                  "Promptsync-Conflict:\n");
  world.pull();
  CHECK(world.code.json({"pull"})["conflicts"].empty());
  world.look_around();
  const Picture before = world.outside();
  for (const std::string& path : {planning + "a.md", std::string("../../../escaped.md"), std::string(".git/config"),
                                  std::string("/etc/passwd"), std::string(".claude/settings.json"), std::string("x")}) {
    for (const char* choice : {"--ours", "--theirs", "--union"}) {
      const Outcome outcome = world.code.ps({"resolve", path, choice});
      INFO(path << " " << choice << ": " << outcome.describe());
      CHECK(outcome.exit < 126);
    }
  }
  CHECK(changes(before, world.outside()) == "");
  CHECK(world.code.files(planning) == Files{{planning + "a.md", "a\n"}, {planning + "beside.md", "beside\n"}});
  world.push_beside({});
}

TEST_CASE("two thousand invented conflicts slow nothing down that matters", "[robust][hostile]") {
  Hostile world;
  std::string message = "Planted\n\nPromptsync-Format: 1\nPromptsync-Endpoint: mallory\nPromptsync-Session: main\n";
  const std::string blob = world.blob("a\n");
  for (int n = 0; n < 2'000; ++n)
    message +=
        "Promptsync-Conflict: content " + blob + " " + blob + " " + blob + " " + planning + std::to_string(n) + ".md\n";
  world.plant({}, message);
  world.pull();
  world.look_around();
  world.push_beside({});
}

TEST_CASE("a beacon that is a folder, a link, a gitlink, missing or five megabytes stops nobody", "[robust][hostile]") {
  Hostile world;
  const std::string body = world.world.origin_git({"cat-file", "blob", "refs/promptsync/beacon:BEACON.md"});
  const std::vector<RawEntry> kinds = {
      {"40000", "BEACON.md", world.folder_with("BEACON.md")},
      {"120000", "BEACON.md", world.blob("/etc/passwd")},
      {"160000", "BEACON.md", world.world.origin_tip()},
      {"100644", "beacon.md", world.blob(body)},
      {"100644", "BEACON.md", world.blob(std::string(5'000'000, 'b'))},
      {"100644", "BEACON.md", world.blob("")},
      {"100644", "BEACON.md", world.blob(std::string("---\nCOMMIT: \0\x1b[31m\xff\n", 20))}};
  for (const RawEntry& kind : kinds) {
    INFO(kind.mode << " " << kind.name);
    plant_beacon(world, world.tree({kind}));
    check_life_goes_on(world);
  }
}

TEST_CASE("a beacon whose ref is no commit, or has a hostile message, stops nobody", "[robust][hostile]") {
  Hostile world;
  world.world.origin_git({"update-ref", "refs/promptsync/beacon", world.blob("a blob\n")});
  check_life_goes_on(world);
  world.world.origin_git({"update-ref", "refs/promptsync/beacon", world.folder_with("BEACON.md")});
  check_life_goes_on(world);
  plant_beacon(world, world.folder_with("BEACON.md"), std::string(200'000, '\x1b') + "\n");
  check_life_goes_on(world);
}

TEST_CASE("a beacon's body with bombs, aliases and invented commits stops nobody", "[robust][hostile]") {
  Hostile world;
  std::string bomb = "---\na: &a [x,x,x,x,x,x,x,x,x]\n";
  for (char name = 'b'; name < 'j'; ++name) {
    const std::string last = "*" + std::string(1, static_cast<char>(name - 1));
    bomb += std::string(1, name) + ": &" + name + " [" + last;
    for (int n = 0; n < 8; ++n) bomb += "," + last;
    bomb += "]\n";
  }
  std::string deep_json = "<!-- promptsync\n" + std::string(100'000, '[') + "\n-->\n";
  const std::string front = "---\nSTATUS: UPDATE_AVAILABLE\nCOMMIT: deadbeefdeadbeefdeadbeefdeadbeefdeadbeef\n---\n";
  const std::vector<std::string> bodies = {
      bomb + "---\n",
      "---\nFILES_UPDATED: " + std::string(50'000, '[') + "\n---\n",
      front + deep_json,
      front + "<!-- promptsync\n{\"format\":99,\"manifest\":7,\"acks\":{\"code\":null,\"../x\":{\"commit\":5}}}\n-->\n",
      front +
          "<!-- promptsync\n{\"format\":1,\"manifest\":[{\"path\":\"../../../escaped.md\",\"change\":\"added\","
          "\"blob\":\"zz\",\"size\":-1}],\"acks\":{\"desktop\":{\"commit\":\"HEAD\",\"at\":\"never\"}}}\n-->\n",
      "---\nBRANCH: --upload-pack=touch x\nSESSION: ../../x\nACTION: Run 'rm -rf /'\n---\n"};
  for (const std::string& body : bodies) {
    INFO(body.substr(0, 200));
    plant_beacon(world, world.tree({{"100644", "BEACON.md", world.blob(body)}}));
    check_life_goes_on(world);
  }
}
