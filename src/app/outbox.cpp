#include "app/outbox.hpp"

#include <nlohmann/json.hpp>

namespace ps_sync::app {

using nlohmann::json;

namespace {
fs::path path_of(const git::Place& place) { return place.shared_folder() / "outbox.json"; }
}  // namespace

Outbox read_outbox(const git::Place& place) {
  Outbox outbox;
  const auto text = read_file(path_of(place));
  if (!text) return outbox;
  try {
    const json value = json::parse(*text);
    outbox.remote_url = value.value("remote_url", "");
    outbox.unreachable = value.value("unreachable", false);
    outbox.beacon_pending = value.value("beacon_pending", false);
    if (value.contains("last_failure")) outbox.last_failure = value["last_failure"].get<std::string>();
    if (value.contains("beacon_for")) outbox.beacon_for = Oid::from_hex(value["beacon_for"].get<std::string>());
    for (const auto& [endpoint, commit] : value.at("acknowledged").items()) {
      if (const auto oid = Oid::from_hex(commit.get<std::string>())) outbox.acknowledged[endpoint] = *oid;
    }
  } catch (const std::exception&) {
    return {};  // damaged: the next run finds everything out again
  }
  return outbox;
}

void write_outbox(const git::Place& place, const Outbox& outbox) {
  json value{{"remote_url", outbox.remote_url},
             {"unreachable", outbox.unreachable},
             {"beacon_pending", outbox.beacon_pending},
             {"acknowledged", json::object()}};
  if (outbox.beacon_for) value["beacon_for"] = outbox.beacon_for->hex();
  if (outbox.last_failure) value["last_failure"] = *outbox.last_failure;
  for (const auto& [endpoint, commit] : outbox.acknowledged) value["acknowledged"][endpoint] = commit.hex();
  const std::string text = value.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
  if (read_file(path_of(place)) != text) write_file(path_of(place), text);
}

}  // namespace ps_sync::app
