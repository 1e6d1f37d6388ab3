// The machine part: an HTML comment that holds one JSON object. docs/formats/beacon.md, "Machine part".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ps_sync/beacon/document.hpp"

namespace ps_sync::beacon {

/// A body taken apart: people's text with the front matter in it, and what stood in machine parts (there should be
/// one).
struct Parted {
  std::string text;
  std::vector<std::string_view> machine_parts;  ///< their JSON; views into the body
};
Parted part(std::string_view body);

/// Fills in what the JSON says; the front matter must have been read, since the machine part leaves to it what it says
/// of its own session. False, with nothing changed, where it is no JSON object, or nested absurdly.
bool read_machine_part(std::string_view json, Document& document);

/// The comment with its lines, no list longer than `limit`.
std::string write_machine_part(const Document& document, std::size_t limit);

}  // namespace ps_sync::beacon
