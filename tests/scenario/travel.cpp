// Documents go from one place to the other: what arrives, and what the commits say.
#include <cstring>
#include <nlohmann/json.hpp>
#include <random>

#include "scenario/reading.hpp"
#include "support/catch.hpp"

using namespace ps_sync::test;
using nlohmann::json;

TEST_CASE("a document pushed at one place is there after a pull at the other, and so on the way back", "[travel]") {
  Pair pair;
  pair.desktop.write(planning + "a.md", "from desktop\n");
  const json sent = pair.desktop.json({"push"});
  CHECK(sent["version"] == 1);
  CHECK(sent["result"] == "done");
  CHECK(sent["pushed"] == true);
  CHECK(sent["commit"] == pair.world.origin_tip());
  CHECK(field(sent["sent"], planning + "a.md", "change") == "added");

  const json received = pair.code.json({"pull"});
  CHECK(received["result"] == "done");
  CHECK(field(received["received"], planning + "a.md", "change") == "added");
  CHECK(pair.code.read(planning + "a.md") == "from desktop\n");

  pair.code.write(planning + "a.md", "from code\n").ok({"push"});
  pair.desktop.ok({"pull"});
  CHECK(pair.desktop.read(planning + "a.md") == "from code\n");
  CHECK(pair.desktop.tip() == pair.code.tip());
}

TEST_CASE("sync sends and fetches in one run", "[travel]") {
  Pair pair;
  pair.desktop.write(planning + "a.md", "from desktop\n").ok({"push"});
  pair.code.write(".claude/implementation/b.md", "from code\n");
  const json result = pair.code.json({"sync"});
  CHECK(paths(result["received"]) == std::set{planning + "a.md"});
  CHECK(paths(result["sent"]) == std::set<std::string>{".claude/implementation/b.md"});
  pair.desktop.ok({"sync"});
  CHECK(pair.desktop.files(".claude/planning") == pair.code.files(".claude/planning"));
  CHECK(pair.desktop.read(".claude/implementation/b.md") == "from code\n");
}

TEST_CASE("the sync branch holds the sync set at its repository paths and nothing else", "[travel]") {
  Pair pair;
  pair.desktop.write("src/main.c", "int main;\n").write(planning + "deep/a.md", "a\n");
  pair.desktop.write(planning + "scratch.tmp", "excluded\n").ok({"push"});
  CHECK(pair.world.origin_files() == Files{{planning + "deep/a.md", "a\n"}});
}

TEST_CASE("documents that the repository's .gitignore ignores travel all the same", "[travel]") {
  Pair pair;
  pair.desktop.write(".gitignore", ".claude/\n").write(planning + "a.md", "a\n").ok({"push"});
  pair.code.ok({"pull"});
  CHECK(pair.code.read(planning + "a.md") == "a\n");
}

TEST_CASE("a push without -m makes a subject of the label and the first file", "[travel]") {
  Pair pair(Files{{planning + "a.md", "1\n"}, {planning + "b.md", "1\n"}, {planning + "c.md", "1\n"}});
  pair.desktop.write(planning + "a.md", "2\n").ok({"push"});
  CHECK(lines_of(pair.world.origin_message()).front() == "Desktop: update a.md");
  for (const char* name : {"a.md", "b.md", "c.md"}) pair.desktop.write(planning + name, "3\n");
  pair.desktop.ok({"push"});
  CHECK(lines_of(pair.world.origin_message()).front() == "Desktop: update a.md (+2 more)");
}

