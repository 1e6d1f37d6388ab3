#include <string>

#include "ps_sync/base/text.hpp"
#include "ps_sync/beacon/document.hpp"
#include "support/catch.hpp"

using namespace ps_sync;
using namespace ps_sync::beacon;
using Names = std::vector<std::string>;
using Tree = std::map<std::string, std::string>;  // path to content

namespace {

const Timestamp noon = *parse_utc("2026-11-23T12:00:00Z");

Oid oid_of(const std::string& text) {
  Oid oid;
  std::uint64_t hash = 1469598103934665603U;
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  for (std::size_t i = 0; i < oid.bytes.size(); ++i) oid.bytes[i] = static_cast<std::uint8_t>(hash >> (i % 8 * 8));
  return oid;
}

/// A branch in memory: a line of commits, each with its tree.
class Branch {
 public:
  explicit Branch(std::string session = "main") : session_(std::move(session)) {}

  Oid commit(const std::string& endpoint, const Tree& tree) {
    const Oid id = oid_of(session_ + std::to_string(commits_.size()));
    commits_.push_back({id, endpoint, tree});
    return id;
  }

  /// What `endpoint` knows, having applied `applied`.
  Facts seen_by(const std::string& endpoint, std::optional<Oid> applied) const {
    Facts facts;
    facts.endpoint = endpoint;
    facts.session = session_;
    facts.branch = "promptsync/" + session_;
    facts.applied = applied;
    facts.now = noon;
    for (const Commit& commit : commits_) facts.pushed_by.insert(commit.endpoint);
    if (!commits_.empty()) {
      facts.tip = commits_.back().id;
      facts.has_documents = !commits_.back().tree.empty();
      facts.tip_endpoint = commits_.back().endpoint;
      facts.tip_subject = "change " + std::to_string(commits_.size());
      facts.tip_time = noon - std::chrono::hours(1) + std::chrono::minutes(commits_.size());
    }
    facts.is_on_branch = [this](const Oid& id) { return find(id) != nullptr; };
    facts.visit_changes = [this](const std::optional<Oid>& since, const ManifestVisit& visit) {
      for (const auto& [path, entry] : changes(since))
        if (!visit(entry)) return;
    };
    return facts;
  }

 private:
  struct Commit {
    Oid id;
    std::string endpoint;
    Tree tree;
  };

  const Commit* find(const Oid& id) const {
    for (const Commit& commit : commits_)
      if (commit.id == id) return &commit;
    return nullptr;
  }

  std::map<std::string, ManifestEntry> changes(const std::optional<Oid>& since) const {
    const Tree old = since ? find(*since)->tree : Tree();
    const Tree& tip = commits_.back().tree;
    std::map<std::string, ManifestEntry> entries;
    for (const auto& [path, content] : tip) {
      const auto before = old.find(path);
      if (before != old.end() && before->second == content) continue;
      entries[path] = {path, before == old.end() ? "added" : "modified", oid_of(content), content.size()};
    }
    for (const auto& [path, content] : old)
      if (tip.count(path) == 0) entries[path] = {path, "deleted", std::nullopt, 0};
    return entries;
  }

  std::string session_;
  std::vector<Commit> commits_;
};

/// Composes and publishes: what the next reader finds.
Document publish(const Document& present, const Facts& facts) {
  return parse(render(compose(present, facts), default_template()));
}

Names changes_of(const Document& document) {
  Names names;
  for (const ManifestEntry& entry : document.sessions.at(*document.session).manifest)
    names.push_back(entry.change + " " + entry.path);
  return names;
}

}  // namespace

TEST_CASE("nothing pushed is an idle beacon that names branch and session", "[beacon]") {
  const Document document = compose({}, Branch().seen_by("code", std::nullopt));
  CHECK_FALSE(document.update_available);
  CHECK_FALSE(document.commit);
  CHECK(document.branch == "promptsync/main");
  CHECK(document.session == "main");
  CHECK(document.acks.empty());
  CHECK(document.has_machine_part);
}

