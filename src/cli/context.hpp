// What one invocation knows: the global flags, and how to show things on its two streams.
#pragma once

#include <functional>

#include "cli/render.hpp"
#include "ps_sync/app/app.hpp"
#include "ps_sync/base/exit_code.hpp"

namespace ps_sync::cli {

struct Context {
  app::Options options;
  bool json = false;
  bool quiet = false;
  int verbosity = 0;
  bool color = true;     ///< false with --no-color
  bool progress = true;  ///< false with --no-progress
  View out;              ///< how results are shown on stdout
  View err;              ///< how all else is shown on stderr
};

/// What a parsed command does.
using Action = std::function<ExitCode(Context&)>;

/// Hands out a command's answer: one JSON object with --json, else text (none of it with -q), then the problem on
/// stderr. Only the form that is wanted is built. Returns the problem's exit status, else `otherwise`.
ExitCode deliver(const Context& context, const std::function<std::string()>& json, const std::function<Texts()>& text,
                 const std::optional<Problem>& problem = std::nullopt, ExitCode otherwise = ExitCode::done);

/// Fills in labels and what else the settings say about showing; the built-in ones where no settings can be read.
void learn_labels(Context& context);

}  // namespace ps_sync::cli
