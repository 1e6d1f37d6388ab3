// The guards of a push: many deletions at once, files that are too large, texts that look like credentials.
#include <nlohmann/json.hpp>

#include "scenario/reading.hpp"
#include "support/catch.hpp"

using namespace ps_sync::test;
using nlohmann::json;

namespace {

Files many(int count) {
  Files files;
  for (int n = 10; n < 10 + count; ++n)
    files[planning + "folder/file" + std::to_string(n) + ".md"] = "text " + std::to_string(n) + "\n";
  return files;
}

void remove_some(Clone& clone, int count) {
  for (int n = 10; n < 10 + count; ++n) clone.remove(planning + "folder/file" + std::to_string(n) + ".md");
}

/// Text that looks like a credential, put together here so that no scanner of sources takes this file for a leak.
std::string text(std::initializer_list<const char*> parts) {
  std::string whole;
  for (const char* part : parts) whole += part;
  return whole;
}

bool any_object_holds(Clone& clone, const std::string& needle) {
  const std::string list =
      clone.store({"cat-file", "--batch-all-objects", "--batch-check=%(objectname) %(objecttype)"});
  for (const std::string& line : lines_of(list))
    if (line.ends_with(" blob") && contains(clone.store({"cat-file", "blob", line.substr(0, 40)}), needle)) return true;
  return false;
}

}  // namespace

TEST_CASE("more than half and at least ten files gone at once is refused with the list", "[guard]") {
  Pair pair(many(20));
  const auto files = pair.world.origin_files();
  remove_some(pair.desktop, 11);
  pair.desktop.write(planning + "new.md", "new\n");
  for (const char* command : {"push", "sync"}) {
    INFO(command);
    const Outcome refused = pair.desktop.ps({command});
    CHECK(refused.exit == 5);
    for (int n = 10; n < 21; ++n) CHECK(contains(refused.err, "file" + std::to_string(n) + ".md"));
    CHECK_FALSE(contains(refused.err, "file21.md"));
    CHECK(contains(refused.err, "--allow-deletes"));
    const json result = pair.desktop.json({command});
    CHECK(result["result"] == "refused");
    CHECK(result["error"]["exit"] == 5);
  }
  CHECK(pair.world.origin_files() == files);

  const json allowed = pair.desktop.json({"push", "--allow-deletes"});
  CHECK(allowed["result"] == "done");
  CHECK(pair.world.origin_files().size() == 10);
  pair.code.ok({"pull"});
  CHECK(pair.code.files(planning) == pair.desktop.files(planning));
}

TEST_CASE("pull goes on without the deletions that a guard refuses, and says so", "[guard]") {
  Pair pair(many(20));
  remove_some(pair.code, 15);
  pair.code.write(planning + "mine.md", "mine\n");
  pair.desktop.write(planning + "new.md", "new\n").ok({"push"});
  const Outcome pulled = pair.code.ps({"pull"});
  CHECK(pulled.exit == 0);
  CHECK(contains(pulled.out + pulled.err, "--allow-deletes"));
  CHECK(pair.code.read(planning + "new.md") == "new\n");
  CHECK(pair.world.origin_files().size() == 22);
  CHECK(pair.world.origin_files().contains(planning + "mine.md"));
}

TEST_CASE("half of the files, or fewer than ten, may go, where no lower limit is set", "[guard]") {
  SECTION("exactly half") {
    Pair pair(many(20));
    remove_some(pair.desktop, 10);
    CHECK(pair.desktop.ps({"push"}).exit == 0);
    CHECK(pair.world.origin_files().size() == 10);
  }
  SECTION("nine of ten") {
    Pair pair(many(10));
    remove_some(pair.desktop, 9);
    CHECK(pair.desktop.ps({"push"}).exit == 0);
    CHECK(pair.world.origin_files().size() == 1);
  }
  SECTION("but a lower limit is obeyed") {
    Pair pair(many(40));
    pair.desktop.write(".claude/sync/config.yml", "version: 1\nlimits: {max_delete_percent: 20}\n");
    remove_some(pair.desktop, 10);
    CHECK(pair.desktop.ps({"push"}).exit == 5);
    CHECK(pair.world.origin_files().size() == 40);
  }
}

TEST_CASE("renaming a folder is not a deletion", "[guard]") {
  Pair pair(many(20));
  pair.desktop.rename(planning + "folder", planning + "renamed folder");
  CHECK(pair.desktop.ps({"push"}).exit == 0);
  pair.code.ok({"pull"});
  CHECK(pair.code.files(planning) == pair.desktop.files(planning));
  CHECK_FALSE(pair.code.exists(planning + "folder"));
}

TEST_CASE("a file over the limit is held back and named, the limit itself and all else go", "[guard]") {
  Pair pair;
  pair.desktop.write(".claude/sync/config.yml", "version: 1\nlimits: {max_file: 1MB}\n");
  pair.desktop.write(planning + "limit.bin", std::string(1'000'000, 'x'));
  pair.desktop.write(planning + "over.bin", std::string(1'000'001, 'y')).write(planning + "a.md", "a\n");
  const Outcome pushed = pair.desktop.ps({"push", "--json"});
  CHECK(pushed.exit == 0);
  CHECK(field(pushed.json()["held_back"], planning + "over.bin", "reason") == "size");
  CHECK(paths(pushed.json()["sent"]) == std::set{planning + "limit.bin", planning + "a.md"});
  CHECK(pair.world.origin_files().size() == 2);
  const Outcome again = pair.desktop.ps({"push"});
  CHECK(contains(again.out + again.err, "over.bin"));
  CHECK(field(pair.desktop.json({"status"})["held_back"], planning + "over.bin", "reason") == "size");
}

