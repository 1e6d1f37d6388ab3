// Single values of the front matter, as text: no YAML typing in either direction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ps_sync::beacon {

/// One character of UTF-8; length 0 where the byte begins none.
struct CodePoint {
  std::size_t length = 0;
  std::uint32_t value = 0;
};
CodePoint code_point_at(std::string_view text, std::size_t at);

/// Would this character act on the host's page? True for '@', '#', '<', '>', and for the one character that makes an
/// entity (`&commat;`), an address (`https://`) or an issue's number (`GH-12`) of what stands around it.
bool is_live(std::string_view text, std::size_t at);

/// The value as it may stand after `KEY: ` or `- `: plain where YAML reads that as the same string and nothing in it is
/// live, else double-quoted. A byte that is not UTF-8 becomes \xNN. "None" is quoted, since plain it means absence.
std::string write_scalar(std::string_view text);

/// What a value says: quotes undone where they are right, else the text as it stands. \xNN is a byte.
std::string read_scalar(std::string_view value);

/// As read_scalar; absent for nothing and for a plain None.
std::optional<std::string> read_optional_scalar(std::string_view value);

}  // namespace ps_sync::beacon
