// The beacon as others read it: its body, when it speaks, and when it is idle.
#include <nlohmann/json.hpp>
#include <regex>

#include "scenario/reading.hpp"
#include "support/catch.hpp"

using namespace ps_sync::test;
using nlohmann::json;

namespace {

/// The front matter's lines, without the fences.
std::vector<std::string> front_matter(const std::string& body) {
  std::vector<std::string> lines = lines_of(body);
  REQUIRE(lines.size() > 2);
  REQUIRE(lines.front() == "---");
  const auto end = std::find(lines.begin() + 1, lines.end(), "---");
  REQUIRE(end != lines.end());
  return {lines.begin() + 1, end};
}

/// The value of one front matter key; "" where it is absent or a list.
std::string value_of(const std::string& body, const std::string& key) {
  for (const std::string& line : front_matter(body))
    if (line.starts_with(key + ": ")) return line.substr(key.size() + 2);
  return "";
}

json machine_part(const std::string& body) {
  const std::size_t start = body.find("<!-- promptsync\n");
  REQUIRE(start != std::string::npos);
  const std::size_t from = start + std::string("<!-- promptsync\n").size();
  return json::parse(body.substr(from, body.find("\n-->", from) - from));
}

/// The pipeline of the plan, as a person's script runs it.
std::vector<std::string> grep_pipeline(World& world) {
  const std::string script =
      "git --git-dir=origin.git cat-file blob refs/promptsync/beacon:BEACON.md | "
      "grep 'FILES_UPDATED:' -A 10 | grep '  -' | sed 's/  - //'";
  return lines_of(world.run(world.root(), {"sh", "-c", script}).out);
}

}  // namespace

TEST_CASE("after a push the beacon says who changed what, and what to run where", "[beacon]") {
  World world;
  Clone& desktop = world.place("desktop");
  desktop.write(planning + "act-2-planning.md", "act 2\n").write(planning + "promptsync-progress.md", "done\n");
  CHECK(desktop.json({"push", "-m", "Session 3 - Added Act 2"})["published"] == true);
  const std::string body = beacon_body(world);
  const std::string tip = world.origin_tip();
  CHECK(value_of(body, "LAST_UPDATE") == "Session 3 - Added Act 2");
  CHECK(std::regex_match(value_of(body, "TIMESTAMP"), std::regex("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ")));
  CHECK(value_of(body, "DIRECTION") == "Desktop→Code");
  CHECK(value_of(body, "ACTION") == "Run 'ps-sync pull' in Claude Code");
  CHECK(value_of(body, "STATUS") == "UPDATE_AVAILABLE");
  CHECK(value_of(body, "COMMIT") == tip);
  CHECK(value_of(body, "BRANCH") == "promptsync/main");
  CHECK(value_of(body, "SESSION") == "main");
  CHECK(contains(body,
                 "\nFILES_UPDATED:\n  - .claude/planning/act-2-planning.md\n"
                 "  - .claude/planning/promptsync-progress.md\n"));
  CHECK(contains(body,
                 "\nThis ticket serves as a notification beacon between Claude Desktop and Claude Code.\n"
                 "DO NOT DELETE OR CLOSE THIS TICKET.\n"));
  CHECK(grep_pipeline(world) ==
        std::vector<std::string>{planning + "act-2-planning.md", planning + "promptsync-progress.md"});

  const json machine = machine_part(body);
  CHECK(machine["format"] == 1);
  CHECK(paths(machine["manifest"]) == std::set{planning + "act-2-planning.md", planning + "promptsync-progress.md"});
  CHECK(machine["manifest"][0]["blob"] == blob_id(world, "act 2\n"));
  CHECK(machine["manifest"][0]["size"] == 6);
  CHECK(machine["manifest"][0]["change"] == "added");
  CHECK(machine["acks"]["desktop"]["commit"] == tip);
}

