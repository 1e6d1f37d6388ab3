// What init and clone have in common: telling how a place was set up.
#pragma once

#include "cli/render.hpp"

namespace ps_sync::cli {

/// `next` says what to type now: clone has done the pull that init leaves to be typed.
Texts setup_text(const View& out, const View& err, const app::InitReport& report, bool next);

}  // namespace ps_sync::cli
