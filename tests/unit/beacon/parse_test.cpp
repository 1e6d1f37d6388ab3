#include <string>

#include "ps_sync/base/error.hpp"
#include "ps_sync/beacon/document.hpp"
#include "support/catch.hpp"

using namespace ps_sync;
using beacon::Document;
using beacon::parse;
using Names = std::vector<std::string>;

namespace {

const std::string by_hand =
    "---\n"
    "LAST_UPDATE: Session 3 - Added Act 2\n"
    "TIMESTAMP: 2026-11-23T10:45:00Z\n"
    "DIRECTION: Desktop→Code\n"
    "FILES_UPDATED:\n"
    "  - promptsync-progress.md\n"
    "  - act-2-planning.md\n"
    "ACTION: Run 'ps-sync pull' in Claude Code\n"
    "STATUS: UPDATE_AVAILABLE\n"
    "---";

std::string with_crlf(const std::string& text) {
  std::string out;
  for (char c : text) out += c == '\n' ? std::string("\r\n") : std::string(1, c);
  return out;
}

void check_news(const Document& document) {
  CHECK(document.last_update == "Session 3 - Added Act 2");
  CHECK(document.timestamp == "2026-11-23T10:45:00Z");
  CHECK(document.direction == "Desktop→Code");
  CHECK(document.files_updated == Names{"promptsync-progress.md", "act-2-planning.md"});
  CHECK(document.files_total == 2);
  CHECK(document.action == "Run 'ps-sync pull' in Claude Code");
  CHECK(document.update_available);
}

/// Front matter with one line in it.
Document with_line(const std::string& line) { return parse("---\n" + line + "\nSTATUS: IDLE\n---\n"); }

}  // namespace

TEST_CASE("a beacon written by hand with the plan's command is read", "[beacon]") {
  const Document document = parse(by_hand);
  check_news(document);
  CHECK_FALSE(document.has_machine_part);
  CHECK_FALSE(document.commit);
  CHECK_FALSE(document.session);
  CHECK(document.before.empty());
  CHECK(document.after.empty());
}

TEST_CASE("the shape that a front matter has on the page does not matter", "[beacon]") {
  const std::string open = by_hand.substr(0, by_hand.size() - 3);
  std::string indented;
  for (const std::string& line : lines_of(by_hand)) indented += "    " + line + "\n";
  const std::pair<const char*, std::string> shapes[] = {
      {"CRLF, as a browser saves it", with_crlf(by_hand)},
      {"no closing line", open},
      {"no closing line, text below", open + "\nThis ticket is a beacon.\n\n---\n\nFooter\n"},
      {"no opening line", by_hand.substr(4)},
      {"closed by dots", open + "..."},
      {"a byte order mark", "\xEF\xBB\xBF" + by_hand},
      {"text around", "Hello\n\n" + by_hand + "\n\nBye\n"},
      {"HTML around", "<details>\n\n" + by_hand + "\n</details>\n"},
      {"fenced", "```yaml\n" + by_hand + "\n```\n"},
      {"indented", indented},
      {"a rule above", "Intro\n\n---\n\nMore\n\n" + by_hand + "\n"},
  };
  for (const auto& [what, body] : shapes) {
    INFO(what);
    check_news(parse(body));
  }
}