TEST_CASE("a commit carries the message, the trailers and git's own author", "[travel]") {
  Pair pair;
  pair.desktop.git({"config", "user.name", "Ada of This Clone"});
  pair.desktop.write(planning + "a.md", "a\n").ok({"push", "-m", "Session 3 - Added Act 2"});
  const std::string message = pair.world.origin_message();
  CHECK(lines_of(message).front() == "Session 3 - Added Act 2");
  CHECK(trailers(message, "Promptsync-Format") == std::vector<std::string>{"1"});
  CHECK(trailers(message, "Promptsync-Endpoint") == std::vector<std::string>{"desktop"});
  CHECK(trailers(message, "Promptsync-Session") == std::vector<std::string>{"main"});
  CHECK(trailers(message, "Promptsync-Source") == std::vector{pair.desktop.git({"rev-parse", "HEAD"})});
  CHECK(pair.world.origin_git({"log", "-1", "--format=%an <%ae>|%cn", "refs/heads/promptsync/main"}) ==
        "Ada of This Clone <ada@example.org>|Ada of This Clone");
  // What git itself reads as trailers: the block is well formed.
  CHECK(pair.world.origin_git({"log", "-1", "--format=%(trailers:key=Promptsync-Endpoint,valueonly)",
                               "refs/heads/promptsync/main"}) == "desktop\n");

  pair.desktop.write(planning + "a.md", "b\n");
  pair.desktop.ok({"push"}, {{"GIT_AUTHOR_NAME", "Someone Else"}, {"GIT_AUTHOR_EMAIL", "else@example.org"}});
  CHECK(pair.world.origin_git({"log", "-1", "--format=%an <%ae>", "refs/heads/promptsync/main"}) ==
        "Someone Else <else@example.org>");
}

TEST_CASE("two places that begin apart share one root commit, and end with both their documents", "[travel]") {
  World world;
  Clone& desktop = world.place("desktop");
  Clone& code = world.place("code");
  world.take_origin_away();
  desktop.write(planning + "a.md", "a\n").ok({"push"});
  code.write(planning + "b.md", "b\n").ok({"push"});
  const std::string root = desktop.store({"rev-list", "--max-parents=0", "main"});
  CHECK(code.store({"rev-list", "--max-parents=0", "main"}) == root);
  CHECK(desktop.store({"ls-tree", root}).empty());
  world.bring_origin_back();
  desktop.ok({"sync"});
  code.ok({"sync"});
  desktop.ok({"sync"});
  CHECK(world.origin_git({"rev-list", "--max-parents=0", "refs/heads/promptsync/main"}) == root);
  CHECK(world.origin_files() == Files{{planning + "a.md", "a\n"}, {planning + "b.md", "b\n"}});
  CHECK(desktop.files(planning) == code.files(planning));
}

TEST_CASE("bytes arrive exactly, whatever autocrlf, attributes and filters say", "[travel]") {
  Pair pair;
  for (Clone* clone : {&pair.desktop, &pair.code}) {
    clone->git({"config", "core.autocrlf", "true"});
    clone->git({"config", "filter.spoil.clean", "tr a-z A-Z"});
    clone->git({"config", "filter.spoil.smudge", "tr a-z A-Z"});
    clone->write(".gitattributes", "* text=auto eol=crlf filter=spoil ident\n");
  }
  const std::string zeros("a\0b\0\r\n\0", 7);
  std::string every_byte;
  for (int byte = 0; byte < 256; ++byte) every_byte += static_cast<char>(byte);
  pair.desktop.write(planning + "crlf.md", "one\r\ntwo\r\n").write(planning + "lf.md", "one\ntwo\n");
  pair.desktop.write(planning + "mixed.md", "one\r\ntwo\nthree\r").write(planning + "zeros", zeros);
  pair.desktop.write(planning + "empty.md", "").write(planning + "open end.md", "no newline");
  pair.desktop.write(planning + "bytes.bin", every_byte).write(planning + "ident.md", "$Id$\n");
  const auto files = pair.desktop.files(planning);
  REQUIRE(files.size() == 8);
  pair.desktop.ok({"push"});
  pair.code.ok({"pull"});
  CHECK(pair.world.origin_files() == files);
  CHECK(pair.code.files(planning) == files);
}

TEST_CASE("the executable bit travels, alone too", "[travel]") {
  Pair pair(Files{{planning + "run.sh", "#!/bin/sh\n"}, {planning + "a.md", "a\n"}});
  pair.desktop.make_executable(planning + "run.sh");
  const json sent = pair.desktop.json({"push"});
  CHECK(field(sent["sent"], planning + "run.sh", "change") == "modified");
  pair.code.ok({"pull"});
  CHECK(pair.code.is_executable(planning + "run.sh"));
  CHECK_FALSE(pair.code.is_executable(planning + "a.md"));
}

