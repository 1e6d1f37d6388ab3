#include "cli/commands/commands.hpp"
#include "cli/commands/setup.hpp"
#include "cli/progress.hpp"

namespace ps_sync::cli {

namespace {

struct CloneFlags {
  std::string url, endpoint;
  std::string folder;
};

ExitCode run_clone(const CloneFlags& flags, Context& context) {
  app::CloneReport report;
  {
    const Progress progress(context, "cloning");
    report = app::clone(context.options, flags.url, flags.folder.empty() ? std::nullopt : std::optional(flags.folder),
                        flags.endpoint);
  }
  context.options.folder = report.folder;  // where the labels are
  if (!report.pull.conflicts.empty() || !report.pull.kept.empty()) learn_labels(context);
  const std::optional<Problem> problem = problem_of(Command::pull, report.pull, false);
  const auto text = [&] {
    Texts texts = setup_text(context.out, context.err, report.init, false);
    const Texts pulled = sync_text(context.out, context.err, {Command::pull}, report.pull);
    texts.out += pulled.out;
    texts.notes += pulled.notes;
    texts.out +=
        concat("Next: ", command_text(context.out, concat("cd ", path_argument(report.folder.string()))), "\n");
    return texts;
  };
  return deliver(
      context, [&] { return json::clone(report, problem); }, text, problem, exit_of(report.pull));
}

}  // namespace

Action add_clone(CLI::App& command) {
  auto flags = std::make_shared<CloneFlags>();
  command.add_option("URL", flags->url, "Where the documents are")->required()->type_name("");
  command.add_option("DIR", flags->folder, "The new folder; named after the URL where not given")->type_name("");
  command.add_option("--as", flags->endpoint, "Name of this working place")->required()->type_name("ENDPOINT");
  return [flags](Context& context) { return run_clone(*flags, context); };
}

}  // namespace ps_sync::cli