TEST_CASE("what is written by the contract's example is read whole", "[beacon]") {
  const std::string tip(40, '4');
  const std::string blob(40, '9');
  const Document document =
      parse("---\nLAST_UPDATE: Session 3 - Added Act 2\nCOMMIT: " + tip +
            "\nBRANCH: promptsync/main\nSESSION: main\n---\n\n" +
            "DO NOT DELETE\n\n<!-- promptsync\n{\"format\":1,\"manifest\":[{\"path\":\".claude/planning/act-2.md\"," +
            "\"change\":\"added\",\"blob\":\"" + blob + "\",\"size\":1432}],\n \"acks\":{\"desktop\":{\"commit\":\"" +
            tip + "\",\"at\":\"2026-11-23T10:45:00Z\"},\"code\":{\"commit\":null}}}\n-->\n");
  CHECK(document.has_machine_part);
  CHECK(document.commit == Oid::from_hex(tip));
  REQUIRE(document.sessions.count("main") == 1);
  const beacon::SessionNews& news = document.sessions.at("main");
  CHECK(news.branch == "promptsync/main");
  REQUIRE(news.manifest.size() == 1);
  CHECK(news.manifest[0] == beacon::ManifestEntry{".claude/planning/act-2.md", "added", Oid::from_hex(blob), 1432});
  CHECK(document.acks.at("desktop") == beacon::Ack{Oid::from_hex(tip), parse_utc("2026-11-23T10:45:00Z")});
  CHECK(document.acks.at("code") == beacon::Ack{});
  CHECK(document.after == "\nDO NOT DELETE\n");
}

TEST_CASE("a scalar is the text that stands there", "[beacon]") {
  const std::pair<std::string, std::string> values[] = {
      {"Session 3: done", "Session 3: done"},
      {"yes", "yes"},
      {"1234e5", "1234e5"},
      {"null", "null"},
      {"a # b", "a # b"},
      {"*done* at last", "*done* at last"},
      {"**done**", "**done**"},
      {"& more", "& more"},
      {"!!! now", "!!! now"},
      {"[will be filled in]", "[will be filled in]"},
      {"\"unclosed", "\"unclosed"},
      {"\"a\" and \"b\"", "\"a\" and \"b\""},
      {"\"bad \\q escape\"", "\"bad \\q escape\""},
      {"\"quoted: \\u0040 \\\"x\\\" \\n\"", "quoted: @ \"x\" \n"},
      {"\"\\ud83d\\udd04 \\U0001F504\"", "🔄 🔄"},
      {"\"\\ud83d alone\"", "\"\\ud83d alone\""},
      {"\"\\xFF\"", "\xFF"},
      {"'it''s'", "it's"},
      {"'it's'", "'it's'"},
      {"\"None\"", "None"},
      {"|\n  one\n  two", "one\ntwo"},
      {">\n  one\n  two", "one two"},
      {"wrapped\n  over lines", "wrapped over lines"},
  };
  for (const auto& [value, text] : values) {
    INFO(value);
    CHECK(with_line("LAST_UPDATE: " + value).last_update == text);
  }
  CHECK(with_line("LAST_UPDATE:no blank").last_update == "no blank");
  for (const char* absent : {"", "None", "  None  "})
    CHECK_FALSE(with_line(concat("LAST_UPDATE: ", absent)).last_update);
}

TEST_CASE("only UPDATE_AVAILABLE is an update", "[beacon]") {
  CHECK(parse("---\nSTATUS: UPDATE_AVAILABLE\n---\n").update_available);
  CHECK(parse("---\nSTATUS: \"UPDATE_AVAILABLE\"\n---\n").update_available);
  for (const char* status : {"IDLE", "yes", "", "update available"})
    CHECK_FALSE(parse(concat("---\nSTATUS: ", status, "\n---\n")).update_available);
}

TEST_CASE("a list is read however it is written", "[beacon]") {
  const Names both{"a.md", "b c.md"};
  for (const char* list : {"\n  - a.md\n  - b c.md", "\n- a.md\n- b c.md", "\n\n      - a.md\n\n      - \"b c.md\"",
                           " [a.md, 'b c.md']", " a.md, b c.md", "\n\t- a.md\n\t- b c.md", " [a.md,\n  b c.md]",
                           " |\n  a.md\n  b c.md", " None\n  - a.md\n  - b c.md"}) {
    INFO(list);
    CHECK(with_line(concat("FILES_UPDATED:", list)).files_updated == both);
  }
  for (const char* empty : {"", " None", " []", "\n  -"})
    CHECK(with_line(concat("FILES_UPDATED:", empty)).files_updated.empty());
  CHECK(with_line("FILES_UPDATED: [\"a, b.md\", c.md]").files_updated == Names{"a, b.md", "c.md"});
}

