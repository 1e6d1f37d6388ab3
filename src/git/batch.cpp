#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <unordered_map>

#include "git/pack.hpp"
#include "git/sha1.hpp"
#include "git/store_state.hpp"
#include "ps_sync/base/error.hpp"
#include "ps_sync/base/failpoint.hpp"

namespace ps_sync::git {

Oid hash_object(ObjectType type, std::string_view bytes) {
  static constexpr std::string_view names[] = {"", "commit", "tree", "blob", "tag"};
  const std::string head = concat(names[static_cast<std::size_t>(type)], " ", std::to_string(bytes.size()));
  Sha1 sha;
  sha.add({head.c_str(), head.size() + 1});
  sha.add(bytes);
  return sha.finish();
}

namespace {

/// The objects of a batch, in the order of its pack, and by their ids: a set of ids beside a list would take three
/// times the memory.
class ObjectTable {
 public:
  std::size_t size() const { return objects_.size(); }
  bool empty() const { return objects_.empty(); }
  bool contains(const Oid& oid) const { return !slots_.empty() && slots_[find(oid)] != none; }

  void add(const PackedObject& object) {
    objects_.push_back(object);
    if (objects_.size() * 2 > slots_.size()) return grow();
    slots_[find(object.oid)] = static_cast<std::uint32_t>(objects_.size() - 1);
  }

  std::vector<PackedObject> take() && { return std::move(objects_); }

 private:
  static constexpr std::uint32_t none = 0xFFFFFFFF;

  /// The slot of this id, or the free one where it would go. At most half of the slots are taken, so there is one.
  std::size_t find(const Oid& oid) const {
    std::size_t slot = std::hash<Oid>()(oid) & (slots_.size() - 1);
    while (slots_[slot] != none && objects_[slots_[slot]].oid != oid) slot = (slot + 1) & (slots_.size() - 1);
    return slot;
  }

  void grow() {
    slots_.assign(std::max<std::size_t>(slots_.size() * 4, 64), none);
    for (std::size_t i = 0; i < objects_.size(); ++i) slots_[find(objects_[i].oid)] = static_cast<std::uint32_t>(i);
  }

  std::vector<PackedObject> objects_;
  std::vector<std::uint32_t> slots_;  // positions; their number is a power of two
};

}  // namespace

struct Batch::State {
  explicit State(Store owner)
      : store(std::move(owner)), encoder([this](std::string_view bytes) { buffer_write(bytes); }) {}
  ~State() {
    if (fd) ::unlink(temporary.c_str());
  }

  void open_file() {
    temporary = store.path() / "objects" / "pack" / concat("tmp_pack_", std::to_string(::getpid()));
    fd = Fd(::open(temporary.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!fd) throw_system_error("write", temporary);
    buffer_write(PackEncoder::header(0));  // the count is put in at the end
  }

  void buffer_write(std::string_view bytes) {
    size += bytes.size();
    pending += bytes;
    if (pending.size() >= 1u << 18) flush();
  }

  void flush() {
    write_all(fd.get(), pending, temporary);
    pending.clear();
  }

  /// What the store itself answers for from now on.
  void forget() {
    pending = std::string();
    objects = ObjectTable();
    readable = std::unordered_map<Oid, std::string>();
  }

  Oid checksum() const {
    Sha1 sha;
    visit_bytes(fd.get(), 0, size, temporary, [&](std::string_view bytes) { sha.add(bytes); });
    return sha.finish();
  }

  Store store;
  PackEncoder encoder;
  fs::path temporary;
  Fd fd;
  std::string pending;
  std::uint64_t size = 0;
  ObjectTable objects;
  std::unordered_map<Oid, std::string> readable;  // trees and commits, which the rest of a command may look at
};

Batch::Batch(std::unique_ptr<State> state) : state_(std::move(state)) {}
Batch::Batch(Batch&&) noexcept = default;
Batch::~Batch() = default;

Oid Batch::add(ObjectType type, std::string_view bytes) {
  const Oid oid = hash_object(type, bytes);
  if (state_->objects.contains(oid)) return oid;
  if (type != ObjectType::blob) state_->readable.emplace(oid, bytes);
  if (state_->store.has(oid)) return oid;
  if (!state_->fd) state_->open_file();
  const std::uint64_t offset = state_->size;
  const PackEncoder::Written written = state_->encoder.add(type, bytes);
  state_->objects.add({oid, written.crc, offset});
  return oid;
}

Oid Batch::add_tree(std::vector<TreeEntry> entries) {
  return add(ObjectType::tree, serialize_tree(std::move(entries)));
}

Oid Batch::add_commit(const Commit& commit) { return add(ObjectType::commit, serialize_commit(commit)); }

std::optional<std::string> Batch::find(const Oid& oid) const {
  const auto found = state_->readable.find(oid);
  if (found == state_->readable.end()) return std::nullopt;
  return found->second;
}

std::size_t Batch::count() const { return state_->objects.size(); }

std::optional<fs::path> Batch::finish(Durable durable) {
  State& state = *state_;
  if (state.objects.empty()) return std::nullopt;
  failpoint("batch-before-pack");
  state.flush();
  const std::string header = PackEncoder::header(static_cast<std::uint32_t>(state.objects.size()));
  if (::pwrite(state.fd.get(), header.data(), header.size(), 0) != static_cast<ssize_t>(header.size())) {
    throw_system_error("write", state.temporary);
  }
  const Oid checksum = state.checksum();
  write_all(state.fd.get(), {reinterpret_cast<const char*>(checksum.bytes.data()), 20}, state.temporary);
  if (durable == Durable::yes && ::fdatasync(state.fd.get()) != 0) throw_system_error("write", state.temporary);

  const fs::path folder = state.store.path() / "objects" / "pack";
  const fs::path pack = folder / concat("pack-", checksum.hex(), ".pack");
  const fs::path index = folder / concat("pack-", checksum.hex(), ".idx");
  const fs::path new_index = folder / concat("tmp_idx_", std::to_string(::getpid()));
  ::fchmod(state.fd.get(), 0400);
  {
    const Fd fd(::open(new_index.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0400));
    if (!fd) throw_system_error("write", new_index);
    write_all(fd.get(), make_pack_index(std::move(state.objects).take(), checksum), new_index);
    if (durable == Durable::yes && ::fdatasync(fd.get()) != 0) throw_system_error("write", new_index);
  }
  // The pack first: an index without its pack would be an error to every reader.
  if (::rename(state.temporary.c_str(), pack.c_str()) != 0) throw_system_error("write", pack);
  failpoint("batch-pack-without-index");
  if (::rename(new_index.c_str(), index.c_str()) != 0) throw_system_error("write", index);
  if (durable == Durable::yes) sync_folder(folder);
  state.fd.reset();
  state.forget();
  state.store.repository().refresh();
  failpoint("batch-after-pack");
  return pack;
}

Batch Store::begin_batch() const { return Batch(std::make_unique<Batch::State>(*this)); }

}  // namespace ps_sync::git
