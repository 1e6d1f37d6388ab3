// docs/json.md and the program say the same: every example there has the fields, in order and of the types, that the
// builders make, and names exactly those that may be null.
#include "cli/json.hpp"

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "samples.hpp"
#include "support/catch.hpp"

using namespace ps_sync;
using namespace ps_sync::cli::test;
namespace json = ps_sync::cli::json;
using Json = nlohmann::ordered_json;

namespace {

struct Section {
  Json example;
  std::set<std::string> nullable;
};

std::set<std::string> names_in_backticks(const std::string& line) {
  std::set<std::string> names;
  const std::vector<std::string> parts = split(line, '`');
  for (std::size_t i = 1; i < parts.size(); i += 2) names.insert(parts[i]);
  return names;
}

std::map<std::string, Section> read_document() {
  std::ifstream file(PS_SYNC_DOCS "/json.md");
  std::map<std::string, Section> sections;
  std::string line, heading, code;
  bool in_code = false;
  while (std::getline(file, line)) {
    if (line.starts_with("## ")) heading = line.substr(3);
    if (line == "```json") {
      in_code = true;
      code.clear();
    } else if (line == "```") {
      in_code = false;
      sections[heading].example = Json::parse(code);
    } else if (in_code) {
      code += line + "\n";
    } else if (line.starts_with("May be null: ")) {
      sections[heading].nullable = names_in_backticks(line);
    }
  }
  return sections;
}

/// One line for each field: its path and type. Of a list the first entry stands for all.
void shape(const Json& value, const std::string& path, std::string& out) {
  if (value.is_object()) {
    for (const auto& [key, inner] : value.items()) {
      const std::string inner_path = path.empty() ? key : path + "." + key;
      out += inner_path + ": " + (inner.is_number() ? "number" : inner.type_name()) + "\n";
      shape(inner, inner_path, out);
    }
  } else if (value.is_array() && !value.empty()) {
    out += path + " of " + value.front().type_name() + "\n";
    shape(value.front(), path, out);
  } else if (value.is_array()) {
    out += path + " is empty\n";
  }
}

std::string shape(const Json& value) {
  std::string out;
  shape(value, "", out);
  return out;
}

std::set<std::string> nulls(const Json& value) {
  std::set<std::string> found;
  for (const std::string& line : lines_of(shape(value)))
    if (line.ends_with(": null")) found.insert(line.substr(0, line.size() - 6));
  return found;
}

struct Samples {
  std::string full, bare;
};

app::DoctorReport doctor(bool full) {
  app::DoctorReport report;
  report.findings = {{"remote", app::Verdict::bad, "cannot be reached", full ? "git ls-remote" : ""}};
  report.values = {{"network.timeout", "30s", "default"}};
  if (full) report.untouched = true;
  return report;
}

std::map<std::string, Samples> samples() {
  const cli::Problem problem{Error(ErrorKind::failed, "cannot push").because("frozen").hint("wait"), ExitCode::failed};
  const app::QueuedCommit queued{oid('1'), "Code: update a.md", noon, 2};
  const std::vector<sync::Change> changes = full_sync().sent;
  const app::Queue queue{{queued}, {queued}, changes, true, "cannot reach origin"};
  const app::Peer peer{"desktop", "Desktop", oid('1'), noon, 3, false};
  const config::Value value{"network.timeout", "30s", "default"};
  return {
      {"errors", {json::error(problem), json::error(problem)}},
      {"status", {json::status(full_status()), json::status(bare_status())}},
      {"push, pull, sync", {json::sync(full_sync()), json::sync(bare_sync())}},
      {"conflicts", {json::conflicts(full_sync().conflicts), json::conflicts(bare_sync().conflicts)}},
      {"queue", {json::queue(queue), json::queue({})}},
      {"peers", {json::peers({peer}), json::peers({app::Peer{}})}},
      {"log",
       {json::log({{oid('1'), "Update", "desktop", "A Name", noon, changes}}),
        json::log({{oid('1'), "Begin", "", "A Name", noon, {}}})}},
      {"show, diff", {json::content("main~2", "a.md", "text\n"), json::content(std::nullopt, std::nullopt, "text\n")}},
      {"restore",
       {json::restore({full_sync(), "a.md", oid('1'), true}), json::restore({bare_sync(), "a.md", oid('1'), false})}},
      {"init", {json::init(full_init()), json::init(bare_init())}},
      {"clone", {json::clone({full_init(), full_sync(), "plans"}), json::clone({bare_init(), bare_sync(), "plans"})}},
      {"beacon show", {json::beacon("---\n"), json::beacon(std::nullopt)}},
      {"config get, config set", {json::config_value(value), json::config_value(value)}},
      {"config list", {json::config_list({value}), json::config_list({})}},
      {"doctor", {json::doctor(doctor(true)), json::doctor(doctor(false))}},
  };
}

}  // namespace

