// push, pull and sync.
#include "cli/commands/commands.hpp"
#include "cli/progress.hpp"

namespace ps_sync::cli {

ExitCode deliver_sync(Context& context, const SyncWords& words, const app::SyncReport& report, bool conflicts_count) {
  if (!report.conflicts.empty() || !report.kept.empty()) learn_labels(context);
  const std::optional<Problem> problem = problem_of(words.command, report, words.remote_required);
  return deliver(
      context, [&] { return json::sync(report, problem); },
      [&] { return sync_text(context.out, context.err, words, report); }, problem,
      conflicts_count ? exit_of(report) : ExitCode::done);
}

namespace {

using UseCase = app::SyncReport (*)(const app::Options&, const app::SyncOptions&);

ExitCode run_sync(Context& context, Command command, UseCase use_case, const app::SyncOptions& what) {
  if (what.require_remote && context.options.offline)
    throw Error(ErrorKind::usage, "--require-remote and --offline cannot be used together");
  app::SyncReport report;
  {
    const Progress progress(context, command == Command::push   ? "pushing"
                                     : command == Command::pull ? "pulling"
                                                                : "syncing");
    report = use_case(context.options, what);
  }
  return deliver_sync(context, {command, what.dry_run, what.require_remote}, report, true);
}

std::shared_ptr<app::SyncOptions> add_guards(CLI::App& command) {
  auto what = std::make_shared<app::SyncOptions>();
  command.add_flag("--allow-deletes", what->allow_deletes, "Take documents that are gone for deleted, however many");
  command.add_flag("--allow-secrets", what->allow_secrets, "Send texts that look like credentials");
  command.add_flag("--require-remote", what->require_remote, "Exit with 4 where the remote cannot be reached");
  return what;
}

}  // namespace

Action add_push(CLI::App& command) {
  auto what = add_guards(command);
  command.add_option("-m,--message", what->message, "Subject of the commit")->type_name("TEXT");
  command.add_flag("-n,--dry-run", what->dry_run, "Say what would be sent, and change nothing");
  command.add_option("PATH", what->paths, "Only these documents or folders")->type_name("");
  return [what](Context& context) { return run_sync(context, Command::push, app::push, *what); };
}

Action add_pull(CLI::App& command) {
  auto what = add_guards(command);
  command.add_flag("-n,--dry-run", what->dry_run, "Say what would come, and change nothing");
  command.add_flag("--no-push", what->no_push, "Keep here what the merge made");
  return [what](Context& context) { return run_sync(context, Command::pull, app::pull, *what); };
}

Action add_sync(CLI::App& command) {
  auto what = add_guards(command);
  command.add_option("-m,--message", what->message, "Subject of the commit")->type_name("TEXT");
  return [what](Context& context) { return run_sync(context, Command::sync, app::sync, *what); };
}

}  // namespace ps_sync::cli
