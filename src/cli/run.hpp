// The command line's front door.
#pragma once

namespace ps_sync::cli {

/// Answers one command line and returns the exit status. Nothing is thrown out of it.
int run(int argc, char** argv);

}  // namespace ps_sync::cli
