// Every credential here is made up and put together at run time, so that none stands in this file.
#include <chrono>

#include "ps_sync/base/text.hpp"
#include "ps_sync/sync/path_rules.hpp"
#include "support/catch.hpp"

using namespace ps_sync;
using namespace ps_sync::sync;

namespace {

/// Letters and digits that look drawn by lot, always the same.
std::string drawn(std::size_t length,
                  std::string_view from = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") {
  std::string out;
  std::uint32_t state = 12345;
  while (out.size() < length) {
    state = state * 1664525 + 1013904223;
    out += from[(state >> 16) % from.size()];
  }
  return out;
}

constexpr std::string_view upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

std::string kind_of(std::string_view text) {
  const std::optional<Secret> secret = find_secret(text);
  return secret ? secret->kind : "";
}

std::string dashes() { return std::string(5, '-'); }

struct Sample {
  std::string text, kind;
};

std::vector<Sample> samples() {
  std::vector<Sample> all;
  for (const char* label : {"", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "}) {
    all.push_back({concat(dashes(), "BEGIN ", label, "PRIVATE", " KEY", dashes()), "private key"});
  }
  all.push_back({concat(dashes(), "BEGIN PGP ", "PRIVATE", " KEY BLOCK", dashes()), "private key"});
  for (const char* prefix : {"ghp", "gho", "ghu", "ghs", "ghr"}) {
    all.push_back({concat(prefix, "_", drawn(36)), "GitHub token"});
    all.push_back({concat(prefix, "_", drawn(80)), "GitHub token"});
  }
  all.push_back({concat("github", "_pat_", drawn(22), "_", drawn(59)), "GitHub token"});
  all.push_back({concat("AK", "IA", drawn(16, upper)), "AWS access key"});
  all.push_back({concat("AS", "IA", drawn(16, upper)), "AWS access key"});
  for (const char* prefix : {"xoxb", "xoxp", "xoxa", "xoxr", "xoxs"}) {
    all.push_back(
        {concat(prefix, "-", drawn(12, "0123456789"), "-", drawn(12, "0123456789"), "-", drawn(24)), "Slack token"});
  }
  all.push_back({concat("xapp", "-1-", drawn(11), "-", drawn(13, "0123456789"), "-", drawn(64)), "Slack token"});
  all.push_back(
      {concat("https://hooks.slack", ".com/services/T", drawn(8, upper), "/B", drawn(10, upper), "/", drawn(24)),
       "Slack webhook"});
  all.push_back({concat("sk", "-ant-api03-", drawn(50), "-_", drawn(41), "AA"), "Anthropic key"});
  all.push_back({concat("sk", "-", drawn(20), "T3Blbk", "FJ", drawn(20)), "OpenAI key"});
  all.push_back({concat("sk", "-proj-", drawn(48)), "OpenAI key"});
  all.push_back({concat("sk", "-svcacct-", drawn(60), "-", drawn(60)), "OpenAI key"});
  return all;
}

}  // namespace

TEST_CASE("secrets: each kind is found, wherever it stands", "[sync][secrets]") {
  for (const Sample& sample : samples()) {
    INFO(sample.kind << ", beginning " << sample.text.substr(0, 4));
    CHECK(kind_of(sample.text) == sample.kind);
    CHECK(kind_of(concat("# Plan\n\ntoken: `", sample.text, "`, see above\n")) == sample.kind);
    CHECK(kind_of(concat("{\"key\":\"", sample.text, "\"}")) == sample.kind);
    CHECK(kind_of(concat("export API_KEY=", sample.text, "\r\n")) == sample.kind);
    CHECK(kind_of(concat(std::string("\0binary\xff", 8), sample.text)) == sample.kind);
  }
}

TEST_CASE("secrets: a token that is cut short, or runs out of a word, is none", "[sync][secrets]") {
  for (const Sample& sample : samples()) {
    INFO(sample.kind << ", beginning " << sample.text.substr(0, 4));
    CHECK(kind_of(sample.text.substr(0, 12)).empty());
    const bool begins_a_word = sample.kind != "private key" && sample.kind != "Slack webhook";
    if (begins_a_word) CHECK(kind_of("x" + sample.text).empty());
  }
  CHECK(kind_of(concat("ghp", "_", drawn(35))).empty());
  CHECK(kind_of(concat("AK", "IA", drawn(15, upper))).empty());
  CHECK(kind_of(concat("AK", "IA", drawn(17, upper))).empty());
  CHECK(kind_of(concat("AK", "IA", drawn(16, upper), "a")).empty());
}

TEST_CASE("secrets: passwords in URLs are found", "[sync][secrets]") {
  const std::string at = "@";
  for (const std::string& url :
       {concat("https://alice:", "hunter2", at, "example.com/o/r.git"),
        concat("postgres://app:", "s3cr3t", at, "db.internal:5432/x"), concat("redis://:", "s3cr3t", at, "10.0.0.1"),
        concat("http://a:", "p:q", at, "[::1]:80/"), concat("git+ssh://a:", "b%40c", at, "h"),
        concat("ftp://a:", "x@y", at, "h"), concat("amqp://a:", "pä", at, "h"),
        concat("https://a:", "$ecret!", at, "h")}) {
    INFO(url.substr(0, 12));
    CHECK(kind_of(url) == "password in a URL");
    CHECK(kind_of(concat("see [here](", url, ") or <", url, ">")) == "password in a URL");
  }
}

TEST_CASE("secrets: what a manual writes in a password's place is none", "[sync][secrets]") {
  for (const char* password :
       {"",          "password", "PASSWORD",    "pass",    "passwd",     "pwd",          "token",
        "xxx",       "XXXXXXXX", "***",         "...",     "<token>",    "<your token>", "$TOKEN",
        "${TOKEN}",  "$(cat x)", "{{ token }}", "{token}", "[password]", "%TOKEN%",      "your-password",
        "YOUR_TOKEN"}) {
    INFO(password);
    CHECK(kind_of(concat("git clone https://user:", password, "@example.com/o/r.git\n")).empty());
  }
  for (const char* text : {"https://example.com:8080/@user", "https://user@example.com/x:y", "ssh://git@host:22/x",
                           "mailto:a:b@c.d", "http://h:80 a@b", "://a:b@c", "a:b@c", "https://a:b",
                           "[x](http://h:80),[y](mailto:z@c.d)", "https://h/?q=a:b@c", "http://h:80\nfoo@bar",
                           "https://a:b@", "https://a:b@/x", "use user:password@ here", "C://x"}) {
    INFO(text);
    CHECK(kind_of(text).empty());
  }
}

TEST_CASE("secrets: prose, placeholders and examples are none", "[sync][secrets]") {
  const std::vector<std::string> texts = {
      "sk-learn, task-list, disk-usage, sk-ant, sk-",
      "ask-the-very-long-question-about-planning-and-syncing-everything",
      concat("ghp", "_", std::string(36, 'x')),
      concat("ghp", "_", std::string(20, 'X'), std::string(20, 'x')),
      "ghp_your_token_goes_here",
      concat("AK", "IAIOSFODNN7", "EXAMPLE"),
      concat("AS", "IAIOSFODNN7", "EXAMPLE"),
      concat("AK", "IA", std::string(16, 'X')),
      "sk-ant-api03-your-key-goes-here-in-this-place-please",
      concat("sk-ant-", std::string(60, 'x')),
      concat("sk-", std::string(48, '0')),
      "sk-proj-put-your-own-key-here-and-do-not-share-it",
      "xoxb-your-bot-token-goes-right-here",
      concat("xoxb-", std::string(40, '1')),
      concat("https://hooks.slack", ".com/services/T00000000/B00000000/", std::string(24, 'X')),
      "https://hooks.slack.com/services/",
      concat(dashes(), "BEGIN CERTIFICATE", dashes()),
      concat(dashes(), "BEGIN PUBLIC KEY", dashes()),
      concat(dashes(), "END RSA PRIVATE", " KEY", dashes()),
      "a PRIVATE KEY",
      "-----BEGIN ",
      std::string(200, '-'),
      "| --- | --- |\n|-----|-----|\n",
      "a 40 digit id 4b825dc642cb6eb9a060e54bf8d69288fbee4904",
      "task-4b825dc642cb6eb9a060e54bf8d69288fbee4904"};
  for (const std::string& text : texts) {
    INFO(text.substr(0, 20));
    CHECK(kind_of(text).empty());
  }
  CHECK(kind_of("").empty());
}

TEST_CASE("secrets: the line is named, the first secret first", "[sync][secrets]") {
  const std::string token = concat("ghp", "_", drawn(36));
  CHECK(find_secret(token)->line == 1);
  CHECK(find_secret("a\n\r\n" + token + "\n")->line == 3);
  const std::string key = concat("AK", "IA", drawn(16, upper));
  const std::optional<Secret> first = find_secret(concat("one\n", key, "\n", token, "\n"));
  REQUIRE(first);
  CHECK(first->line == 2);
  CHECK(first->kind == "AWS access key");
}

TEST_CASE("secrets: no text makes the search slow", "[sync][secrets]") {
  constexpr std::size_t size = 100'000;
  const auto start = std::chrono::steady_clock::now();
  for (const char* piece :
       {"-", "_", "/", "K", "S", "://", "a://b:", "sk-", "sk-ant-", " sk-ant-a", "ghp_", " ghp_x", "xoxb-", "AKIA",
        "-----BEGIN ", "hooks.slack.com/services/", "github_pat_a ", "a://b:c@ "}) {
    std::string text;
    while (text.size() < size) text += piece;
    INFO(piece);
    CHECK(kind_of(text).empty());
  }
  // 2 MB in all; where each look went on to the end of the text, this would take minutes.
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(10));
}
