// Settings: where they come from, which one wins, and what is said when one is wrong.
#include <nlohmann/json.hpp>

#include "scenario/reading.hpp"
#include "support/catch.hpp"

using namespace ps_sync::test;
using nlohmann::json;

namespace {

const std::string config_file = ".claude/sync/config.yml";

/// Desktop with this text as its config file.
struct Configured {
  World world;
  Clone& desktop = world.place("desktop");
  explicit Configured(const std::string& text) { desktop.write(config_file, text); }
  std::string get(const std::string& key, const Environment& extra = {}) {
    std::string text = desktop.ok({"config", "get", key}, extra).out;
    if (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
  }
};

}  // namespace

TEST_CASE("an unknown key is an error that names the nearest known one, with file and line", "[settings]") {
  Configured place("version: 1\n# a comment\nremoet: origin\n");
  for (const char* command : {"push", "pull", "status"}) {
    INFO(command);
    const Outcome outcome = place.desktop.ps({command});
    CHECK(outcome.exit == 1);
    CHECK(contains(outcome.err, "remoet"));
    CHECK(contains(outcome.err, "remote"));
    CHECK(contains(outcome.err, config_file + ":3"));
    CHECK(outcome.err.starts_with("error: "));
  }
}

TEST_CASE("an unknown key of git config or the environment is an error too", "[settings]") {
  SECTION("git config") {
    Configured place("version: 1\n");
    place.desktop.git({"config", "promptsync.network.timeuot", "3s"});
    const Outcome outcome = place.desktop.ps({"push"});
    CHECK(outcome.exit == 1);
    CHECK(contains(outcome.err, "network.timeout"));
  }
  SECTION("git config again, at the top") {
    Configured place("version: 1\n");
    place.desktop.git({"config", "promptsync.branhc", "x"});
    CHECK(contains(place.desktop.ps({"push"}).err, "branch"));
  }
}

TEST_CASE("a wrong type is an error that says what was expected, with file and line", "[settings]") {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"network: {timeout: soon}\n", "network.timeout"},
      {"limits:\n  max_file: plenty\n", "limits.max_file"},
      {"limits: {max_delete_percent: [50]}\n", "limits.max_delete_percent"},
      {"include: {a: b}\n", "include"},
      {"beacon: {provider: carrier-pigeon}\n", "beacon.provider"},
      {"watch: 15\n", "watch"},
  };
  for (const auto& [text, key] : wrong) {
    INFO(text);
    Configured place("version: 1\n" + text);
    const Outcome outcome = place.desktop.ps({"push"});
    CHECK(outcome.exit == 1);
    CHECK(contains(outcome.err, key));
    CHECK(contains(outcome.err, config_file + ":"));
    CHECK(contains(outcome.err, "expected"));
  }
}

TEST_CASE("a config that is no YAML, or of a newer version, is an error with its place", "[settings]") {
  for (const char* text : {"version: 1\ninclude: [a\n", "version: 99\n", "- a\n- b\n"}) {
    INFO(text);
    Configured place(text);
    const Outcome outcome = place.desktop.ps({"push"});
    CHECK(outcome.exit == 1);
    CHECK(contains(outcome.err, config_file));
  }
}

TEST_CASE("git config overrides the file for this clone, the environment both", "[settings]") {
  Configured place("version: 1\nnetwork: {timeout: 11s}\nlimits: {max_file: 3MB}\n");
  CHECK(place.get("network.timeout") == "11s");
  CHECK(place.get("limits.max_delete_percent") == "50");
  place.desktop.git({"config", "promptsync.network.timeout", "12s"});
  CHECK(place.get("network.timeout") == "12s");
  CHECK(place.get("network.timeout", {{"PROMPTSYNC_NETWORK_TIMEOUT", "13s"}}) == "13s");
  CHECK(place.get("limits.max_file") == "3MB");
}

