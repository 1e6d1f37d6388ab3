#include "cli/commands/commands.hpp"
#include "cli/terminal.hpp"
#include "ps_sync/base/endpoint.hpp"

namespace ps_sync::cli {

namespace {

struct ConfigFlags {
  std::string key, value;
  bool clone_only = false;
};

config::Value find_value(const config::Loaded& loaded, const std::string& key) {
  for (const config::Value& value : loaded.values)
    if (value.key == key) return value;
  constexpr std::string_view labels = "labels.";
  if (key.starts_with(labels) && is_endpoint_name(std::string_view(key).substr(labels.size())))
    return {key, config::label_of(loaded.settings, key.substr(labels.size())), "default"};
  Error error(ErrorKind::config, concat("unknown setting ", escape_for_display(key)));
  if (const auto near = nearest(key, config::known_keys()))
    throw std::move(error).hint(concat("did you mean ", *near, "?"));
  throw std::move(error).hint("`ps-sync config list` shows all of them");
}

std::string values_text(const View& view, const std::vector<config::Value>& values) {
  std::size_t width = 0;
  for (const config::Value& value : values) width = std::max(width, value.key.size());
  std::string out;
  for (const config::Value& value : values) {
    out += concat(paint(view, Tone::strong, value.key), std::string(width - value.key.size(), ' '), " = ",
                  escape_for_display(value.text), "  ",
                  paint(view, Tone::faint, concat("(", escape_for_display(value.origin), ")")), "\n");
  }
  return out;
}

ExitCode run_get(const ConfigFlags& flags, Context& context) {
  const config::Value value = find_value(app::read_config(context.options), flags.key);
  write_out(concat(context.json ? json::config_value(value) : value.text, "\n"));
  return ExitCode::done;
}

ExitCode run_set(const ConfigFlags& flags, Context& context) {
  app::set_config(context.options, flags.key, flags.value, flags.clone_only);
  const config::Value value = find_value(app::read_config(context.options), flags.key);
  return deliver(
      context, [&] { return json::config_value(value); },
      [&] {
        return Texts{values_text(context.out, {value}), ""};
      });
}

ExitCode run_list(Context& context) {
  const config::Loaded loaded = app::read_config(context.options);
  write_out(context.json ? json::config_list(loaded.values) + "\n" : values_text(context.out, loaded.values));
  return ExitCode::done;
}

}  // namespace

Action add_config(CLI::App& command) {
  auto flags = std::make_shared<ConfigFlags>();
  command.require_subcommand(1);
  CLI::App* get = command.add_subcommand("get", "Print the value in force");
  get->add_option("KEY", flags->key, "A setting, with dots: network.timeout")->required()->type_name("");
  CLI::App* set = command.add_subcommand("set", "Write a value into the config file");
  set->add_option("KEY", flags->key, "A setting, with dots: network.timeout")->required()->type_name("");
  set->add_option("VALUE", flags->value, "Its value; a list's entries are separated by commas")
      ->required()
      ->type_name("");
  set->add_flag("--clone-only", flags->clone_only, "For this clone alone: into git's configuration, not into the file");
  command.add_subcommand("list", "Show every value in force and where it comes from");
  return [flags, get, set](Context& context) {
    if (get->parsed()) return run_get(*flags, context);
    if (set->parsed()) return run_set(*flags, context);
    return run_list(context);
  };
}

}  // namespace ps_sync::cli
