#include "ps_sync/sync/index.hpp"

#include <xxhash.h>

#include <cstring>
#include <memory>
#include <new>

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

Index Index::load(const fs::path& path, Check check) {
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
  if (check == Check::yes && XXH3_64bits(bytes.data() + checked_from, bytes.size() - checked_from) != header.checksum)
    return index;
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

/// Goes through the entries that `old` and `updates` come to, in order of their paths.
template <class Visit>
void visit_entries(const Index& old, const IndexUpdates& updates, const Visit& visit) {
  auto update = updates.begin();
  const auto visit_update = [&] {
    if (update->second) visit({update->first, update->second->entry, update->second->stat, update->second->racy});
    ++update;
  };
  constexpr std::size_t at_once = 8192;  // of the old file is in memory
  for (std::size_t i = 0; i < old.size(); ++i) {
    if (i % at_once == 0) old.rest();
    const IndexEntry entry = old.at(i);
    while (update != updates.end() && entry.path.compare(update->first) > 0) visit_update();
    if (update != updates.end() && update->first == entry.path) {
      visit_update();
    } else {
      visit(entry);
    }
  }
  while (update != updates.end()) visit_update();
  old.rest();
}

Record record_of(const IndexEntry& entry, std::uint64_t path_offset) {
  Record record{};
  record.path_offset = path_offset;
  record.path_size = static_cast<std::uint32_t>(entry.path.size());
  record.mode_and_flags = entry.entry.mode | (entry.racy ? racy_flag : 0);
  std::memcpy(record.oid, entry.entry.oid.bytes.data(), sizeof record.oid);
  record.size = entry.stat.size;
  record.modified = entry.stat.modified;
  record.changed = entry.stat.changed;
  record.inode = entry.stat.inode;
  return record;
}

template <class Plain>
std::string_view bytes_of(const Plain& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

struct FreeChecksum {
  void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
};

/// A file whose checksum is reckoned while it is written.
class CheckedFile {
 public:
  explicit CheckedFile(const fs::path& path) : file_(path, 0600), checksum_(XXH3_createState()) {
    if (!checksum_ || XXH3_64bits_reset(checksum_.get()) != XXH_OK) throw std::bad_alloc();
  }

  void write_header(const Header& header) {
    file_.write(bytes_of(header));
    add(bytes_of(header).substr(checked_from));
  }
  void write(std::string_view bytes) {
    file_.write(bytes);
    add(bytes);
  }
  void commit() {
    const std::uint64_t checksum = XXH3_64bits_digest(checksum_.get());
    file_.write_over(offsetof(Header, checksum), bytes_of(checksum));
    file_.commit(Durable::yes);
  }

 private:
  void add(std::string_view bytes) { XXH3_64bits_update(checksum_.get(), bytes.data(), bytes.size()); }

  NewFile file_;
  std::unique_ptr<XXH3_state_t, FreeChecksum> checksum_;
};

}  // namespace

// The entries are gone through three times, for the sizes, the records and the paths: that takes a few milliseconds
// where holding the file in memory would take 20 MB (100,000 entries).
void write_index(const fs::path& path, const Index& old, const IndexUpdates& updates, const IndexState& state) {
  const std::string state_text = format_index_state(state);
  Header header{};
  std::memcpy(header.magic, magic, sizeof magic);
  header.state_size = state_text.size();
  visit_entries(old, updates, [&](const IndexEntry& entry) {
    ++header.count;
    header.paths_size += entry.path.size();
  });
  failpoint("index-before-write");
  CheckedFile file(path);
  file.write_header(header);
  std::uint64_t path_offset = 0;
  visit_entries(old, updates, [&](const IndexEntry& entry) {
    file.write(bytes_of(record_of(entry, path_offset)));
    path_offset += entry.path.size();
  });
  visit_entries(old, updates, [&](const IndexEntry& entry) { file.write(entry.path); });
  file.write(state_text);
  file.commit();
  failpoint("index-after-write");
}

}  // namespace ps_sync::sync
