// Where settings come from, which source wins, and what is said when one is wrong.
#include <algorithm>

#include "unit/config/reading.hpp"

using namespace ps_sync;
using namespace ps_sync::test;
using namespace std::chrono_literals;

TEST_CASE("settings: without any source the built-in values hold", "[config]") {
  const config::Loaded loaded = config::load({});
  CHECK(loaded.settings.remote == "origin");
  CHECK(loaded.settings.watch_interval == 15s);
  CHECK_FALSE(loaded.settings.endpoint);
  CHECK(value_of(loaded, "limits.max_file").text == "50MB");
  CHECK(value_of(loaded, "labels.code").text == "Code");
  CHECK(value_of(loaded, "endpoint").text.empty());
  for (const config::Value& value : loaded.values) CHECK(value.origin == "default");
}

TEST_CASE("settings: every known key is listed once, in order", "[config]") {
  std::vector<std::string> listed;
  for (const config::Value& value : config::load({}).values) listed.push_back(value.key);
  CHECK(listed == config::known_keys());
  CHECK(std::is_sorted(listed.begin(), listed.end()));
  CHECK(std::adjacent_find(listed.begin(), listed.end()) == listed.end());
  CHECK(listed.size() == 19);
}

TEST_CASE("settings: the documented file is read whole", "[config]") {
  const config::Loaded loaded = config::load(file_with(R"(version: 1
remote: upstream                # a remote's name, or a URL
branch: refs/promptsync
include: [docs/plans/, "notes/with space.md"]
exclude: ["*.tmp", '#x']   # gitignore syntax
beacon: {provider: github, repo: o/r, issue: 12, project: PVT_kwHOAALNNc4A6pIX, api: "https://ghe.example/api/v3"}
labels: {desktop: Desk, alice-laptop: Alice}
watch: {interval: 20s, debounce: 200ms}
network:
  timeout: 1m
limits:
  max_file: 3MB
  max_delete_percent: 20
)"));
  const config::Settings& settings = loaded.settings;
  CHECK(settings.remote == "upstream");
  CHECK(settings.branch == "refs/promptsync");
  CHECK(settings.include == std::vector<std::string>{"docs/plans/", "notes/with space.md"});
  CHECK(settings.exclude == std::vector<std::string>{"*.tmp", "#x"});
  CHECK(settings.beacon.provider == "github");
  CHECK(settings.beacon.repo == "o/r");
  CHECK(settings.beacon.issue == 12);
  CHECK(settings.beacon.project == "PVT_kwHOAALNNc4A6pIX");
  CHECK(settings.beacon.api == "https://ghe.example/api/v3");
  CHECK(settings.labels ==
        std::map<std::string, std::string>{{"alice-laptop", "Alice"}, {"code", "Code"}, {"desktop", "Desk"}});
  CHECK(settings.watch_interval == 20s);
  CHECK(settings.watch_debounce == 200ms);
  CHECK(settings.network_timeout == 1min);
  CHECK(settings.max_file == 3'000'000);
  CHECK(settings.max_delete_percent == 20);
  CHECK(value_of(loaded, "network.timeout").origin == ".claude/sync/config.yml:10");
  CHECK(value_of(loaded, "labels.alice-laptop").text == "Alice");
  CHECK(value_of(loaded, "labels.code").origin == "default");
}

TEST_CASE("settings: files that say nothing leave the built-in values", "[config]") {
  for (const char* text : {"", "# later\n", "---\n", "version: 1\n", "version: 1\nwatch:\n  # interval: 5s\n",
                           "version: 1\nbeacon: {}\nlabels: ~\n", "\xEF\xBB\xBFversion: 1\r\n", "watch: {}"}) {
    INFO(text);
    CHECK(load_error(file_with(text)) == "no error");
    CHECK(config::load(file_with(text)).settings.watch_interval == 15s);
  }
}

TEST_CASE("settings: a wrong file is named with its line, and with what was expected", "[config]") {
  const std::pair<std::string, std::string> cases[] = {
      {"version: 1\n\ninclued: [a/]\n", "config.yml:3: unknown key `inclued`; did you mean `include`?"},
      {"version: 1\nwatch:\n  intervall: 1s\n",
       "config.yml:3: unknown key `watch.intervall`; did you mean `watch.interval`?"},
      {"wacth: {interval: 1s}\n", "config.yml:1: unknown key `wacth`; did you mean `watch`?"},
      {"interval: 1s\n", "did you mean `watch.interval`?"},
      {"network.timeout: 1s\n", "in the file it is nested, `network: {timeout: …}`"},
      {"labels: {Alice: x}\n", "config.yml:1: unknown key `labels.Alice`"},
      {"zzzzzzzz: 1\n", "known are version, beacon"},
      {"\"a\\e[2Jb\": 1\n", "unknown key `a\\x1B[2Jb`"},
      {"version: 2\nnew_key: 1\n",
       "config.yml:1: this file has version 2, and this ps-sync knows version 1 alone\nupgrade ps-sync"},
      {"version: 99999999999999999999999999\n", "upgrade ps-sync"},
      {"version: 0\n", "config.yml:1: version: expected 1, found the text `0`"},
      {"version: one\n", "expected 1"},
      {"version:\n", "expected 1, found nothing"},
      {"version: [1]\n", "expected 1, found a list"},
      {"- a\n", "config.yml:1: expected settings such as `remote: origin`, found a list"},
      {"just text\n", "expected settings such as `remote: origin`, found the text `just text`"},
      {"version: 1\nremote: [a]\n", "config.yml:2: remote: expected a single value, found a list"},
      {"version: 1\nremote:\n", "config.yml:2: remote: expected a remote's name or a URL, found nothing"},
      {"version: 1\nbranch: {a: b}\n", "config.yml:2: branch: expected a single value, found a map"},
      {"version: 1\ninclude: docs/\n",
       "config.yml:2: include: expected a list such as [docs/plans/], found the text `docs/`"},
      {"version: 1\ninclude: {a: b}\n", "include: expected a list such as [docs/plans/], found a map"},
      {"version: 1\ninclude: []\n", "config.yml:2: include: expected at least one path"},
      {"version: 1\ninclude:\n  - a/\n  - ../b\n", "config.yml:4: include: expected a path"},
      {"version: 1\nexclude:\n  - a\n  - [b]\n", "config.yml:4: exclude: expected an entry that is text, found a list"},
      {"version: 1\nbeacon: none\n",
       "config.yml:2: beacon: expected a map such as {provider: git}, found the text `none`"},
      {"version: 1\nwatch: 15\n", "config.yml:2: watch: expected a map, found the text `15`"},
      {"version: 1\nlabels: [a]\n", "labels: expected a map, found a list"},
      {"version: 1\nwatch:\n  debounce: 1s\n  interval: 15\n", "config.yml:4: watch.interval: expected a duration"},
      {"version: 1\nlimits: {max_file: plenty}\n", "config.yml:2: limits.max_file: expected a size"},
      {"version: 1\nendpoint: code\n",
       "config.yml:2: endpoint is each clone's own and not for this file\ngit config promptsync.endpoint"},
      {"version: 1\nallow: [CLAUDE.md]\n", "allow is each clone's own and not for this file"},
      {"version: 1\nsession: x\n", "session is each clone's own and not for this file"},
  };
  for (const auto& [text, says] : cases) {
    INFO(text);
    check_says(load_error(file_with(text)), {".claude/sync/config.yml:", says});
  }
}

TEST_CASE("settings: a file is named as the caller names it", "[config]") {
  config::Sources sources = file_with("version: 1\nx: 1\n");
  sources.file_name = "elsewhere.yml";
  check_says(load_error(sources), {"elsewhere.yml:2: "});
}

TEST_CASE("settings: YAML that could be a trap is refused with its line, without being expanded", "[config]") {
  const std::pair<std::string, std::string> cases[] = {
      {"version: 1\nwatch: &w {interval: 1s}\n", ":2: YAML anchors are not allowed"},
      {"version: 1\nremote: &r origin\n", ":2: YAML anchors are not allowed"},
      {"version: 1\nremote: &r\n", ":2: YAML anchors are not allowed"},
      {"version: 1\n&k remote: a\n", ":2: YAML anchors are not allowed"},
      {"version: 1\nremote: *r\n", ":2: "},
      {"a: &a [x, x]\nb: [*a, *a]\n", ":1: YAML anchors are not allowed"},
      {"version: !!int 1\n", ":1: YAML tags are not allowed"},
      {"version: 1\nremote: !x origin\n", ":2: YAML tags are not allowed"},
      {"version: 1\nremote: ! origin\n", ":2: YAML tags are not allowed"},
      {"version: 1\nremote: !<tag:yaml.org,2002:str> origin\n", ":2: YAML tags are not allowed"},
      {"version: 1\ninclude: !!set [a]\n", ":2: YAML tags are not allowed"},
      {"version: 1\ninclude: [[[[a]]]]\n", ":2: nested deeper than 4 levels"},
      {"version: 1\ninclude: " + std::string(100'000, '['), ":2: "},
      {"version: 1\nremote: a\nremote: b\n", ":3: the key `remote` stands here a second time; the first is in line 2"},
      {"watch:\n  interval: 1s\n  \"interval\": 2s\n", ":3: the key `interval` stands here a second time"},
      {"version: 1\n---\nremote: b\n", "a second YAML document"},
      {"version: 1\n...\n---\nremote: b\n", "a second YAML document"},
      {"version: 1\ninclude: [a/\n", "this is not valid YAML"},
      {"version: 1\nwatch:\n\tinterval: 1s\n", "this is not valid YAML"},
      {"version: 1\nremote: 'a\n", "this is not valid YAML"},
      {"? [a, b]\n: c\n", ":1: expected the name of a setting, found a list"},
      {"~: c\n", "expected the name of a setting, found nothing"},
      {std::string("version: 1\nremote: a\0b\n", 23), ":2: a control character stands here"},
      {"version: 1\n\x04\nremote: b\n", ":2: a control character stands here"},
      {"version: 1\nremote: a\rbranch: b\n", ":2: a control character stands here"},
      {"version: 1\nremote: \xff\n", ":2: this line is not UTF-8"},
      {std::string("\xff\xfev\0e\0", 6), ":1: "},
      {"# " + std::string(256 * 1024, 'x'), "larger than 256 KiB"},
  };
  for (const auto& [text, says] : cases) {
    INFO(text.substr(0, 100));
    check_says(load_error(file_with(text)), {".claude/sync/config.yml", says});
  }
  const std::string many = [] {
    std::string text = "exclude:\n";
    for (int i = 0; i < 10'001; ++i) text += "- x\n";
    return text;
  }();
  check_says(load_error(file_with(many)), {"too many entries"});
  CHECK(load_error(file_with("# " + std::string(256 * 1024 - 2, 'x'))) == "no error");
}

TEST_CASE("settings: git config overrides the file, and the environment both", "[config]") {
  config::Sources sources = file_with("version: 1\nnetwork: {timeout: 11s}\nremote: one\nbranch: one\n");
  sources.git = {{"global", "promptsync.network.timeout", "12s"}, {"local", "promptsync.remote", "two"}};
  sources.environment = {{"PROMPTSYNC_NETWORK_TIMEOUT", "13s"}, {"HOME", "/x"}};
  const config::Loaded loaded = config::load(sources);
  CHECK(loaded.settings.network_timeout == 13s);
  CHECK(loaded.settings.remote == "two");
  CHECK(loaded.settings.branch == "one");
  CHECK(value_of(loaded, "network.timeout").origin == "PROMPTSYNC_NETWORK_TIMEOUT");
  CHECK(value_of(loaded, "remote").origin == "git config (local)");
  CHECK(value_of(loaded, "branch").origin == ".claude/sync/config.yml:4");
}

TEST_CASE("settings: git config's spellings find their keys", "[config]") {
  for (const char* key : {"promptsync.limits.maxfile", "promptsync.limits.max-file", "promptsync.Limits.max-file",
                          "PromptSync.limits.maxfile"}) {
    INFO(key);
    CHECK(config::load(git_with({{"local", key, "7MB"}})).settings.max_file == 7'000'000);
  }
  const config::Loaded loaded = config::load(git_with({{"system", "core.bare", "false"},
                                                       {"system", "promptsyncer.x", "1"},
                                                       {"local", "promptsync.labels.alice-laptop", "Alice"},
                                                       {"worktree", "promptsync.endpoint", "code"},
                                                       {"local", "promptsync.session", "act-2"}}));
  CHECK(loaded.settings.labels.at("alice-laptop") == "Alice");
  CHECK(loaded.settings.endpoint == "code");
  CHECK(loaded.settings.session == "act-2");
  CHECK(value_of(loaded, "endpoint").origin == "git config (worktree)");
}

TEST_CASE("settings: values of git config add up for a list; else the last one counts", "[config]") {
  const config::Loaded loaded = config::load(git_with({{"global", "promptsync.include", "a/"},
                                                       {"local", "promptsync.include", "b/, c/\nd/"},
                                                       {"global", "promptsync.watch.interval", "nonsense"},
                                                       {"local", "promptsync.watch.interval", "2s"},
                                                       {"local", "promptsync.exclude", ""},
                                                       {"local", "promptsync.allow", "CLAUDE.md"},
                                                       {"local", "promptsync.allow", ".claude/skills"}}));
  CHECK(loaded.settings.include == std::vector<std::string>{"a/", "b/", "c/", "d/"});
  CHECK(value_of(loaded, "include").origin == "git config (global, local)");
  CHECK(loaded.settings.watch_interval == 2s);
  CHECK(value_of(loaded, "watch.interval").origin == "git config (local)");
  CHECK(loaded.settings.exclude.empty());
  CHECK(loaded.settings.allow == std::vector<std::string>{"CLAUDE.md", ".claude/skills"});
}

TEST_CASE("settings: a wrong entry of git config is named with its scope", "[config]") {
  const std::pair<config::GitConfigEntry, const char*> cases[] = {
      {{"global", "promptsync.network.timeuot", "3s"},
       "git config promptsync.network.timeuot (global): unknown key; did you mean `promptsync.network.timeout`?"},
      {{"local", "promptsync.limits.max-fil", "3"}, "did you mean `promptsync.limits.max-file`?"},
      {{"local", "promptsync.zzzzzzzzz", "3"}, "known are promptsync.allow, "},
      {{"local", "promptsync.version", "1"}, "unknown key"},
      {{"local", "promptsync.labels.-x", "1"}, "unknown key"},
      {{"local", "promptsync.watch.interval", "15"},
       "git config promptsync.watch.interval (local): expected a duration"},
      {{"local", "promptsync.watch.interval", ""}, "found nothing"},
      {{"command", "promptsync.include", "a/,../b"}, "git config promptsync.include (command): expected a path"},
      {{"command", "promptsync.include", ""}, "expected at least one path"},
  };
  for (const auto& [entry, says] : cases) {
    INFO(entry.key << " = " << entry.value);
    check_says(load_error(git_with({entry})), {says, entry.scope});
  }
  // The entry at fault is the one that is named, whatever stands before it.
  check_says(load_error(git_with({{"system", "promptsync.include", ""},
                                  {"global", "promptsync.include", "a/"},
                                  {"local", "promptsync.include", "/b"}})),
             {"(local)"});
}

TEST_CASE("settings: variables set what their names say", "[config]") {
  const config::Loaded loaded = config::load(environment_with({{"PROMPTSYNC_INCLUDE", "a/:b/,c/\nd/"},
                                                               {"PROMPTSYNC_LIMITS_MAX_FILE", "1MB"},
                                                               {"PROMPTSYNC_LABELS_ALICE_LAPTOP", "Alice"},
                                                               {"PROMPTSYNC_LABELS_DESKTOP", "Desk"},
                                                               {"PROMPTSYNC_ENDPOINT", "code"},
                                                               {"PROMPTSYNC_SESSION", "act-2"},
                                                               {"PROMPTSYNC_GITHUB_API", "http://127.0.0.1:9"},
                                                               {"PROMPTSYNC_BEACON_ISSUE", "3"}}));
  CHECK(loaded.settings.include == std::vector<std::string>{"a/", "b/", "c/", "d/"});
  CHECK(loaded.settings.max_file == 1'000'000);
  CHECK(loaded.settings.labels.at("alice-laptop") == "Alice");
  CHECK(loaded.settings.labels.at("desktop") == "Desk");
  CHECK(loaded.settings.endpoint == "code");
  CHECK(loaded.settings.session == "act-2");
  CHECK(loaded.settings.beacon.api == "http://127.0.0.1:9");
  CHECK(loaded.settings.beacon.issue == 3);
  CHECK(value_of(loaded, "beacon.api").origin == "PROMPTSYNC_GITHUB_API");
}

TEST_CASE("settings: a variable named after its key wins over the short name", "[config]") {
  const std::pair<std::string, std::string> own{"PROMPTSYNC_BEACON_API", "https://own.example"};
  const std::pair<std::string, std::string> brief{"PROMPTSYNC_GITHUB_API", "https://brief.example"};
  CHECK(config::load(environment_with({own, brief})).settings.beacon.api == own.second);
  CHECK(config::load(environment_with({brief, own})).settings.beacon.api == own.second);
}

TEST_CASE("settings: variables that are no settings, or empty, are passed over", "[config]") {
  for (const char* name : {"PROMPTSYNC_SKIP", "PROMPTSYNC_TOKEN", "PROMPTSYNC_AUTO_SYNC", "PROMPTSYNC_FAILPOINT",
                           "PROMPTSYNC_FAILPOINT_LOG", "PROMPTSYNC_TRACE", "PATH", "PROMPTSYNCER_X", "promptsync_x"}) {
    INFO(name);
    CHECK(load_error(environment_with({{name, "x"}})) == "no error");
  }
  CHECK(
      config::load(environment_with({{"PROMPTSYNC_REMOTE", ""}, {"PROMPTSYNC_NO_SUCH", ""}, {"PROMPTSYNC_ALLOW", ""}}))
          .settings.remote == "origin");
}

TEST_CASE("settings: a wrong variable is named", "[config]") {
  const std::pair<std::pair<std::string, std::string>, const char*> cases[] = {
      {{"PROMPTSYNC_NETWRK_TIMEOUT", "1s"},
       "unknown variable PROMPTSYNC_NETWRK_TIMEOUT; did you mean `PROMPTSYNC_NETWORK_TIMEOUT`?"},
      {{"PROMPTSYNC_VERSION", "1"}, "unknown variable PROMPTSYNC_VERSION"},
      {{"PROMPTSYNC_", "1"}, "unknown variable"},
      {{"PROMPTSYNC_ALLOW", "CLAUDE.md"},
       "PROMPTSYNC_ALLOW: allow is read from git config alone\ngit config --add promptsync.allow PATH"},
      {{"PROMPTSYNC_WATCH_INTERVAL", "15"}, "PROMPTSYNC_WATCH_INTERVAL: expected a duration"},
      {{"PROMPTSYNC_INCLUDE", ":"}, "PROMPTSYNC_INCLUDE: expected at least one path"},
      {{"PROMPTSYNC_INCLUDE", "a:/b"}, "PROMPTSYNC_INCLUDE: expected a path"},
      {{"PROMPTSYNC_GITHUB_API", "http://example.com"}, "PROMPTSYNC_GITHUB_API: expected a base URL"},
  };
  for (const auto& [variable, says] : cases) {
    INFO(variable.first);
    check_says(load_error(environment_with({variable})), {says});
  }
}

TEST_CASE("settings: a listed URL has neither user nor password; the setting itself keeps them", "[config]") {
  const config::Loaded loaded =
      config::load(git_with({{"local", "promptsync.remote", "https://ada:secret@host/o.git"}}));
  CHECK(value_of(loaded, "remote").text == "https://host/o.git");
  CHECK(loaded.settings.remote == "https://ada:secret@host/o.git");
}