TEST_CASE("odd names travel", "[travel]") {
  Pair pair;
  for (const char* name : {"with space.md", "Ünïcödé – 計画.md", "it's \"quoted\".md", "$HOME `id`.md", "-dash.md",
                           "#hash.md", "[x]*?.md", "colon: value.md", "@someone.md", "a-->b.md", "'", "..dots..md"})
    pair.desktop.write(planning + name, std::string("in ") + name + "\n");
  const auto files = pair.desktop.files(planning);
  REQUIRE(files.size() == 12);
  pair.desktop.ok({"push"});
  pair.code.ok({"pull"});
  CHECK(pair.code.files(planning) == files);
}

TEST_CASE("a deleted document goes away at the other place, with folders that become empty but not the root",
          "[travel]") {
  Pair pair(Files{{planning + "deep/er/a.md", "a\n"}, {planning + "deep/b.md", "b\n"}, {planning + "c.md", "c\n"}});
  pair.desktop.remove(planning + "deep/er/a.md").ok({"push"});
  const json received = pair.code.json({"pull"});
  CHECK(field(received["received"], planning + "deep/er/a.md", "change") == "deleted");
  CHECK_FALSE(pair.code.exists(planning + "deep/er"));
  CHECK(pair.code.read(planning + "deep/b.md") == "b\n");

  pair.desktop.remove(planning + "deep/b.md").remove(planning + "c.md").ok({"push"});
  pair.code.ok({"pull"});
  CHECK_FALSE(pair.code.exists(planning + "deep"));
  CHECK(pair.code.exists(planning));
  CHECK(pair.world.origin_files().empty());
}

TEST_CASE("a renamed document is renamed at the other place", "[travel]") {
  Pair pair(Files{{planning + "old name.md", "one\ntwo\nthree\n"}});
  pair.desktop.rename(planning + "old name.md", planning + "sub/new name.md").ok({"push"});
  pair.code.ok({"pull"});
  CHECK(pair.code.files(planning) == Files{{planning + "sub/new name.md", "one\ntwo\nthree\n"}});
}

TEST_CASE("a push and a pull with nothing changed make no commit", "[travel]") {
  Pair pair(Files{{planning + "a.md", "a\n"}});
  const std::string tip = pair.world.origin_tip();
  for (const char* command : {"push", "pull", "sync"}) {
    INFO(command);
    const Outcome outcome = pair.desktop.ps({command, "--json"});
    CHECK(outcome.exit == 0);
    CHECK(outcome.json()["result"] == "nothing");
    CHECK(pair.world.origin_tip() == tip);
    CHECK(pair.desktop.tip() == tip);
  }
}

TEST_CASE("a file that was only touched is no change", "[travel]") {
  Pair pair(Files{{planning + "a.md", "a\n"}});
  const std::string tip = pair.world.origin_tip();
  pair.desktop.write(planning + "a.md", "a\n");
  CHECK(pair.desktop.json({"push"})["result"] == "nothing");
  CHECK(pair.world.origin_tip() == tip);
}

TEST_CASE("an edit of the same size in the same second is seen", "[travel]") {
  Pair pair(Files{{planning + "a.md", "aaaa\n"}});
  for (int round = 0; round < 10; ++round) {
    const std::string bytes = "aaa" + std::to_string(round) + "\n";
    pair.desktop.write(planning + "a.md", bytes).ok({"push"});
    REQUIRE(pair.world.origin_files()[planning + "a.md"] == bytes);
  }
}

TEST_CASE("push with paths sends only these", "[travel]") {
  Pair pair(Files{{planning + "gone.md", "x\n"}});
  pair.desktop.write(planning + "a.md", "a\n").write(planning + "b.md", "b\n").remove(planning + "gone.md");
  pair.desktop.write(".claude/implementation/c.md", "c\n");
  pair.desktop.ok({"push", planning + "a.md", ".claude/implementation"});
  CHECK(pair.world.origin_files() ==
        Files{{planning + "a.md", "a\n"}, {planning + "gone.md", "x\n"}, {".claude/implementation/c.md", "c\n"}});
  CHECK(paths(pair.desktop.json({"status", "--offline"})["outgoing"]) ==
        std::set{planning + "b.md", planning + "gone.md"});
  pair.desktop.ok({"push"});
  CHECK_FALSE(pair.world.origin_files().contains(planning + "gone.md"));
  CHECK(pair.world.origin_files().contains(planning + "b.md"));
}

