#include "ps_sync/sync/index.hpp"

#include <xxhash.h>

#include <cstring>

#include "ps_sync/base/error.hpp"
#include "ps_sync/base/failpoint.hpp"
#include "sync/index_state.hpp"

namespace ps_sync::sync {
namespace {

constexpr char magic[8] = {'P', 'S', 'I', 'N', 'D', 'E', 'X', '1'};

// Native byte order and alignment: the file belongs to one machine, and another one's reads as lost.
struct Header {
  char magic[8];
  std::uint64_t checksum;  // XXH3 of everything behind this field
  std::uint64_t count;
  std::uint64_t paths_size;
  std::uint64_t state_size;
};

struct Record {
  std::uint64_t path_offset;
  std::uint32_t path_size;
  std::uint32_t mode_and_flags;
  std::uint8_t oid[20];
  std::uint32_t reserved;
  std::uint64_t size;
  std::int64_t modified;
  std::int64_t changed;
  std::uint64_t inode;
};
static_assert(sizeof(Record) == 72 && sizeof(Header) == 40);

constexpr std::uint32_t racy_flag = 1u << 31;
constexpr std::size_t checked_from = offsetof(Header, checksum) + sizeof(std::uint64_t);

Record record_at(const char* records, std::size_t position) {
  Record record;
  std::memcpy(&record, records + position * sizeof(Record), sizeof record);
  return record;
}

}  // namespace

FileStat FileStat::of(const struct stat& status) {
  return {static_cast<std::uint64_t>(status.st_size), modified_ns(status), changed_ns(status),
          static_cast<std::uint64_t>(status.st_ino)};
}

bool is_racy(const FileStat& file, std::int64_t looked_at) {
  constexpr std::int64_t fine_grain = 20'000'000;       // kernels stamp files by a tick of up to 10 ms
  constexpr std::int64_t coarse_grain = 2'000'000'000;  // FAT counts in steps of 2 s, older ones in whole seconds
  const std::int64_t grain = file.modified % 1'000'000'000 == 0 ? coarse_grain : fine_grain;
  return file.modified > looked_at - grain;
}

Index Index::load(const fs::path& path) {
  Index index;
  MappedFile file(path);
  const std::string_view bytes = file.bytes();
  if (bytes.empty()) {
    std::error_code ignored;
    index.lost_ = fs::exists(path, ignored);
    return index;
  }
  index.lost_ = true;
  Header header;
  if (bytes.size() < sizeof header) return index;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (std::memcmp(header.magic, magic, sizeof magic) != 0) return index;
  const std::uint64_t most = bytes.size();
  if (header.count > most / sizeof(Record) || header.paths_size > most || header.state_size > most) return index;
  if (sizeof header + header.count * sizeof(Record) + header.paths_size + header.state_size != bytes.size())
    return index;
  if (XXH3_64bits(bytes.data() + checked_from, bytes.size() - checked_from) != header.checksum) return index;
  const char* records = bytes.data() + sizeof header;
  const char* paths = records + header.count * sizeof(Record);
  auto state = parse_index_state({paths + header.paths_size, header.state_size});
  if (!state) return index;
  index.file_ = std::move(file);
  index.records_ = records;
  index.paths_ = paths;
  index.count_ = header.count;
  index.state_ = std::move(*state);
  index.lost_ = false;
  return index;
}

IndexEntry Index::at(std::size_t position) const {
  const Record record = record_at(records_, position);
  IndexEntry entry;
  entry.path = {paths_ + record.path_offset, record.path_size};
  std::memcpy(entry.entry.oid.bytes.data(), record.oid, sizeof record.oid);
  entry.entry.mode = record.mode_and_flags & ~racy_flag;
  entry.stat = {record.size, record.modified, record.changed, record.inode};
  entry.racy = (record.mode_and_flags & racy_flag) != 0;
  return entry;
}

std::string_view Index::path_at(std::size_t position) const {
  const Record record = record_at(records_, position);
  return {paths_ + record.path_offset, record.path_size};
}

std::size_t Index::lower_bound(std::string_view path) const {
  std::size_t low = 0;
  std::size_t high = count_;
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (path_at(middle) < path) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

std::optional<std::size_t> Index::find(std::string_view path) const {
  const std::size_t position = lower_bound(path);
  if (position == count_ || path_at(position) != path) return std::nullopt;
  return position;
}

namespace {

class IndexBytes {
 public:
  explicit IndexBytes(std::size_t expected) { records_.reserve(expected * sizeof(Record)); }

  void add(std::string_view path, const Entry& entry, const FileStat& stat, bool racy) {
    Record record{};
    record.path_offset = paths_.size();
    record.path_size = static_cast<std::uint32_t>(path.size());
    record.mode_and_flags = entry.mode | (racy ? racy_flag : 0);
    std::memcpy(record.oid, entry.oid.bytes.data(), sizeof record.oid);
    record.size = stat.size;
    record.modified = stat.modified;
    record.changed = stat.changed;
    record.inode = stat.inode;
    records_.append(reinterpret_cast<const char*>(&record), sizeof record);
    paths_ += path;
  }

  std::string finish(std::string_view state) const {
    Header header{};
    std::memcpy(header.magic, magic, sizeof magic);
    header.count = records_.size() / sizeof(Record);
    header.paths_size = paths_.size();
    header.state_size = state.size();
    std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
    bytes.reserve(bytes.size() + records_.size() + paths_.size() + state.size());
    bytes.append(records_).append(paths_).append(state);
    const std::uint64_t checksum = XXH3_64bits(bytes.data() + checked_from, bytes.size() - checked_from);
    std::memcpy(bytes.data() + offsetof(Header, checksum), &checksum, sizeof checksum);
    return bytes;
  }

 private:
  std::string records_;
  std::string paths_;
};

}  // namespace

void write_index(const fs::path& path, const Index& old, const IndexUpdates& updates, const IndexState& state) {
  IndexBytes bytes(old.size() + updates.size());
  auto update = updates.begin();
  const auto add_updates_before = [&](std::optional<std::string_view> limit) {
    for (; update != updates.end() && (!limit || update->first < *limit); ++update) {
      if (update->second) bytes.add(update->first, update->second->entry, update->second->stat, update->second->racy);
    }
  };
  for (std::size_t i = 0; i < old.size(); ++i) {
    const IndexEntry entry = old.at(i);
    add_updates_before(entry.path);
    if (update != updates.end() && update->first == entry.path) {
      if (update->second) bytes.add(update->first, update->second->entry, update->second->stat, update->second->racy);
      ++update;
    } else {
      bytes.add(entry.path, entry.entry, entry.stat, entry.racy);
    }
  }
  add_updates_before(std::nullopt);
  failpoint("index-before-write");
  write_file(path, bytes.finish(format_index_state(state)), 0600, Durable::yes);
  failpoint("index-after-write");
}

}  // namespace ps_sync::sync
