// What people and scripts read: status in words, in short and as JSON, and errors as JSON.
#include <nlohmann/json.hpp>

#include "scenario/reading.hpp"
#include "support/catch.hpp"

using namespace ps_sync::test;
using nlohmann::json;

namespace {

bool is_text(const json& value) { return value.is_string(); }
bool is_text_or_null(const json& value) { return value.is_string() || value.is_null(); }
bool is_flag(const json& value) { return value.is_boolean(); }
bool is_sha_or_null(const json& value) {
  return value.is_null() || (value.is_string() && value.get<std::string>().size() == 40);
}

/// The fields of an object with what each must be: all there, and of that type. Others may be added.
using Shape = std::vector<std::pair<const char*, bool (*)(const json&)>>;
void check_shape(const json& object, const Shape& shape) {
  for (const auto& [name, is_right] : shape) {
    INFO(name << " in " << object.dump(1));
    REQUIRE(object.contains(name));
    CHECK(is_right(object[name]));
  }
}

bool is_one_of(const json& value, const std::set<std::string>& words) {
  return value.is_string() && words.contains(value.get<std::string>());
}
bool is_list_of_changes(const json& list) {
  return list.is_array() && std::all_of(list.begin(), list.end(), [](const json& entry) {
           return entry.at("path").is_string() && is_one_of(entry.at("change"), {"added", "modified", "deleted"});
         });
}
bool is_list_of_conflicts(const json& list) {
  return list.is_array() && std::all_of(list.begin(), list.end(), [](const json& entry) {
           return entry.at("path").is_string() && is_one_of(entry.at("kind"), {"content", "add/add", "type", "case"});
         });
}
bool is_list_of_held_back(const json& list) {
  const std::set<std::string> reasons = {"size",       "secret", "conflict", "name", "type",
                                         "unreadable", "policy", "checkout", "busy"};
  return list.is_array() && std::all_of(list.begin(), list.end(), [&](const json& entry) {
           return entry.at("path").is_string() && is_one_of(entry.at("reason"), reasons);
         });
}
bool is_state(const json& value) {
  return is_one_of(value, {"in_sync", "incoming", "outgoing", "diverged", "conflicts"});
}
bool is_result(const json& value) { return is_one_of(value, {"done", "nothing", "queued", "refused"}); }
bool is_count(const json& value) { return value.is_number_unsigned(); }
bool is_list(const json& value) { return value.is_array(); }
bool is_one(const json& value) { return value == 1; }

json checked_status(Clone& clone) {
  json status = clone.json({"status"});
  check_shape(status, {{"version", is_one},
                       {"endpoint", is_text},
                       {"session", is_text},
                       {"branch", is_text},
                       {"state", is_state},
                       {"base", is_sha_or_null},
                       {"local", is_sha_or_null},
                       {"tip", is_sha_or_null},
                       {"incoming", is_list_of_changes},
                       {"outgoing", is_list_of_changes},
                       {"queued_commits", is_count},
                       {"conflicts", is_list_of_conflicts},
                       {"held_back", is_list_of_held_back}});
  check_shape(status["remote"], {{"name", is_text_or_null}, {"url", is_text_or_null}, {"reachable", is_flag}});
  check_shape(status["beacon"], {{"provider", is_text},
                                 {"ticket", is_text_or_null},
                                 {"status", is_text_or_null},
                                 {"commit", is_sha_or_null},
                                 {"direction", is_text_or_null},
                                 {"last_update", is_text_or_null},
                                 {"timestamp", is_text_or_null},
                                 {"pending", is_flag}});
  CHECK(status["beacon"].contains("files_updated"));
  return status;
}

json checked_result(Clone& clone, const char* command) {
  json result = clone.json({command});
  check_shape(result, {{"version", is_one},
                       {"result", is_result},
                       {"commit", is_sha_or_null},
                       {"pushed", is_flag},
                       {"published", is_flag},
                       {"sent", is_list_of_changes},
                       {"received", is_list_of_changes},
                       {"conflicts", is_list_of_conflicts},
                       {"held_back", is_list_of_held_back}});
  return result;
}

std::string short_status(Clone& clone, const Arguments& options = {}) {
  Arguments command = {"status", "--short"};
  command.insert(command.end(), options.begin(), options.end());
  std::string text = clone.ps(command).out;
  if (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

/// Takes both places through every state; `look` sees code's after each step with the state that it is in.
template <class Look>
void walk_through_states(Look look) {
  Pair pair({{planning + "a.md", "one\ntwo\nthree\n"}});
  look(pair, "in_sync");
  pair.desktop.write(planning + "a.md", "one\ntwo by desktop\nthree\n").write(planning + "b.md", "b\n").ok({"push"});
  pair.code.ps({"status"});  // sees what came in
  look(pair, "incoming");
  pair.code.write(planning + "a.md", "one\ntwo by code\nthree\n");
  look(pair, "diverged");
  pair.code.ps({"sync"});
  look(pair, "conflicts");
  pair.code.ps({"resolve", planning + "a.md", "--ours"});
  pair.code.ok({"sync"});
  look(pair, "in_sync");
  pair.code.write(planning + "c.md", "c\n");
  look(pair, "outgoing");
}

}  // namespace

TEST_CASE("status as JSON has every field with its type in each state", "[status]") {
  walk_through_states([](Pair& pair, const std::string& state) {
    INFO(state);
    const json status = checked_status(pair.code);
    CHECK(status["state"] == state);
    CHECK(status["endpoint"] == "code");
    CHECK(status["session"] == "main");
    CHECK(status["branch"] == "promptsync/main");
    CHECK(status["remote"]["name"] == "origin");
    CHECK(status["remote"]["reachable"] == true);
    CHECK(status["tip"] == pair.world.origin_tip());
    CHECK(status["local"] == pair.code.tip());
    CHECK(status["beacon"]["provider"] == "git");
    CHECK(status["incoming"].empty() == (state != "incoming" && state != "diverged"));
    CHECK(status["outgoing"].empty() == (state != "outgoing" && state != "diverged"));
  });
}

TEST_CASE("before the first push status has nulls where there is nothing yet", "[status]") {
  World world;
  Clone& desktop = world.place("desktop");
  const json status = checked_status(desktop);
  CHECK(status["state"] == "in_sync");
  CHECK(status["tip"].is_null());
  CHECK(status["beacon"]["commit"].is_null());
}

TEST_CASE("status --exit-code is 0 in sync, 10 with something to move, 3 with conflicts, and without it 0",
          "[status]") {
  walk_through_states([](Pair& pair, const std::string& state) {
    INFO(state);
    CHECK(pair.code.ps({"status", "--exit-code"}).exit == (state == "in_sync" ? 0 : state == "conflicts" ? 3 : 10));
    CHECK(pair.code.ps({"status"}).exit == 0);
    CHECK(pair.code.ps({"status", "--short"}).exit == 0);
  });
}

TEST_CASE("status says Update Available when something waits to be pulled, and only then", "[status]") {
  walk_through_states([](Pair& pair, const std::string& state) {
    INFO(state);
    CHECK(contains(pair.code.ok({"status"}).out, "Update Available") == (state == "incoming" || state == "diverged"));
  });
}

TEST_CASE("status names the files, the conflicts and who is behind", "[status]") {
  Pair pair({{planning + "a.md", "a\n"}});
  pair.desktop.write(planning + "a.md", "a by desktop\n").write(planning + "b.md", "b\n").ok({"push"});
  CHECK(contains(pair.desktop.ok({"status"}).out, "Code"));
  pair.code.write(planning + "a.md", "a by code\n").write(planning + "c.md", "c\n");
  std::string words = pair.code.ok({"status"}).out;
  for (const char* name : {"a.md", "b.md", "c.md"}) CHECK(contains(words, planning + name));
  pair.code.ps({"pull"});
  words = pair.code.ok({"status"}).out;
  CHECK(contains(words, planning + "a.md"));
  CHECK(contains(words, "onflict"));
}

TEST_CASE("status --short has a form for each state, in ASCII too", "[status]") {
  walk_through_states([](Pair& pair, const std::string& state) {
    INFO(state);
    const std::map<std::string, std::pair<std::string, std::string>> forms = {
        {"in_sync", {"✓", "ok"}},    {"incoming", {"↓2", "v2"}}, {"diverged", {"↓2 ↑1", "v2 ^1"}},
        {"conflicts", {"!1", "!1"}}, {"outgoing", {"↑1", "^1"}},
    };
    CHECK(short_status(pair.code) == forms.at(state).first);
    CHECK(short_status(pair.code, {"--ascii"}) == forms.at(state).second);
  });
}

TEST_CASE("status --short counts what is queued, and marks a remote that was not reached", "[status]") {
  Pair pair({{planning + "a.md", "a\n"}});
  pair.world.take_origin_away();
  pair.code.write(planning + "b.md", "b\n").ok({"push"});
  pair.code.write(planning + "c.md", "c\n");
  CHECK(short_status(pair.code) == "⌁ ↑2");
  CHECK(short_status(pair.code, {"--ascii"}) == "~ ^2");
  pair.world.bring_origin_back();
  CHECK(short_status(pair.code) == "⌁ ↑2");
  pair.code.ok({"push"});
  CHECK(short_status(pair.code) == "✓");
}

TEST_CASE("status fetches at most into the store: the working tree stays as it is", "[status]") {
  Pair pair({{planning + "a.md", "a\n"}});
  pair.desktop.write(planning + "a.md", "a2\n").ok({"push"});
  const auto files = pair.code.files();
  CHECK(pair.code.json({"status", "--offline"})["incoming"].empty());
  CHECK(paths(pair.code.json({"status"})["incoming"]) == std::set{planning + "a.md"});
  CHECK(pair.code.files() == files);
  CHECK(paths(pair.code.json({"status", "--offline"})["incoming"]) == std::set{planning + "a.md"});
}

TEST_CASE("what status remembers of the beacon is right again after it moved, and when it is damaged", "[status]") {
  Pair pair({{planning + "a.md", "a\n"}});
  const auto seen = [&] { return pair.desktop.json({"status"}).at("behind").dump(); };
  CHECK(seen() == "[]");
  pair.desktop.write(planning + "b.md", "b\n").ok({"push"});
  const std::string behind = seen();
  CHECK(contains(behind, "\"code\""));
  CHECK(pair.desktop.json({"status"}).at("beacon").at("status") == "UPDATE_AVAILABLE");
  CHECK(seen() == behind);
  for (const char* text : {"", "{", "[]", "{\"source\":1}"}) {
    pair.desktop.write(".git/promptsync/seen.json", text);
    CHECK(seen() == behind);
  }
  pair.code.ok({"pull"});
  CHECK(seen() == "[]");
  CHECK(pair.desktop.json({"status"}).at("beacon").at("status") == "IDLE");
}

TEST_CASE("push, pull and sync as JSON have every field with its type", "[json]") {
  Pair pair({{planning + "a.md", "a\n"}});
  for (const char* command : {"push", "pull", "sync"}) {
    INFO(command);
    checked_result(pair.desktop, command);
    pair.desktop.write(planning + "a.md", command);
    checked_result(pair.desktop, command);
    pair.code.write(planning + "a.md", std::string("code ") + command);
    checked_result(pair.code, command);
    pair.code.ps({"resolve", planning + "a.md", "--theirs"});
    pair.code.ps({"sync"});
    pair.desktop.ps({"sync"});
  }
  pair.world.take_origin_away();
  pair.desktop.write(planning + "b.md", "b\n");
  CHECK(checked_result(pair.desktop, "sync")["result"] == "queued");
}

TEST_CASE("the option --json is taken before and after the command, and prints one object on stdout", "[json]") {
  Pair pair({{planning + "a.md", "a\n"}});
  const json before = pair.desktop.ps({"--json", "status"}).json();
  const json after = pair.desktop.ps({"status", "--json"}).json();
  CHECK(before["state"] == after["state"]);
  for (const Arguments& command : std::vector<Arguments>{{"queue"},
                                                         {"peers"},
                                                         {"conflicts"},
                                                         {"log"},
                                                         {"diff"},
                                                         {"config", "list"},
                                                         {"config", "get", "remote"},
                                                         {"beacon", "show"},
                                                         {"doctor"},
                                                         {"show", "main"}}) {
    INFO(command.front());
    const json answer = pair.desktop.json(command);
    CHECK(answer.is_object());
    CHECK(answer["version"] == 1);
  }
}

TEST_CASE("an error with --json is an object on stdout with message, causes, hints and exit", "[json]") {
  World world;
  Clone& clone = world.clone("desktop");
  const Outcome outcome = clone.ps({"push", "--json"});
  CHECK(outcome.exit == 1);
  const json answer = outcome.json();
  CHECK(answer["version"] == 1);
  check_shape(answer["error"], {{"message", is_text}, {"causes", is_list}, {"hints", is_list}, {"exit", is_count}});
  CHECK(answer["error"]["exit"] == 1);
  const Outcome usage = clone.ps({"--json", "no-such-command"});
  CHECK(usage.exit == 2);
  CHECK(usage.json()["error"]["exit"] == 2);
}

TEST_CASE("a name that is not valid UTF-8 is percent-encoded in JSON, and the file travels exactly", "[json]") {
  Pair pair;
  const std::string name = planning + "latin \xE9.md";
  pair.desktop.write(name, "x\n");
  const json sent = pair.desktop.json({"push"})["sent"];
  REQUIRE(sent.size() == 1);
  CHECK(sent[0]["encoded"] == true);
  CHECK(contains(sent[0]["path"].get<std::string>(), "%E9.md"));
  pair.code.ok({"pull"});
  CHECK(pair.code.read(name) == "x\n");
}

TEST_CASE("names and messages cannot write to the terminal", "[status]") {
  Pair pair;
  pair.desktop.write(planning + "a\xE2\x80\xAE.md", "x\n").ok({"push", "-m", "red \x1b[31m alert"});
  for (const Arguments& command : std::vector<Arguments>{{"status"}, {"beacon", "show"}, {"pull"}, {"log"}}) {
    INFO(command.front());
    const Outcome outcome = pair.code.ps(command);
    CHECK((contains(outcome.out, " alert") || contains(outcome.out, planning + "a")));
    CHECK_FALSE(contains(outcome.out + outcome.err, "\x1b"));
    CHECK_FALSE(contains(outcome.out + outcome.err, "\xE2\x80\xAE"));
  }
}

TEST_CASE("URLs are shown without user names, passwords and tokens", "[status]") {
  Pair pair;
  const std::string secret = "s3cr3t-t0ken";
  pair.desktop.git({"config", "promptsync.remote", "https://ada:" + secret + "@127.0.0.1:1/x.git"});
  std::string shown;
  pair.desktop.write(planning + "a.md", "a\n");
  for (const Arguments& command : std::vector<Arguments>{
           {"status"}, {"status", "--json"}, {"push"}, {"push", "--json"}, {"config", "list"}, {"doctor"}, {"queue"}}) {
    INFO(command.front());
    const Outcome outcome = pair.desktop.ps(command);
    CHECK_FALSE(contains(outcome.out + outcome.err, secret));
    shown += outcome.out;
  }
  CHECK(contains(shown, "127.0.0.1:1/x.git"));
}

TEST_CASE("results go to stdout, the rest to stderr, and -q leaves only errors", "[status]") {
  Pair pair({{planning + "a.md", "a\n"}});
  pair.desktop.write(planning + "a.md", "a2\n");
  const Outcome loud = pair.desktop.ps({"push"});
  CHECK(contains(loud.out, planning + "a.md"));
  CHECK_FALSE(contains(loud.out, "\x1b"));
  pair.desktop.write(planning + "a.md", "a3\n");
  const Outcome quiet = pair.desktop.ps({"push", "-q"});
  CHECK(quiet.exit == 0);
  CHECK(quiet.out.empty());
  CHECK(quiet.err.empty());
}
