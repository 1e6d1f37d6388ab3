// Which texts are a value of each key, and which are not.
#include "unit/config/reading.hpp"

using namespace ps_sync;
using namespace ps_sync::test;

namespace {

struct Good {
  const char* key;
  std::string text;
  std::string canonical;
};

struct Bad {
  const char* key;
  std::string text;
  const char* says;
};

std::string refusal(const Bad& bad) {
  return error_of([&] { config::check_value(bad.key, bad.text); });
}

}  // namespace

TEST_CASE("settings: a good value is given back in its canonical form", "[config]") {
  const Good cases[] = {
      {"watch.interval", "15s", "15s"},
      {"watch.interval", "60s", "1m"},
      {"watch.interval", "90s", "90s"},
      {"watch.interval", "24h", "24h"},
      {"watch.debounce", "1000ms", "1s"},
      {"watch.debounce", "1ms", "1ms"},
      {"network.timeout", "120m", "2h"},
      {"limits.max_file", "50MB", "50MB"},
      {"limits.max_file", "50mb", "50MB"},
      {"limits.max_file", "50000000", "50MB"},
      {"limits.max_file", "1", "1B"},
      {"limits.max_file", "1023B", "1023B"},
      {"limits.max_file", "1024", "1KiB"},
      {"limits.max_file", "2kB", "2kB"},
      {"limits.max_file", "1MiB", "1MiB"},
      {"limits.max_file", "3GiB", "3GiB"},
      {"limits.max_file", "9223372036854775807", "9223372036854775807B"},
      {"limits.max_delete_percent", "1", "1"},
      {"limits.max_delete_percent", "100", "100"},
      {"remote", "origin", "origin"},
      {"remote", "https://example.com/o/r.git", "https://example.com/o/r.git"},
      {"remote", "git@example.com:o/r.git", "git@example.com:o/r.git"},
      {"remote", "/srv/with space/é.git", "/srv/with space/é.git"},
      {"branch", "promptsync", "promptsync"},
      {"branch", "team/documents", "team/documents"},
      {"branch", "refs/promptsync", "refs/promptsync"},
      {"branch", "refs/heads/documents", "refs/heads/documents"},
      {"include", "docs/plans/", "docs/plans/"},
      {"include", " docs/plans , notes/a.md\n.claude/x ", "docs/plans, notes/a.md, .claude/x"},
      {"exclude", "*.tmp,!keep.tmp", "*.tmp, !keep.tmp"},
      {"exclude", "", ""},
      {"beacon.provider", "github", "github"},
      {"beacon.repo", "o-1/r_2.x", "o-1/r_2.x"},
      {"beacon.issue", "12", "12"},
      {"beacon.issue", "9223372036854775807", "9223372036854775807"},
      {"beacon.project", "PVT_kwHOAALNNc4A6pIX", "PVT_kwHOAALNNc4A6pIX"},
      {"beacon.api", "https://github.example.com/api/v3/", "https://github.example.com/api/v3"},
      {"beacon.api", "https://github.example.com:8443", "https://github.example.com:8443"},
      {"beacon.api", "http://127.0.0.1:8080", "http://127.0.0.1:8080"},
      {"beacon.api", "http://localhost:1/api", "http://localhost:1/api"},
      {"beacon.api", "http://[::1]:65535", "http://[::1]:65535"},
      {"labels.alice-laptop", "Alice's Laptop", "Alice's Laptop"},
      {"endpoint", "code", "code"},
      {"session", "act-2", "act-2"},
      {"allow", "CLAUDE.md, .claude/commands/", "CLAUDE.md, .claude/commands/"},
  };
  for (const Good& good : cases) {
    INFO(good.key << " = " << good.text);
    CHECK(error_of([&] { CHECK(config::check_value(good.key, good.text) == good.canonical); }) == "no error");
  }
}

TEST_CASE("settings: a wrong duration, size or number says what was expected", "[config]") {
  const Bad cases[] = {
      {"watch.interval", "15", "expected a duration such as 15s, 300ms, 2m or 1h, found `15`: the unit is missing"},
      {"watch.interval", "", "expected a duration such as 15s, 300ms, 2m or 1h, found nothing"},
      {"watch.interval", "soon", "expected a duration"},
      {"watch.interval", "15 s", "the unit is not known"},
      {"watch.interval", "1.5s", "the unit is not known"},
      {"watch.interval", "2d", "the unit is not known"},
      {"watch.interval", "-2s", "expected a duration"},
      {"watch.interval", "+2s", "expected a duration"},
      {"watch.interval", "0s", "more than 0"},
      {"watch.interval", "25h", "more than 24h"},
      {"watch.interval", "86400001ms", "more than 24h"},
      {"watch.interval", "99999999999999999999999s", "more than 24h"},
      {"watch.interval", "18446744073709551617ms", "more than 24h"},
      {"limits.max_file", "0", "more than 0"},
      {"limits.max_file", "0MB", "more than 0"},
      {"limits.max_file", "-1", "expected a size such as 50MB"},
      {"limits.max_file", "plenty", "expected a size"},
      {"limits.max_file", "50M", "the unit is not known"},
      {"limits.max_file", "9223372036854775808", "too large"},
      {"limits.max_file", "18446744073709551617", "too large"},
      {"limits.max_file", "9999999999GiB", "too large"},
      {"limits.max_delete_percent", "0", "expected a whole number from 1 to 100"},
      {"limits.max_delete_percent", "101", "expected a whole number from 1 to 100"},
      {"limits.max_delete_percent", "50%", "expected a whole number"},
      {"limits.max_delete_percent", "4294967346", "expected a whole number"},
      {"beacon.issue", "0", "expected a whole number of at least 1"},
      {"beacon.issue", "-1", "expected a whole number"},
      {"beacon.issue", "#12", "expected a whole number"},
      {"beacon.issue", "9223372036854775808", "expected a whole number"},
  };
  for (const Bad& bad : cases) {
    INFO(bad.key << " = " << bad.text);
    check_says(refusal(bad), {bad.says, bad.key});
  }
}

