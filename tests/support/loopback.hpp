// Servers that a test starts for itself on 127.0.0.1.
#pragma once

#include <functional>
#include <string>

#include "support/process.hpp"

namespace ps_sync::test {

/// Looks for a port that nobody listens on, lets `start` start the server called `name` there, and waits until it
/// answers. Tries again where somebody else took the port first; throws, with the server's words, where all fails.
void start_on_free_port(const std::string& name, const std::function<Process&(int port)>& start);

/// Sends `request` to a port of 127.0.0.1 and reads until the other side ends.
std::string exchange(int port, const std::string& request);

/// Is there such a program? Where not, warns that the scenario is skipped, and how to get it.
bool is_installed(const std::string& program, const std::string& debian_package);

}  // namespace ps_sync::test
