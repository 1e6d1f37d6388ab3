// `config set`: one value changes, every other byte of the file stays.
#include "unit/config/reading.hpp"

using namespace ps_sync;
using namespace ps_sync::test;

namespace {

struct Edit {
  const char* what;
  std::string before;
  const char* key;
  std::string text;
  std::string after;
};

template <std::size_t N>
void check_all(const Edit (&edits)[N]) {
  for (const Edit& edit : edits) {
    INFO(edit.what);
    std::string after;
    CHECK(error_of([&] { after = config::set_in_file(edit.before, edit.key, edit.text); }) == "no error");
    CHECK(after == edit.after);
    if (after != edit.after) continue;
    CHECK(value_of(config::load(file_with(after)), edit.key).text == config::check_value(edit.key, edit.text));
    CHECK(config::set_in_file(after, edit.key, edit.text) == after);
  }
}

}  // namespace

TEST_CASE("config set: a file is begun with its version", "[config]") {
  CHECK(config::set_in_file(std::nullopt, "remote", "upstream") == "version: 1\nremote: upstream\n");
  CHECK(config::set_in_file("", "network.timeout", "5s") == "version: 1\nnetwork: {timeout: 5s}\n");
  CHECK(config::set_in_file("# ours", "include", "a/") == "# ours\nversion: 1\ninclude: [a/]\n");
  CHECK(config::set_in_file("---\r\n", "remote", "x") == "---\r\nversion: 1\r\nremote: x\r\n");
}

TEST_CASE("config set: a single value is replaced where it stands", "[config]") {
  check_all({
      {"plain, with a comment", "version: 1\nremote: origin   # ours\n", "remote", "up",
       "version: 1\nremote: up   # ours\n"},
      {"in double quotes", "version: 1\nremote: \"a\\\"b\" # ours\n", "remote", "up",
       "version: 1\nremote: up # ours\n"},
      {"in single quotes", "version: 1\nremote: 'it''s' # ours\n", "remote", "up", "version: 1\nremote: up # ours\n"},
      {"over two lines in quotes", "version: 1\nremote: \"a\n  b\"\nbranch: x\n", "remote", "up",
       "version: 1\nremote: up\nbranch: x\n"},
      {"on the line after its key", "version: 1\nremote:\n  origin\nbranch: x\n", "remote", "up",
       "version: 1\nremote:\n  up\nbranch: x\n"},
      {"left out", "version: 1\nremote: # which?\nbranch: x\n", "remote", "up",
       "version: 1\nremote: up # which?\nbranch: x\n"},
      {"null", "version: 1\nremote: ~ # which?\n", "remote", "up", "version: 1\nremote: up # which?\n"},
      {"in a block map", "version: 1\nnetwork:\n    timeout: 30s   # patience\n", "network.timeout", "5s",
       "version: 1\nnetwork:\n    timeout: 5s   # patience\n"},
      {"in a flow map", "version: 1\nwatch: {interval: 15s, debounce: 300ms}  # both\n", "watch.debounce", "1s",
       "version: 1\nwatch: {interval: 15s, debounce: 1s}  # both\n"},
      {"left out in a flow map", "version: 1\nwatch: {interval: , debounce: 300ms}\n", "watch.interval", "1s",
       "version: 1\nwatch: {interval: 1s , debounce: 300ms}\n"},
      {"in a flow map of several lines", "beacon: {\n  provider: git, # this\n  repo: 'o/r', # that\n}\n",
       "beacon.repo", "p/q", "beacon: {\n  provider: git, # this\n  repo: p/q, # that\n}\n"},
      {"with a quoted key", "version: 1\n\"remote\" : a\n", "remote", "b", "version: 1\n\"remote\" : b\n"},
      {"with an explicit key", "? remote\n: a\n", "remote", "b", "? remote\n: b\n"},
      {"as the last byte", "version: 1\nremote: a", "remote", "b", "version: 1\nremote: b"},
      {"after a byte order mark", "\xEF\xBB\xBFremote: a\n", "remote", "b", "\xEF\xBB\xBFremote: b\n"},
      {"after letters of several bytes", "labels: {code: Ünïcödé→}\nremote: a # é\n", "remote", "b",
       "labels: {code: Ünïcödé→}\nremote: b # é\n"},
      {"in a file of flow style", "{version: 1, remote: a}\n", "remote", "b", "{version: 1, remote: b}\n"},
      {"with Windows line ends", "version: 1\r\nremote: a\r\nwatch:\r\n  interval: 1s\r\n", "watch.interval", "2s",
       "version: 1\r\nremote: a\r\nwatch:\r\n  interval: 2s\r\n"},
      {"a value that was wrong", "watch: {interval: 15}\n", "watch.interval", "15s", "watch: {interval: 15s}\n"},
      {"a list where one value belongs", "remote: [a]\n", "remote", "b", "remote: b\n"},
  });
}

