// state.json: for prompts and editors, who only want to look. Replaced in one step; it may be lost
// (docs/formats/state-file.md).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/outbox.hpp"
#include "app/working_tree.hpp"

namespace ps_sync::app {

struct StateFile {
  std::size_t conflicts = 0;
  std::size_t incoming = 0;            ///< documents to pull, as last seen
  std::vector<std::string> queued;     ///< documents committed here that the remote does not have
  std::vector<std::string> held_back;  ///< documents that do not travel for now
  std::optional<Oid> local;
  std::optional<Oid> tip;
};

/// What an engine knows at its end; held_back is the caller's to fill in.
StateFile look_at_state(const Context& context, const WorkingTree& tree, const std::optional<Oid>& local,
                        const std::optional<Oid>& tip);
/// Paths that `to` changed since it parted from `from`; an absent commit has none.
std::vector<std::string> paths_between(const git::Store& store, const std::optional<Oid>& from,
                                       const std::optional<Oid>& to);

void write_state_file(const Context& context, const StateFile& state, const Outbox& outbox);

}  // namespace ps_sync::app
