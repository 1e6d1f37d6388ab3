// What people read, and the exit statuses that scripts read.
#include "cli/render.hpp"

#include <fstream>

#include "samples.hpp"
#include "support/catch.hpp"

using namespace ps_sync;
using namespace ps_sync::cli;
using namespace ps_sync::cli::test;

namespace {

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

bool has_mark(std::string_view text) {
  for (const char* symbol : {"🔍", "📤", "📥", "👀", "✅", "⚠", "✖", "\x1b"})
    if (contains(text, symbol)) return true;
  return false;
}

View terminal() {
  View view;
  view.terminal = view.color = true;
  view.now = noon;
  return view;
}

}  // namespace

TEST_CASE("exit statuses are those of docs/exit-codes.md", "[cli][exit]") {
  const std::pair<ExitCode, std::string> codes[] = {{ExitCode::done, "done"},
                                                    {ExitCode::failed, "failed"},
                                                    {ExitCode::usage, "usage"},
                                                    {ExitCode::conflicts, "conflicts"},
                                                    {ExitCode::unreachable, "unreachable"},
                                                    {ExitCode::refused, "refused"},
                                                    {ExitCode::not_in_sync, "not_in_sync"},
                                                    {ExitCode::interrupted, "interrupted"}};
  std::map<std::string, std::string> documented;
  std::ifstream file(PS_SYNC_DOCS "/exit-codes.md");
  for (std::string line; std::getline(file, line);) {
    const std::vector<std::string> cells = split(line, '|');
    const std::string number(cells.size() > 3 ? trim(cells[1]) : "");
    if (!number.empty() && number.find_first_not_of("0123456789") == std::string::npos)
      documented[number] = trim(cells[2]);
  }
  CHECK(documented.size() == std::size(codes));
  for (const auto& [code, name] : codes) CHECK(documented[std::to_string(static_cast<int>(code))] == name);
}

TEST_CASE("the exit status of a sync: failure before guard before remote before conflicts", "[cli][exit]") {
  const auto exit = [](const app::SyncReport& report, bool require_remote = false) {
    const auto problem = problem_of(Command::push, report, require_remote);
    return problem ? problem->exit : exit_of(report);
  };
  app::SyncReport report;
  CHECK(exit(report) == ExitCode::done);
  report.offline = Error(ErrorKind::unreachable, "cannot reach origin");
  report.result = app::SyncResult::queued;
  CHECK(exit(report) == ExitCode::done);
  report.conflicts = full_sync().conflicts;
  CHECK(exit(report) == ExitCode::conflicts);
  CHECK(exit(report, true) == ExitCode::unreachable);
  report.offline.reset();
  CHECK(exit(report, true) == ExitCode::unreachable);
  report.result = app::SyncResult::refused;
  CHECK(exit(report, true) == ExitCode::refused);
  report.failure = Error(ErrorKind::rejected, "origin refused");
  CHECK(exit(report, true) == ExitCode::failed);
  report.failure = Error(ErrorKind::unreachable, "gone in the middle");
  CHECK(exit(report) == ExitCode::failed);
  report.failure = Error(ErrorKind::refused, "a guard");
  CHECK(exit(report) == ExitCode::refused);
}

TEST_CASE("the exit status of status --exit-code", "[cli][exit]") {
  CHECK(exit_of(full_status()) == ExitCode::conflicts);
  app::Status status;
  CHECK(exit_of(status) == ExitCode::done);
  status.state = app::State::incoming;
  CHECK(exit_of(status) == ExitCode::not_in_sync);
  CHECK(exit_of(app::ShortStatus{}) == ExitCode::done);
  CHECK(exit_of(app::ShortStatus{0, 0, 1, false}) == ExitCode::not_in_sync);
  CHECK(exit_of(app::ShortStatus{1, 0, 1, false}) == ExitCode::conflicts);
}