TEST_CASE("the first push announces the whole branch to the other of the built-in pair", "[beacon]") {
  Branch branch;
  const Oid tip = branch.commit("desktop", {{"b.md", "b"}, {"a.md", "aa"}});
  const Document document = compose({}, branch.seen_by("desktop", tip));
  CHECK(document.update_available);
  CHECK(document.last_update == "change 1");
  CHECK(document.timestamp == "2026-11-23T11:01:00Z");
  CHECK(document.direction == "Desktop→Code");
  CHECK(document.action == "Run 'ps-sync pull' in Claude Code");
  CHECK(document.files_updated == Names{"a.md", "b.md"});
  CHECK(document.commit == tip);
  CHECK(document.acks == std::map<std::string, Ack>{{"desktop", {tip, noon}}});
  CHECK(document.sessions.at("main").manifest[0] == ManifestEntry{"a.md", "added", oid_of("aa"), 2});
}

TEST_CASE("once the other place has it all the beacon is idle", "[beacon]") {
  Branch branch;
  const Oid tip = branch.commit("desktop", {{"a.md", "a"}});
  const Document pushed = publish({}, branch.seen_by("desktop", tip));
  const Document pulled = compose(pushed, branch.seen_by("code", tip));
  CHECK_FALSE(pulled.update_available);
  CHECK_FALSE(pulled.last_update);
  CHECK_FALSE(pulled.action);
  CHECK(pulled.files_updated.empty());
  CHECK(pulled.files_total == 0);
  CHECK(pulled.sessions.empty());
  CHECK(pulled.commit == tip);
  CHECK(pulled.acks.size() == 2);
}

TEST_CASE("several pushes before a pull add up", "[beacon]") {
  Branch branch;
  const Oid first = branch.commit("desktop", {{"a.md", "a"}, {"z.md", "z"}});
  Document document = publish({}, branch.seen_by("desktop", first));
  document = publish(document, branch.seen_by("code", first));
  const Oid second = branch.commit("desktop", {{"a.md", "A"}, {"z.md", "z"}});
  document = publish(document, branch.seen_by("desktop", second));
  const Oid third = branch.commit("desktop", {{"a.md", "A"}, {"c.md", "c"}});
  document = publish(document, branch.seen_by("desktop", third));
  CHECK(changes_of(document) == Names{"modified a.md", "added c.md", "deleted z.md"});
  CHECK(behind(document, branch.seen_by("desktop", third)) == Names{"code"});
  CHECK(document.last_update == "change 3");
}

TEST_CASE("the beacon returns to idle only when the last one behind has caught up", "[beacon]") {
  Branch branch;
  const Oid first = branch.commit("desktop", {{"a.md", "a"}});
  Document document = publish({}, branch.seen_by("desktop", first));
  document = publish(document, branch.seen_by("code", first));
  document = publish(document, branch.seen_by("laptop", first));
  CHECK_FALSE(document.update_available);
  const Oid second = branch.commit("desktop", {{"a.md", "b"}});
  document = publish(document, branch.seen_by("desktop", second));
  CHECK(behind(document, branch.seen_by("desktop", second)) == Names{"code", "laptop"});
  document = publish(document, branch.seen_by("code", second));
  CHECK(document.update_available);
  CHECK(behind(document, branch.seen_by("code", second)) == Names{"laptop"});
  document = publish(document, branch.seen_by("laptop", second));
  CHECK_FALSE(document.update_available);
}

TEST_CASE("what anybody behind lacks is listed, also what came and went for the others", "[beacon]") {
  Branch branch;
  const Oid first = branch.commit("desktop", {{"a.md", "a"}});
  const Oid second = branch.commit("desktop", {{"a.md", "a"}, {"gone.md", "x"}, {"new.md", "1"}});
  const Oid third = branch.commit("desktop", {{"a.md", "a"}, {"new.md", "2"}});
  Document present;
  present.session = "main";
  present.acks = {{"old", {first, noon}}, {"newer", {second, noon}}};
  CHECK(changes_of(compose(present, branch.seen_by("desktop", third))) == Names{"deleted gone.md", "added new.md"});
}

TEST_CASE("a commit that changes no document leaves nobody behind", "[beacon]") {
  Branch branch;
  const Oid first = branch.commit("desktop", {{"a.md", "a"}});
  const Oid merge = branch.commit("desktop", {{"a.md", "a"}});
  Document present;
  present.session = "main";
  present.acks = {{"code", {first, noon}}};
  const Document document = compose(present, branch.seen_by("desktop", merge));
  CHECK_FALSE(document.update_available);
  CHECK(document.commit == merge);
}

