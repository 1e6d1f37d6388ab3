// Paths come from the remote, patterns from a config that anybody may commit, texts from everywhere. An input is a list
// of lines: patterns up to an empty line, then paths. What must hold for each path is checked against its own parts.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "ps_sync/base/error.hpp"
#include "ps_sync/base/text.hpp"
#include "ps_sync/sync/path_rules.hpp"
#include "sync/ignore.hpp"

namespace {

using namespace ps_sync;
using namespace ps_sync::sync;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_path(const std::string& path) {
  const std::vector<std::string> components = split(path, '/');
  bool all_safe = path.size() <= 4096 && components.size() <= 100;
  for (const std::string& component : components) all_safe = all_safe && is_safe_component(component);
  require(is_safe_path(path) == all_safe);

  // What is forbidden stays so further down, and in other letters.
  const Policy policy = policy_of(path);
  if (policy == Policy::programs) require(policy_of(concat(path, "/x")) == Policy::programs);
  if (policy == Policy::steering) require(policy_of(concat(path, "/x")) != Policy::allowed);
  require(policy_of(to_lower_ascii(path)) == policy);
  for (const std::string& component : components) {
    if (to_lower_ascii(component) == ".git") require(!is_safe_path(path) && policy == Policy::programs);
  }
}

void check_rules(const IgnoreRules& rules, const std::string& path) {
  const bool excluded = rules.excludes(path, true);
  const std::size_t slash = path.rfind('/');
  const bool above = slash != std::string::npos && rules.excludes(path.substr(0, slash), true);
  require(excluded == (above || rules.verdict_of(path, true) == IgnoreRules::Verdict::excluded));
}

void check_set(const std::vector<std::string>& patterns, const std::string& root,
               const std::vector<std::string>& paths) {
  try {
    const SyncSet set({root, ".claude"}, patterns, {".claude/commands"});
    require(SyncSet(set.roots(), patterns).fingerprint() == set.fingerprint());
    for (const std::string& path : paths) {
      if (!set.may_travel(path)) continue;
      require(is_safe_path(path) && set.contains(path) && policy_of(path) != Policy::programs);
      require(policy_of(path) == Policy::allowed || set.allows(path));
      require(path.starts_with(*set.root_of(path)));
    }
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::config);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(data, data + size);
  std::vector<std::string> patterns, paths;
  bool in_paths = false;
  for (const std::string& line : split(input, '\n')) {
    if (line.empty() && !in_paths) {
      in_paths = true;
    } else {
      (in_paths ? paths : patterns).push_back(line);
    }
  }
  for (const std::string& path : paths) check_path(path);
  try {
    const IgnoreRules rules(patterns);
    for (const std::string& path : paths) check_rules(rules, path);
  } catch (const Error& error) {
    require(error.kind() == ErrorKind::config);
  }
  if (!paths.empty()) check_set(patterns, paths.front(), paths);
  find_secret(input);
  return 0;
}
