// From words to an action. Only the command that the words name is built, so that a command line costs what its command
// costs and not what all of them would.
#include "cli/command_line.hpp"

#include <CLI/CLI.hpp>

#include "cli/terminal.hpp"

namespace ps_sync::cli {

namespace {

/// What the global flags are read into before they are put to use.
struct GlobalValues {
  std::string folder = ".";
  bool json = false, quiet = false, offline = false, no_color = false, no_progress = false, version = false;
  int verbosity = 0;
};

void add_global_flags(CLI::App& root, GlobalValues& values) {
  root.add_option("-C", values.folder)->type_name("DIR")->allow_extra_args(false);
  root.add_flag("--json", values.json);
  root.add_flag("-q,--quiet", values.quiet);
  root.add_flag("-v,--verbose", values.verbosity);
  root.add_flag("--offline", values.offline);
  root.add_flag("--no-color", values.no_color);
  root.add_flag("--no-progress", values.no_progress);
  root.add_flag("--version", values.version);
}

View make_view(Stream stream, const Context& context) {
  View view;
  view.terminal = is_terminal(stream);
  view.color = view.terminal && context.color && terminal_takes_color();
  view.verbosity = context.verbosity;
  view.now = std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
  return view;
}

void put_to_use(const GlobalValues& values, Context& context) {
  context.options.folder = values.folder;
  context.options.offline = values.offline;
  context.options.terminal = is_terminal(Stream::in) && is_terminal(Stream::err);
  context.json = values.json;
  context.quiet = values.quiet;
  context.verbosity = values.verbosity;
  if (values.verbosity > 1)
    context.options.trace = [](const std::string& line) { write_err(concat("trace: ", line, "\n")); };
  context.color = !values.no_color;
  context.progress = !values.no_progress;
  context.out = make_view(Stream::out, context);
  context.err = make_view(Stream::err, context);
}

/// The place of the command in `words`: the first one that is no flag, nor the folder after -C.
std::optional<std::size_t> command_index(const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "-C") {
      ++i;
    } else if (!words[i].starts_with('-')) {
      return i;
    }
  }
  return std::nullopt;
}

std::vector<std::string> flag_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

/// "ps-sync beacon show", as far as the words were understood, and all that may stand there.
struct Understood {
  std::string words = "ps-sync";
  std::vector<std::string> flags;
  std::vector<std::string> nested;  ///< commands that could come next
};

Understood understood(const CLI::App& root) {
  Understood found;
  for (const CLI::App* app = &root;;) {
    const std::vector<std::string> flags = flag_names(*app);
    found.flags.insert(found.flags.end(), flags.begin(), flags.end());
    const std::vector<CLI::App*> chosen = app->get_subcommands();
    if (chosen.empty()) {
      for (const CLI::App* nested : app->get_subcommands([](const CLI::App*) { return true; }))
        found.nested.push_back(nested->get_name());
      return found;
    }
    app = chosen.back();
    found.words += " " + app->get_name();
  }
}

Error usage_error(const CLI::ParseError& error, const CLI::App& root) {
  const Understood known = understood(root);
  const std::string help = concat("`", known.words, " --help` shows what it takes");
  const std::vector<std::string> extra = root.remaining(true);
  const auto with_near = [&](std::string message, std::string_view word, const std::vector<std::string>& candidates) {
    Error usage(ErrorKind::usage, std::move(message));
    if (const auto near = nearest(word, candidates))
      return std::move(usage).hint(concat("did you mean `", *near, "`?")).hint(help);
    return std::move(usage).hint(help);
  };
  if (!extra.empty() && extra.front().starts_with('-')) {
    const std::string name = extra.front().substr(0, extra.front().find('='));
    return with_near(concat("unknown option ", name, " of `", known.words, "`"), name, known.flags);
  }
  if (!extra.empty() && !known.nested.empty()) {
    return with_near(concat("`", known.words, "` has no command ", extra.front()), extra.front(), known.nested);
  }
  if (!extra.empty()) return Error(ErrorKind::usage, concat("unexpected argument ", extra.front())).hint(help);
  if (!known.nested.empty() && dynamic_cast<const CLI::RequiredError*>(&error) != nullptr)
    return Error(ErrorKind::usage, concat("`", known.words, "` needs one of: ", join(known.nested, ", "))).hint(help);
  std::string message = error.what();  // CLI11's words begin with a capital letter, or with a name such as PATH
  if (message.size() > 1 && message[1] >= 'a' && message[1] <= 'z') message[0] = to_lower_ascii(message)[0];
  return Error(ErrorKind::usage, std::move(message)).hint(help);
}

Error unknown_command(const std::string& name) {
  std::vector<std::string> names;
  for (const CommandGroup& group : command_groups())
    for (const CommandEntry& entry : group.commands) names.emplace_back(entry.name);
  Error error(ErrorKind::usage, concat("unknown command ", name));
  if (const auto near = nearest(name, names)) std::move(error).hint(concat("did you mean `ps-sync ", *near, "`?"));
  return std::move(error).hint("`ps-sync --help` lists the commands");
}