TEST_CASE("a branch without documents has nothing to announce", "[beacon]") {
  Branch branch;
  const Oid tip = branch.commit("desktop", {});
  CHECK_FALSE(compose({}, branch.seen_by("desktop", tip)).update_available);
}

TEST_CASE("an endpoint that has applied nothing yet is behind with everything", "[beacon]") {
  Branch branch;
  const Oid first = branch.commit("desktop", {{"a.md", "a"}});
  const Oid second = branch.commit("desktop", {{"a.md", "a"}, {"b.md", "b"}});
  Document present;
  present.session = "main";
  present.acks = {{"code", {std::nullopt, noon}}, {"laptop", {first, noon}}};
  const Document document = compose(present, branch.seen_by("desktop", second));
  CHECK(document.acks.at("code") == Ack{std::nullopt, noon});
  CHECK(changes_of(document) == Names{"added a.md", "added b.md"});
}

TEST_CASE("an acknowledgement of a commit that is not on the branch is dropped", "[beacon]") {
  Branch branch;
  const Oid tip = branch.commit("desktop", {{"a.md", "a"}});
  Document present;
  present.session = "main";
  present.acks = {{"code", {oid_of("elsewhere"), noon}}, {"laptop", {tip, noon}}};
  const Facts facts = branch.seen_by("desktop", tip);
  CHECK(behind(present, facts).empty());
  CHECK(compose(present, facts).acks.count("code") == 0);
  CHECK(compose(present, facts).acks.count("laptop") == 1);
}

TEST_CASE("an endpoint not heard of for 30 days no longer counts", "[beacon]") {
  Branch branch;
  const Oid first = branch.commit("desktop", {{"a.md", "a"}});
  const Oid tip = branch.commit("desktop", {{"a.md", "b"}});
  Document present;
  present.session = "main";
  present.acks = {{"code", {first, noon - std::chrono::days(30)}},
                  {"laptop", {first, noon - std::chrono::days(30) - std::chrono::seconds(1)}},
                  {"other", {tip, noon}}};
  const Document document = compose(present, branch.seen_by("desktop", tip));
  CHECK(document.acks.count("code") == 1);
  CHECK(document.acks.count("laptop") == 0);
}

TEST_CASE("an acknowledgement without a time, or from the future, has 30 days from now", "[beacon]") {
  Branch branch;
  const Oid tip = branch.commit("desktop", {{"a.md", "a"}});
  Document present;
  present.session = "main";
  present.acks = {{"code", {}}, {"laptop", {tip, noon + std::chrono::days(900)}}};
  const Document document = compose(present, branch.seen_by("desktop", tip));
  CHECK(document.acks.at("code").at == noon);
  CHECK(document.acks.at("laptop").at == noon);
}

TEST_CASE("our own acknowledgement follows git", "[beacon]") {
  Branch branch;
  const Oid first = branch.commit("desktop", {{"a.md", "a"}});
  const Oid tip = branch.commit("desktop", {{"a.md", "b"}});
  const Timestamp hours_ago = noon - std::chrono::hours(23);
  const Timestamp days_ago = noon - std::chrono::hours(25);
  struct Case {
    const char* what;
    std::optional<Ack> present;
    std::optional<Oid> applied;
    std::optional<Ack> expected;
  };
  const Case cases[] = {
      {"nothing applied, nothing said", std::nullopt, std::nullopt, std::nullopt},
      {"nothing applied stays said", Ack{std::nullopt, hours_ago}, std::nullopt, Ack{std::nullopt, hours_ago}},
      {"what was applied was lost", Ack{first, hours_ago}, std::nullopt, Ack{std::nullopt, noon}},
      {"a new commit has a new time", Ack{first, hours_ago}, tip, Ack{tip, noon}},
      {"the same commit keeps its time", Ack{tip, hours_ago}, tip, Ack{tip, hours_ago}},
      {"but not for more than a day", Ack{tip, days_ago}, tip, Ack{tip, noon}},
      {"nor one from the future", Ack{tip, noon + std::chrono::hours(1)}, tip, Ack{tip, noon}},
      {"not out yet: what was said holds", Ack{first, hours_ago}, oid_of("local"), Ack{first, hours_ago}},
      {"not out yet and nothing said", std::nullopt, oid_of("local"), std::nullopt},
      {"said of a lost commit", Ack{oid_of("lost"), hours_ago}, oid_of("local"), std::nullopt},
  };
  for (const Case& item : cases) {
    INFO(item.what);
    Document present;
    present.session = "main";
    if (item.present) present.acks["code"] = *item.present;
    const auto acks = compose(present, branch.seen_by("code", item.applied)).acks;
    const auto found = acks.find("code");
    CHECK((found == acks.end() ? std::nullopt : std::optional(found->second)) == item.expected);
  }
}

