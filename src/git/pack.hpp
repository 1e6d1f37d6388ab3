// Writing git's pack format (gitformat-pack(5), version 2): whole objects, no deltas.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ps_sync/git/objects.hpp"

namespace ps_sync::git {

/// Turns objects into the bytes of a pack, handed to `sink` piece by piece. Content that does not shrink (a 64 KB
/// sample decides) is stored as it is: level 1 costs 28 ms a megabyte of random bytes, and saves nothing.
class PackEncoder {
 public:
  using Sink = std::function<void(std::string_view)>;
  explicit PackEncoder(Sink sink);
  ~PackEncoder();
  PackEncoder(const PackEncoder&) = delete;
  PackEncoder& operator=(const PackEncoder&) = delete;

  /// The 12 bytes with which a pack of `count` objects begins.
  static std::string header(std::uint32_t count);

  struct Written {
    std::uint64_t size;  ///< bytes in the pack
    std::uint32_t crc;   ///< of those bytes, for the index
  };
  Written add(ObjectType type, std::string_view bytes);

 private:
  void emit(std::string_view bytes);
  void deflate_all(std::string_view bytes, int level);

  Sink sink_;
  z_stream stream_{};
  int level_ = 1;
  Written written_{};
  std::vector<char> buffer_;
};

struct PackedObject {
  Oid oid;
  std::uint32_t crc;
  std::uint64_t offset;
};

/// The index of a pack, version 2. `objects` are put in order of their ids first.
std::string make_pack_index(std::vector<PackedObject> objects, const Oid& pack_checksum);

}  // namespace ps_sync::git