TEST_CASE("a dry run tells what would go, and changes nothing", "[travel]") {
  Pair pair(Files{{planning + "a.md", "a\n"}});
  pair.desktop.write(planning + "b.md", "b\n");
  const std::string tip = pair.world.origin_tip();
  const json would_send = pair.desktop.json({"push", "--dry-run"});
  CHECK(paths(would_send["sent"]) == std::set{planning + "b.md"});
  CHECK(pair.world.origin_tip() == tip);
  CHECK(pair.desktop.tip() == tip);
  CHECK_FALSE(pair.desktop.store_has_blob("b\n"));

  pair.desktop.ok({"push"});
  pair.code.write(planning + "c.md", "c\n");
  const std::string code_tip = pair.code.tip();
  const json would_receive = pair.code.json({"pull", "--dry-run"});
  CHECK(paths(would_receive["received"]) == std::set{planning + "b.md"});
  CHECK_FALSE(pair.code.exists(planning + "b.md"));
  CHECK(pair.code.tip() == code_tip);
  CHECK(paths(pair.code.json({"pull"})["received"]) == std::set{planning + "b.md"});
}

TEST_CASE("a large document that does not compress stays one pack on a remote by path", "[travel]") {
  Pair pair({{planning + "a.md", "a\n"}});
  std::mt19937_64 random(4711);
  std::string bytes(9'000'000, '\0');
  for (std::size_t i = 0; i + 8 <= bytes.size(); i += 8) {
    const std::uint64_t number = random();
    std::memcpy(&bytes[i], &number, 8);
  }
  const auto count = [&](const std::string& what) {
    const std::string counts = pair.world.origin_git({"count-objects", "-v"});
    const std::size_t at = counts.find(what + ": ") + what.size() + 2;
    return std::stoul(counts.substr(at));
  };
  const auto packs = count("packs");
  const auto loose = count("count");
  pair.desktop.write(planning + "large.bin", bytes).ok({"push"});
  CHECK(count("packs") == packs + 1);
  CHECK(count("count") == loose);
  pair.code.ok({"pull"});
  CHECK(pair.code.read(planning + "large.bin") == bytes);
  pair.desktop.write(planning + "a.md", "a2\n").ok({"push"});
  CHECK(count("packs") == packs + 1);
}

TEST_CASE("a pull asks the remote that the settings name now, not the one of the last command", "[travel]") {
  Pair pair({{planning + "a.md", "a\n"}});
  const auto moved = pair.world.root() / "moved.git";
  pair.world.origin_git({"clone", "-q", "--bare", "--mirror", pair.world.origin().string(), moved.string()});
  pair.desktop.git({"remote", "set-url", "origin", moved.string()});
  pair.desktop.write(planning + "b.md", "b\n").ok({"push"});
  pair.code.ok({"pull"});
  CHECK_FALSE(pair.code.exists(planning + "b.md"));
  pair.code.git({"remote", "set-url", "origin", moved.string()});
  pair.code.ok({"pull"});
  CHECK(pair.code.read(planning + "b.md") == "b\n");
}

TEST_CASE("push merges by itself when the remote moved, without force", "[travel]") {
  Pair pair;
  pair.world.origin_git({"config", "receive.denyNonFastForwards", "true"});
  pair.desktop.write(planning + "a.md", "a\n").ok({"push"});
  const std::string first = pair.world.origin_tip();
  pair.code.write(planning + "b.md", "b\n").ok({"push"});
  CHECK(pair.world.try_origin_git({"merge-base", "--is-ancestor", first, "refs/heads/promptsync/main"}).exit == 0);
  CHECK(pair.world.origin_files().size() == 2);
}
