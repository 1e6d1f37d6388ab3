// Bytes that are collected before they are used: the first of them in memory, all of them in a file once they are many.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "ps_sync/platform/files.hpp"

namespace ps_sync {

class Spool {
 public:
  /// Up to this many bytes stay in memory.
  static constexpr std::size_t kept_in_memory = 1 << 20;

  /// The file, where one is needed, is made in `folder` without a name: it goes with the process, however that ends.
  explicit Spool(fs::path folder) : folder_(std::move(folder)) {}

  void append(std::string_view bytes);
  std::uint64_t size() const { return size_; }
  /// Copies what begins at `offset`; 0 at the end. Throws where the file cannot be read.
  std::size_t read(std::uint64_t offset, std::span<char> into) const;
  /// All of it, where it is in memory still; "" otherwise.
  std::string_view in_memory() const { return file_ ? std::string_view() : std::string_view(memory_); }
  void clear();

 private:
  fs::path folder_;
  std::string memory_;
  Fd file_;
  std::uint64_t size_ = 0;
};

}  // namespace ps_sync
