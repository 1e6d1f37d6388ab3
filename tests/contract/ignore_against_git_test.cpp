// The exclude rules against git itself: generated patterns and paths, and for each path the line that decides must say
// the same as that of `git check-ignore`. Many small .gitignore files, one in a folder of its own each, cost one run.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <set>

#include "ps_sync/base/text.hpp"
#include "support/catch.hpp"
#include "sync/ignore.hpp"

using namespace ps_sync;
using sync::IgnoreRules;
namespace fs = std::filesystem;

namespace {

/// A folder that lives as long as the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (fs::temp_directory_path() / "ps-sync ignore é XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

void become_git(const fs::path& home, const std::vector<std::string>& arguments) {
  const std::string path = concat("PATH=", std::getenv("PATH") != nullptr ? std::getenv("PATH") : "/usr/bin:/bin");
  const std::string home_variable = concat("HOME=", home.string());
  const std::string xdg = concat("XDG_CONFIG_HOME=", home.string());
  const char* environment[] = {path.c_str(), home_variable.c_str(),   xdg.c_str(),
                               "LC_ALL=C",   "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0",
                               nullptr};
  std::vector<const char*> words = {"git"};
  for (const std::string& argument : arguments) words.push_back(argument.c_str());
  words.push_back(nullptr);
  environ = const_cast<char**>(environment);
  execvp("git", const_cast<char* const*>(words.data()));
}

/// Runs git in `home`/repo with files as its input and output; gives its exit status, 127 where there is no git.
int run_git(const fs::path& home, const std::vector<std::string>& arguments) {
  const fs::path repository = home / "repo", input = home / "input", output = home / "output";
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const int in = open(input.c_str(), O_RDONLY);
    const int out = open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (in >= 0 && out >= 0 && dup2(in, 0) == 0 && dup2(out, 1) == 1 && chdir(repository.c_str()) == 0) {
      become_git(home, arguments);
    }
    _exit(127);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void write(const fs::path& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  REQUIRE(file.flush());
}

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// The same numbers on every system: std::uniform_int_distribution differs between libraries.
class Dice {
 public:
  std::size_t below(std::size_t limit) { return engine_() % limit; }
  bool one_in(std::size_t chances) { return below(chances) == 0; }
  template <std::size_t Size>
  std::string_view pick(const std::string_view (&from)[Size]) {
    return from[below(Size)];
  }

 private:
  std::mt19937 engine_{20261123};
};

constexpr std::string_view names[] = {"a", "b", "ab",  "abc", "a.md", "b.tmp", "a b",
                                      "-", "é", "[x]", "a*",  "!b",   "#c",    "x\\y"};

std::string make_path(Dice& dice) {
  std::string path(dice.pick(names));
  for (std::size_t depth = dice.below(4); depth > 0; --depth) path += concat("/", dice.pick(names));
  return path;
}

std::string make_pattern(Dice& dice) {
  constexpr std::string_view pieces[] = {
      "a",    "b",   "ab",   "abc",   ".md",      ".tmp", "*",    "*",           "*.md",         "?",    "**",
      "**/",  "/**", "/**/", "/",     "/",        "/",    "[ab]", "[!a]",        "[^b-z]",       "[a-]", "[]x]",
      "[[]",  "\\*", "\\[",  "\\!",   "\\",       " ",    "é",    "[[:alpha:]]", "[[:punct:]-]", "[[:x", "[b-a]",
      "[a",   "-",   "***",  "[\\]]", "[[:xx:]]", "a/b",  "*/",   "x\\\\y",      "[!/]",         "a*b",  "**\\/",
      "[:a]", "\\ ", "#c"};
  std::string pattern;
  if (dice.one_in(6)) pattern += "!";
  if (dice.one_in(6)) pattern += "/";
  if (dice.one_in(3)) {  // what people write, made of a path
    pattern += make_path(dice);
    for (char& c : pattern) {
      if (dice.one_in(8)) c = dice.one_in(2) ? '*' : '?';
    }
  } else {
    for (std::size_t count = dice.below(5) + 1; count > 0; --count) pattern += dice.pick(pieces);
  }
  if (dice.one_in(5)) pattern += "/";
  if (dice.one_in(12)) pattern += dice.one_in(2) ? "  " : "\\ ";
  return pattern;
}

struct Question {
  std::size_t rules;
  std::string path;  // below the rules' folder
  bool is_directory;
};

struct Quiz {
  std::vector<std::vector<std::string>> rules;
  std::vector<Question> questions;
};

Quiz make_quiz(Dice& dice, std::size_t rules, std::size_t questions_each) {
  // Patterns on which an earlier version, or a simpler one, went wrong; chance finds them too seldom.
  constexpr std::string_view hard[] = {"a**//", "a**/b", "a**b", "**a**", "*/**/b", "a/**", "**/a/**/b/", "a\\ "};
  Quiz quiz;
  for (std::size_t i = 0; i < rules; ++i) {
    std::vector<std::string> lines;
    for (std::size_t count = dice.below(5) + 1; count > 0; --count) lines.push_back(make_pattern(dice));
    if (i < std::size(hard)) lines = {std::string(hard[i])};
    quiz.rules.push_back(lines);
    const std::size_t questions = i < std::size(hard) ? 10 * questions_each : questions_each;
    for (std::size_t k = 0; k < questions; ++k) quiz.questions.push_back({i, make_path(dice), dice.one_in(3)});
  }
  return quiz;
}

std::string folder_of(std::size_t rules) { return concat("r", std::to_string(rules)); }

/// Puts the quiz on disk. git asks the disk whether a path is a folder; one that is not there counts as a file.
void lay_out(const fs::path& home, Quiz& quiz) {
  const fs::path repository = home / "repo";
  std::string input;
  for (std::size_t i = 0; i < quiz.rules.size(); ++i) {
    fs::create_directories(repository / folder_of(i));
    write(repository / folder_of(i) / ".gitignore", join(quiz.rules[i], "\n") + "\n");
  }
  for (const Question& question : quiz.questions) {
    if (question.is_directory) fs::create_directories(repository / folder_of(question.rules) / question.path);
  }
  for (Question& question : quiz.questions) {
    const std::string path = concat(folder_of(question.rules), "/", question.path);
    question.is_directory = fs::is_directory(repository / path);
    input += path + std::string(1, '\0');
  }
  write(home / "input", input);
}

/// The answers in the order of the questions: the deciding pattern as git shows it, empty where none decides.
std::vector<std::string> read_answers(const fs::path& home) {
  const std::vector<std::string> fields = split(read(home / "output"), '\0');
  std::vector<std::string> answers;
  for (std::size_t i = 0; i + 3 < fields.size(); i += 4) answers.push_back(fields[i + 2]);
  return answers;
}

/// Whether git would leave the path out: it shows the pattern of the outermost folder that is excluded, or else the one
/// that decides on the path itself, which may be a `!`.
bool is_out(const std::string& answer) { return !answer.empty() && answer.front() != '!'; }

}  // namespace

TEST_CASE("exclude patterns: what git ignores is excluded, and nothing else", "[contract][ignore]") {
  const TemporaryFolder home;
  fs::create_directories(home.path() / "repo");
  write(home.path() / "input", "");
  if (run_git(home.path(), {"init", "-q"}) == 127) {
    std::cout << "SKIPPED: git is not installed, so there is nothing to compare with\n";
    return;
  }
  Dice dice;
  Quiz quiz = make_quiz(dice, 1000, 20);
  lay_out(home.path(), quiz);
  // -c: a file system where letter case does not count would answer otherwise.
  const int status =
      run_git(home.path(), {"-c", "core.ignoreCase=false", "check-ignore", "--no-index", "--stdin", "-z", "-v", "-n"});
  REQUIRE((status == 0 || status == 1));
  const std::vector<std::string> answers = read_answers(home.path());
  REQUIRE(answers.size() == quiz.questions.size());

  std::vector<IgnoreRules> rules;
  for (const std::vector<std::string>& lines : quiz.rules) rules.emplace_back(lines);
  std::size_t excluded = 0, included_again = 0;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const Question& question = quiz.questions[i];
    const IgnoreRules& ours = rules[question.rules];
    const bool expected = is_out(answers[i]);
    excluded += expected ? 1 : 0;
    INFO("rules: " << escape_for_display(join(quiz.rules[question.rules], " ; ")) << "\npath: " << question.path
                   << (question.is_directory ? "/" : "") << "\ngit's answer: " << answers[i]);
    CHECK(ours.excludes(question.path, question.is_directory) == expected);
    if (expected || answers[i].empty()) continue;
    ++included_again;
    CHECK(ours.verdict_of(question.path, question.is_directory) == IgnoreRules::Verdict::included);
  }
  // The quiz asks something: all three answers come up often.
  CHECK(excluded > answers.size() / 10);
  CHECK(included_again > answers.size() / 200);
  CHECK(answers.size() - excluded - included_again > answers.size() / 10);
}
