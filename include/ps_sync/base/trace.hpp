// What is said to servers and programs, for somebody who looks for what is wrong (-vv).
#pragma once

#include <functional>
#include <string>

namespace ps_sync {

/// Takes one line, without a secret in it. Empty where nobody looks.
using Trace = std::function<void(const std::string& line)>;

}  // namespace ps_sync
