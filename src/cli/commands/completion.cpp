// Completion scripts, made from the commands' own declarations so that they cannot fall behind.
#include "cli/command_line.hpp"
#include "cli/commands/commands.hpp"
#include "cli/terminal.hpp"
#include "ps_sync/config/settings.hpp"

namespace ps_sync::cli {

namespace {

struct Flag {
  std::vector<std::string> names;  ///< with their dashes
  bool takes_value = false;
  std::string summary;
};

struct Described {
  std::string name, summary;
  std::vector<Flag> flags;
  std::vector<Described> nested;
};

Described describe(const CLI::App& app) {
  Described out{app.get_name(), app.get_description(), {}, {}};
  for (const CLI::Option* option : app.get_options()) {
    Flag flag{{}, option->get_items_expected_max() > 0, option->get_description()};
    for (const std::string& name : option->get_snames()) flag.names.push_back("-" + name);
    for (const std::string& name : option->get_lnames()) flag.names.push_back("--" + name);
    if (!flag.names.empty()) out.flags.push_back(std::move(flag));
  }
  for (const CLI::App* nested : app.get_subcommands([](const CLI::App*) { return true; }))
    out.nested.push_back(describe(*nested));
  return out;
}

std::vector<Described> describe_all() {
  std::vector<Described> all;
  for (const CommandGroup& group : command_groups()) {
    for (const CommandEntry& entry : group.commands) {
      CLI::App command{std::string(entry.summary), std::string(entry.name)};
      entry.add(command);
      Described described = describe(command);
      if (entry.name == "completion")
        for (const char* shell : {"bash", "zsh", "fish"}) described.nested.push_back({shell, "", {}, {}});
      all.push_back(std::move(described));
    }
  }
  return all;
}

std::vector<Flag> describe_global_flags() {
  std::vector<Flag> flags;
  for (const GlobalFlag& global : global_flags()) {
    Flag flag{{}, !global.argument.empty(), std::string(global.summary)};
    for (const std::string& name : split(global.names, ',')) flag.names.emplace_back(trim(name));
    flags.push_back(std::move(flag));
  }
  return flags;
}

/// Flags of a command and of those nested in it, since scripts look at the first word of a command only.
std::vector<Flag> flags_below(const Described& command) {
  std::vector<Flag> flags = command.flags;
  for (const Described& nested : command.nested)
    for (const Flag& flag : flags_below(nested))
      if (std::none_of(flags.begin(), flags.end(), [&](const Flag& known) { return known.names == flag.names; }))
        flags.push_back(flag);
  return flags;
}

std::string words_of(const std::vector<Flag>& flags) {
  std::vector<std::string> words;
  for (const Flag& flag : flags) words.insert(words.end(), flag.names.begin(), flag.names.end());
  return join(words, " ");
}

std::string names_of(const std::vector<Described>& commands) {
  std::vector<std::string> names;
  for (const Described& command : commands) names.push_back(command.name);
  return join(names, " ");
}

std::string quoted(std::string_view text, std::string_view quote) {
  std::string out = "'";
  for (char c : text) out += c == '\'' ? std::string(quote) : std::string(1, c);
  return out + "'";
}

/// `text` with each placeholder replaced once.
std::string fill(std::string_view text, const std::vector<std::pair<std::string_view, std::string>>& values) {
  std::string out(text);
  for (const auto& [placeholder, value] : values) out.replace(out.find(placeholder), placeholder.size(), value);
  return out;
}

constexpr std::string_view bash_template = R"sh(# bash completion for ps-sync: eval "$(ps-sync completion bash)"
_ps_sync() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
  local command='' words='' i=0 first=0
  local flags='@FLAGS@'
  # In `git ps-sync …` the words begin one later.
  [[ ${COMP_WORDS[0]##*/} == git ]] && first=1
  for ((i = first + 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      -C) ((i++)) ;;
      -*) ;;
      *) command=${COMP_WORDS[i]}; break ;;
    esac
  done
  case $command in
    '') words='@COMMANDS@' ;;
@CASES@  esac
  if [[ $command == config && ( $previous == get || $previous == set ) ]]; then
    words='@KEYS@'
  elif [[ -n $command && $previous != "$command" ]]; then
    words=''
  fi
  COMPREPLY=()
  [[ $previous == -C ]] && return
  [[ $current == -* ]] && words=$flags
  # One word a line, without mapfile, which the bash of macOS does not have.
  local word
  for word in $(compgen -W "$words" -- "$current"); do
    COMPREPLY+=("$word")
  done
}
_git_ps_sync() { _ps_sync; }
complete -o bashdefault -o default -F _ps_sync ps-sync git-ps-sync
)sh";

std::string bash_script() {
  const std::vector<Described> commands = describe_all();
  std::string cases;
  for (const Described& command : commands)
    cases += concat("    ", command.name, ") words='", names_of(command.nested), "' flags=\"$flags ",
                    words_of(flags_below(command)), "\" ;;\n");
  return fill(bash_template, {{"@FLAGS@", words_of(describe_global_flags())},
                              {"@COMMANDS@", names_of(commands)},
                              {"@CASES@", cases},
                              {"@KEYS@", join(config::known_keys(), " ")}});
}

std::string zsh_list(const std::vector<Flag>& flags) {
  std::string out;
  for (const Flag& flag : flags)
    for (const std::string& name : flag.names) out += concat(" ", quoted(concat(name, ":", flag.summary), "'\\''"));
  return out;
}

std::string zsh_list(const std::vector<Described>& commands) {
  std::string out;
  for (const Described& command : commands)
    out += concat(" ", quoted(concat(command.name, ":", command.summary), "'\\''"));
  return out;
}

constexpr std::string_view zsh_template = R"sh(#compdef ps-sync git-ps-sync
# zsh completion for ps-sync: eval "$(ps-sync completion zsh)", or this text as _ps_sync in a folder of $fpath
_ps_sync() {
  local -a choices flags keys
  local command='' i
  flags=(@FLAGS@ )
  for (( i = 2; i < CURRENT; i++ )); do
    case ${words[i]} in
      -C) (( i++ )) ;;
      -*) ;;
      *) command=${words[i]}; break ;;
    esac
  done
  case $command in
    '') choices=(@COMMANDS@ ) ;;
