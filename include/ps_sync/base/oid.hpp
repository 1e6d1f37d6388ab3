// A git object id (SHA-1: the store is always a SHA-1 repository, whatever the user's own is).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace ps_sync {

/// Never all zeroes on purpose: absence is std::optional<Oid>, as git's zero id would hide it from the compiler.
struct Oid {
  std::array<std::uint8_t, 20> bytes{};

  /// 40 lower-case hex digits.
  std::string hex() const;
  /// The first ten digits, for people.
  std::string short_hex() const { return hex().substr(0, 10); }
  /// Reads exactly 40 hex digits, either case; absent for anything else.
  static std::optional<Oid> from_hex(std::string_view text);

  auto operator<=>(const Oid&) const = default;
};

}  // namespace ps_sync

template <>
struct std::hash<ps_sync::Oid> {
  std::size_t operator()(const ps_sync::Oid& oid) const noexcept {
    std::size_t value;
    std::memcpy(&value, oid.bytes.data(), sizeof value);
    return value;
  }
};
