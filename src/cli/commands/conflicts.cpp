#include "cli/commands/commands.hpp"

namespace ps_sync::cli {

namespace {

std::string conflicts_text(const View& view, const std::vector<sync::Conflict>& conflicts, bool all) {
  if (conflicts.empty()) return concat(mark(view, "✅"), all ? "No conflicts anywhere\n" : "No conflicts here\n");
  if (!all) return conflict_lines(view, conflicts, Length::whole);
  std::string out;
  for (const sync::Conflict& conflict : conflicts) {
    if (!conflict.holder.empty())
      out += concat("at ", escape_for_display(config::label_of(view.settings, conflict.holder)), ":\n");
    out += conflict_lines(view, {conflict});
  }
  return out;
}

}  // namespace

Action add_conflicts(CLI::App& command) {
  auto all = std::make_shared<bool>(false);
  command.add_flag("-a,--all", *all, "Everybody's, not only those of this place");
  return [all](Context& context) {
    const std::vector<sync::Conflict> conflicts = app::conflicts(context.options, *all);
    if (!conflicts.empty()) learn_labels(context);
    return deliver(
        context, [&] { return json::conflicts(conflicts); },
        [&] {
          return Texts{conflicts_text(context.out, conflicts, *all), ""};
        });
  };
}

}  // namespace ps_sync::cli
