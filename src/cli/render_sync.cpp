// What push, pull, sync and the commands that end in one of them have done, in words; and their exit status.
#include "cli/render.hpp"

namespace ps_sync::cli {

namespace {

/// The command that takes the missing documents for deleted.
std::string with_allow_deletes(Command command) {
  return concat("ps-sync ", command == Command::other ? "sync" : to_text(command), " --allow-deletes");
}

std::string gone_text(std::size_t number) {
  return concat(count(number, "document"), number == 1 ? " is" : " are", " gone from here, and not taken for deleted");
}

std::string kept_lines(const View& view, const std::vector<app::KeptChange>& kept) {
  const std::size_t shown = shown_of(view, kept.size());
  std::string out;
  for (std::size_t i = 0; i < shown; ++i) {
    const app::KeptChange& change = kept[i];
    out += concat("  ", mark(view, "⚠"), "kept ", escape_for_display(change.path), ": changed on one side, deleted by ",
                  escape_for_display(config::label_of(view.settings, change.deleted_by)));
    if (change.at != Timestamp{}) out += concat(" ", ago(change.at, view.now));
    out += concat(" in commit ", change.commit.short_hex(), "\n");
  }
  if (shown < kept.size()) out += concat("  ", more_text(kept.size(), shown), "\n");
  return out;
}

std::string nothing_text(const View& view, Command command, const app::SyncReport& report) {
  if (!report.conflicts.empty()) return "";
  const std::string_view text = command == Command::push   ? "Nothing to push: all is sent"
                                : command == Command::pull ? "Nothing to pull: all is here"
                                : command == Command::sync ? "Nothing to do: all is in sync"
                                                           : "Nothing to do";
  return concat(mark(view, "✅"), text, "\n");
}

std::string last_line(const View& view, Command command, const app::SyncReport& report) {
  switch (report.result) {
    case app::SyncResult::done:
      if (report.failure) return "";
      return report.conflicts.empty() ? concat(mark(view, "✅"), "Done\n") : "Done, but conflicts wait\n";
    case app::SyncResult::nothing:
      return report.failure || report.offline ? "" : nothing_text(view, command, report);
    case app::SyncResult::queued:
    case app::SyncResult::refused:
      return "";
  }
  return "";
}

std::string offline_notes(const View& view, const SyncWords& words, const app::SyncReport& report) {
  std::string out;
  if (report.offline && !words.remote_required) out += offline_text(view, *report.offline);
  if (report.result == app::SyncResult::queued && !report.failure)
    out += "queued: committed here, and goes out with the next push, pull or sync that reaches the remote\n";
  return out;
}

std::string notes_of(const View& view, const SyncWords& words, const app::SyncReport& report) {
  std::string out = warnings_text(view, report.warnings);
  if (const std::string held = held_back_lines(view, report.held_back); !held.empty())
    out += concat("held back, all else goes on:\n", held);
  if (!report.refused_deletes.empty() && report.result != app::SyncResult::refused) {
    out += warning_text(view, concat(gone_text(report.refused_deletes.size()), ":"));
    out += refused_lines(report.refused_deletes);
    out += concat("if they are meant to go: ", command_text(view, with_allow_deletes(words.command)), "\n");
  }
  out += offline_notes(view, words, report);
  if (view.verbosity > 0 && report.commit) out += concat("commit: ", report.commit->hex(), "\n");
  return out;
}

}  // namespace

Texts sync_text(const View& out, const View& err, const SyncWords& words, const app::SyncReport& report) {
  Texts texts;
  texts.notes = notes_of(err, words, report);
  if (!report.received.empty()) {
    texts.out += concat(mark(out, "📥"), words.dry_run ? "Would receive " : "Received ",
                        count(report.received.size(), "document"), "\n", change_lines(out, "↓", report.received));
  }
  if (!report.sent.empty() && report.result != app::SyncResult::refused) {
    const std::string_view verb = words.dry_run ? "Would send " : report.pushed ? "Sent " : "Committed ";
    texts.out +=
        concat(mark(out, "📤"), verb, count(report.sent.size(), "document"), "\n", change_lines(out, "↑", report.sent));
  }
  texts.out += kept_lines(out, report.kept);
  if (!report.conflicts.empty()) {
    texts.out += concat(paint(out, Tone::bad, count(report.conflicts.size(), "conflict")),
                        "; your files here are as they were:\n", conflict_lines(out, report.conflicts));
  }
  if (!words.dry_run) {
    texts.out += last_line(out, words.command, report);
  } else if (report.sent.empty() && report.received.empty()) {
    texts.out += "Nothing would change\n";
  }
  return texts;
}

namespace {

Problem refusal(Command command, const app::SyncReport& report) {
  Error error(ErrorKind::refused, concat("nothing was sent: ", gone_text(report.refused_deletes.size())));
  for (const std::string& line : first_of(report.refused_deletes)) std::move(error).because(line);
  return {std::move(error)
              .hint("if they should not be gone: `ps-sync restore PATH` brings one back")
              .hint(concat("if they are meant to go: `", with_allow_deletes(command), "`")),
          ExitCode::refused};
}

}  // namespace

std::optional<Problem> problem_of(Command command, const app::SyncReport& report, bool require_remote) {
  if (report.failure) {
    const bool refused = report.failure->kind() == ErrorKind::refused;
    return Problem{*report.failure, refused ? ExitCode::refused : ExitCode::failed};
  }
  if (report.result == app::SyncResult::refused) return refusal(command, report);
  if (require_remote && report.offline) return Problem{*report.offline, ExitCode::unreachable};
  if (require_remote && report.result == app::SyncResult::queued) {
    return Problem{Error(ErrorKind::unreachable, "the remote was not reached")
                       .because("--require-remote was given, and what there is to send is only committed here")
                       .hint("`ps-sync status` tells why"),
                   ExitCode::unreachable};
  }
  return std::nullopt;
}

ExitCode exit_of(const app::SyncReport& report) {
  return report.conflicts.empty() ? ExitCode::done : ExitCode::conflicts;
}

}  // namespace ps_sync::cli