TEST_CASE("the short status", "[cli][status]") {
  CHECK(short_status_text({0, 0, 0, false}, false) == "✓");
  CHECK(short_status_text({0, 0, 0, true}, false) == "⌁ ✓");
  CHECK(short_status_text({1, 2, 3, true}, false) == "⌁ !1 ↓2 ↑3");
  CHECK(short_status_text({0, 2, 0, false}, false) == "↓2");
  CHECK(short_status_text({0, 0, 0, false}, true) == "ok");
  CHECK(short_status_text({1, 2, 3, true}, true) == "~ !1 v2 ^3");
}

TEST_CASE("the status says what waits, who is behind, how to resolve, and what to do next", "[cli][status]") {
  app::Status status = full_status();
  const std::string text = status_text({}, {}, status).out;
  CHECK(contains(text, "Update Available"));
  CHECK(contains(text, "  ↓ b.md (deleted)"));
  CHECK(contains(text, "  ↑ a.md (new)"));
  CHECK(contains(text, "Desktop (3 documents)"));
  CHECK(contains(text, "ps-sync resolve c.md"));
  CHECK(contains(text, "key.md: looks like a credential (line 3: GitHub token)"));
  CHECK(contains(text, "2 commits"));
  CHECK(contains(text, "Beacon: not published yet"));
  CHECK(lines_of(text).back().starts_with("Next: resolve"));

  const auto last = [&] { return lines_of(status_text({}, {}, status).out).back(); };
  status.conflicts.clear();
  CHECK(contains(last(), "--allow-deletes"));
  status.refused_deletes.clear();
  CHECK(last() == "Next: `ps-sync sync`");
  status.incoming.clear();
  CHECK_FALSE(contains(status_text({}, {}, status).out, "Update Available"));
  CHECK(last() == "Next: `ps-sync push`");
  status.incoming = full_status().incoming;
  status.outgoing.clear();
  status.queued_commits = 0;
  CHECK(last() == "Next: `ps-sync pull`");
  status.incoming.clear();
  status.beacon.pending = false;
  CHECK(last() == "In sync: nothing to do");
}

TEST_CASE("without a terminal there are neither marks nor colour, on one there are both", "[cli][render]") {
  const Texts plain = sync_text({}, {}, {Command::push}, full_sync());
  CHECK_FALSE(has_mark(plain.out));
  CHECK_FALSE(has_mark(plain.notes));
  CHECK_FALSE(has_mark(status_text({}, {}, full_status()).out));
  const Texts shown = sync_text(terminal(), terminal(), {Command::push}, full_sync());
  CHECK(contains(shown.out, "📤"));
  CHECK(contains(shown.out, "📥"));
  CHECK(contains(shown.out, "\x1b[3"));
  View colorless = terminal();
  colorless.color = false;
  CHECK_FALSE(contains(sync_text(colorless, colorless, {Command::push}, full_sync()).out, "\x1b"));
}

TEST_CASE("a queued push says so, a failed one does not", "[cli][render]") {
  app::SyncReport report;
  report.result = app::SyncResult::queued;
  CHECK(contains(sync_text({}, {}, {Command::push}, report).notes, "queued"));
  report.failure = Error(ErrorKind::failed, "disk full");
  const Texts failed = sync_text({}, {}, {Command::push}, report);
  CHECK_FALSE(contains(failed.out + failed.notes, "queued"));
}

TEST_CASE("what the merge kept is told with who deleted it, when and where", "[cli][render]") {
  View view;
  view.now = noon + std::chrono::minutes(3);
  const std::string text = sync_text(view, view, {Command::sync}, full_sync()).out;
  CHECK(contains(text, "kept d.md"));
  CHECK(contains(text, "Desktop 3 min ago"));
  CHECK(contains(text, oid('2').short_hex()));
}

TEST_CASE("a refusal lists 20 paths, counts the rest, and names the flag", "[cli][render]") {
  app::SyncReport report;
  report.result = app::SyncResult::refused;
  for (int n = 10; n < 33; ++n) report.refused_deletes.push_back(concat("file", std::to_string(n), ".md"));
  const auto problem = problem_of(Command::push, report, false);
  REQUIRE(problem);
  const std::string text = error_text({}, problem->error);
  CHECK(contains(text, "file29.md"));
  CHECK_FALSE(contains(text, "file30.md"));
  CHECK(contains(text, "and 3 more (--json has them all)"));
  CHECK(contains(text, "`ps-sync push --allow-deletes`"));
  CHECK(contains(text, "error: nothing was sent: 23 documents are gone"));

  report.result = app::SyncResult::done;  // pull goes on without them
  CHECK_FALSE(problem_of(Command::pull, report, false));
  CHECK(contains(sync_text({}, {}, {Command::pull}, report).notes, "--allow-deletes"));
}