TEST_CASE("config set: a value that is not there yet is put in", "[config]") {
  check_all({
      {"at the end", "version: 1\nremote: a # x\n\n# the end\n", "branch", "b",
       "version: 1\nremote: a # x\nbranch: b\n\n# the end\n"},
      {"at the end without a newline", "version: 1\nremote: a", "branch", "b", "version: 1\nremote: a\nbranch: b"},
      {"at the end, with Windows line ends", "version: 1\r\nremote: a\r\n", "branch", "b",
       "version: 1\r\nremote: a\r\nbranch: b\r\n"},
      {"after a map", "version: 1\nwatch:\n  interval: 1s\n", "branch", "b",
       "version: 1\nwatch:\n  interval: 1s\nbranch: b\n"},
      {"after a block of text", "version: 1\nlabels:\n  code: |-\n    Code\n", "branch", "b",
       "version: 1\nlabels:\n  code: |-\n    Code\nbranch: b\n"},
      {"indented as the others", "  version: 1\n  remote: a\n", "branch", "b",
       "  version: 1\n  remote: a\n  branch: b\n"},
      {"with its map", "version: 1\n", "watch.interval", "2s", "version: 1\nwatch: {interval: 2s}\n"},
      {"in a block map", "watch:\n    interval: 1s # x\nremote: a\n", "watch.debounce", "2s",
       "watch:\n    interval: 1s # x\n    debounce: 2s\nremote: a\n"},
      {"in a block map whose end is not plain", "labels:\n  code: |-\n    Code\nremote: a\n", "labels.desktop", "D",
       "labels:\n  desktop: D\n  code: |-\n    Code\nremote: a\n"},
      {"in a flow map", "watch: {interval: 1s} # x\n", "watch.debounce", "2s",
       "watch: {interval: 1s, debounce: 2s} # x\n"},
      {"in a flow map with a last comma", "watch: {interval: 1s, } # x\n", "watch.debounce", "2s",
       "watch: {interval: 1s, debounce: 2s, } # x\n"},
      {"in an empty flow map", "watch: {} # x\n", "watch.debounce", "2s", "watch: {debounce: 2s} # x\n"},
      {"in a map with nothing in it", "watch: # x\nremote: a\n", "watch.debounce", "2s",
       "watch: {debounce: 2s} # x\nremote: a\n"},
      {"in a file of flow style", "{version: 1}\n", "watch.debounce", "2s", "{version: 1, watch: {debounce: 2s}}\n"},
      {"with a name that YAML would misread", "version: 1\n", "labels.null", "Label",
       "version: 1\nlabels: {\"null\": Label}\n"},
  });
}

TEST_CASE("config set: a list keeps what stays in it", "[config]") {
  check_all({
      {"flow", "include: [ \"a b/\", c/ ]  # x\n", "include", "a b/, d/", "include: [\"a b/\", d/]  # x\n"},
      {"flow over several lines", "include: [\n  a/,\n  'b/'\n]\nremote: x\n", "include", "b/,c/",
       "include: ['b/', c/]\nremote: x\n"},
      {"flow with odd entries", "exclude: [\"x]\", 'it''s, #1', y]\nremote: x\n", "exclude", "y",
       "exclude: [y]\nremote: x\n"},
      {"empty flow", "exclude: []\n", "exclude", "*.tmp", "exclude: [\"*.tmp\"]\n"},
      {"flow, emptied", "exclude: [a, b] # x\n", "exclude", "", "exclude: [] # x\n"},
      {"block: one more", "include:\n  - a/ # first\n  # and\n  - 'b/'\nremote: x\n", "include", "a/,b/,c d/",
       "include:\n  - a/ # first\n  # and\n  - 'b/'\n  - c d/\nremote: x\n"},
      {"block: one in front", "include:\n- b/\n", "include", "a/,b/", "include:\n- a/\n- b/\n"},
      {"block: one less", "include:\n  - a/ # first\n  # and\n  - b/\nremote: x\n", "include", "b/",
       "include:\n  # and\n  - b/\nremote: x\n"},
      {"block: all others", "include:\n  - a/\n  - b/\n", "include", "c/,d/", "include:\n  - c/\n  - d/\n"},
      {"block: two more at a torn end", "include:\n  - a/\n  - b/", "include", "a/,b/,c/,d/",
       "include:\n  - a/\n  - b/\n  - c/\n  - d/"},
      {"block: the last one replaced at a torn end", "include:\n  - a/\n  - b/", "include", "a/,c/",
       "include:\n  - a/\n  - c/\n"},
      {"block: emptied", "exclude: # x\n  - a\n  - b\nremote: x\n", "exclude", "", "exclude: [] # x\nremote: x\n"},
      {"block: another order", "include:\n  - a/ # 1\n  - b/ # 2\n  - c/ # 3\n", "include", "c/,a/,b/",
       "include:\n  - c/\n  - a/ # 1\n  - b/ # 2\n"},
      {"block: quoted where needed", "exclude:\n  - a\n", "exclude", "a,*.bak,#x,!y",
       "exclude:\n  - a\n  - \"*.bak\"\n  - \"#x\"\n  - \"!y\"\n"},
      {"block with Windows line ends", "include:\r\n  - a/\r\n  - b/\r\n", "include", "b/,c/",
       "include:\r\n  - b/\r\n  - c/\r\n"},
  });
}

