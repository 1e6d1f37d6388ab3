// The store: a bare repository of ps-sync's own. All writing happens under the store's lock, which the caller holds.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ps_sync/git/objects.hpp"
#include "ps_sync/platform/files.hpp"

namespace ps_sync::git {

/// SHA-1 of an object's header and bytes: its id. Needs no store.
Oid hash_object(ObjectType type, std::string_view bytes);

/// New objects, written as one pack that becomes visible, and durable, at finish().
///
/// A pack instead of loose objects: one file to put on disk for a batch of any size, and the very bytes that a push
/// sends.
class Batch {
 public:
  ~Batch();
  Batch(Batch&&) noexcept;

  /// Adds an object unless this batch or the store already holds it, and answers its id.
  Oid add(ObjectType type, std::string_view bytes);
  Oid add_tree(std::vector<TreeEntry> entries);
  /// `commit.oid` is ignored; the answer is the new commit's id.
  Oid add_commit(const Commit& commit);
  /// The bytes of a tree or commit that this batch added.
  std::optional<std::string> find(const Oid& oid) const;

  /// Makes the objects visible, after putting pack and index on disk (fsync) unless told that they may be lost. Answers
  /// the pack's path; absent for no objects.
  std::optional<fs::path> finish(Durable durable = Durable::yes);
  std::size_t count() const;

 private:
  friend class Store;
  struct State;
  explicit Batch(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Copying shares the open repository. Loads libgit2 on first use of an object, not before.
class Store {
 public:
  /// Where the store is, or will be. Touches nothing.
  explicit Store(fs::path path);

  const fs::path& path() const;
  bool exists() const;
  /// Makes the bare repository if there is none, private to the user.
  void create() const;
  /// Removes what a killed process left: temporary objects and ref locks. Only under the store's lock.
  void remove_leftovers() const;
  /// Packs many small packs into few, when there are many. Cheap otherwise.
  void maintain() const;

  bool has(const Oid& oid) const;
  /// Is it here, and a commit? A ref on a remote may name anything.
  bool is_commit(const Oid& oid) const;
  /// Throws Error{failed} where the object is missing or of another type.
  std::string read(ObjectType type, const Oid& oid) const;
  /// Same, with the bytes where libgit2 has them: for a file as large as the memory that is left.
  void read(ObjectType type, const Oid& oid, const std::function<void(std::string_view)>& use) const;
  std::uint64_t size_of(const Oid& oid) const;
  std::vector<TreeEntry> read_tree(const Oid& oid) const;
  Commit read_commit(const Oid& oid) const;

  Batch begin_batch() const;

  /// Reads a ref without loading libgit2.
  std::optional<Oid> find_ref(const std::string& name) const;
  /// Moves a ref from `expected` (absent: it must not exist) to `target` (absent: delete). False where it had another
  /// value.
  bool move_ref(const std::string& name, const std::optional<Oid>& expected, const std::optional<Oid>& target) const;
  /// Names of refs that begin with `prefix`.
  std::vector<std::string> list_refs(const std::string& prefix) const;

  /// The best common ancestor; absent where histories are unrelated.
  std::optional<Oid> merge_base(const Oid& left, const Oid& right) const;
  bool is_ancestor(const Oid& ancestor, const Oid& of) const;
  /// Commits reachable from `tips` and not from `hidden`, newest first; unknown hidden commits are skipped. Stops where
  /// `visit` answers false.
  void walk(const std::vector<Oid>& tips, const std::vector<Oid>& hidden,
            const std::function<bool(const Commit&)>& visit) const;
  std::size_t count_ahead(const Oid& tip, const std::optional<Oid>& of) const;

  /// The three-way merge of one text, exact bytes; absent where the sides conflict, or one is binary or over 8 MB.
  std::optional<std::string> merge_text(std::string_view base, std::string_view ours, std::string_view theirs) const;
  /// Both sides' lines, ours first; absent for binary content.
  std::optional<std::string> union_text(std::string_view base, std::string_view ours, std::string_view theirs) const;
  /// How alike two contents are, 0 to 100, as git's rename detection sees it.
  int similarity(std::string_view left, std::string_view right) const;

  struct Repository;
  /// For the rest of this room: the open libgit2 repository.
  Repository& repository() const;

 private:
  std::shared_ptr<Repository> repository_;
};

}  // namespace ps_sync::git
