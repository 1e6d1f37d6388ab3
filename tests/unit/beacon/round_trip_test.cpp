// What is written comes back, for random documents and for random bodies.

#include <yaml-cpp/yaml.h>

#include <random>
#include <string>

#include "beacon/yaml_scalar.hpp"
#include "ps_sync/base/error.hpp"
#include "ps_sync/base/text.hpp"
#include "ps_sync/beacon/document.hpp"
#include "support/catch.hpp"

using namespace ps_sync;
using namespace ps_sync::beacon;

namespace {

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}

  std::size_t below(std::size_t limit) { return engine_() % limit; }
  bool one_in(std::size_t n) { return below(n) == 0; }

  template <std::size_t count>
  std::string any_of(const char* const (&parts)[count]) {
    return parts[below(count)];
  }

  /// Text from pieces that mean something to YAML, Markdown, GitHub or the reader.
  std::string text() {
    static constexpr const char* pieces[] = {"a",
                                             "B",
                                             "7",
                                             " ",
                                             "None",
                                             ": ",
                                             "#",
                                             "@",
                                             "-",
                                             "--",
                                             "-->",
                                             "<!--",
                                             "\"",
                                             "'",
                                             "\\",
                                             "\n",
                                             "\t",
                                             "[",
                                             "]",
                                             "{",
                                             ",",
                                             "*x",
                                             "&y",
                                             "!z",
                                             "|",
                                             ">",
                                             "é",
                                             "→",
                                             "🔄",
                                             "\x01",
                                             "\x7F",
                                             "\r",
                                             "GH-",
                                             "://",
                                             "yes",
                                             "1e3",
                                             "%",
                                             "`",
                                             "~",
                                             "...",
                                             "\\x",
                                             "\\u0",
                                             "=",
                                             "?",
                                             "0x",
                                             "\xC2\x85",
                                             "\xE2\x80\xA8",
                                             "\xEF\xBB\xBF",
                                             "&lt;",
                                             ".md",
                                             "/",
                                             "promptsync"};
    std::string out;
    for (std::size_t i = below(6); i > 0; --i) out += any_of(pieces);
    return out;
  }
  std::string bytes() {
    std::string out = text();
    if (one_in(4)) out.insert(below(out.size() + 1), one_in(2) ? "\xFF" : "\xC3");
    return out;
  }
  std::optional<std::string> maybe_text() { return one_in(4) ? std::nullopt : std::optional(text()); }
  Oid oid() {
    Oid oid;
    for (auto& byte : oid.bytes) byte = static_cast<std::uint8_t>(below(256));
    return oid;
  }
  std::optional<Oid> maybe_oid() { return one_in(4) ? std::nullopt : std::optional(oid()); }
  std::string name() { return std::string(1, static_cast<char>('a' + below(26))) + std::to_string(below(50)); }

  std::map<std::string, Ack> acks() {
    std::map<std::string, Ack> acks;
    for (std::size_t i = below(3); i > 0; --i) {
      Ack ack{maybe_oid(), std::nullopt};
      if (!one_in(4)) ack.at = Timestamp(std::chrono::seconds(below(4000000000U)));
      acks[name()] = ack;
    }
    return acks;
  }
  std::vector<ManifestEntry> manifest() {
    static constexpr const char* changes[] = {"added", "modified", "deleted"};
    std::vector<ManifestEntry> entries;
    for (std::size_t i = below(4); i > 0; --i)
      entries.push_back({bytes(), any_of(changes), maybe_oid(), below(1U << 31)});
    return entries;
  }

  /// Lines of a person, none of them of ours.
  std::string lines() {
    static constexpr const char* line[] = {"words\n",     "\n",        "* item\n", "<b>\r\n",
                                           "# Heading\n", "@len #1\n", "\xFF\n"};
    std::string out;
    for (std::size_t i = below(4); i > 0; --i) out += any_of(line);
    return out;
  }

  Document document() {
    Document d;
    d.last_update = maybe_bytes();
    d.timestamp = maybe_bytes();
    d.direction = maybe_bytes();
    d.action = maybe_bytes();
    d.branch = maybe_bytes();
    d.commit = maybe_oid();
    d.update_available = one_in(2);
    for (std::size_t i = below(5); i > 0; --i) d.files_updated.push_back(bytes());
    d.files_total = d.files_updated.size() + (one_in(4) ? below(100) : 0);
    d.session = one_in(4) ? std::nullopt : std::optional(one_in(4) ? bytes() : "main");
    d.before = lines();
    d.after = lines() + (one_in(3) ? "no newline at the end" : "");
    static constexpr const char* unknown[] = {"OWNER: len", "# comment", "list:\n  - a\n\n  - b", "stray words"};
    for (std::size_t i = below(3); i > 0; --i) {
      const std::string raw = any_of(unknown);
      d.unknown_keys.emplace_back(raw[0] == 'O' ? "OWNER" : raw[0] == 'l' ? "list" : "", raw);
    }
    d.has_machine_part = one_in(2);
    if (d.has_machine_part) add_machine_part(d);
    return d;
  }

 private:
  std::optional<std::string> maybe_bytes() { return one_in(4) ? std::nullopt : std::optional(bytes()); }

  void add_machine_part(Document& d) {
    d.acks = acks();
    if (d.session) {
      SessionNews own;
      own.manifest = manifest();
      own.total = own.manifest.size() + (one_in(4) ? below(9) : 0);
      own.branch = d.branch.value_or("");
      own.commit = d.commit;
      if (own.total > 0) d.sessions[*d.session] = own;
    }
    for (std::size_t i = below(3); i > 0; --i) {
      SessionNews news{text(),       maybe_oid(),  manifest(),   0,     maybe_text(),
                       maybe_text(), maybe_text(), maybe_text(), acks()};
      news.total = news.manifest.size();
      d.sessions["s" + name()] = news;
    }
    if (const auto idle = acks(); !idle.empty()) d.idle_sessions["i" + name()] = idle;
    if (one_in(3)) d.machine_extra = "{\"future\":[1,\"@x --> GH-1\"],\"z\":null}";
  }

  std::mt19937 engine_;
};

}  // namespace

