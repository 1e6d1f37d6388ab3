#include "cli/command_line.hpp"
#include "cli/commands/commands.hpp"

namespace ps_sync::cli {

const std::vector<CommandGroup>& command_groups() {
  static const std::vector<CommandGroup> groups = {
      {"Set up",
       {{"init", "Set this repository up for syncing", add_init},
        {"clone", "Make a folder for documents alone, set up and pulled", add_clone}}},
      {"Every day",
       {{"status", "Show what waits to come in and go out, and who is behind", add_status},
        {"push", "Commit changed documents and send them", add_push},
        {"pull", "Bring in what others sent", add_pull},
        {"sync", "Pull, then push", add_sync}}},
      {"What waits",
       {{"queue", "Show the commits that wait to go out and come in", add_queue},
        {"peers", "Show who is known and how far behind", add_peers},
        {"conflicts", "List documents that both sides changed", add_conflicts},
        {"resolve", "Settle a conflict", add_resolve}}},
      {"History",
       {{"log", "Show past changes", add_log},
        {"show", "Show a commit, or a document as it was", add_show},
        {"diff", "Compare documents here with the branch", add_diff},
        {"restore", "Bring a document back as it was", add_restore},
        {"git", "Run git in the store of sync commits", add_git}}},
      {"Care",
       {{"beacon", "Show, reset or repair the beacon", add_beacon},
        {"config", "Show and change settings", add_config},
        {"doctor", "Check everything that can be wrong", add_doctor},
        {"completion", "Print a completion script for bash, zsh or fish", add_completion}}},
  };
  return groups;
}

}  // namespace ps_sync::cli