TEST_CASE("direction and action name who is known", "[beacon]") {
  struct Case {
    std::string maker;
    std::set<std::string> others;
    const char* direction;
    const char* action;
  };
  const Case cases[] = {
      {"desktop", {}, "Desktop→Code", "Run 'ps-sync pull' in Claude Code"},
      {"code", {"desktop"}, "Code→Desktop", "Run 'ps-sync pull' in Claude Desktop"},
      {"alice-laptop", {}, "Alice-laptop→All", "Run 'ps-sync pull' everywhere else"},
      {"alice-laptop", {"bob"}, "Alice-laptop→Bob's Mac", "Run 'ps-sync pull' in Bob's Mac"},
      {"bob", {"code"}, "Bob's Mac→Code", "Run 'ps-sync pull' in Code"},
      {"desktop", {"code", "bob"}, "Desktop→All", "Run 'ps-sync pull' everywhere else"},
      {"", {}, "Somebody→All", "Run 'ps-sync pull' everywhere else"},
  };
  for (const Case& item : cases) {
    INFO(item.direction);
    Branch branch;
    branch.commit(item.maker, {{"a.md", "a"}});
    Facts facts = branch.seen_by("watcher", std::nullopt);
    facts.labels = {{"bob", "Bob's Mac"}};
    facts.pushed_by = item.others;
    const Document document = compose({}, facts);
    CHECK(document.direction == item.direction);
    CHECK(document.action == item.action);
  }
}

TEST_CASE("one who acknowledged is known as well as one who pushed", "[beacon]") {
  Branch branch;
  const Oid tip = branch.commit("ann", {{"a.md", "a"}});
  Document present;
  present.session = "main";
  present.acks = {{"bob", {std::nullopt, noon}}};
  CHECK(compose(present, branch.seen_by("ann", tip)).direction == "Ann→Bob");
}

TEST_CASE("two places with the same facts compose the same", "[beacon]") {
  Branch branch;
  const Oid tip = branch.commit("desktop", {{"a.md", "a"}});
  Document present;
  present.session = "main";
  present.acks = {{"desktop", {tip, noon}}, {"code", {tip, noon}}, {"laptop", {std::nullopt, noon}}};
  CHECK(compose(present, branch.seen_by("desktop", tip)) == compose(present, branch.seen_by("code", tip)));
}

TEST_CASE("a subject is kept to one short line", "[beacon]") {
  Branch branch;
  const Oid tip = branch.commit("desktop", {{"a.md", "a"}});
  Facts facts = branch.seen_by("desktop", tip);
  facts.tip_subject = std::string(200, 'x');
  CHECK(compose({}, facts).last_update == facts.tip_subject);
  facts.tip_subject = std::string(100000, 'x');
  CHECK(compose({}, facts).last_update == std::string(200, 'x') + "…");
  facts.tip_subject = "caf\xE9";
  CHECK(compose({}, facts).last_update == "caf\xEF\xBF\xBD");
}

TEST_CASE("a person's words and unknown keys survive", "[beacon]") {
  Branch branch;
  const Oid tip = branch.commit("desktop", {{"a.md", "a"}});
  const Document present = parse("Hello\n---\nOWNER: len\nSTATUS: IDLE\n---\nBye\n");
  const Document document = publish(present, branch.seen_by("desktop", tip));
  CHECK(document.before == "Hello\n");
  CHECK(document.after == "Bye\n");
  CHECK(document.unknown_keys == present.unknown_keys);
}

TEST_CASE("a stale or hand-edited front matter is brought in line with git", "[beacon]") {
  Branch branch;
  const Oid tip = branch.commit("desktop", {{"a.md", "a"}});
  Document document = publish({}, branch.seen_by("desktop", tip));
  document = publish(document, branch.seen_by("code", tip));
  Document edited = document;
  edited.update_available = true;
  edited.commit = oid_of("elsewhere");
  edited.last_update = "nonsense";
  edited.branch = "nowhere";
  const Document healed = compose(edited, branch.seen_by("code", tip));
  CHECK_FALSE(same_news(edited, healed));
  CHECK(same_news(document, healed));
}

