// The command line: which commands there are, what they take, and how words become an action.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/context.hpp"

namespace CLI {
class App;
}

namespace ps_sync::cli {

/// One command: its name, a line on it, and the function that declares its flags and returns what it does.
struct CommandEntry {
  std::string_view name;
  std::string_view summary;
  Action (*add)(CLI::App& command);
};

/// Commands that belong together in the help text.
struct CommandGroup {
  std::string_view title;
  std::vector<CommandEntry> commands;
};

const std::vector<CommandGroup>& command_groups();
const CommandEntry* find_command(std::string_view name);

/// What `ps-sync --help` prints.
std::string help_text();
std::string version_text();

/// A global flag, as help and completion show it.
struct GlobalFlag {
  std::string_view names;  ///< "-q, --quiet"
  std::string_view argument;
  std::string_view summary;
};
const std::vector<GlobalFlag>& global_flags();

/// Was --json given, as far as can be told before the words are parsed?
bool asks_for_json(const std::vector<std::string>& words);

/// Parses `words` (without the program's name) and does what they say. Throws Error{usage} for what makes no sense.
ExitCode run_words(const std::vector<std::string>& words, Context& context);

}  // namespace ps_sync::cli
