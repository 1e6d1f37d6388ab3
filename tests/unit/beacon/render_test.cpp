#include <nlohmann/json.hpp>
#include <string>

#include "ps_sync/base/text.hpp"
#include "ps_sync/beacon/document.hpp"
#include "support/catch.hpp"

using namespace ps_sync;
using namespace ps_sync::beacon;

namespace {

const Oid tip = *Oid::from_hex("4f1c4f1c4f1c4f1c4f1c4f1c4f1c4f1c4f1c4f1c");
const Oid blob = *Oid::from_hex("9daeaf9daeaf9daeaf9daeaf9daeaf9daeaf9dae");

Document update(const std::vector<std::string>& paths) {
  Document document;
  document.last_update = "Session 3 - Added Act 2";
  document.timestamp = "2026-11-23T10:45:00Z";
  document.direction = "Desktop→Code";
  document.action = "Run 'ps-sync pull' in Claude Code";
  document.update_available = true;
  document.commit = tip;
  document.branch = "promptsync/main";
  document.session = "main";
  document.files_updated = paths;
  document.files_total = paths.size();
  SessionNews& news = document.sessions["main"];
  news = {"promptsync/main", tip, {}, paths.size(), {}, {}, {}, {}, {}};
  for (const std::string& path : paths) news.manifest.push_back({path, "added", blob, 1432});
  document.acks["desktop"] = {tip, parse_utc("2026-11-23T10:45:00Z")};
  document.acks["code"] = {};
  document.has_machine_part = true;
  return document;
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

std::string line_of(const std::string& body, std::string_view key) {
  for (const std::string& line : lines_of(body))
    if (line.substr(0, key.size()) == key) return line;
  return {};
}

nlohmann::json machine_part(const std::string& body) {
  const std::size_t begin = body.find("<!-- promptsync\n") + 16;
  return nlohmann::json::parse(body.substr(begin, body.find("-->", begin) - begin));
}

/// grep "FILES_UPDATED:" -A 10 | grep "  -" | sed 's/  - //'
std::vector<std::string> as_the_plan_reads(const std::string& body) {
  std::vector<std::string> files;
  int left = 0;
  for (const std::string& line : lines_of(body)) {
    if (contains(line, "FILES_UPDATED:")) left = 11;
    const std::size_t dash = line.find("  -");
    if (left-- > 0 && dash != std::string::npos) {
      const std::size_t cut = line.find("  - ");
      files.push_back(line.substr(0, cut) + line.substr(cut + 4));
    }
  }
  return files;
}

std::size_t characters(const std::string& text) {
  std::size_t count = 0;
  for (char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

}  // namespace

TEST_CASE("an update is written as the contract shows it", "[beacon]") {
  CHECK(render(update({".claude/planning/act-2-planning.md", ".claude/planning/promptsync-progress.md"}),
               default_template()) ==
        "---\n"
        "LAST_UPDATE: Session 3 - Added Act 2\n"
        "TIMESTAMP: 2026-11-23T10:45:00Z\n"
        "DIRECTION: Desktop→Code\n"
        "FILES_UPDATED:\n"
        "  - .claude/planning/act-2-planning.md\n"
        "  - .claude/planning/promptsync-progress.md\n"
        "ACTION: Run 'ps-sync pull' in Claude Code\n"
        "STATUS: UPDATE_AVAILABLE\n"
        "COMMIT: 4f1c4f1c4f1c4f1c4f1c4f1c4f1c4f1c4f1c4f1c\n"
        "BRANCH: promptsync/main\n"
        "SESSION: main\n"
        "---\n"
        "\n"
        "This ticket serves as a notification beacon between Claude Desktop and Claude Code.\n"
        "DO NOT DELETE OR CLOSE THIS TICKET.\n"
        "\n"
        "<!-- promptsync\n"
        "{\"format\":1,\"manifest\":["
        "{\"path\":\".claude/planning/act-2-planning.md\",\"change\":\"added\","
        "\"blob\":\"9daeaf9daeaf9daeaf9daeaf9daeaf9daeaf9dae\",\"size\":1432},"
        "{\"path\":\".claude/planning/promptsync-progress.md\",\"change\":\"added\","
        "\"blob\":\"9daeaf9daeaf9daeaf9daeaf9daeaf9daeaf9dae\",\"size\":1432}],\n"
        " \"acks\":{\"code\":{\"commit\":null,\"at\":null},"
        "\"desktop\":{\"commit\":\"4f1c4f1c4f1c4f1c4f1c4f1c4f1c4f1c4f1c4f1c\",\"at\":\"2026-11-23T10:45:00Z\"}}}\n"
        "-->\n");
}

TEST_CASE("an idle beacon says None, and keeps commit, branch, session and machine part", "[beacon]") {
  Document document;
  document.commit = tip;
  document.branch = "promptsync/main";
  document.session = "main";
  document.acks["code"] = {tip, std::nullopt};
  const std::string body = render(document, default_template());
  CHECK(body.substr(0, body.find("\n\n")) ==
        "---\nLAST_UPDATE: None\nTIMESTAMP: None\nDIRECTION: None\nFILES_UPDATED: None\nACTION: Waiting for updates\n"
        "STATUS: IDLE\nCOMMIT: 4f1c4f1c4f1c4f1c4f1c4f1c4f1c4f1c4f1c4f1c\nBRANCH: promptsync/main\nSESSION: main\n---");
  CHECK(machine_part(body)["manifest"].empty());
  CHECK(machine_part(body)["acks"].contains("code"));
}

TEST_CASE("the plan's own script reads plain paths", "[beacon]") {
  const std::vector<std::string> paths{".claude/planning/a.md", ".claude/planning/with space.md",
                                       ".claude/planning/é→ü.md", "notes (draft), v2.md", "it's.md"};
  CHECK(as_the_plan_reads(render(update(paths), "")) == paths);
}

TEST_CASE("a path that YAML cannot hold plainly is quoted, and exact in the machine part", "[beacon]") {
  const std::pair<std::string, std::string> cases[] = {
      {"- dash.md", "\"- dash.md\""},
      {"a: b.md", "\"a: b.md\""},
      {"yes", "\"yes\""},
      {"Null", "\"Null\""},
      {"1e3", "\"1e3\""},
      {"0x1F", "\"0x1F\""},
      {"12:30", "\"12:30\""},
      {"2026-11-23", "\"2026-11-23\""},
      {"None", "\"None\""},
      {" blank", "\" blank\""},
      {"", "\"\""},
      {"[x].md", "\"[x].md\""},
      {"a\\b.md", "\"a\\\\b.md\""},
      {"tab\t\n.md", "\"tab\\t\\n.md\""},
      {"bell\a.md", "\"bell\\u0007.md\""},
      {"\xE2\x80\xAEgnp.md", "\"\\u202Egnp.md\""},
      {"@name.md", "\"\\u0040name.md\""},
      {"fixes #12.md", "\"fixes \\u002312.md\""},
      {"closes o/r#3.md", "\"closes o/r\\u00233.md\""},
      {"fixes GH-12.md", "\"fixes GH\\u002D12.md\""},
      {"fixes https://github.com/o/r/issues/1", "\"fixes https:\\u002F/github.com/o/r/issues/1\""},
      {"&commat;name.md", "\"\\u0026commat;name.md\""},
      {"&#64;name.md", "\"&\\u002364;name.md\""},
      {"--> out.md", "\"--\\u003E out.md\""},
      {"<!-- in.md", "\"\\u003C!-- in.md\""},
  };
  for (const auto& [path, written] : cases) {
    INFO(path);
    const std::string body = render(update({path}), "");
    CHECK(contains(body, "  - " + written + "\n"));
    CHECK(machine_part(body)["manifest"][0]["path"] == path);
  }
}

TEST_CASE("what needs no quotes has none", "[beacon]") {
  for (const char* path : {"high-5.md", "R&D.md", "v1.2.md", "a.md", "...md", "2026-11-23-notes.md", "4f1c", "a:b.md",
                           "x-y", "yes.md", "1.2.3", "👩‍💻.md"})
    CHECK(contains(render(update({path}), ""), concat("  - ", path, "\n")));
}

TEST_CASE("nothing that ps-sync writes can act on the page", "[beacon]") {
  const std::string evil = "@len fixes #1 closes o/r#3 GH-4 --> <!-- https://github.com/o/r/issues/1 &commat;x";
  Document document = update({evil + ".md", "plain.md"});
  document.last_update = evil;
  document.direction = evil;
  document.action = evil;
  document.branch = evil;
  document.session = evil;
  document.sessions.clear();
  SessionNews news{evil, tip, {{evil, "added", blob, 1}}, 1, evil, evil, evil, evil, {}};
  document.sessions["other"] = news;
  document.machine_extra = "{\"@x\":\"#1 --> GH-4\"}";
  std::string body = render(document, "");
  CHECK(parse(body) == document);
  for (const char* part : {"<!-- promptsync\n", "\n-->\n"}) {
    REQUIRE(contains(body, part));
    body.erase(body.find(part), std::string(part).size());
  }
  for (const char* live : {"@", "#", "<", ">", "GH-", "://", "&commat;"}) {
    INFO(live);
    CHECK_FALSE(contains(body, live));
  }
}

TEST_CASE("a path that is not UTF-8 is percent-encoded in the machine part, and comes back", "[beacon]") {
  const Document document = update({"caf\xE9 100%.md", "\xC3", "é.md"});
  const std::string body = render(document, "");
  CHECK(is_valid_utf8(body));
  CHECK(contains(body, "  - \"caf\\xE9 100%.md\"\n"));
  CHECK(machine_part(body)["manifest"][0]["path"] == "caf%E9%20100%25.md");
  CHECK(machine_part(body)["manifest"][0]["encoded"] == true);
  CHECK_FALSE(machine_part(body)["manifest"][2].contains("encoded"));
  CHECK(parse(body).sessions.at("main").manifest == document.sessions.at("main").manifest);
  CHECK(parse(body).files_updated == document.files_updated);
}

TEST_CASE("the template's text is used where a body has none, without its front matter", "[beacon]") {
  Document document = update({"a.md"});
  document.after = "\n \n";
  const std::string body = render(document, "# Above\n\n---\nSTATUS: IDLE\nOWNER: x\n---\nBelow");
  CHECK(body.substr(0, 12) == "# Above\n\n---");
  CHECK(contains(body, "---\n\nBelow\n\n<!-- promptsync"));
  CHECK_FALSE(contains(body, "OWNER"));
  CHECK_FALSE(contains(body, "STATUS: IDLE"));
  CHECK(contains(render(document, "No front matter"), "---\n\nNo front matter\n\n<!-- promptsync"));
}

TEST_CASE("text that is there stays, byte for byte", "[beacon]") {
  const std::string before = "Intro\r\n\r\n";
  const std::string after =
      "\r\nThank you \xF0\x9F\x98\x80\t \r\n\r\n* [ ] @len: fixes #1 -->\r\n\xFF no newline at the end";
  const std::string body =
      render(parse(before + "---\r\nSTATUS: IDLE\r\nOWNER: len\r\n---\r\n" + after), default_template());
  CHECK(body.substr(0, before.size()) == before);
  CHECK(contains(body, "OWNER: len\n---\n" + after));
  CHECK(parse(body).after == after);
}

TEST_CASE("text on either side of the machine part stays in its order", "[beacon]") {
  const Document document = parse("---\nSTATUS: IDLE\n---\n\nAbove\n\n<!-- promptsync\n{}\n-->\n\nBelow\n");
  CHECK(document.after == "\nAbove\n\n\nBelow\n");
  const std::string body = render(document, default_template());
  CHECK(contains(body, "\nAbove\n\n\nBelow\n\n<!-- promptsync\n"));
  CHECK(render(parse(body), "") == body);
}

TEST_CASE("unknown keys and unknown fields are written back", "[beacon]") {
  const std::string body = render(parse("---\nOWNER: \"@len\"\nSTATUS: IDLE\n---\nx\n<!-- "
                                        "promptsync\n{\"future\":{\"a\":[1,2.5]},\"format\":3}\n-->\n"),
                                  "");
  CHECK(contains(body, "SESSION: None\nOWNER: \"@len\"\n---\n"));
  CHECK(machine_part(body)["future"] == nlohmann::json::parse("{\"a\":[1,2.5]}"));
  CHECK(machine_part(body)["format"] == 3);
}

TEST_CASE("a body written by hand gets no machine part that it has not", "[beacon]") {
  CHECK_FALSE(contains(render(parse("---\nSTATUS: IDLE\n---\n"), default_template()), "<!--"));
}

TEST_CASE("a commit of digits alone is quoted, lest YAML take it for a number", "[beacon]") {
  Document document;
  document.commit = Oid::from_hex("1234567890123456789012345678901234567e12");
  CHECK(line_of(render(document, ""), "COMMIT") == "COMMIT: \"1234567890123456789012345678901234567e12\"");
  CHECK(parse(render(document, "")).commit == document.commit);
}

TEST_CASE("thousands of paths are cut evenly to stay under 60,000 characters", "[beacon]") {
  std::vector<std::string> paths;
  for (int i = 0; i < 5000; ++i) paths.push_back(".claude/planning/ü-" + std::to_string(10000 + i) + ".md");
  Document document = update(paths);
  document.sessions["other"] = {"promptsync/other", tip, document.sessions["main"].manifest, 5000, {}, {}, {}, {}, {}};
  const std::string body = render(document, default_template());
  CHECK(characters(body) < 60000);
  CHECK(characters(body) > 59000);
  const Document read = parse(body);
  CHECK(read.files_total == 5000);
  CHECK(contains(body, "\nFILES_TOTAL: 5000\nACTION: "));
  CHECK(read.files_updated.size() > 100);
  CHECK(read.sessions.at("main").manifest.size() == read.files_updated.size());
  CHECK(read.sessions.at("main").total == 5000);
  CHECK(read.sessions.at("other").manifest.size() == read.files_updated.size());
  CHECK(read.sessions.at("other").total == 5000);
  CHECK(read.files_updated.back() == paths[read.files_updated.size() - 1]);
  CHECK(render(read, default_template()) == body);
}

TEST_CASE("lists that just fit are not cut", "[beacon]") {
  Document document = update({"a.md"});
  const std::size_t around = characters(render(document, ""));
  document.after = std::string(59999 - around, 'x');
  CHECK_FALSE(contains(render(document, ""), "FILES_TOTAL"));
  document.after += 'x';
  CHECK(contains(render(document, ""), "FILES_UPDATED: None\nFILES_TOTAL: 1\n"));
}

TEST_CASE("a person's text is never cut, only the lists are", "[beacon]") {
  Document document = update({"a.md", "b.md"});
  document.after = "\n" + std::string(100000, 'x') + "\n";
  const Document read = parse(render(document, default_template()));
  CHECK(read.after == document.after);
  CHECK(read.files_updated.empty());
  CHECK(read.files_total == 2);
  CHECK(read.sessions.at("main").total == 2);
}

TEST_CASE("the template as init writes it is an idle beacon", "[beacon]") {
  const Document document = parse(default_template());
  CHECK_FALSE(document.update_available);
  CHECK_FALSE(document.last_update);
  CHECK_FALSE(document.action);
  CHECK(document.files_updated.empty());
  CHECK(contains(document.after, "DO NOT DELETE OR CLOSE THIS TICKET."));
}