TEST_CASE("any document comes back as it was written", "[beacon]") {
  for (unsigned seed = 0; seed < 3000; ++seed) {
    const Document document = Random(seed).document();
    const std::string body = render(document, "");
    const Document read = parse(body);
    if (read == document) continue;
    INFO("seed " << seed << "\n" << body);
    INFO("then\n" << render(read, ""));
    REQUIRE(read == document);
  }
}

TEST_CASE("a body that was rewritten once is not changed by writing it again", "[beacon]") {
  static constexpr const char* lines[] = {"---",
                                          "...",
                                          "",
                                          "STATUS: IDLE",
                                          "ACTION: x",
                                          "FILES_UPDATED:",
                                          "  - a",
                                          "- b",
                                          "  c",
                                          "  STATUS: x",
                                          "OWNER: y",
                                          "  OWNER: z",
                                          "words",
                                          "# comment",
                                          "LAST_UPDATE: |",
                                          " \tt",
                                          "```",
                                          "--->",
                                          "  ---",
                                          "<!-- promptsync",
                                          "{}",
                                          "-->",
                                          "x: [a,",
                                          "SESSION: main",
                                          "\r",
                                          "FILES_UPDATED: [a, b",
                                          "<!-- promptsync {\"acks\":{\"a\":null}} --> rest",
                                          "--> <!-- promptsync",
                                          "{\"manifest\":[{\"path\":\"p\"}]}",
                                          "  # comment",
                                          "\xEF\xBB\xBF---",
                                          "- - - - x"};
  for (unsigned seed = 0; seed < 20000; ++seed) {
    Random random(seed);
    std::string body;
    for (std::size_t i = random.below(14); i > 0; --i)
      body += random.any_of(lines) + (random.one_in(9) ? "\r\n" : "\n");
    if (!body.empty() && random.one_in(2)) body.pop_back();
    std::string once;
    try {
      once = render(parse(body), "template\n");
    } catch (const Error&) {
      continue;
    }
    const std::string twice = render(parse(once), "template\n");
    if (twice == once) continue;
    INFO("seed " << seed << "\n" << body);
    REQUIRE(twice == once);
  }
}

TEST_CASE("a YAML parser reads what is written as the same text", "[beacon]") {
  Random random(1);
  for (int i = 0; i < 5000; ++i) {
    const std::string text = random.text();
    const std::string yaml = concat("KEY: ", write_scalar(text), "\nLIST:\n  - ", write_scalar(text), "\n");
    INFO(yaml);
    const YAML::Node node = YAML::Load(yaml);
    REQUIRE(node["KEY"].as<std::string>() == text);
    REQUIRE(node["LIST"][0].as<std::string>() == text);
  }
}