TEST_CASE("a new time alone is no news, anything else is", "[beacon]") {
  Branch branch;
  const Oid tip = branch.commit("desktop", {{"a.md", "a"}});
  const Document present = publish({}, branch.seen_by("desktop", tip));
  Facts later = branch.seen_by("desktop", tip);
  later.now += std::chrono::days(3);
  const Document composed = compose(present, later);
  CHECK(composed.acks.at("desktop").at == later.now);
  CHECK(same_news(present, composed));
  CHECK_FALSE(same_news(present, compose(present, branch.seen_by("code", tip))));
  Document other = composed;
  other.acks["laptop"] = {};
  CHECK_FALSE(same_news(present, other));
  other = composed;
  other.sessions["main"].manifest[0].size += 1;
  CHECK_FALSE(same_news(present, other));
  other = composed;
  other.files_updated[0] = "b.md";
  CHECK_FALSE(same_news(present, other));
  CHECK_FALSE(same_news({}, composed));
}

TEST_CASE("lists that were cut when published are no news", "[beacon]") {
  Branch branch;
  Tree tree;
  for (int i = 0; i < 3000; ++i) tree["planning/" + std::to_string(10000 + i) + ".md"] = "x";
  const Oid tip = branch.commit("desktop", tree);
  const Document present = publish({}, branch.seen_by("desktop", tip));
  REQUIRE(present.files_updated.size() < 3000);
  CHECK(same_news(present, compose(present, branch.seen_by("desktop", tip))));
  tree["planning/10000.md"] = "y";
  const Oid next = branch.commit("desktop", tree);
  CHECK_FALSE(same_news(present, compose(present, branch.seen_by("desktop", next))));
}

TEST_CASE("of more than fits, what several endpoints lack is counted once and listed from the start", "[beacon]") {
  Branch branch;
  Tree tree;
  const auto name = [](int number) { return "planning/" + std::to_string(10000 + number) + ".md"; };
  for (int i = 0; i < 3000; i += 2) tree[name(i)] = "x";
  const Oid first = branch.commit("desktop", tree);
  for (int i = 1; i < 3000; i += 2) tree[name(i)] = "x";
  const Oid second = branch.commit("desktop", tree);
  for (int i = 1000; i < 5000; ++i) tree[name(i)] = "y";
  const Oid tip = branch.commit("desktop", tree);
  Document present = publish({}, branch.seen_by("desktop", tip));
  present.acks["code"] = {first, noon};
  present.acks["phone"] = {second, noon};
  const Document document = compose(present, branch.seen_by("desktop", tip));
  const SessionNews& news = document.sessions.at("main");
  CHECK(news.total == 4500);  // 500 odd ones of the first thousand, and all from there on
  REQUIRE(news.manifest.size() == most_listed);
  CHECK(news.manifest[0].path == name(1));
  CHECK(news.manifest[499].path == name(999));
  CHECK(news.manifest[500] == ManifestEntry{name(1000), "modified", oid_of("y"), 1});
  CHECK(news.manifest[501].change == "added");  // new to one of them
  CHECK(document.files_total == 4500);
}

TEST_CASE("files announced by hand that no commit carries are named", "[beacon]") {
  const auto branch_has = [](std::string_view name) { return is_called(".claude/planning/there.md", name); };
  Document present = parse(
      "---\nFILES_UPDATED:\n  - there.md\n  - missing.md\n  - .claude/planning/there.md\nSTATUS: "
      "UPDATE_AVAILABLE\n---\n");
  CHECK(announced_but_absent(present, branch_has) == Names{"missing.md"});
  present.update_available = false;
  CHECK(announced_but_absent(present, branch_has).empty());
}

TEST_CASE("what the machine part lists is not announced by hand", "[beacon]") {
  Branch branch;
  const Oid tip = branch.commit("desktop", {{"a.md", "a"}});
  Document present = publish({}, branch.seen_by("desktop", tip));
  const auto nothing = [](std::string_view) { return false; };
  CHECK(announced_but_absent(present, nothing).empty());
  present.files_updated.push_back("by-hand.md");
  CHECK(announced_but_absent(present, nothing) == Names{"by-hand.md"});
}

