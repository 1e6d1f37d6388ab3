#include "cli/commands/commands.hpp"
#include "cli/progress.hpp"
#include "cli/terminal.hpp"

namespace ps_sync::cli {

namespace {

/// The body as it stands there, but for control characters: anybody may have written it.
std::string body_text(const std::string& body) {
  std::string out;
  for (const std::string& line : lines_of(body)) out += concat(escape_for_display(line), "\n");
  return out;
}

ExitCode run_show(Context& context) {
  std::optional<std::string> body;
  {
    const Progress progress(context, "reading the beacon");
    body = app::show_beacon(context.options);
  }
  if (context.json) {
    write_out(json::beacon(body) + "\n");
  } else if (body) {
    write_out(body_text(*body));
  } else if (!context.quiet) {
    write_err("no beacon is published\n");
  }
  return ExitCode::done;
}

ExitCode run_change(Context& context, const std::function<app::SyncReport(const app::Options&)>& use_case) {
  app::SyncReport report;
  {
    const Progress progress(context, "publishing the beacon");
    report = use_case(context.options);
  }
  return deliver_sync(context, {}, report, false);
}

}  // namespace

Action add_beacon(CLI::App& command) {
  command.require_subcommand(1);
  CLI::App* show = command.add_subcommand("show", "Print the published beacon");
  CLI::App* reset = command.add_subcommand("reset", "Set it to idle, whatever waits");
  command.add_subcommand("repair", "Compose it anew from git and publish it");
  CLI::App* create = command.add_subcommand("create", "Make the ticket on GitHub, where there is none");
  CLI::App* link = command.add_subcommand("link", "Use that ticket from now on");
  auto ticket = std::make_shared<std::string>();
  link->add_option("OWNER/REPO#N", *ticket, "The ticket")->required()->type_name("");
  return [show, reset, create, link, ticket](Context& context) {
    if (show->parsed()) return run_show(context);
    if (create->parsed()) return run_change(context, app::create_beacon);
    if (link->parsed())
      return run_change(context, [&](const app::Options& options) { return app::link_beacon(options, *ticket); });
    return run_change(context, reset->parsed() ? app::reset_beacon : app::repair_beacon);
  };
}

}  // namespace ps_sync::cli