TEST_CASE("a setting from the environment holds for this run alone", "[settings]") {
  Configured place("version: 1\n");
  place.desktop.write(planning + "a.md", std::string(2'000'000, 'x'));
  CHECK(paths(place.desktop.json({"push"}, {{"PROMPTSYNC_LIMITS_MAX_FILE", "1MB"}})["held_back"]) ==
        std::set{planning + "a.md"});
  CHECK(place.world.origin_files().empty());
  CHECK(place.desktop.json({"push"})["held_back"].empty());
  CHECK(place.world.origin_files().size() == 1);
}

TEST_CASE("config list shows every value in force and where it comes from", "[settings]") {
  Configured place("version: 1\n\nnetwork: {timeout: 11s}\n");
  place.desktop.git({"config", "promptsync.branch", "documents"});
  const Outcome list = place.desktop.ok({"config", "list"}, {{"PROMPTSYNC_LIMITS_MAX_FILE", "7MB"}});
  const auto line_with = [&](const std::string& key) {
    for (const std::string& line : lines_of(list.out))
      if (contains(line, key)) return line;
    return std::string();
  };
  CHECK(contains(line_with("network.timeout"), "11s"));
  CHECK(contains(line_with("network.timeout"), config_file + ":3"));
  CHECK(contains(line_with("branch"), "documents"));
  CHECK(contains(line_with("branch"), "git config"));
  CHECK(contains(line_with("limits.max_file"), "7MB"));
  CHECK(contains(line_with("limits.max_file"), "PROMPTSYNC_LIMITS_MAX_FILE"));
  CHECK(contains(line_with("watch.debounce"), "default"));
  CHECK(contains(line_with("endpoint"), "desktop"));
}

TEST_CASE("config set writes into the file and keeps the rest of it", "[settings]") {
  Configured place("# ours\nversion: 1\nnetwork:\n  timeout: 30s   # patience\nlabels: {desktop: Desk}\n");
  place.desktop.ok({"config", "set", "network.timeout", "10s"});
  CHECK(place.get("network.timeout") == "10s");
  const std::string text = place.desktop.read(config_file);
  CHECK(contains(text, "# ours\nversion: 1\n"));
  CHECK(contains(text, "# patience"));
  CHECK(contains(text, "labels: {desktop: Desk}\n"));
  CHECK(place.desktop.ps({"config", "set", "network.timeout", "soon"}).exit != 0);
  CHECK(place.desktop.ps({"config", "set", "no.such.key", "1"}).exit != 0);
  CHECK(place.desktop.read(config_file) == text);
}

TEST_CASE("a label of the file is how people see the place", "[settings]") {
  Configured place("version: 1\nlabels: {desktop: The Desk}\n");
  place.desktop.write(planning + "a.md", "a\n").ok({"push"});
  CHECK(lines_of(place.world.origin_message()).front().starts_with("The Desk: "));
}

TEST_CASE("include and exclude choose the files, exclude in gitignore's syntax", "[settings]") {
  Configured place("version: 1\ninclude: [notes/, plan.md]\nexclude: ['*.bak', 'drafts/']\n");
  for (const char* path :
       {"notes/a.md", "notes/a.bak", "notes/deep/b.md", "notes/drafts/d.md", "plan.md", "other.md", "notes.md"})
    place.desktop.write(path, "text\n");
  place.desktop.write(planning + "a.md", "not in the set\n").ok({"push"});
  CHECK(place.world.origin_files() ==
        Files{{"notes/a.md", "text\n"}, {"notes/deep/b.md", "text\n"}, {"plan.md", "text\n"}});
}

TEST_CASE("init --include writes the sync set into the config", "[settings]") {
  World world;
  Clone& desktop = world.place("desktop", {"--include", "docs/plans", "--include", "notes"});
  desktop.write("docs/plans/a.md", "a\n").write("notes/b.md", "b\n").write("docs/c.md", "c\n").ok({"push"});
  CHECK(world.origin_files() == Files{{"docs/plans/a.md", "a\n"}, {"notes/b.md", "b\n"}});
}