TEST_CASE("a bare name means any path that ends in it", "[beacon]") {
  CHECK(is_called("a/b/c.md", "c.md"));
  CHECK(is_called("c.md", "./c.md"));
  CHECK(is_called("a/c.md", "a/c.md"));
  for (const char* name : {"", "b.md", "b/c.md", "/c.md", ".md", "./"}) CHECK_FALSE(is_called("a/b/c.md", name));
}

TEST_CASE("the front matter tells of the session pushed last, the machine part of both", "[beacon]") {
  Branch main_branch("main"), feature("feature");
  const Oid main_tip = main_branch.commit("desktop", {{"main.md", "m"}});
  Document document = publish({}, main_branch.seen_by("desktop", main_tip));
  feature.commit("desktop", {{"old.md", "o"}});
  const Oid feature_tip = feature.commit("desktop", {{"feature.md", "f"}});  // a minute later than main's
  document = publish(document, feature.seen_by("desktop", feature_tip));
  CHECK(document.session == "feature");
  CHECK(document.files_updated == Names{"feature.md"});
  CHECK(document.acks == std::map<std::string, Ack>{{"desktop", {feature_tip, noon}}});
  REQUIRE(document.sessions.count("main") == 1);
  CHECK(document.sessions.at("main").manifest[0].path == "main.md");
  CHECK(document.sessions.at("main").commit == main_tip);

  SECTION("older news of another session does not take the front") {
    const Document again = compose(document, main_branch.seen_by("desktop", main_tip));
    CHECK(same_news(document, again));
  }
  SECTION("when the shown session goes idle, the other one that waits is shown") {
    document = publish(document, feature.seen_by("code", feature_tip));
    CHECK(document.session == "main");
    CHECK(document.update_available);
    CHECK(document.last_update == "change 1");
    CHECK(document.direction == "Desktop→Code");
    CHECK(document.action == "Run 'ps-sync pull' in Claude Code");
    CHECK(document.files_updated == Names{"main.md"});
    CHECK(document.commit == main_tip);
    CHECK(document.branch == "promptsync/main");
    CHECK(document.idle_sessions.at("feature").size() == 2);

    document = publish(document, main_branch.seen_by("code", main_tip));
    CHECK_FALSE(document.update_available);
    CHECK(document.sessions.empty());
    // The one shown stays, whichever session composes, and nobody's acknowledgement is lost.
    CHECK(same_news(document, compose(document, feature.seen_by("desktop", feature_tip))));
    CHECK(same_news(document, compose(document, main_branch.seen_by("desktop", main_tip))));
  }
  SECTION("when the other session goes idle, the shown one stays") {
    document = publish(document, main_branch.seen_by("code", main_tip));
    CHECK(document.session == "feature");
    CHECK(document.files_updated == Names{"feature.md"});
    CHECK(document.sessions.size() == 1);
    CHECK(document.idle_sessions.at("main").size() == 2);
  }
  SECTION("a session that is deleted is no longer told of") {
    const Document without = without_session(document, "feature");
    CHECK(without.session == "main");
    CHECK(without.files_updated == Names{"main.md"});
    CHECK(without_session(document, "main").sessions.size() == 1);
    const Document none = without_session(without, "main");
    CHECK_FALSE(none.session);
    CHECK_FALSE(none.update_available);
    CHECK(none.sessions.empty());
  }
}

TEST_CASE("news of another session that was written by hand stays as it stands", "[beacon]") {
  const Document present = parse(
      "---\nLAST_UPDATE: by hand\nTIMESTAMP: 2026-11-23T11:59:00Z\nFILES_UPDATED: [x.md]\nSTATUS: UPDATE_AVAILABLE\n"
      "SESSION: other\n---\n");
  Branch branch;
  const Oid tip = branch.commit("desktop", {{"a.md", "a"}});
  const Document document = publish(present, branch.seen_by("desktop", tip));
  CHECK(document.session == "other");
  CHECK(document.last_update == "by hand");
  CHECK(document.files_updated == Names{"x.md"});
  CHECK(document.sessions.at("main").manifest.size() == 1);
  CHECK(same_news(document, compose(document, branch.seen_by("desktop", tip))));
}
