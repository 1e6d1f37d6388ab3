// Every command's door: declares its flags on `command` and returns what it does. The list is in command_list.cpp.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/context.hpp"
#include "cli/json.hpp"
#include "cli/render.hpp"
#include "ps_sync/app/app.hpp"

namespace ps_sync::cli {

Action add_init(CLI::App& command);
Action add_clone(CLI::App& command);
Action add_status(CLI::App& command);
Action add_push(CLI::App& command);
Action add_pull(CLI::App& command);
Action add_sync(CLI::App& command);
Action add_queue(CLI::App& command);
Action add_peers(CLI::App& command);
Action add_conflicts(CLI::App& command);
Action add_resolve(CLI::App& command);
Action add_log(CLI::App& command);
Action add_show(CLI::App& command);
Action add_diff(CLI::App& command);
Action add_restore(CLI::App& command);
Action add_git(CLI::App& command);
Action add_beacon(CLI::App& command);
Action add_config(CLI::App& command);
Action add_doctor(CLI::App& command);
Action add_completion(CLI::App& command);

/// Answers with what a command that ends in a sync report has done. Open conflicts count as exit status 3 only where
/// `conflicts_count`.
ExitCode deliver_sync(Context& context, const SyncWords& words, const app::SyncReport& report, bool conflicts_count);

}  // namespace ps_sync::cli
