// What the user's HEAD is and holds, and who the user is: asked of the user's own git, which can read every format of
// repository (SHA-256, reftable, partial), where libgit2 cannot.
#include <algorithm>

#include "ps_sync/base/error.hpp"
#include "ps_sync/base/text.hpp"
#include "ps_sync/git/place.hpp"
#include "ps_sync/platform/environment.hpp"
#include "ps_sync/platform/process.hpp"

namespace ps_sync::git {
namespace {

bool is_object_id(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Output ask_git(const Place& place, std::vector<std::string> arguments, std::string_view input = {}) {
  Command command{{"git"}, place.top, without_git_environment()};
  command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
  // A partial clone must not go to the network for a question of ours, and nothing may prompt.
  command.environment.emplace_back("GIT_NO_LAZY_FETCH", "1");
  command.environment.emplace_back("GIT_TERMINAL_PROMPT", "0");
  command.environment.emplace_back("GIT_OPTIONAL_LOCKS", "0");
  return run(command, input);
}

std::optional<std::string> find_ref_file(const Place& place, const std::string& name) {
  if (const auto text = read_file(place.common_dir / name)) {
    if (is_object_id(trim(*text))) return std::string(trim(*text));
  }
  const auto packed = read_file(place.common_dir / "packed-refs");
  if (!packed) return std::nullopt;
  const std::string ending = concat(" ", name);
  for (const std::string& line : lines_of(*packed)) {
    const std::size_t space = line.find(' ');
    if (line.ends_with(ending) && is_object_id(line.substr(0, space))) return line.substr(0, space);
  }
  return std::nullopt;
}

Identity identity_of(const Place& place, const UserConfig& config, const char* role) {
  const auto value = [&](const char* what) -> std::string {
    const std::string variable = concat("GIT_", role, "_", what);
    if (const auto set = environment_value(variable.c_str())) return *set;
    const std::string name = to_lower_ascii(what);
    const auto own = config.find(concat(to_lower_ascii(role), ".", name));
    return own ? *own : config.find(concat("user.", name)).value_or("");
  };
  Identity identity{value("NAME"), value("EMAIL")};
  if (identity.name.empty() || identity.email.empty()) {
    // What git makes up of the system's user and host, or its refusal to.
    const Output output = ask_git(place, {"var", concat("GIT_", role, "_IDENT")});
    const std::size_t open = output.out.find(" <");
    const std::size_t close = output.out.find('>');
    if (output.status == 0 && open != std::string::npos && close != std::string::npos) {
      if (identity.name.empty()) identity.name = output.out.substr(0, open);
      if (identity.email.empty()) identity.email = output.out.substr(open + 2, close - open - 2);
    }
  }
  if (identity.name.empty()) identity.name = "ps-sync";
  if (identity.email.empty()) identity.email = "ps-sync@localhost";
  for (std::string* part : {&identity.name, &identity.email}) {
    std::erase_if(*part, [](char c) { return c == '<' || c == '>' || c == '\n' || c == '\0'; });
  }
  return identity;
}

}  // namespace

Identity author_of(const Place& place, const UserConfig& config) { return identity_of(place, config, "AUTHOR"); }
Identity committer_of(const Place& place, const UserConfig& config) { return identity_of(place, config, "COMMITTER"); }

std::optional<std::string> head_commit(const Place& place) {
  const auto text = read_file(place.git_dir / "HEAD");
  if (!text) return std::nullopt;
  const std::string_view head = trim(*text);
  if (is_object_id(head)) return std::string(head);
  if (head.rfind("ref: ", 0) == 0 && !head.ends_with("/.invalid"))
    return find_ref_file(place, std::string(head.substr(5)));
  const Output output = ask_git(place, {"rev-parse", "--verify", "-q", "HEAD^{commit}"});
  if (output.status != 0) return std::nullopt;
  return std::string(trim(output.out));
}

std::set<std::string> tracked_in(const Place& place, const std::string& commit, const std::vector<std::string>& paths) {
  constexpr std::size_t at_once = 4096;  // questions and answers are held in memory
  std::set<std::string> tracked;
  for (std::size_t first = 0; first < paths.size(); first += at_once) {
    const std::size_t count = std::min(at_once, paths.size() - first);
    std::string questions;
    for (std::size_t i = 0; i < count; ++i) questions += concat(commit, ":", paths[first + i], "\n");
    const Output output = ask_git(place, {"cat-file", "--batch-check=%(objecttype)"}, questions);
    const std::vector<std::string> answers = lines_of(output.out);
    for (std::size_t i = 0; i < count && i < answers.size(); ++i) {
      if (answers[i] == "blob") tracked.insert(paths[first + i]);
    }
  }
  return tracked;
}

std::optional<std::string> checked_out_bytes(const Place& place, const std::string& commit, const std::string& path) {
  Output output = ask_git(place, {"cat-file", "--filters", concat(commit, ":", path)});
  if (output.status != 0) return std::nullopt;
  return std::move(output.out);
}

}  // namespace ps_sync::git
