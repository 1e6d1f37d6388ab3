// Git is the truth and the beacon a hint: every command is right whatever the beacon says, and puts it right again.
#include <nlohmann/json.hpp>

#include "scenario/reading.hpp"
#include "support/catch.hpp"

using namespace ps_sync::test;
using nlohmann::json;

namespace {

const std::string beacon_ref = "refs/promptsync/beacon";

void write_beacon(World& world, const std::string& body) {
  world.commit_on_origin(beacon_ref, {{"BEACON.md", body}}, "By hand");
}

/// Desktop pushes with the beacon as `spoil` left it, and code pulls with it so again: both must be right, and in the
/// end the beacon is.
template <class Spoil>
void check_that_it_does_not_matter(Spoil spoil) {
  Pair pair(Files{{planning + "a.md", "a\n"}});
  spoil(pair.world);
  const json pushed = pair.desktop.write(planning + "b.md", "b\n").json({"push"});
  CHECK(pushed["result"] == "done");
  CHECK(pushed["pushed"] == true);
  CHECK(contains(beacon_body(pair.world), "STATUS: UPDATE_AVAILABLE"));
  CHECK(contains(beacon_body(pair.world), "COMMIT: " + pair.world.origin_tip()));

  spoil(pair.world);
  CHECK(pair.code.ps({"status"}).exit == 0);
  const Outcome pulled = pair.code.ps({"pull", "--json"});
  INFO(pulled.describe());
  CHECK(pulled.exit == 0);
  CHECK(paths(pulled.json()["received"]) == std::set{planning + "b.md"});
  CHECK(pair.code.read(planning + "b.md") == "b\n");

  pair.desktop.ok({"sync"});
  pair.code.ok({"sync"});
  const std::string body = beacon_body(pair.world);
  CHECK(contains(body, "STATUS: IDLE"));
  CHECK(contains(body, "COMMIT: " + pair.world.origin_tip()));
}

}  // namespace

TEST_CASE("a deleted beacon harms nothing and is published again", "[beacon]") {
  check_that_it_does_not_matter([](World& world) { world.try_origin_git({"update-ref", "-d", beacon_ref}); });
}

TEST_CASE("a garbled beacon harms nothing and is published again", "[beacon]") {
  std::string deep = "---\nSTATUS: ";
  for (int n = 0; n < 200; ++n) deep += "[";
  const std::vector<std::string> bodies = {
      "",
      "\n",
      std::string("\0\xff\xfe binary \x1b[31m", 16),
      "---\nSTATUS: [\n",
      "---\nCOMMIT: 0123456789012345678901234567890123456789\nSTATUS: IDLE\n---\n",
      "---\nCOMMIT: not a commit\nBRANCH: ../../etc\nSTATUS: UPDATE_AVAILABLE\n---\n",
      "---\na: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\nSTATUS: !!python/object x\n---\n",
      "---\nSTATUS: IDLE\n---\n<!-- promptsync\n{\"format\":1,\"manifest\":\n-->\n",
      "---\nSTATUS: IDLE\n---\n<!-- promptsync\n{\"format\":99,\"manifest\":7,\"acks\":[]}\n-->\n",
      deep,
      std::string(300 * 1024, 'x'),
      "Somebody closed this and wrote a letter instead.\r\n",
  };
  for (const std::string& body : bodies) {
    INFO("body: " << body.substr(0, 60));
    check_that_it_does_not_matter([&](World& world) { write_beacon(world, body); });
  }
}

TEST_CASE("a beacon without BEACON.md, or as a ref to something else, harms nothing", "[beacon]") {
  SECTION("another file") {
    check_that_it_does_not_matter([](World& world) {
      world.commit_on_origin(beacon_ref, {{"README.md", "no beacon\n"}}, "By hand");
    });
  }
  SECTION("a blob") {
    check_that_it_does_not_matter([](World& world) {
      world.origin_git({"update-ref", beacon_ref, world.origin_git({"hash-object", "-w", "--stdin"}, "a blob\n")});
    });
  }
}

TEST_CASE("a beacon that says idle does not hide what is on the branch", "[beacon]") {
  Pair pair(Files{{planning + "a.md", "a\n"}});
  const std::string idle = beacon_body(pair.world);
  pair.desktop.write(planning + "b.md", "b\n").ok({"push"});
  write_beacon(pair.world, idle);
  CHECK(pair.code.json({"status"})["state"] == "incoming");
  CHECK(paths(pair.code.json({"pull"})["received"]) == std::set{planning + "b.md"});
}

TEST_CASE("what a person wrote around our parts, and keys we do not know, are kept", "[beacon]") {
  Pair pair(Files{{planning + "a.md", "a\n"}});
  std::string body = beacon_body(pair.world);
  const std::string status_line = "STATUS: IDLE\n";
  REQUIRE(contains(body, status_line));
  body.insert(body.find(status_line), "REVIEWER: the second shift\n");
  write_beacon(pair.world, "Read me first.\n\n" + body + "\nA word at the end.\n");
  pair.desktop.write(planning + "b.md", "b\n").ok({"push"});
  pair.code.ok({"pull"});
  const std::string later = beacon_body(pair.world);
  CHECK(later.starts_with("Read me first.\n\n---\n"));
  CHECK(contains(later, "\nREVIEWER: the second shift\n"));
  CHECK(contains(later, "A word at the end.\n"));
  CHECK(contains(later, "COMMIT: " + pair.world.origin_tip()));
}

