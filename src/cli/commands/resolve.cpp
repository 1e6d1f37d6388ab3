// resolve: the document as it is on disk, one of the sides, another file, or what a tool or an editor made of them.
#include "cli/commands/commands.hpp"
#include "cli/progress.hpp"
#include "ps_sync/platform/process.hpp"

namespace ps_sync::cli {

namespace {

struct ResolveFlags {
  std::string path;
  bool ours = false, theirs = false, both = false, tool = false, edit = false;
  std::string file;
};

void run_program(const ::ps_sync::Command& command, std::string_view what) {
  const int status = run_attached(command);
  if (status == 0) return;
  throw Error(ErrorKind::failed, concat("the ", what, " ended with status ", std::to_string(status)))
      .because("nothing was resolved")
      .hint("`ps-sync resolve PATH --ours`, `--theirs` or `--union` needs no program");
}

/// As `git mergetool` does: the user's own command line in a shell, with the four files as variables.
void run_tool(const app::Options& options, const app::ConflictFiles& files) {
  const std::optional<std::string> line = app::merge_tool_command(options);
  if (!line) {
    throw Error(ErrorKind::config, "no merge tool is configured")
        .hint("`git config merge.tool NAME` and `git config mergetool.NAME.cmd COMMAND`")
        .hint("or `ps-sync resolve PATH --edit`");
  }
  ::ps_sync::Command command;
  command.arguments = {"sh", "-c", *line};
  command.environment = {{"BASE", files.base.string()},
                         {"LOCAL", files.ours.string()},
                         {"REMOTE", files.theirs.string()},
                         {"MERGED", files.merged.string()}};
  run_program(command, "merge tool");
}

/// As git starts editors: the configured words in a shell, the file as the last argument.
void run_editor(const app::Options& options, const app::ConflictFiles& files) {
  const std::string editor = app::editor_command(options);
  const bool needs_terminal = editor.empty() || editor == "vi" || editor == "editor";  // what git falls back to
  if (needs_terminal && !options.terminal) {
    throw Error(ErrorKind::failed, "cannot open an editor without a terminal")
        .hint("set core.editor, VISUAL or EDITOR to one that needs none")
        .hint("or edit the document in place, then `ps-sync resolve PATH`");
  }
  ::ps_sync::Command command;
  command.arguments = {"sh", "-c", concat(editor, " \"$@\""), editor, files.merged.string()};
  run_program(command, "editor");
}

ExitCode run_resolve(const ResolveFlags& flags, Context& context) {
  const int choices = flags.ours + flags.theirs + flags.both + flags.tool + flags.edit + !flags.file.empty();
  if (choices > 1)
    throw Error(ErrorKind::usage, "more than one choice for a conflict")
        .hint("give one of --ours, --theirs, --union, --file FILE, --tool and --edit, or none of them");
  app::ResolveOptions what;
  what.path = flags.path;
  std::optional<app::ConflictFiles> files;  // lives until the choice is committed
  if (flags.ours) what.choice = app::Choice::ours;
  if (flags.theirs) what.choice = app::Choice::theirs;
  if (flags.both) what.choice = app::Choice::both;
  if (!flags.file.empty()) {
    what.choice = app::Choice::file;
    what.file = context.options.folder / flags.file;  // as git reads paths after -C; an absolute one stays
  }
  if (flags.tool || flags.edit) {
    files = app::write_conflict_files(context.options, flags.path);
    flags.tool ? run_tool(context.options, *files) : run_editor(context.options, *files);
    what.choice = app::Choice::file;
    what.file = files->merged;
  }
  app::SyncReport report;
  {
    const Progress progress(context, "resolving");
    report = app::resolve(context.options, what);
  }
  return deliver_sync(context, {}, report, true);
}

}  // namespace

Action add_resolve(CLI::App& command) {
  auto flags = std::make_shared<ResolveFlags>();
  command.add_option("PATH", flags->path, "The document in conflict; without a choice, as it now is on disk")
      ->required()
      ->type_name("");
  command.add_flag("--ours", flags->ours, "Take what this place had");
  command.add_flag("--theirs", flags->theirs, "Take what the branch has");
  command.add_flag("--union", flags->both, "Keep the lines of both");
  command.add_option("--file", flags->file, "Take another file's content")->type_name("FILE");
  command.add_flag("--tool", flags->tool, "Open the merge tool that git is configured for");
  command.add_flag("--edit", flags->edit, "Open the editor that git is configured for");
  return [flags](Context& context) { return run_resolve(*flags, context); };
}

}  // namespace ps_sync::cli
