// A pack that holds large files as differences from what the other side has, made by the user's own git.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "ps_sync/git/store.hpp"

namespace ps_sync::git {

/// From this size on, a file that replaces another is worth a search for what they have in common (bytes).
constexpr std::uint64_t worth_a_difference = 64 * 1024;

/// Everything that `targets` need and a repository with `known` has not, in one thin pack, handed on piece by piece.
/// It takes a process and a search, so it is for large files over a network: our own packs hold every object whole.
void write_thin_pack(const fs::path& store, const std::vector<Oid>& targets, const std::vector<Oid>& known,
                     const std::function<void(std::string_view)>& write);

}  // namespace ps_sync::git