TEST_CASE("settings: a name, path or URL that could do harm is refused", "[config]") {
  const Bad cases[] = {
      {"remote", "", "expected a remote's name or a URL"},
      {"remote", "--upload-pack=touch x", "begins with `-`"},
      {"remote", "a\nb", "control character"},
      {"remote", "a\x1b[2J", "control character"},
      {"remote", "\xff", "not UTF-8"},
      {"remote", " origin", "blanks around it"},
      {"branch", "", "expected a branch name"},
      {"branch", "-D", "begins with `-`"},
      {"branch", "a..b", "git allows no such ref"},
      {"branch", "a b", "git allows no such ref"},
      {"branch", "a~1", "git allows no such ref"},
      {"branch", "a^", "git allows no such ref"},
      {"branch", "a:b", "git allows no such ref"},
      {"branch", "a?", "git allows no such ref"},
      {"branch", "a*", "git allows no such ref"},
      {"branch", "a[", "git allows no such ref"},
      {"branch", "a\\b", "git allows no such ref"},
      {"branch", "@", "git allows no such ref"},
      {"branch", "a@{1}", "git allows no such ref"},
      {"branch", "/a", "git allows no such ref"},
      {"branch", "a/", "git allows no such ref"},
      {"branch", "a//b", "git allows no such ref"},
      {"branch", ".a", "git allows no such ref"},
      {"branch", "a/.b", "git allows no such ref"},
      {"branch", "a.", "git allows no such ref"},
      {"branch", "a.lock", "git allows no such ref"},
      {"branch", "a.lock/b", "git allows no such ref"},
      {"branch", "a\tb", "control character"},
      {"branch", "refs", "right below it"},
      {"branch", "refs/heads", "right below it"},
      {"branch", "refs/remotes", "right below it"},
      {"include", "", "at least one path"},
      {"include", " , ", "at least one path"},
      {"include", "/etc", "does not begin at the repository's top"},
      {"include", "~/notes", "does not begin at the repository's top"},
      {"include", "../x", "leads out of the repository"},
      {"include", "a/../../x", "leads out of the repository"},
      {"include", "./a", "a `.` component"},
      {"include", "a//b", "an empty or a `.` component"},
      {"include", "docs/*.md", "patterns belong in exclude"},
      {"include", "docs/[ab]", "patterns belong in exclude"},
      {"include", "docs\\x", "its separator is /"},
      {"include", std::string("a\0b", 3), "control character"},
      {"exclude", "a\x01", "control character"},
      {"beacon.provider", "gitlab", "expected git, none or github"},
      {"beacon.repo", "owner", "expected OWNER/REPO"},
      {"beacon.repo", "o/r/x", "expected OWNER/REPO"},
      {"beacon.repo", "o/..", "expected OWNER/REPO"},
      {"beacon.repo", "-o/r", "expected OWNER/REPO"},
      {"beacon.repo", "o/r?x", "expected OWNER/REPO"},
      {"beacon.repo", "/r", "expected OWNER/REPO"},
      {"beacon.project", "PVT_", "PVT_…"},
      {"beacon.project", "12", "PVT_…"},
      {"beacon.project", "PVT_a\"b", "PVT_…"},
      {"labels.code", "", "expected a label"},
      {"labels.code", " x", "blanks around it"},
      {"labels.code", "a\nb", "control character"},
      {"labels.code", std::string(101, 'x'), "longer than 100"},
      {"labels.Code", "x", "unknown key `labels.Code`"},
      {"endpoint", "Desk Top", "a name of a-z"},
      {"endpoint", "", "a name of a-z"},
      {"session", "-x", "a name of a-z"},
      {"allow", "../CLAUDE.md", "leads out of the repository"},
  };
  for (const Bad& bad : cases) {
    INFO(bad.key << " = " << bad.text);
    check_says(refusal(bad), {bad.says, bad.key});
  }
}