TEST_CASE("a beacon written by hand that names absent files is not cleared, and pull says which and what to run",
          "[beacon]") {
  Pair pair(Files{{planning + "a.md", "a\n"}});
  write_beacon(pair.world,
               "---\nLAST_UPDATE: Session 4: announced by hand\nTIMESTAMP: 2026-11-23T10:45:00Z\n"
               "DIRECTION: Desktop→Code\nFILES_UPDATED:\n  - .claude/planning/absent.md\n  - .claude/planning/a.md\n"
               "ACTION: Run 'ps-sync pull' in Claude Code\nSTATUS: UPDATE_AVAILABLE\n---\n");
  const Outcome pulled = pair.code.ps({"pull"});
  CHECK(pulled.exit == 0);
  const std::string words = pulled.out + pulled.err;
  CHECK(contains(words, planning + "absent.md"));
  CHECK_FALSE(contains(words, planning + "a.md"));
  CHECK(contains(words, "ps-sync push"));
  CHECK(contains(beacon_body(pair.world), "  - .claude/planning/absent.md"));
  CHECK(contains(beacon_body(pair.world), "STATUS: UPDATE_AVAILABLE"));
  // The push that was announced settles it.
  pair.desktop.write(planning + "absent.md", "here\n").ok({"push"});
  pair.code.ok({"pull"});
  CHECK(contains(beacon_body(pair.world), "STATUS: IDLE"));
}

TEST_CASE("a beacon that cannot be published is pending and no error, and is published once it can", "[beacon]") {
  Pair pair(Files{{planning + "a.md", "a\n"}});
  const auto hook = pair.world.origin() / "hooks" / "update";
  write_file(hook, "#!/bin/sh\ncase $1 in refs/promptsync/*) echo no beacons here >&2; exit 1;; esac\n");
  std::filesystem::permissions(hook, std::filesystem::perms::all);
  const Outcome pushed = pair.desktop.write(planning + "b.md", "b\n").ps({"push", "--json"});
  CHECK(pushed.exit == 0);
  CHECK(pushed.json()["result"] == "done");
  CHECK(pushed.json()["pushed"] == true);
  CHECK(pushed.json()["published"] == false);
  CHECK(pair.desktop.json({"status"})["beacon"]["pending"] == true);
  std::filesystem::remove(hook);
  const json later = pair.desktop.json({"push"});
  CHECK(later["published"] == true);
  CHECK(contains(beacon_body(pair.world), "COMMIT: " + pair.world.origin_tip()));
  CHECK(pair.desktop.json({"status"})["beacon"]["pending"] == false);
}

TEST_CASE("an acknowledgement of a commit that is not on the branch is dropped", "[beacon]") {
  Pair pair(Files{{planning + "a.md", "a\n"}});
  std::string body = beacon_body(pair.world);
  const std::string acks = "\"acks\":{";
  REQUIRE(contains(body, acks));
  body.insert(body.find(acks) + acks.size(),
              "\"ghost\":{\"commit\":\"0123456789012345678901234567890123456789\",\"at\":\"2026-11-23T10:45:00Z\"},");
  write_beacon(pair.world, body);
  pair.desktop.write(planning + "b.md", "b\n").ok({"push"});
  CHECK_FALSE(contains(beacon_body(pair.world), "ghost"));
}

TEST_CASE("beacon reset and beacon repair leave it right", "[beacon]") {
  for (const char* command : {"reset", "repair"}) {
    INFO(command);
    Pair pair(Files{{planning + "a.md", "a\n"}});
    pair.desktop.write(planning + "b.md", "b\n").ok({"push"});
    write_beacon(pair.world, "garbled");
    CHECK(pair.desktop.ps({"beacon", command}).exit == 0);
    CHECK(contains(beacon_body(pair.world), "COMMIT: " + pair.world.origin_tip()));
    pair.code.ok({"pull"});
    CHECK(pair.code.read(planning + "b.md") == "b\n");
  }
}

TEST_CASE("publishing the beacon never forces, and keeps its history", "[beacon]") {
  Pair pair(Files{{planning + "a.md", "a\n"}});
  const std::string before = pair.world.origin_tip(beacon_ref);
  pair.desktop.write(planning + "b.md", "b\n").ok({"push"});
  const std::string after = pair.world.origin_tip(beacon_ref);
  CHECK(after != before);
  CHECK(pair.world.try_origin_git({"merge-base", "--is-ancestor", before, after}).exit == 0);
}

TEST_CASE("a pull with nothing new publishes nothing", "[beacon]") {
  Pair pair(Files{{planning + "a.md", "a\n"}});
  pair.desktop.ok({"sync"});
  pair.code.ok({"sync"});
  const std::string before = pair.world.origin_tip(beacon_ref);
  REQUIRE_FALSE(before.empty());
  for (const char* command : {"pull", "push", "sync", "status"}) {
    pair.desktop.ok({command});
    pair.code.ok({command});
  }
  CHECK(pair.world.origin_tip(beacon_ref) == before);
}