TEST_CASE("FILES_TOTAL counts only where it is more than the list holds", "[beacon]") {
  CHECK(with_line("FILES_UPDATED: [a, b]\nFILES_TOTAL: 700").files_total == 700);
  for (const char* bad : {"1", "x", "-3", "99999999999999999999999"})
    CHECK(with_line(concat("FILES_UPDATED: [a, b]\nFILES_TOTAL: ", bad)).files_total == 2);
}

TEST_CASE("a key that is missing is absent, and the last of two counts", "[beacon]") {
  const Document document = parse("---\nSTATUS: IDLE\nBRANCH: a\nBRANCH: b\n---\n");
  CHECK_FALSE(document.timestamp);
  CHECK(document.branch == "b");
}

TEST_CASE("a body with nothing of ours is all text", "[beacon]") {
  for (const char* body : {"", "\n", "Just a note.\n", "---\ntitle: x\n---\n", "STATUS: alone\n", "---\n---\n---\n",
                           "Last Update: [Will be updated by sync system]\nDirection: [x]\n"}) {
    const Document document = parse(body);
    CHECK(document.after == body);
    CHECK_FALSE(document.has_machine_part);
    CHECK(document.unknown_keys.empty());
  }
}

TEST_CASE("unknown keys are kept raw and in order", "[beacon]") {
  const Document document = parse(
      "---\nOWNER: @len\nSTATUS: IDLE\n# a comment\nnotes:\n  - [x] one\n\n  STATUS: not ours\nstray words\n---\n");
  const std::vector<std::pair<std::string, std::string>> expected{
      {"OWNER", "OWNER: @len"},
      {"", "# a comment"},
      {"notes", "notes:\n  - [x] one\n\n  STATUS: not ours"},
      {"", "stray words"}};
  CHECK(document.unknown_keys == expected);
  CHECK_FALSE(document.update_available);
}

TEST_CASE("a machine part that is no JSON is ignored", "[beacon]") {
  for (const char* json : {"x", "{", "[]", "null", "{\"acks\":{}} trailing", "\xFF", "{\"a\":1e999}"}) {
    INFO(json);
    const Document document =
        parse(concat("---\nSTATUS: UPDATE_AVAILABLE\n---\ntext\n\n<!-- promptsync\n", json, "\n-->\n"));
    CHECK_FALSE(document.has_machine_part);
    CHECK(document.update_available);
    CHECK(document.after == "text\n");
  }
  CHECK_FALSE(parse("<!-- promptsync\n" + std::string(100000, '[') + "\n-->\n").has_machine_part);
}

TEST_CASE("fields of the machine part that have a wrong type are as if missing", "[beacon]") {
  const Document document = parse(
      "---\nSTATUS: IDLE\nSESSION: main\n---\n<!-- promptsync\n"
      "{\"format\":\"x\",\"manifest\":[1,{},{\"path\":7},{\"path\":\"%zz\",\"encoded\":true},{\"path\":\"a\","
      "\"change\":\"eaten\","
      "\"blob\":\"zz\",\"size\":-1}],\"acks\":{\"A "
      "B\":{},\"x\":3,\"y\":{\"commit\":\"short\"},\"z\":{\"at\":\"never\"}},"
      "\"sessions\":[],\"idle\":4}\n-->\n");
  CHECK(document.has_machine_part);
  REQUIRE(document.sessions.at("main").manifest.size() == 1);
  CHECK(document.sessions.at("main").manifest[0] == beacon::ManifestEntry{"a", "modified", std::nullopt, 0});
  CHECK(document.acks == std::map<std::string, beacon::Ack>{{"z", {}}});
}

TEST_CASE("a machine part without an end does not swallow the text below", "[beacon]") {
  const Document document = parse("---\nSTATUS: IDLE\n---\n<!-- promptsync\n{\"format\":1\n\nA person's words -->\n");
  CHECK_FALSE(document.has_machine_part);
  CHECK(document.after == "\nA person's words -->\n");
}