TEST_CASE("settings: the REST interface is reached over TLS, or on this machine", "[config]") {
  const Bad cases[] = {
      {"beacon.api", "", "must begin with https://"},
      {"beacon.api", "github.example.com", "must begin with https://"},
      {"beacon.api", "HTTPS://github.example.com", "must begin with https://"},
      {"beacon.api", "file:///etc/passwd", "must begin with https://"},
      {"beacon.api", "https://", "host cannot be read"},
      {"beacon.api", "https:///x", "host cannot be read"},
      {"beacon.api", "https://-x", "host cannot be read"},
      {"beacon.api", "https://[", "host cannot be read"},
      {"beacon.api", "https://a b", "host cannot be read"},
      {"beacon.api", "https://user:secret@host", "does not belong in it"},
      {"beacon.api", "https://host:", "port cannot be read"},
      {"beacon.api", "https://host:0", "port cannot be read"},
      {"beacon.api", "https://host:65536", "port cannot be read"},
      {"beacon.api", "https://host:1:2", "port cannot be read"},
      {"beacon.api", "https://host/?q", "path holds a character"},
      {"beacon.api", "https://host/#x", "path holds a character"},
      {"beacon.api", "http://github.example.com", "on this machine alone"},
      {"beacon.api", "http://localhost.example.com", "on this machine alone"},
      {"beacon.api", "http://127.0.0.1.example.com", "on this machine alone"},
      {"beacon.api", "http://127.0.0.256", "on this machine alone"},
      {"beacon.api", "http://localhost@example.com", "does not belong in it"},
      {"beacon.api", "http://localhost\\@example.com", "does not belong in it"},
      {"beacon.api", "http://128.0.0.1", "on this machine alone"},
  };
  for (const Bad& bad : cases) {
    INFO(bad.key << " = " << bad.text);
    const std::string said = refusal(bad);
    check_says(said, {bad.says});
    CHECK(said.find("secret") == std::string::npos);
  }
}

TEST_CASE("settings: a value that may hold a password is not in the error", "[config]") {
  check_says(refusal({"remote", "https://ada:secret@host/\x01", ""}), {"remote"});
  CHECK(refusal({"remote", "https://ada:secret@host/\x01", ""}).find("secret") == std::string::npos);
}

TEST_CASE("settings: an unknown key names the nearest known one", "[config]") {
  const std::pair<const char*, const char*> cases[] = {
      {"inclued", "did you mean `include`?"},         {"network.timeuot", "did you mean `network.timeout`?"},
      {"interval", "did you mean `watch.interval`?"}, {"zzzzzz", "known are allow, beacon.api, beacon.issue"},
      {"version", "unknown key `version`"},
  };
  for (const auto& [key, says] : cases) {
    check_says(error_of([k = key] { config::check_value(k, "x"); }), {says});
    check_says(error_of([k = key] { config::set_in_file("", k, "x"); }), {says});
  }
}

TEST_CASE("settings: a git config name has no underscore", "[config]") {
  CHECK(config::git_config_name("limits.max_delete_percent") == "promptsync.limits.max-delete-percent");
  CHECK(config::git_config_name("endpoint") == "promptsync.endpoint");
}

TEST_CASE("settings: the short form of a beacon is read, and written again", "[config]") {
  struct Case {
    const char* text;
    const char* provider;
    std::optional<std::string> repo;
    std::optional<std::int64_t> issue;
  };
  const Case cases[] = {
      {"git", "git", std::nullopt, std::nullopt},
      {"none", "none", std::nullopt, std::nullopt},
      {"github:o/r", "github", "o/r", std::nullopt},
      {"github:o/r#12", "github", "o/r", 12},
  };
  for (const Case& one : cases) {
    const config::BeaconSettings beacon = config::parse_beacon(one.text);
    CHECK(beacon.provider == one.provider);
    CHECK(beacon.repo == one.repo);
    CHECK(beacon.issue == one.issue);
    CHECK(config::format_beacon(beacon) == one.text);
  }
  for (const char* bad : {"", "github", "github:", "github:o", "github:o/r#", "github:o/r#0", "github:o/r#x",
                          "gitlab:o/r", "git:x", "github:o/r#1#2"}) {
    try {
      config::parse_beacon(bad);
      FAIL_CHECK("read: " << bad);
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::usage);
      CHECK(error.causes().size() == 1);
      CHECK(error.hints().size() == 1);
    }
  }
}

TEST_CASE("settings: an endpoint without a label is shown by its name, capitalised", "[config]") {
  config::Settings settings;
  settings.labels["alice-laptop"] = "Alice";
  CHECK(config::label_of(settings, "desktop") == "Desktop");
  CHECK(config::label_of(settings, "alice-laptop") == "Alice");
  CHECK(config::label_of(settings, "ben-laptop") == "Ben-laptop");
  CHECK(config::label_of(settings, "2nd") == "2nd");
  CHECK(config::label_of(settings, "").empty());
}