/// False where the words asked for help, which is then printed.
bool parse(CLI::App& root, std::vector<std::string> words) {
  std::reverse(words.begin(), words.end());  // as CLI11 wants them
  try {
    root.parse(std::move(words));
  } catch (const CLI::CallForHelp&) {
    write_out(root.get_subcommands().empty() ? help_text() : root.help());
    return false;
  } catch (const CLI::ParseError& error) {
    throw usage_error(error, root);
  }
  return true;
}

ExitCode run_without_command(const std::vector<std::string>& words, Context& context) {
  CLI::App root("", "ps-sync");
  GlobalValues values;
  add_global_flags(root, values);
  if (!parse(root, words)) return ExitCode::done;
  put_to_use(values, context);
  if (values.version) {
    write_out(version_text());
    return ExitCode::done;
  }
  throw Error(ErrorKind::usage, "no command given").hint("`ps-sync --help` lists the commands");
}

/// What follows `git` is git's own, down to the last flag.
ExitCode run_git_words(const std::vector<std::string>& words, std::size_t command, Context& context) {
  const auto middle = words.begin() + static_cast<std::ptrdiff_t>(command);
  CLI::App root("", "ps-sync");
  GlobalValues values;
  add_global_flags(root, values);
  if (!parse(root, {words.begin(), middle})) return ExitCode::done;
  put_to_use(values, context);
  flush_out();
  return static_cast<ExitCode>(app::run_git(context.options, {middle + 1, words.end()}));
}

}  // namespace

const CommandEntry* find_command(std::string_view name) {
  for (const CommandGroup& group : command_groups())
    for (const CommandEntry& entry : group.commands)
      if (entry.name == name) return &entry;
  return nullptr;
}

const std::vector<GlobalFlag>& global_flags() {
  static const std::vector<GlobalFlag> flags = {
      {"-C", "DIR", "Work in this folder"},
      {"--json", "", "Print one JSON object"},
      {"-q, --quiet", "", "Print nothing but errors, and what was asked to be shown"},
      {"-v, --verbose", "", "Say more; may be given again"},
      {"--offline", "", "Use no network"},
      {"--no-color", "", "Print without colour"},
      {"--no-progress", "", "Show no progress"},
      {"--version", "", "Print the version"},
      {"-h, --help", "", "Print help; after a command, help on it"},
  };
  return flags;
}

std::string version_text() { return "ps-sync " PS_SYNC_VERSION "\n"; }

std::string help_text() {
  const auto row = [](std::string left, std::string_view right) {
    constexpr std::size_t column = 16;
    if (left.size() < column) left.append(column - left.size(), ' ');
    return concat("  ", left, right, "\n");
  };
  std::string out =
      "Usage: ps-sync [FLAGS] COMMAND [ARGS]\n\n"
      "Carries planning documents between working places over one branch of a git remote.\n";
  for (const CommandGroup& group : command_groups()) {
    out += concat("\n", group.title, ":\n");
    for (const CommandEntry& entry : group.commands) out += row(std::string(entry.name), entry.summary);
  }
  out += "\nFlags, before or after the command:\n";
  for (const GlobalFlag& flag : global_flags())
    out += row(concat(flag.names, flag.argument.empty() ? "" : " ", flag.argument), flag.summary);
  return out;
}

bool asks_for_json(const std::vector<std::string>& words) {
  const std::optional<std::size_t> command = command_index(words);
  for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    if (command == i && words[i] == "git") return false;
    if (words[i] == "--json") return true;
  }
  return false;
}

ExitCode run_words(const std::vector<std::string>& words, Context& context) {
  const std::optional<std::size_t> command = command_index(words);
  if (!command) return run_without_command(words, context);
  const std::string& name = words[*command];
  if (name == "help") {  // `help push` is `push --help`
    std::vector<std::string> rest(words.begin() + static_cast<std::ptrdiff_t>(*command) + 1, words.end());
    rest.emplace_back("--help");
    return run_words(rest, context);
  }
  const CommandEntry* entry = find_command(name);
  if (entry == nullptr) throw unknown_command(name);
  if (name == "git" && *command + 1 < words.size()) return run_git_words(words, *command, context);

  CLI::App root("", "ps-sync");
  GlobalValues values;
  add_global_flags(root, values);
  root.fallthrough();
  root.require_subcommand(1, 1);
  CLI::App* added = root.add_subcommand(std::string(entry->name), std::string(entry->summary));
  added->footer("`ps-sync --help` shows the flags that all commands take.");
  const Action action = entry->add(*added);
  if (!parse(root, words)) return ExitCode::done;
  put_to_use(values, context);
  return action(context);
}

}  // namespace ps_sync::cli
