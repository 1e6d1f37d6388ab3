#include "cli/commands/commands.hpp"
#include "cli/progress.hpp"

namespace ps_sync::cli {

namespace {

struct StatusFlags {
  bool short_form = false;
  bool ascii = false;
  bool exit_code = false;
};

ExitCode run_short(const StatusFlags& flags, Context& context) {
  const std::optional<app::ShortStatus> status = app::short_status(context.options.folder);
  if (!status) return ExitCode::done;
  const Texts texts{concat(short_status_text(*status, flags.ascii), "\n"), ""};
  return deliver(
      context, [] { return std::string(); }, [&] { return texts; }, std::nullopt,
      flags.exit_code ? exit_of(*status) : ExitCode::done);
}

ExitCode run_status(const StatusFlags& flags, Context& context) {
  if (flags.short_form && !context.json) return run_short(flags, context);
  if (flags.short_form) context.options.offline = true;  // the short form never uses the network
  app::Status status;
  {
    const Progress progress(context, "looking at the remote");
    status = app::status(context.options);
  }
  if (!status.conflicts.empty()) learn_labels(context);
  return deliver(
      context, [&] { return json::status(status); }, [&] { return status_text(context.out, context.err, status); },
      std::nullopt, flags.exit_code ? exit_of(status) : ExitCode::done);
}

}  // namespace

Action add_status(CLI::App& command) {
  auto flags = std::make_shared<StatusFlags>();
  command.add_flag("--short", flags->short_form, "One word for prompts and status bars, without the network");
  command.add_flag("--ascii", flags->ascii, "With --short: ok !N vN ^N ~");
  command.add_flag("--exit-code", flags->exit_code, "Exit with 0 in sync, 10 something to pull or push, 3 conflicts");
  return [flags](Context& context) { return run_status(*flags, context); };
}

}  // namespace ps_sync::cli
