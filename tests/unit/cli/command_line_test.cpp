// The words that people type: which commands there are, and what is said of words that make no sense.
#include "cli/command_line.hpp"

#include "support/catch.hpp"

using namespace ps_sync;
using namespace ps_sync::cli;

namespace {

Error usage_error_of(const std::vector<std::string>& words) {
  Context context;
  try {
    run_words(words, context);
  } catch (const Error& error) {
    return error;
  }
  FAIL("no error");
  throw std::logic_error("FAIL returned");
}

std::string hints_of(const Error& error) { return join(error.hints(), "\n"); }

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace

TEST_CASE("the help text names every command and every global flag", "[cli][help]") {
  const std::string help = help_text();
  for (const char* name : {"init", "clone", "status", "push", "pull", "sync", "queue", "peers", "conflicts", "resolve",
                           "log", "show", "diff", "restore", "git", "beacon", "config", "doctor", "completion"}) {
    INFO(name);
    CHECK(contains(help, concat("\n  ", name, " ")));
    CHECK(find_command(name) != nullptr);
  }
  for (const char* flag : {"-C DIR", "--json", "-q", "-v", "--offline", "--no-color", "--no-progress", "--version"})
    CHECK(contains(help, flag));
}

TEST_CASE("the help text promises no command that is not there", "[cli][help]") {
  for (const char* name : {"watch", "session", "hooks", "integrate", "service", "mcp"}) {
    INFO(name);
    CHECK(find_command(name) == nullptr);
    CHECK_FALSE(contains(help_text(), concat("\n  ", name, " ")));
    const Error error = usage_error_of({name});
    CHECK(error.kind() == ErrorKind::usage);
    CHECK_FALSE(contains(hints_of(error), name));
  }
}

TEST_CASE("wrong usage is a usage error that names what is near", "[cli][usage]") {
  struct Row {
    std::vector<std::string> words;
    const char* message;
    const char* hint;
  };
  const Row rows[] = {
      {{}, "no command", "--help"},
      {{"pusch"}, "pusch", "`ps-sync push`"},
      {{"push", "--alow-deletes"}, "--alow-deletes", "`--allow-deletes`"},
      {{"push", "--ofline"}, "--ofline", "`--offline`"},
      {{"pull", "extra"}, "extra", "ps-sync pull --help"},
      {{"show"}, "REV", "ps-sync show --help"},
      {{"beacon"}, "show, reset, repair", "ps-sync beacon --help"},
      {{"beacon", "forge"}, "forge", "ps-sync beacon --help"},
      {{"beacon", "repiar"}, "repiar", "`repair`"},
      {{"peers", "forget"}, "NAME", "ps-sync peers forget --help"},
      {{"log", "-n", "few"}, "few", "ps-sync log --help"},
      {{"clone", "url"}, "--as", "ps-sync clone --help"},
      {{"resolve", "a", "--ours", "--theirs"}, "more than one choice", "--union"},
      {{"push", "--require-remote", "--offline"}, "--offline", ""},
      {{"init", "--hooks", "--no-hooks"}, "--no-hooks", ""},
      {{"completion", "tcsh"}, "tcsh", "fish"},
      {{"--nope", "status"}, "--nope", "--help"},
  };
  for (const Row& row : rows) {
    INFO(join(row.words, " "));
    const Error error = usage_error_of(row.words);
    CHECK(error.kind() == ErrorKind::usage);
    CHECK(contains(error.message(), row.message));
    CHECK(contains(hints_of(error), row.hint));
  }
}

TEST_CASE("global flags are taken before and after the command", "[cli][usage]") {
  // The usage error comes after parsing, so that what was parsed can be seen without a repository.
  const std::vector<std::vector<std::string>> lines = {
      {"--json", "-q", "-vv", "--no-color", "--no-progress", "-C", "/else", "completion", "tcsh"},
      {"completion", "tcsh", "--json", "-q", "-v", "-v", "--no-color", "--no-progress", "-C", "/else"},
      {"-C/else", "--json", "completion", "-q", "--no-color", "tcsh", "-vv", "--no-progress"}};
  for (const std::vector<std::string>& words : lines) {
    INFO(join(words, " "));
    Context context;
    CHECK_THROWS_AS(run_words(words, context), Error);
    CHECK(context.json);
    CHECK(context.quiet);
    CHECK(context.verbosity == 2);
    CHECK_FALSE(context.color);
    CHECK_FALSE(context.progress);
    CHECK(context.options.folder == "/else");
  }
}

TEST_CASE("the flag --json is seen before the words are parsed, and not among git's own", "[cli][usage]") {
  CHECK(asks_for_json({"pusch", "--json"}));
  CHECK(asks_for_json({"--json", "git", "log"}));
  CHECK(asks_for_json({"-C", "git", "push", "--json"}));
  CHECK_FALSE(asks_for_json({"git", "log", "--json"}));
  CHECK_FALSE(asks_for_json({"push", "--", "--json"}));
}
