// The ticket on a Project (v2): it is put there, and its Status field stays empty, so that it never moves.
#pragma once

#include <string>

#include "github/api.hpp"

namespace ps_sync::github {

/// Puts the ticket on the board where it is not yet, and clears its Status; a workflow of the board may set it a moment
/// later, so it is looked at once more by a later run. Does nothing where nothing is due. Throws as Api does.
void tend_board(Api& api, State& state, const std::string& project);

}  // namespace ps_sync::github
