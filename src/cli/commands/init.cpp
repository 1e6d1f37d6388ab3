#include "cli/commands/commands.hpp"
#include "cli/commands/setup.hpp"
#include "cli/progress.hpp"
#include "cli/terminal.hpp"
#include "ps_sync/base/endpoint.hpp"

namespace ps_sync::cli {

namespace {

struct InitFlags {
  app::InitOptions what;
  bool hooks = false, no_hooks = false, vscode = false, claude_code = false, claude_desktop = false;
};

std::string next_step(const View& view, const app::InitReport& report) {
  const std::string push = command_text(view, "ps-sync push");
  const std::string where = report.include.empty() ? ".claude/planning/" : escape_for_display(report.include.front());
  if (report.remote_url.empty())
    return concat("Next: ", command_text(view, "git remote add origin URL"), ", put documents into ", where, ", then ",
                  push, "\n");
  if (report.remote_has_documents) return concat("Next: ", command_text(view, "ps-sync pull"), "\n");
  return concat("Next: put documents into ", where, ", then ", push, "\n");
}

std::string tracked_text(const View& view, const app::InitReport& report) {
  if (report.tracked.empty()) return "";
  return concat(
      warning_text(view, concat(count(report.tracked.size(), "document"), " also tracked on your own branch:")),
      refused_lines(report.tracked),
      "git switch may take these away or bring old versions back. ps-sync takes that neither for a deletion nor "
      "for an edit: it holds them back and names them, and `ps-sync restore PATH` brings the newest.\n");
}

/// Offers a name for this place where one is needed and somebody is there to ask.
void ask_for_endpoint(const Context& context, app::InitOptions& what) {
  const bool somebody = is_terminal(Stream::in) && is_terminal(Stream::err) && !context.json && !context.quiet;
  if (what.endpoint || !somebody || app::read_config(context.options).settings.endpoint) return;
  const std::string offered = to_endpoint_name(host_name());
  for (;;) {
    const std::optional<std::string> answer = ask(concat("Name of this working place [", offered, "]: "));
    const std::string name(trim(answer.value_or("")));
    what.endpoint = name.empty() ? offered : name;
    if (is_endpoint_name(*what.endpoint)) return;
    write_err("A name has lower-case letters, digits and dashes, at most 39, and begins with a letter or digit.\n");
  }
}

void warn_of_what_is_not_here(const Context& context, const InitFlags& flags) {
  const std::pair<bool, std::string_view> later[] = {{flags.hooks, "--hooks"},
                                                     {flags.vscode, "--vscode"},
                                                     {flags.claude_code, "--claude-code"},
                                                     {flags.claude_desktop, "--claude-desktop"}};
  for (const auto& [given, name] : later)
    if (given && !context.quiet)
      write_err(warning_text(context.err, concat(name, " does nothing yet in this version of ps-sync")));
}

ExitCode run_init(InitFlags& flags, Context& context) {
  if (flags.hooks && flags.no_hooks) throw Error(ErrorKind::usage, "--hooks and --no-hooks cannot be used together");
  ask_for_endpoint(context, flags.what);
  app::InitReport report;
  {
    const Progress progress(context, "looking at the remote");
    report = app::init(context.options, flags.what);
  }
  warn_of_what_is_not_here(context, flags);
  return deliver(
      context, [&] { return json::init(report); }, [&] { return setup_text(context.out, context.err, report, true); });
}

}  // namespace

Texts setup_text(const View& out, const View& err, const app::InitReport& report, bool next) {
  Texts texts;
  texts.notes = warnings_text(err, report.warnings);
  texts.notes += tracked_text(err, report);
  if (report.remote_is_empty) {
    texts.notes +=
        warning_text(err,
                     "the remote has no branch yet, and its host may take the first one that arrives for its "
                     "default: push a branch of your own before the first sync");
  }
  texts.out = concat(mark(out, "✅"), report.already_set_up ? "Already set up: " : "Set up: ",
                     paint(out, Tone::strong, config::label_of(out.settings, report.endpoint)), " (", report.endpoint,
                     ") on ", escape_for_display(report.branch), "\n");
  if (report.remote_url.empty()) {
    texts.out += "No remote: commits stay here until there is one\n";
  } else {
    texts.out += concat("Remote: ", report.remote_name.empty() ? "" : escape_for_display(report.remote_name) + ", ",
                        escape_for_display(report.remote_url), report.reachable ? "" : " (could not be reached)", "\n");
  }
  for (const std::string& path : report.made) texts.out += concat("  made ", escape_for_display(path), "\n");
  for (const std::string& path : report.moved) texts.out += concat("  moved ", escape_for_display(path), "\n");
  if (next) texts.out += next_step(out, report);
  return texts;
}

Action add_init(CLI::App& command) {
  auto flags = std::make_shared<InitFlags>();
  app::InitOptions& what = flags->what;
  command.add_option("--remote", what.remote, "A remote's name, or a URL")->type_name("NAME-OR-URL");
  command.add_option("--as", what.endpoint, "Name of this working place; the host's name where not given")
      ->type_name("ENDPOINT");
  command.add_option("--beacon", what.beacon, "git, none, github:OWNER/REPO or github:OWNER/REPO#N")
      ->type_name("BEACON");
  command.add_option("--project", what.project, "A GitHub Project that shows the ticket")->type_name("ID");
  // One value each time: a word after it is not a second path.
  command.add_option("--include", what.include, "A folder or file to sync; may be given again")
      ->type_name("PATH")
      ->expected(1)
      ->take_all();
  command.add_flag("--hooks", flags->hooks, "Accepted for later: this version has no hooks");
  command.add_flag("--no-hooks", flags->no_hooks, "Install no git hooks");
  command.add_flag("--vscode", flags->vscode, "Accepted for later");
  command.add_flag("--claude-code", flags->claude_code, "Accepted for later");
  command.add_flag("--claude-desktop", flags->claude_desktop, "Accepted for later");
  command.add_flag("--migrate-prompts", what.migrate_prompts, "Move .claude/prompts/*.md to .claude/planning");
  return [flags](Context& context) { return run_init(*flags, context); };
}

}  // namespace ps_sync::cli
