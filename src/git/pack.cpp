#include "git/pack.hpp"

#include <algorithm>

#include "git/sha1.hpp"
#include "ps_sync/base/error.hpp"

namespace ps_sync::git {
namespace {

constexpr std::size_t sample_size = 65536;

void append_big_endian(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out += static_cast<char>((value >> shift) & 0xFF);
}

Bytef* zlib_bytes(std::string_view bytes) {
  // zlib's input is not const in its interface, though it only reads.
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
}

/// Deflate level for a large object: none if a sample from its middle does not shrink by a twentieth.
int choose_level(std::string_view bytes) {
  if (bytes.size() < sample_size) return 1;
  const std::string_view sample = bytes.substr((bytes.size() - sample_size) / 2, sample_size);
  uLongf size = compressBound(sample_size);
  std::vector<Bytef> out(size);
  if (compress2(out.data(), &size, zlib_bytes(sample), sample_size, 1) != Z_OK) return 1;
  return size > sample_size - sample_size / 20 ? 0 : 1;
}

}  // namespace

PackEncoder::PackEncoder(Sink sink) : sink_(std::move(sink)), buffer_(65536) {
  if (deflateInit(&stream_, level_) != Z_OK) throw Error(ErrorKind::failed, "cannot start zlib");
}

PackEncoder::~PackEncoder() { deflateEnd(&stream_); }

std::string PackEncoder::header(std::uint32_t count) {
  std::string bytes = "PACK";
  append_big_endian(bytes, 2, 4);
  append_big_endian(bytes, count, 4);
  return bytes;
}

void PackEncoder::emit(std::string_view bytes) {
  written_.size += bytes.size();
  written_.crc = static_cast<std::uint32_t>(crc32(written_.crc, zlib_bytes(bytes), static_cast<uInt>(bytes.size())));
  sink_(bytes);
}

PackEncoder::Written PackEncoder::add(ObjectType type, std::string_view bytes) {
  written_ = {0, static_cast<std::uint32_t>(crc32(0, nullptr, 0))};
  std::string head;
  std::uint64_t size = bytes.size();
  auto byte = static_cast<std::uint8_t>((static_cast<unsigned>(type) << 4) | (size & 15));
  size >>= 4;
  while (size != 0) {
    head += static_cast<char>(byte | 0x80);
    byte = size & 0x7F;
    size >>= 7;
  }
  head += static_cast<char>(byte);
  emit(head);
  deflate_all(bytes, choose_level(bytes));
  return written_;
}

void PackEncoder::deflate_all(std::string_view bytes, int level) {
  deflateReset(&stream_);
  if (level != level_) {
    deflateParams(&stream_, level, Z_DEFAULT_STRATEGY);
    level_ = level;
  }
  stream_.next_in = zlib_bytes(bytes);
  std::size_t left = bytes.size();
  int code = Z_OK;
  while (code != Z_STREAM_END) {
    if (stream_.avail_in == 0 && left > 0) {
      stream_.avail_in = static_cast<uInt>(std::min<std::size_t>(left, 1u << 30));
      left -= stream_.avail_in;
    }
    stream_.next_out = reinterpret_cast<Bytef*>(buffer_.data());
    stream_.avail_out = static_cast<uInt>(buffer_.size());
    code = deflate(&stream_, left == 0 ? Z_FINISH : Z_NO_FLUSH);
    if (code == Z_STREAM_ERROR) throw Error(ErrorKind::failed, "cannot compress an object");
    emit({buffer_.data(), buffer_.size() - stream_.avail_out});
  }
}

std::string make_pack_index(std::vector<PackedObject> objects, const Oid& pack_checksum) {
  std::sort(objects.begin(), objects.end(),
            [](const PackedObject& left, const PackedObject& right) { return left.oid < right.oid; });
  std::string bytes = "\377tOc";
  bytes.reserve(1072 + objects.size() * 28);
  append_big_endian(bytes, 2, 4);
  std::size_t below = 0;
  for (int first = 0; first < 256; ++first) {
    while (below < objects.size() && objects[below].oid.bytes[0] <= first) ++below;
    append_big_endian(bytes, below, 4);
  }
  for (const PackedObject& object : objects) bytes.append(object.oid.bytes.begin(), object.oid.bytes.end());
  for (const PackedObject& object : objects) append_big_endian(bytes, object.crc, 4);
  constexpr std::uint64_t first_large = 0x80000000;
  std::string large;
  for (const PackedObject& object : objects) {
    if (object.offset < first_large) {
      append_big_endian(bytes, object.offset, 4);
    } else {
      append_big_endian(bytes, first_large | (large.size() / 8), 4);
      append_big_endian(large, object.offset, 8);
    }
  }
  bytes += large;
  bytes.append(pack_checksum.bytes.begin(), pack_checksum.bytes.end());
  Sha1 sha;
  sha.add(bytes);
  const Oid checksum = sha.finish();
  bytes.append(checksum.bytes.begin(), checksum.bytes.end());
  return bytes;
}

}  // namespace ps_sync::git