TEST_CASE("config set: values are quoted where YAML needs it, and come back as they were", "[config]") {
  const char* texts[] = {"Plain", "two words", "yes",  "null",       "~",   "#1",         "a #b", "a: b", "a:b",  "- x",
                         "-x",    "\"q\"",     "it's", "back\\lash", "{x}", "[x]",        "a,b",  "&a",   "*a",   "!t",
                         "|",     ">",         "%TAG", "@x",         "`x`", "...",        "12",   "1e3",  "0x1F", "é→",
                         "a:",    "? x",       "'",    "\"",         "\\",  "2026-11-23", "true", "=",    "a  b", "x}"};
  for (const char* file : {"version: 1\n", "version: 1\nlabels:\n  code: x # y\n", "{labels: {code: x, desktop: y}}\n",
                           "labels:\n  desktop: z\n"}) {
    for (const char* text : texts) {
      INFO(file << text);
      std::string after;
      CHECK(error_of([&] { after = config::set_in_file(file, "labels.code", text); }) == "no error");
      CHECK(config::load(file_with(after)).settings.labels.at("code") == text);
    }
  }
  CHECK(config::set_in_file("", "remote", "https://h/r.git") == "version: 1\nremote: https://h/r.git\n");
  CHECK(config::set_in_file("", "beacon.api", "https://h") == "version: 1\nbeacon: {api: \"https://h\"}\n");
  CHECK(config::set_in_file("", "labels.code", "on") == "version: 1\nlabels: {code: \"on\"}\n");
}

TEST_CASE("config set: what cannot be changed safely is left to the person, with its line", "[config]") {
  struct Case {
    std::string file;
    const char* key;
    const char* text;
    const char* says;
  };
  const Case cases[] = {
      {"version: 1\nremote: >-\n  origin\n", "remote", "x", "edit .claude/sync/config.yml:2 by hand"},
      {"version: 1\nremote: /srv/a\n  b\n", "remote", "x", "config.yml:2 by hand"},
      {"version: 1\n\nexclude: [\n  a, # why\n  b\n]\n", "exclude", "a", "config.yml:3 by hand"},
      {"version: 1\nexclude:\n  - a\n  - |-\n    b\n", "exclude", "a", "config.yml:4 by hand"},
      {"version: 1\nremote:\n  ~\n", "remote", "x", "config.yml:2 by hand"},
      {"version: 1\nremote: a\n...\n", "labels.code", "x", "no error"},
      {"{version: 1, watch}\n", "watch.interval", "1s", "config.yml:1 by hand"},
      {"version: 1\nwatch: 15\n", "watch.interval", "1s", "config.yml:2 by hand"},
      {"version: 1\nremote:\n  a: b\n", "remote", "x", "config.yml:2 by hand"},
      {"- a\n", "remote", "x", "config.yml:1 by hand"},
      {"--- ~\n", "remote", "x", "by hand"},
  };
  for (const Case& one : cases) {
    INFO(one.file);
    check_says(error_of([&] { config::set_in_file(one.file, one.key, one.text); }), {one.says});
  }
}

TEST_CASE("config set: a wrong value or a file that stays wrong changes nothing", "[config]") {
  const auto refused = [](const std::string& file, const char* key, const char* text) {
    return error_of([&] { config::set_in_file(file, key, text); });
  };
  check_says(refused("", "network.timeout", "soon"), {"network.timeout: expected a duration"});
  check_says(refused("version: 1\nremoet: a\n", "branch", "b"), {"config.yml:2: unknown key `remoet`"});
  check_says(refused("version: 2\n", "branch", "b"), {"upgrade ps-sync"});
  check_says(refused("version: [\n", "branch", "b"), {"not valid YAML"});
}

TEST_CASE("config set: what is each clone's own belongs in git config", "[config]") {
  const auto refused = [](const char* key, const char* text) {
    return error_of([&] { config::set_in_file("version: 1\n", key, text); });
  };
  check_says(refused("endpoint", "code"), {"git config promptsync.endpoint code"});
  check_says(refused("session", "main"), {"git config promptsync.session main"});
  check_says(refused("allow", "CLAUDE.md"), {"git config promptsync.allow CLAUDE.md"});
}