TEST_CASE("of several machine parts the first that can be read counts, and none stays in the text", "[beacon]") {
  const std::string empty = "<!-- promptsync\n{}\n-->\n";
  const Document document = parse("<!-- promptsync\nbroken\n-->\ntext\n<!-- promptsync {\"mark\":1} -->\n" + empty);
  CHECK(document.machine_extra == "{\"mark\":1}");
  CHECK(document.after == "text");
}

TEST_CASE("YAML that would have to be expanded is refused", "[beacon]") {
  for (const char* line : {"LAST_UPDATE: *alias", "LAST_UPDATE: &anchor text", "LAST_UPDATE: !tag text",
                           "LAST_UPDATE: !!str text", "FILES_UPDATED:\n  - *a", "FILES_UPDATED: [a, *b]",
                           "x: {a: &b c}", "x: [!!int 3]", "base: &base\n  a: b", "<<: *base", "*a : b", "&a key: b",
                           "x:\n  y:\n    - !t z", "x:\n  - y: *z", "&lone", "x:\t*y", "x: ['a', *b]"}) {
    INFO(line);
    CHECK_THROWS_AS(with_line(line), Error);
    try {
      with_line(line);
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::rejected);
    }
  }
}

TEST_CASE("what only looks like YAML's structure is text", "[beacon]") {
  for (const char* line : {"LAST_UPDATE: \"*alias\"", "LAST_UPDATE: 2 * 3", "notes: |\n  *alias\n  - &x y", "x: '!t'",
                           "*Note:* text", "x: a *b", "FILES_UPDATED:\n  - \"!x\"", "x: [\"*a\", '&b']"}) {
    INFO(line);
    CHECK_NOTHROW(with_line(line));
  }
  CHECK_NOTHROW(parse("---\nSTATUS: IDLE\n---\n\n*alias\n&anchor\n!tag\n- - - - - - x\n"));
}

TEST_CASE("nesting is taken down to the fourth level", "[beacon]") {
  for (const char* fits : {"a: [[[x]]]", "a:\n  b:\n    c:\n      d: x", "- - - x", "a: {b: {c: {d: e}}}",
                           "a:\n  - b:\n      c: d\n  - b:\n      c: d\ne:\n  f: g"}) {
    INFO(fits);
    CHECK_NOTHROW(with_line(fits));
  }
  for (const char* deep : {"a: [[[[x]]]]", "a:\n  b:\n    c:\n      d:\n        e: x", "- - - - x",
                           "FILES_UPDATED: [[[[a]]]]", "a: [\n  [\n  [\n  [", "a:\n  - - - - x"}) {
    INFO(deep);
    CHECK_THROWS_AS(with_line(deep), Error);
  }
}

TEST_CASE("a body over 256 KiB is refused, one of 256 KiB is read", "[beacon]") {
  CHECK_NOTHROW(parse(std::string(256 * 1024, 'x')));
  CHECK_THROWS_AS(parse(std::string(256 * 1024 + 1, 'x')), Error);
}

TEST_CASE("a large hostile body is read in reasonable time", "[beacon]") {
  const auto repeat = [](std::string_view unit) {
    std::string body = "---\nSTATUS: IDLE\n";
    while (body.size() + unit.size() < 256 * 1024) body += unit;
    return body;
  };
  for (const char* unit : {"---\n", "\n", "<!-- promptsync\n", "<!-- promptsync {} -->", "STATUS:\n\n", "x\n", "- a\n",
                           "FILES_UPDATED: [a,\n", "x: [a,", "  y\n", "STATUS:\nx\n", "&a;", "...\nACTION:\n"}) {
    const std::string body = repeat(unit);
    const auto began = std::chrono::steady_clock::now();
    try {
      parse(body);
    } catch (const Error&) {
    }
    INFO(unit);
    CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(2));
  }
}
