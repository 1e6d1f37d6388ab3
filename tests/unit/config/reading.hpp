// How these tests give the reader its sources and look at what it answers.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ps_sync/base/error.hpp"
#include "ps_sync/config/settings.hpp"
#include "support/catch.hpp"

namespace ps_sync::test {

inline config::Sources file_with(const std::string& text) {
  config::Sources sources;
  sources.file = text;
  return sources;
}

inline config::Sources git_with(std::vector<config::GitConfigEntry> entries) {
  config::Sources sources;
  sources.git = std::move(entries);
  return sources;
}

inline config::Sources environment_with(std::vector<std::pair<std::string, std::string>> variables) {
  config::Sources sources;
  sources.environment = std::move(variables);
  return sources;
}

/// Everything a person would see of the failure; "no error" if there was none.
template <class Action>
std::string error_of(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    std::string text = error.message();
    for (const std::string& cause : error.causes()) text += "\n" + cause;
    for (const std::string& hint : error.hints()) text += "\n" + hint;
    return text;
  }
  return "no error";
}

/// Checked one part after the other; the whole text is shown where one is missing.
inline void check_says(const std::string& said, const std::vector<std::string>& parts) {
  INFO("said: " << said);
  for (const std::string& part : parts) {
    INFO("part: " << part);
    CHECK(said.find(part) != std::string::npos);
  }
}

inline std::string load_error(const config::Sources& sources) {
  return error_of([&] { config::load(sources); });
}

inline config::Value value_of(const config::Loaded& loaded, std::string_view key) {
  for (const config::Value& value : loaded.values)
    if (value.key == key) return value;
  return {std::string(key), "not listed", "nowhere"};
}

}  // namespace ps_sync::test
