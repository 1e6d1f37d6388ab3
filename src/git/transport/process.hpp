// A program at whose pipes a git service speaks: git itself on this machine, or ssh to another.
#pragma once

#include "git/transport/connection.hpp"
#include "ps_sync/platform/process.hpp"

namespace ps_sync::git {

/// How to read an end that came too early: the program's exit status, and what it said on its error stream.
using Judge = std::function<Ending(int status, const std::string& words)>;

/// Starts the program. With a judge it is one that reaches another machine; without, words mean a refusal.
std::unique_ptr<Connection> connect_process(const Command& command, const RemoteOptions& options, Judge judge = {});

}  // namespace ps_sync::git
