// Two small files for those who only want to look: `status`, one line for prompts, and `state.json`, for editors. Both
// are replaced in one step, and either may be lost (docs/formats/state-files.md).
#pragma once

#include <optional>
#include <vector>

#include "app/outbox.hpp"
#include "app/working_tree.hpp"

namespace ps_sync::app {

void write_state_files(const Context& context, const WorkingTree& tree, const std::optional<Oid>& local,
                       const std::optional<Oid>& tip, const Outbox& outbox, const std::vector<HeldBack>& held_back);

/// The same, from counts that a status already has.
struct StateCounts {
  std::size_t conflicts = 0;
  std::size_t incoming = 0;
  std::size_t outgoing = 0;
  std::size_t held_back = 0;
};
void write_state_files(const Context& context, const StateCounts& counts, const std::optional<Oid>& local,
                       const std::optional<Oid>& tip, const Outbox& outbox);

}  // namespace ps_sync::app