TEST_CASE("once everybody has pulled the beacon is idle, and keeps commit, branch and session", "[beacon]") {
  Pair pair(Files{{planning + "a.md", "a\n"}});
  const std::string body = beacon_body(pair.world);
  for (const char* key : {"LAST_UPDATE", "TIMESTAMP", "DIRECTION", "FILES_UPDATED"}) {
    INFO(key);
    CHECK(value_of(body, key) == "None");
  }
  CHECK(value_of(body, "ACTION") == "Waiting for updates");
  CHECK(value_of(body, "STATUS") == "IDLE");
  CHECK(value_of(body, "COMMIT") == pair.world.origin_tip());
  CHECK(value_of(body, "BRANCH") == "promptsync/main");
  CHECK(value_of(body, "SESSION") == "main");
  const json acks = machine_part(body)["acks"];
  CHECK(acks["desktop"]["commit"] == pair.world.origin_tip());
  CHECK(acks["code"]["commit"] == pair.world.origin_tip());
  const json status = pair.desktop.json({"status"})["beacon"];
  CHECK(status["status"] == "IDLE");
  for (const char* name : {"direction", "last_update", "timestamp"}) CHECK(status[name].is_null());
}

TEST_CASE("the beacon speaks until the last of three has pulled", "[beacon]") {
  Pair pair(Files{{planning + "a.md", "a\n"}});
  Clone& third = pair.world.place("third");
  third.ok({"pull"});
  pair.desktop.write(planning + "a.md", "a2\n").ok({"push"});
  CHECK(value_of(beacon_body(pair.world), "STATUS") == "UPDATE_AVAILABLE");
  CHECK(value_of(beacon_body(pair.world), "DIRECTION") == "Desktop→All");
  pair.code.ok({"pull"});
  CHECK(value_of(beacon_body(pair.world), "STATUS") == "UPDATE_AVAILABLE");
  third.ok({"pull"});
  CHECK(value_of(beacon_body(pair.world), "STATUS") == "IDLE");
}

TEST_CASE("several pushes before a pull add up in the list of files", "[beacon]") {
  Pair pair(Files{{planning + "a.md", "a\n"}});
  pair.desktop.write(planning + "b.md", "b\n").ok({"push"});
  pair.desktop.write(planning + "a.md", "a2\n").ok({"push"});
  pair.desktop.write(planning + "c.md", "c\n").ok({"push"});
  CHECK(grep_pipeline(pair.world) == std::vector<std::string>{planning + "a.md", planning + "b.md", planning + "c.md"});
  const json manifest = machine_part(beacon_body(pair.world))["manifest"];
  CHECK(field(manifest, planning + "a.md", "change") == "modified");
  CHECK(field(manifest, planning + "b.md", "change") == "added");
}

TEST_CASE("the direction turns with who pushes, and other places are called by their labels", "[beacon]") {
  Pair pair(Files{{planning + "a.md", "a\n"}});
  pair.code.write(planning + "a.md", "code\n").ok({"push"});
  CHECK(value_of(beacon_body(pair.world), "DIRECTION") == "Code→Desktop");
  CHECK(value_of(beacon_body(pair.world), "ACTION") == "Run 'ps-sync pull' in Claude Desktop");

  World world;
  Clone& alice = world.place("alice-laptop");
  alice.write(planning + "a.md", "a\n").ok({"push"});
  CHECK(value_of(beacon_body(world), "DIRECTION") == "Alice-laptop→All");
  Clone& ben = world.place("ben");
  ben.ok({"pull"});
  alice.write(planning + "a.md", "a2\n").ok({"push"});
  CHECK(value_of(beacon_body(world), "DIRECTION") == "Alice-laptop→Ben");
  CHECK(value_of(beacon_body(world), "ACTION") == "Run 'ps-sync pull' in Ben");
}

