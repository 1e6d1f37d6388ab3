#include "github/state.hpp"

#include <nlohmann/json.hpp>

#include "ps_sync/base/error.hpp"

namespace ps_sync::github {

using nlohmann::json;

State read_state(const fs::path& file, const std::string& api, const std::string& repo) {
  State fresh;
  fresh.api = api;
  fresh.repo = repo;
  const auto text = read_file(file);
  if (!text) return fresh;
  try {
    const json value = json::parse(*text);
    if (value.at("api") != api || value.at("repo") != repo) return fresh;
    State state = fresh;
    state.wait_until = value.value("wait_until", std::int64_t{0});
    state.wait_reason = value.value("wait_reason", "");
    state.ask_after = value.value("ask_after", std::int64_t{0});
    state.board_item = value.value("board_item", "");
    state.board = value.value("board", "");
    state.board_check = value.value("board_check", std::int64_t{0});
    if (value.contains("ticket")) {
      const json& seen = value.at("ticket");
      SeenTicket ticket;
      ticket.number = seen.at("number").get<std::int64_t>();
      ticket.address = seen.at("address").get<std::string>();
      ticket.node_id = seen.at("node_id").get<std::string>();
      ticket.title = seen.at("title").get<std::string>();
      ticket.body = seen.at("body").get<std::string>();
      ticket.is_open = seen.at("is_open").get<bool>();
      ticket.is_locked = seen.at("is_locked").get<bool>();
      ticket.labels = seen.at("labels").get<std::vector<std::string>>();
      ticket.labels_refused = seen.value("labels_refused", false);
      ticket.updated_at = seen.at("updated_at").get<std::string>();
      ticket.etag = seen.at("etag").get<std::string>();
      ticket.token_hash = seen.at("token_hash").get<std::string>();
      state.ticket = std::move(ticket);
    }
    return state;
  } catch (const json::exception&) {
    return fresh;
  }
}

void write_state(const fs::path& file, const State& state) {
  json value{{"api", state.api},
             {"repo", state.repo},
             {"wait_until", state.wait_until},
             {"wait_reason", state.wait_reason},
             {"ask_after", state.ask_after},
             {"board_item", state.board_item},
             {"board", state.board},
             {"board_check", state.board_check}};
  if (state.ticket) {
    const SeenTicket& ticket = *state.ticket;
    value["ticket"] = {
        {"number", ticket.number},         {"address", ticket.address}, {"node_id", ticket.node_id},
        {"title", ticket.title},           {"body", ticket.body},       {"is_open", ticket.is_open},
        {"is_locked", ticket.is_locked},   {"labels", ticket.labels},   {"labels_refused", ticket.labels_refused},
        {"updated_at", ticket.updated_at}, {"etag", ticket.etag},       {"token_hash", ticket.token_hash}};
  }
  const std::string text = value.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
  if (read_file(file) != text) write_file(file, text);
}

}  // namespace ps_sync::github