TEST_CASE("an error is its lines, and control characters in it are escaped", "[cli][render]") {
  const Error error = Error(ErrorKind::failed, "cannot push a\x1b[2J.md").because("first\nsecond").hint("wait");
  CHECK(error_text({}, error) == "error: cannot push a\\x1B[2J.md\ncause: first\ncause: second\nhint: wait\n");
}

TEST_CASE("names are shown escaped, and given back to the shell whole", "[cli][render]") {
  CHECK(change_lines({}, "↑", {{"a\n\x1b.md", sync::ChangeKind::modified}}) == "  ↑ a\\n\\x1B.md\n");
  CHECK(path_argument("café.md") == "café.md");
  CHECK(path_argument("a b.md") == "'a b.md'");
  CHECK(path_argument("it's.md") == "'it'\\''s.md'");
  CHECK(path_argument("-x.md") == "-- -x.md");
  CHECK(path_argument("$(touch x).md") == "'$(touch x).md'");
  CHECK(path_argument("tab\t'.md") == "$'tab\\t\\'.md'");
}

TEST_CASE("a list of more than 20 entries is cut, says how many more, and is whole with -v", "[cli][render]") {
  // The two reports with every list 27 long; conflicts among what is held back are told of once, as conflicts.
  app::SyncReport report = full_sync();
  app::Status status = full_status();
  report.sent.clear(), report.received.clear(), report.conflicts.clear(), report.held_back.clear();
  report.kept.clear(), report.refused_deletes.clear();
  for (int n = 10; n < 37; ++n) {
    const std::string number = std::to_string(n);
    report.sent.push_back({concat("sent", number), sync::ChangeKind::modified});
    report.received.push_back({concat("received", number), sync::ChangeKind::added});
    report.conflicts.push_back(sync::Conflict{.path = concat("clash", number)});
    report.held_back.push_back({concat("clash", number), sync::HoldReason::conflict, ""});
    report.held_back.push_back({concat("held", number), sync::HoldReason::secret, "line 3"});
    report.kept.push_back({concat("kept", number), "desktop", noon, oid('2')});
    report.refused_deletes.push_back(concat("gone", number));
  }
  status.outgoing = report.sent;
  status.incoming = report.received;
  status.conflicts = report.conflicts;
  status.held_back = report.held_back;
  status.refused_deletes = report.refused_deletes;
  const auto times = [](std::string_view text, std::string_view part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++count;
    return count;
  };
  for (const View& view : {View{}, terminal()}) {
    const Texts synced = sync_text(view, view, {Command::sync}, report);
    const std::string now = status_text(view, view, status).out;
    for (const std::string_view list : {"sent", "received", "clash", "held", "kept", "gone"}) {
      INFO(list);
      const std::string text = synced.out + synced.notes;
      CHECK(contains(text, concat(list, "29")));
      CHECK_FALSE(contains(text, concat(list, "30")));
      if (list != "kept") {
        CHECK(contains(now, concat(list, "29")));
        CHECK_FALSE(contains(now, concat(list, "30")));
      }
    }
    CHECK(times(synced.out, "  and 7 more (--json has them all)\n") == 4);
    CHECK(times(synced.notes, "  and 7 more (--json has them all)\n") == 2);
    CHECK(times(now, "  and 7 more (--json has them all)\n") == 5);
    // What was asked for is whole.
    CHECK(contains(conflict_lines(view, report.conflicts, Length::whole), "clash36"));
  }
  View verbose;
  verbose.verbosity = 1;
  for (const char* last : {"sent36", "received36", "clash36", "held36"})
    CHECK(contains(status_text(verbose, verbose, status).out, last));
  report.sent.resize(20);
  CHECK_FALSE(contains(change_lines({}, "↑", report.sent), "more"));
}