TEST_CASE("a known file that grew over the limit keeps its last version, and what comes for it waits", "[guard]") {
  Pair pair(Files{{planning + "a.md", "small\n"}});
  pair.desktop.write(".claude/sync/config.yml", "version: 1\nlimits: {max_file: 1MB}\n");
  const std::string grown(1'500'000, 'x');
  pair.desktop.write(planning + "a.md", grown).ok({"push"});
  CHECK(pair.world.origin_files()[planning + "a.md"] == "small\n");
  pair.code.write(planning + "a.md", "small, code\n").write(planning + "b.md", "b\n").ok({"push"});
  const json pulled = pair.desktop.json({"pull"});
  CHECK(paths(pulled["received"]).contains(planning + "b.md"));
  CHECK(paths(pulled["held_back"]).contains(planning + "a.md"));
  CHECK(pair.desktop.read(planning + "a.md") == grown);
  CHECK(pair.world.origin_files()[planning + "a.md"] == "small, code\n");
}

TEST_CASE("a text that looks like a credential is held back with its line, before any object is written", "[guard]") {
  const std::vector<std::string> secrets = {
      text({"-----BEGIN ", "RSA PRIVATE KEY-----"}),
      text({"-----BEGIN ", "OPENSSH PRIVATE KEY-----"}),
      text({"https://bob:", "hunter2secret", "@example.org/x.git"}),
      text({"gh", "p_", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"}),
      text({"AK", "IA", "Q3ZK7LMN2PXR5TVW"}),
      text({"xo", "xb-", "123456789012-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx"}),
      text({"sk-", "ant-", "api03-", "Ab1Cd2Ef3Gh4Ij5Kl6Mn7Op8Qr9St0Uv1Wx2Yz3Ab4Cd5Ef6Gh7Ij8Kl9Mn0Op1Qr2St3Uv4Wx5Yz6",
            "Ab7Cd8Ef9Gh0Ij1-Q2w3EgAA"}),
      text({"sk-", "proj-", "Ab1Cd2Ef3Gh4Ij5Kl6Mn7Op8Qr9St0T3Blbk", "FJAb1Cd2Ef3Gh4Ij5Kl6Mn7Op8Qr9St0"}),
  };
  Pair pair;
  for (std::size_t n = 0; n < secrets.size(); ++n)
    pair.desktop.write(planning + "secret" + std::to_string(n) + ".md", "# Notes\n\ntoken " + secrets[n] + "\n");
  pair.desktop.write(planning + "a.md", "password: see the vault; https://example.org/user:x\n");
  const Outcome pushed = pair.desktop.ps({"push"});
  CHECK(pushed.exit == 0);
  const json result = pair.desktop.json({"push"});
  CHECK(paths(pair.desktop.json({"status"})["held_back"]) == paths(result["held_back"]));
  for (std::size_t n = 0; n < secrets.size(); ++n) {
    const std::string name = "secret" + std::to_string(n) + ".md";
    INFO(secrets[n].substr(0, 12));
    CHECK(field(result["held_back"], planning + name, "reason") == "secret");
    CHECK((contains(pushed.out + pushed.err, name + ":3") || contains(pushed.out + pushed.err, "line 3")));
    CHECK_FALSE(contains(pushed.out + pushed.err, secrets[n]));
    CHECK_FALSE(any_object_holds(pair.desktop, secrets[n]));
  }
  CHECK(pair.world.origin_files().size() == 1);

  CHECK(pair.desktop.ps({"push", "--allow-secrets"}).exit == 0);
  CHECK(pair.world.origin_files().size() == 1 + secrets.size());
}

TEST_CASE("a path whose bytes are held back is not replaced: what comes for it waits and is named", "[guard]") {
  Pair pair(Files{{planning + "a.md", "plain\n"}});
  const std::string secret = text({"gh", "p_", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"}) + "\n";
  pair.code.write(planning + "a.md", secret);
  pair.desktop.write(planning + "a.md", "newer\n").ok({"push"});
  const json pulled = pair.code.json({"pull"});
  CHECK(field(pulled["held_back"], planning + "a.md", "reason") == "secret");
  CHECK(pair.code.read(planning + "a.md") == secret);
  CHECK(pair.world.origin_files()[planning + "a.md"] == "newer\n");
  CHECK_FALSE(any_object_holds(pair.code, secret));
  // The secret taken out again, what waited comes.
  pair.code.write(planning + "a.md", "plain\n").ok({"pull"});
  CHECK(pair.code.read(planning + "a.md") == "newer\n");
}

TEST_CASE("deletions of others are guarded at neither pull nor apply: what was pushed on purpose arrives", "[guard]") {
  Pair pair(many(30));
  pair.desktop.remove(planning + "folder").ok({"push", "--allow-deletes"});
  CHECK(pair.code.ps({"pull"}).exit == 0);
  CHECK(pair.code.files(planning).empty());
}
