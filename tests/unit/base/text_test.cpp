#include "ps_sync/base/text.hpp"

#include "ps_sync/base/endpoint.hpp"
#include "ps_sync/base/oid.hpp"
#include "support/catch.hpp"

using namespace ps_sync;

TEST_CASE("a path is quoted as git quotes it, and comes back", "[base]") {
  const std::pair<std::string, std::string> cases[] = {
      {"plain.md", "plain.md"},
      {"with space.md", "with space.md"},
      {"tab\tnew\nline", "\"tab\\tnew\\nline\""},
      {"quote\"back\\slash", "\"quote\\\"back\\\\slash\""},
      {"\xC3\xA9", "\"\\303\\251\""},
      {std::string("\x01\x7F", 2), "\"\\001\\177\""},
  };
  for (const auto& [path, quoted] : cases) {
    CHECK(quote_path(path) == quoted);
    CHECK(unquote_path(quoted) == path);
  }
  for (const char* broken : {"\"", "\"a", "\"\\\"", "\"\\9\"", "\"\\777\"", "\"a\"b\""})
    CHECK_FALSE(unquote_path(broken));
}

TEST_CASE("what a name could do to a terminal is escaped", "[base]") {
  CHECK(escape_for_display("a\x1b[31mb\n") == "a\\x1B[31mb\\n");
  CHECK(escape_for_display("\xff") == "\\xFF");
  CHECK(escape_for_display("\xE2\x80\xAE") == "\\xE2\\x80\\xAE");
  CHECK(escape_for_display("\xC2\x9B") == "\\xC2\\x9B");
  CHECK(escape_for_display("é→") == "é→");
}

TEST_CASE("a shown URL has neither user, password nor query", "[base]") {
  CHECK(redact_url("https://user:secret@host/o/r.git?token=x") == "https://host/o/r.git");
  CHECK(redact_url("https://user:p@ss@host/o") == "https://host/o");
  CHECK(redact_url("git@host:o/r.git") == "host:o/r.git");
  CHECK(redact_url("/srv/a@b:c/r.git") == "/srv/a@b:c/r.git");
  CHECK(redact_url("file:///srv/r@1.git") == "file:///srv/r@1.git");
}

TEST_CASE("a time is written in UTC and read with any offset", "[base]") {
  const auto time = parse_utc("2026-11-23T10:45:00Z");
  REQUIRE(time);
  CHECK(format_utc(*time) == "2026-11-23T10:45:00Z");
  CHECK(parse_utc("2026-11-23T12:45:00.123+02:00") == time);
  for (const char* bad :
       {"", "None", "2026-13-01T00:00:00Z", "2026-11-23", "2026-11-23T10:45:00", "2026-11-23T10:45:00Zx"}) {
    CHECK_FALSE(parse_utc(bad));
  }
}

TEST_CASE("an endpoint's name is made to fit", "[base]") {
  CHECK(to_endpoint_name("Alice's Laptop.local") == "alice-s-laptop-local");
  CHECK(to_endpoint_name("--") == "place");
  CHECK(to_endpoint_name(std::string(60, 'x')).size() == 39);
  CHECK(is_endpoint_name("a-1"));
  for (const char* bad : {"", "-a", "A", "a_b", "a b"}) CHECK_FALSE(is_endpoint_name(bad));
}

TEST_CASE("an object id is 40 hex digits", "[base]") {
  const std::string hex = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
  REQUIRE(Oid::from_hex(hex));
  CHECK(Oid::from_hex(hex)->hex() == hex);
  CHECK_FALSE(Oid::from_hex(hex.substr(1)));
  CHECK_FALSE(Oid::from_hex("g" + hex.substr(1)));
}

TEST_CASE("a mistyped word finds the nearest known one", "[base]") {
  CHECK(nearest("inclued", {"include", "exclude"}) == "include");
  CHECK_FALSE(nearest("zzzzzz", {"include", "exclude"}));
}