TEST_CASE("a deletion is announced without a blob", "[beacon]") {
  Pair pair(Files{{planning + "a.md", "a\n"}, {planning + "b.md", "b\n"}});
  pair.desktop.remove(planning + "a.md").ok({"push"});
  const json manifest = machine_part(beacon_body(pair.world))["manifest"];
  CHECK(field(manifest, planning + "a.md", "change") == "deleted");
  CHECK((!manifest[0].contains("blob") || manifest[0]["blob"].is_null()));
}

TEST_CASE("nothing in the body mentions people, closes issues or ends the machine part", "[beacon]") {
  Pair pair;
  const std::set<std::string> names = {
      planning + "@octocat.md",    planning + "a-->b.md",           planning + "x --> y",
      planning + "closes #12.md",  planning + "# not a comment.md", planning + "key: value.md",
      planning + "<!-- promptsync"};
  for (const std::string& name : names) pair.desktop.write(name, "text\n");
  pair.desktop.ok({"push", "-m", "Fixes #12, thanks @octocat --> done"});
  const std::string body = beacon_body(pair.world);
  // What a page shows: all but the machine part, which is one comment.
  const std::string shown = body.substr(0, body.rfind("<!-- promptsync\n"));
  CHECK_FALSE(contains(shown, "@octocat"));
  CHECK_FALSE(std::regex_search(shown, std::regex("(fix|clos|resolv)e[sd]?:? #1", std::regex::icase)));
  CHECK(body.find("-->") == body.rfind("-->"));
  CHECK(paths(machine_part(body)["manifest"]) == names);
  pair.code.ok({"pull"});
  CHECK(pair.code.files(planning).size() == names.size());
}

TEST_CASE("with thousands of files the body stays short and says how many there are", "[beacon]") {
  Pair pair;
  for (int n = 0; n < 2000; ++n)
    pair.desktop.write(planning + "a rather long name for a document about topic " + std::to_string(n) + ".md", "x\n");
  pair.desktop.ok({"push"});
  const std::string body = beacon_body(pair.world);
  CHECK(body.size() < 60'000);
  CHECK(value_of(body, "FILES_TOTAL") == "2000");
  CHECK(grep_pipeline(pair.world).size() > 5);
  machine_part(body);
  pair.code.ok({"pull"});
  CHECK(pair.code.files(planning).size() == 2000);
}

TEST_CASE("the user's template gives a new beacon its text", "[beacon]") {
  World world;
  Clone& desktop = world.place("desktop");
  desktop.write(".claude/sync/beacon-template.md", "---\nSTATUS: IDLE\n---\n\nOur own words about this beacon.\n");
  desktop.write(planning + "a.md", "a\n").ok({"push"});
  const std::string body = beacon_body(world);
  CHECK(contains(body, "\nOur own words about this beacon.\n"));
  CHECK_FALSE(contains(body, "DO NOT DELETE OR CLOSE"));
  CHECK(value_of(body, "STATUS") == "UPDATE_AVAILABLE");
  CHECK(body.find("STATUS:") == body.rfind("STATUS:"));
}

TEST_CASE("with the provider none there is no beacon, and documents travel", "[beacon]") {
  World world;
  Clone& desktop = world.place("desktop", {"--beacon", "none"});
  Clone& code = world.place("code", {"--beacon", "none"});
  desktop.write(planning + "a.md", "a\n").ok({"push"});
  code.ok({"pull"});
  CHECK(code.read(planning + "a.md") == "a\n");
  CHECK(world.origin_tip("refs/promptsync/beacon").empty());
  CHECK(desktop.json({"status"})["beacon"]["provider"] == "none");
}

TEST_CASE("beacon show prints the body that is published", "[beacon]") {
  Pair pair(Files{{planning + "a.md", "a\n"}});
  pair.desktop.write(planning + "a.md", "a2\n").ok({"push"});
  const Outcome shown = pair.code.ok({"beacon", "show"});
  CHECK(contains(shown.out, "STATUS: UPDATE_AVAILABLE"));
  CHECK(contains(shown.out, "COMMIT: " + pair.world.origin_tip()));
}
