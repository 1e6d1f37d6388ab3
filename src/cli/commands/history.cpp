// log, show, diff, restore and git: the history of the documents.
#include <limits>

#include "cli/commands/commands.hpp"
#include "cli/terminal.hpp"

namespace ps_sync::cli {

namespace {

std::string_view letter_of(sync::ChangeKind kind) {
  switch (kind) {
    case sync::ChangeKind::added:
      return "A";
    case sync::ChangeKind::modified:
      return "M";
    case sync::ChangeKind::deleted:
      return "D";
  }
  return "";
}

std::string log_text(const View& view, const std::vector<app::LogEntry>& entries) {
  constexpr std::size_t shown_changes = 10;
  std::string out;
  for (const app::LogEntry& entry : entries) {
    out += concat(paint(view, Tone::warning, entry.commit.short_hex()), " ", format_utc(entry.at), " ");
    if (!entry.endpoint.empty()) out += concat(paint(view, Tone::good, escape_for_display(entry.endpoint)), " ");
    out += concat(escape_for_display(entry.subject), "\n");
    const std::size_t shown = view.verbosity > 0 ? entry.changes.size() : std::min(entry.changes.size(), shown_changes);
    for (std::size_t i = 0; i < shown; ++i)
      out += concat("  ", letter_of(entry.changes[i].change), " ", escape_for_display(entry.changes[i].path), "\n");
    if (shown < entry.changes.size())
      out += concat("  and ", std::to_string(entry.changes.size() - shown), " more (-v shows all)\n");
  }
  return out;
}

/// What a command was asked to show goes out as it is, also with -q.
ExitCode deliver_bytes(const Context& context, const std::string& json, const std::string& bytes) {
  write_out(context.json ? json + "\n" : bytes);
  return ExitCode::done;
}

std::optional<std::string> if_given(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

}  // namespace

Action add_log(CLI::App& command) {
  struct Flags {
    std::string path;
    std::size_t number = 50;
  };
  auto flags = std::make_shared<Flags>();
  command.add_option("PATH", flags->path, "Only what changed this document or folder")->type_name("");
  command.add_option("-n,--max-count", flags->number, "At most so many commits, 50 where not given, 0 for all")
      ->type_name("N");
  return [flags](Context& context) {
    const std::size_t limit = flags->number == 0 ? std::numeric_limits<std::size_t>::max() : flags->number;
    const std::vector<app::LogEntry> entries = app::log(context.options, if_given(flags->path), limit);
    return deliver(
        context, [&] { return json::log(entries); },
        [&] {
          return Texts{log_text(context.out, entries), ""};
        });
  };
}

Action add_show(CLI::App& command) {
  struct Flags {
    std::string revision, path;
  };
  auto flags = std::make_shared<Flags>();
  command.add_option("REV", flags->revision, "A commit of the branch, as git names it: main, main~2, 4f1c2ab")
      ->required()
      ->type_name("");
  command.add_option("PATH", flags->path, "A document; its bytes at that commit are shown")->type_name("");
  return [flags](Context& context) {
    const std::string bytes =
        flags->path.empty() ? app::show_commit(context.options, flags->revision, context.out.color && !context.json)
                            : app::show_document(context.options, flags->revision, flags->path);
    return deliver_bytes(context, context.json ? json::content(flags->revision, if_given(flags->path), bytes) : "",
                         bytes);
  };
}

Action add_diff(CLI::App& command) {
  auto path = std::make_shared<std::string>();
  command.add_option("PATH", *path, "Only this document or folder")->type_name("");
  return [path](Context& context) {
    const std::string bytes = app::diff(context.options, if_given(*path), context.out.color && !context.json);
    return deliver_bytes(context, context.json ? json::content(std::nullopt, if_given(*path), bytes) : "", bytes);
  };
}

Action add_restore(CLI::App& command) {
  struct Flags {
    std::string path, revision;
  };
  auto flags = std::make_shared<Flags>();
  command.add_option("PATH", flags->path, "The document; its present bytes are committed first")
      ->required()
      ->type_name("");
  command.add_option("--from", flags->revision, "The commit to take it from, the newest where not given")
      ->type_name("REV");
  return [flags](Context& context) {
    const app::RestoreReport report = app::restore(context.options, flags->path, if_given(flags->revision));
    const std::optional<Problem> problem = problem_of(Command::other, report.sync, false);
    const auto text = [&] {
      const std::string path = escape_for_display(report.path);
      const std::string from = report.from.short_hex();
      std::string out = report.changed ? concat(mark(context.out, "✅"), "Restored ", path, " from ", from, "\n")
                                       : concat(path, " is already as in ", from, "\n");
      // Of the commit before it only what is no success: the restored document is the answer.
      return Texts{std::move(out), warnings_text(context.err, report.sync.warnings)};
    };
    return deliver(
        context, [&] { return json::restore(report, problem); }, text, problem);
  };
}

Action add_git(CLI::App& command) {
  // Declared for the help text and completion; run_words() hands its words over before they are parsed.
  command.add_option("ARGS", "What git is to do, in git's own words")->type_name("");
  return [](Context& context) { return static_cast<ExitCode>(app::run_git(context.options, {})); };
}

}  // namespace ps_sync::cli
