// Reports as the use cases make them: one with everything in it, one with everything left out that can be.
#pragma once

#include <string>

#include "ps_sync/app/app.hpp"

namespace ps_sync::cli::test {

inline Oid oid(char digit) { return *Oid::from_hex(std::string(40, digit)); }
inline const Timestamp noon{std::chrono::seconds(1'795'000'000)};

inline app::SyncReport full_sync() {
  app::SyncReport report;
  report.result = app::SyncResult::done;
  report.commit = oid('1');
  report.pushed = report.published = true;
  report.sent = {{"a.md", sync::ChangeKind::added}};
  report.received = {{"b.md", sync::ChangeKind::deleted}};
  report.conflicts = {{"c.md", sync::ConflictKind::content, oid('4'), oid('5'), oid('6'), "desktop", noon, "code"}};
  report.held_back = {{"key.md", sync::HoldReason::secret, "line 3: GitHub token"}};
  report.kept = {{"d.md", "desktop", noon, oid('2')}};
  report.refused_deletes = {"gone.md"};
  report.warnings = {"a word"};
  report.offline = Error(ErrorKind::unreachable, "cannot reach origin").because("no route").hint("later");
  return report;
}

/// No optional field is set, but each list has an entry, so that the entries' own fields can be absent too.
inline app::SyncReport bare_sync() {
  app::SyncReport report;
  report.sent = {{"a.md", sync::ChangeKind::added}};
  report.conflicts = {sync::Conflict{.path = "c.md"}};
  return report;
}

inline app::Status full_status() {
  const app::SyncReport sync = full_sync();
  app::Status status;
  status.endpoint = "code";
  status.session = "main";
  status.branch = "promptsync/main";
  status.state = app::State::conflicts;
  status.remote_name = "origin";
  status.remote_url = "https://example.org/plans.git";
  status.reachable = true;
  status.base = oid('1');
  status.local = oid('2');
  status.tip = oid('3');
  status.beacon = {
      "github", "o/r#12", "UPDATE_AVAILABLE", oid('3'), "Desktop→Code", "Added Act 2", "2026-11-23T10:45:00Z",
      {"a.md"}, true};
  status.incoming = sync.received;
  status.outgoing = sync.sent;
  status.queued_commits = 2;
  status.conflicts = sync.conflicts;
  status.held_back = sync.held_back;
  status.behind = {{"desktop", "Desktop", oid('1'), noon, 3, false}};
  status.refused_deletes = sync.refused_deletes;
  status.warnings = sync.warnings;
  status.offline = sync.offline;
  return status;
}

inline app::Status bare_status() {
  app::Status status;
  status.endpoint = "code";
  status.session = "main";
  status.branch = "promptsync/main";
  status.conflicts = bare_sync().conflicts;
  status.behind = {{"desktop", "Desktop", std::nullopt, std::nullopt, 0, false}};
  return status;
}

inline app::InitReport full_init() {
  app::InitReport report;
  report.endpoint = "code";
  report.session = "main";
  report.branch = "promptsync/main";
  report.remote_name = "origin";
  report.remote_url = "https://example.org/plans.git";
  report.made = {".claude/sync/config.yml"};
  report.moved = {"act-1.md"};
  report.tracked = {"plan.md"};
  report.include = {".claude/planning/"};
  report.warnings = {"a word"};
  return report;
}

inline app::InitReport bare_init() {
  app::InitReport report;
  report.endpoint = "code";
  return report;
}

}  // namespace ps_sync::cli::test
