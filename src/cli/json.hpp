// The objects that --json prints. docs/json.md is their contract, and a test holds the two together.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/render.hpp"
#include "ps_sync/app/app.hpp"

namespace ps_sync::cli::json {

// Each returns one object as a line of text without its newline. `problem` becomes the field `error`.
std::string error(const Problem& problem);
std::string status(const app::Status& status, const std::optional<Problem>& problem = std::nullopt);
std::string sync(const app::SyncReport& report, const std::optional<Problem>& problem = std::nullopt);
std::string conflicts(const std::vector<sync::Conflict>& conflicts);
std::string queue(const app::Queue& queue);
std::string peers(const std::vector<app::Peer>& peers);
std::string log(const std::vector<app::LogEntry>& entries);
/// `show` and `diff`: bytes as text where they are UTF-8, else in base64. `path` where one document is meant.
std::string content(const std::optional<std::string>& revision, const std::optional<std::string>& path,
                    const std::string& bytes);
std::string restore(const app::RestoreReport& report, const std::optional<Problem>& problem = std::nullopt);
std::string init(const app::InitReport& report);
std::string clone(const app::CloneReport& report, const std::optional<Problem>& problem = std::nullopt);
std::string beacon(const std::optional<std::string>& body);
std::string config_value(const config::Value& value);
std::string config_list(const std::vector<config::Value>& values);
std::string doctor(const app::DoctorReport& report);

}  // namespace ps_sync::cli::json