TEST_CASE("json: every example of docs/json.md has the fields and types that the program prints", "[cli][json]") {
  const auto document = read_document();
  const auto printed = samples();
  for (const auto& [heading, section] : document) {
    INFO("section of docs/json.md: " << heading);
    REQUIRE(printed.contains(heading));
    CHECK(shape(section.example) == shape(Json::parse(printed.at(heading).full)));
  }
  for (const auto& [heading, sample] : printed) {
    INFO("printed by the program: " << heading);
    CHECK(document.contains(heading));
  }
}

TEST_CASE("json: docs/json.md names exactly the fields that may be null", "[cli][json]") {
  const auto document = read_document();
  for (const auto& [heading, sample] : samples()) {
    INFO(heading);
    REQUIRE(document.contains(heading));
    CHECK(document.at(heading).nullable == nulls(Json::parse(sample.bare)));
    CHECK(nulls(Json::parse(sample.full)).empty());
  }
}

TEST_CASE("json: the contract's values are spelled as promised", "[cli][json]") {
  app::Status status = full_status();
  const std::pair<app::State, const char*> states[] = {{app::State::in_sync, "in_sync"},
                                                       {app::State::incoming, "incoming"},
                                                       {app::State::outgoing, "outgoing"},
                                                       {app::State::diverged, "diverged"},
                                                       {app::State::conflicts, "conflicts"}};
  for (const auto& [state, name] : states) {
    status.state = state;
    CHECK(Json::parse(json::status(status))["state"] == name);
  }
  app::SyncReport report = full_sync();
  const std::pair<app::SyncResult, const char*> results[] = {{app::SyncResult::done, "done"},
                                                             {app::SyncResult::nothing, "nothing"},
                                                             {app::SyncResult::queued, "queued"},
                                                             {app::SyncResult::refused, "refused"}};
  for (const auto& [result, name] : results) {
    report.result = result;
    CHECK(Json::parse(json::sync(report))["result"] == name);
  }
  CHECK(Json::parse(json::status(full_status()))["version"] == 1);
  CHECK(Json::parse(json::status(full_status()))["queued_commits"] == 2);
}

TEST_CASE("json: a name that is not UTF-8 is percent-encoded and marked so, others are not", "[cli][json]") {
  app::SyncReport report;
  report.sent = {{"caf\xE9.md", sync::ChangeKind::added}, {"café %.md", sync::ChangeKind::added}};
  const Json sent = Json::parse(json::sync(report))["sent"];
  CHECK(sent[0]["path"] == "caf%E9.md");
  CHECK(sent[0]["encoded"] == true);
  CHECK(sent[1]["path"] == "café %.md");
  CHECK_FALSE(sent[1].contains("encoded"));

  app::Status status = full_status();
  status.beacon.files_updated = {"a b.md", "caf\xE9.md"};
  const Json beacon = Json::parse(json::status(status))["beacon"];
  CHECK(beacon["files_updated"] == Json({"a%20b.md", "caf%E9.md"}));
  CHECK(beacon["encoded"] == true);
}

TEST_CASE("json: a message that is not UTF-8 does not stop the answer", "[cli][json]") {
  app::SyncReport report;
  report.warnings = {"odd \xFF byte"};
  CHECK(Json::parse(json::sync(report))["warnings"].size() == 1);
}

TEST_CASE("json: bytes that are not UTF-8 are given in base64", "[cli][json]") {
  const std::pair<std::string, const char*> table[] = {
      {"\xFF", "/w=="}, {"\xFF\x01", "/wE="}, {"\xFF\x01\x02", "/wEC"}, {"bytes\xFF", "Ynl0ZXP/"}};
  for (const auto& [bytes, text] : table) {
    const Json answer = Json::parse(json::content(std::nullopt, std::nullopt, bytes));
    CHECK(answer["encoding"] == "base64");
    CHECK(answer["content"] == text);
  }
  CHECK(Json::parse(json::content(std::nullopt, std::nullopt, "text → \n"))["content"] == "text → \n");
}

TEST_CASE("json: an error stands beside the command's own fields", "[cli][json]") {
  const cli::Problem problem{Error(ErrorKind::refused, "refused").because("why").hint("what to do"), ExitCode::refused};
  const Json answer = Json::parse(json::sync(bare_sync(), problem));
  CHECK(answer["result"] == "nothing");
  CHECK(answer["error"] == Json({{"message", "refused"}, {"causes", {"why"}}, {"hints", {"what to do"}}, {"exit", 5}}));
}
