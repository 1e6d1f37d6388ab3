#include "github/board.hpp"

namespace ps_sync::github {

using nlohmann::json;

namespace {

constexpr std::int64_t look_again_after = 30;  // seconds

constexpr auto add_item = R"(mutation AddTicket($project: ID!, $content: ID!) {
  addProjectV2ItemById(input: {projectId: $project, contentId: $content}) { item { id } }
})";

constexpr auto read_status = R"(query TicketStatus($item: ID!) {
  node(id: $item) {
    ... on ProjectV2Item {
      fieldValueByName(name: "Status") {
        ... on ProjectV2ItemFieldSingleSelectValue { field { ... on ProjectV2SingleSelectField { id } } }
      }
    }
  }
})";

constexpr auto clear_status = R"(mutation ClearStatus($project: ID!, $item: ID!, $field: ID!) {
  clearProjectV2ItemFieldValue(input: {projectId: $project, itemId: $item, fieldId: $field}) { projectV2Item { id } }
})";

/// A text somewhere inside of an answer; "" where the way there ends before.
std::string text_at(const json& value, std::initializer_list<const char*> path) {
  const json* at = &value;
  for (const char* name : path) {
    if (!at->is_object() || !at->contains(name)) return "";
    at = &at->at(name);
  }
  return at->is_string() ? at->get<std::string>() : "";
}

/// True where there was something to clear.
bool clear_if_set(Api& api, const State& state, const std::string& project) {
  const json seen = api.graphql(read_status, {{"item", state.board_item}});
  const std::string field = text_at(seen, {"node", "fieldValueByName", "field", "id"});
  if (field.empty()) return false;
  api.graphql(clear_status, {{"project", project}, {"item", state.board_item}, {"field", field}});
  return true;
}

}  // namespace

void tend_board(Api& api, State& state, const std::string& project) {
  if (!state.ticket || state.ticket->node_id.empty()) return;
  const bool is_new = state.board != project || state.board_item.empty();
  if (is_new) {
    const json added = api.graphql(add_item, {{"project", project}, {"content", state.ticket->node_id}});
    state.board_item = text_at(added, {"addProjectV2ItemById", "item", "id"});
    if (state.board_item.empty())
      throw Error(ErrorKind::rejected, "cannot put the ticket on the board").because("GitHub did not say where it is");
    state.board = project;
  } else if (state.board_check == 0 || seconds_now() < state.board_check) {
    return;
  }
  const bool was_set = clear_if_set(api, state, project);
  state.board_check = is_new || was_set ? seconds_now() + look_again_after : 0;
}

}  // namespace ps_sync::github