@CASES@  esac
  if [[ $PREFIX == -* ]]; then
    _describe -o option flags
  elif [[ $command == config && ${words[CURRENT-1]} == (get|set) ]]; then
    keys=( @KEYS@ )
    _describe setting keys
  elif [[ ( -z $command || ${words[CURRENT-1]} == "$command" ) && ${#choices} -gt 0 ]]; then
    _describe command choices
  else
    _files
  fi
}
if [[ ${funcstack[1]} == _ps_sync ]]; then
  _ps_sync "$@"
else
  compdef _ps_sync ps-sync git-ps-sync
fi
)sh";

std::string zsh_script() {
  const std::vector<Described> commands = describe_all();
  std::string cases;
  for (const Described& command : commands)
    cases += concat("    ", command.name, ") choices=(", zsh_list(command.nested), " ) flags+=(",
                    zsh_list(flags_below(command)), " ) ;;\n");
  return fill(zsh_template, {{"@FLAGS@", zsh_list(describe_global_flags())},
                             {"@COMMANDS@", zsh_list(commands)},
                             {"@CASES@", cases},
                             {"@KEYS@", join(config::known_keys(), " ")}});
}

std::string fish_flags(const std::vector<Flag>& flags, std::string_view condition) {
  std::string out;
  for (const Flag& flag : flags) {
    out += concat("complete -c ps-sync", condition);
    for (const std::string& name : flag.names)
      out += name.starts_with("--") ? concat(" -l ", name.substr(2)) : concat(" -s ", name.substr(1));
    out += concat(flag.takes_value ? " -r" : "", " -d ", quoted(flag.summary, "\\'"), "\n");
  }
  return out;
}

std::string fish_script() {
  std::string out = concat("# fish completion for ps-sync: ps-sync completion fish | source\n",
                           fish_flags(describe_global_flags(), ""));
  for (const Described& command : describe_all()) {
    out += concat("complete -c ps-sync -n __fish_use_subcommand -f -a ", command.name, " -d ",
                  quoted(command.summary, "\\'"), "\n");
    const std::string seen = concat(" -n '__fish_seen_subcommand_from ", command.name, "'");
    for (const Described& nested : command.nested) {
      const std::string first = concat(" -n '__fish_seen_subcommand_from ", command.name,
                                       "; and not __fish_seen_subcommand_from ", names_of(command.nested), "'");
      out += concat("complete -c ps-sync", first, " -f -a ", nested.name, " -d ", quoted(nested.summary, "\\'"), "\n");
    }
    std::vector<Flag> flags = flags_below(command);
    std::erase_if(flags, [](const Flag& flag) { return flag.names.front() == "-h"; });
    out += fish_flags(flags, seen);
  }
  out += concat(
      "complete -c ps-sync -n '__fish_seen_subcommand_from config; and __fish_seen_subcommand_from get set' -f -a "
      "'",
      join(config::known_keys(), " "), "'\n");
  return out;
}

}  // namespace

Action add_completion(CLI::App& command) {
  auto shell = std::make_shared<std::string>();
  command.add_option("SHELL", *shell, "bash, zsh or fish")->required()->type_name("");
  return [shell](Context&) {
    if (*shell == "bash") {
      write_out(bash_script());
    } else if (*shell == "zsh") {
      write_out(zsh_script());
    } else if (*shell == "fish") {
      write_out(fish_script());
    } else {
      throw Error(ErrorKind::usage, concat("no completion for ", *shell)).hint("give one of bash, zsh and fish");
    }
    return ExitCode::done;
  };
}

}  // namespace ps_sync::cli
