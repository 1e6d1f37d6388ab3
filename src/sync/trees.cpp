#include "ps_sync/sync/trees.hpp"

#include <algorithm>
#include <unordered_map>

#include "ps_sync/base/text.hpp"

namespace ps_sync::sync {
namespace {

// Deeper than any path rule lets through; a hostile tree of 10,000 levels must not use up the stack.
constexpr std::size_t deepest = 128;

using Folder = std::map<std::string, git::TreeEntry>;

class TreeDiff {
 public:
  TreeDiff(const git::Store& store, OddPaths* odd) : store_(store), odd_(odd) {}

  void compare(const std::string& prefix, const std::optional<Oid>& from, const std::optional<Oid>& to,
               std::size_t depth) {
    if (from == to) return;
    if (depth > deepest) return report_odd(prefix);
    const Folder before = read(prefix, from);
    const Folder after = read(prefix, to);
    auto left = before.begin();
    auto right = after.begin();
    while (left != before.end() || right != after.end()) {
      const bool only_left = right == after.end() || (left != before.end() && left->first < right->first);
      const bool only_right = left == before.end() || (right != after.end() && right->first < left->first);
      compare_entry(prefix, only_right ? nullptr : &left->second, only_left ? nullptr : &right->second, depth);
      if (!only_right) ++left;
      if (!only_left) ++right;
    }
  }

  Deltas deltas;

 private:
  void compare_entry(const std::string& prefix, const git::TreeEntry* before, const git::TreeEntry* after,
                     std::size_t depth) {
    if (before != nullptr && after != nullptr && *before == *after) return;
    const std::string path = prefix + (before != nullptr ? before : after)->name;
    const auto as_file = [](const git::TreeEntry* entry) -> std::optional<Entry> {
      if (entry == nullptr || entry->mode == git::mode_tree) return std::nullopt;
      return Entry{entry->oid, entry->mode};
    };
    const auto as_folder = [](const git::TreeEntry* entry) -> std::optional<Oid> {
      if (entry == nullptr || entry->mode != git::mode_tree) return std::nullopt;
      return entry->oid;
    };
    Delta delta{as_file(before), as_file(after)};
    if (delta.base != delta.side) deltas.emplace(path, delta);
    compare(path + "/", as_folder(before), as_folder(after), depth + 1);
  }

  Folder read(const std::string& prefix, const std::optional<Oid>& tree) {
    Folder folder;
    if (!tree) return folder;
    std::vector<std::string> doubled;
    for (git::TreeEntry& entry : store_.read_tree(*tree)) {
      std::string name = entry.name;
      if (name.empty() || name.find('/') != std::string::npos) {
        report_odd(prefix + name);  // no name at all: it would be taken for a path
        continue;
      }
      if (!folder.emplace(name, std::move(entry)).second) doubled.push_back(std::move(name));
    }
    for (const std::string& name : doubled) {
      folder.erase(name);  // which of the two is meant cannot be known
      report_odd(prefix + name);
    }
    return folder;
  }

  void report_odd(const std::string& path) {
    if (odd_ != nullptr && (odd_->empty() || odd_->back() != path)) odd_->push_back(path);
  }

  const git::Store& store_;
  OddPaths* odd_;
};

using ChangeMap = std::map<std::string, std::optional<Entry>>;

class TreeEditor {
 public:
  TreeEditor(git::Batch& batch, const git::Store& store) : batch_(batch), store_(store) {}

  /// The tree that the changes from `first` to `last` (whose paths begin at `skip` characters) make of `tree`; absent
  /// if nothing is left in it.
  std::optional<Oid> edit(const std::optional<Oid>& tree, ChangeMap::const_iterator first,
                          ChangeMap::const_iterator last, std::size_t skip) {
    // Of a name that stands twice (a hostile tree) the second is carried along as it is.
    std::vector<git::TreeEntry> doubled;
    Folder folder = read(tree, doubled);
    while (first != last) {
      const std::string_view rest = std::string_view(first->first).substr(skip);
      const std::string name(rest.substr(0, rest.find('/')));
      // Everything for this name: the file itself, and what lies below. In byte order `a-b` may stand between `a` and
      // `a/b`, so the two are looked up one by one.
      if (rest.size() == name.size()) {
        set_file(folder, name, first->second);
        ++first;
        continue;
      }
      auto end = first;
      const std::string below = first->first.substr(0, skip + name.size() + 1);
      while (end != last && end->first.compare(0, below.size(), below) == 0) ++end;
      edit_folder(folder, name, first, end, below.size());
      first = end;
    }
    if (folder.empty() && doubled.empty()) return std::nullopt;
    for (auto& [name, entry] : folder) doubled.push_back(std::move(entry));
    return batch_.add_tree(std::move(doubled));
  }

 private:
  Folder read(const std::optional<Oid>& tree, std::vector<git::TreeEntry>& doubled) {
    Folder folder;
    if (!tree) return folder;
    const auto fresh = batch_.find(*tree);
    for (git::TreeEntry& entry : fresh ? git::parse_tree(*fresh) : store_.read_tree(*tree)) {
      const std::string name = entry.name;
      if (folder.contains(name)) {
        doubled.push_back(std::move(entry));
      } else {
        folder.emplace(name, std::move(entry));
      }
    }
    return folder;
  }

  static void set_file(Folder& folder, const std::string& name, const std::optional<Entry>& file) {
    if (file) {
      folder[name] = {file->mode, name, file->oid};
    } else if (const auto at = folder.find(name); at != folder.end() && at->second.mode != git::mode_tree) {
      folder.erase(at);
    }
  }

  void edit_folder(Folder& folder, const std::string& name, ChangeMap::const_iterator first,
                   ChangeMap::const_iterator last, std::size_t skip) {
    const auto at = folder.find(name);
    const bool is_folder = at != folder.end() && at->second.mode == git::mode_tree;
    const std::optional<Oid> made = edit(is_folder ? std::optional(at->second.oid) : std::nullopt, first, last, skip);
    if (made) {
      folder[name] = {git::mode_tree, name, *made};
    } else if (is_folder) {
      folder.erase(at);
    }
  }

  git::Batch& batch_;
  const git::Store& store_;
};

}  // namespace

Deltas diff_trees(const git::Store& store, const std::optional<Oid>& from, const std::optional<Oid>& to,
                  OddPaths* odd) {
  TreeDiff diff(store, odd);
  diff.compare("", from, to, 0);
  return std::move(diff.deltas);
}

std::optional<Entry> find_in_tree(const git::Store& store, const std::optional<Oid>& tree, std::string_view path) {
  std::optional<Oid> folder = tree;
  while (folder) {
    const std::size_t slash = path.find('/');
    const std::string_view name = path.substr(0, slash);
    const std::vector<git::TreeEntry> entries = store.read_tree(*folder);
    const auto at = std::find_if(entries.begin(), entries.end(), [&](const auto& entry) { return entry.name == name; });
    if (at == entries.end()) return std::nullopt;
    const bool is_folder = at->mode == git::mode_tree;
    if (slash == std::string_view::npos) return is_folder ? std::nullopt : std::optional(Entry{at->oid, at->mode});
    if (!is_folder) return std::nullopt;
    folder = at->oid;
    path.remove_prefix(slash + 1);
  }
  return std::nullopt;
}

Oid edit_tree(git::Batch& batch, const git::Store& store, const std::optional<Oid>& tree,
              const std::map<std::string, std::optional<Entry>>& changes) {
  // Removals first: a folder that makes room for a file of its name must be gone before the file is set.
  ChangeMap removals;
  ChangeMap additions;
  for (const auto& [path, entry] : changes) (entry ? additions : removals).emplace(path, entry);
  TreeEditor editor(batch, store);
  std::optional<Oid> edited = tree;
  if (edited == git::empty_tree()) edited = std::nullopt;
  if (!removals.empty()) edited = editor.edit(edited, removals.begin(), removals.end(), 0);
  if (!additions.empty()) edited = editor.edit(edited, additions.begin(), additions.end(), 0);
  if (!edited) return batch.add_tree({});
  return *edited;
}

std::vector<std::string> find_in_history(const git::Store& store, const Oid& tip,
                                         const std::map<std::string, Oid>& wanted, std::size_t limit) {
  std::map<std::string, Oid> left = wanted;
  std::vector<std::string> found;
  std::optional<Oid> last_tree;
  store.walk({tip}, {}, [&](const git::Commit& commit) {
    if (commit.tree != last_tree) {
      for (auto at = left.begin(); at != left.end();) {
        const auto entry = find_in_tree(store, commit.tree, at->first);
        if (entry && entry->oid == at->second) {
          found.push_back(at->first);
          at = left.erase(at);
        } else {
          ++at;
        }
      }
    }
    last_tree = commit.tree;
    return !left.empty() && --limit > 0;
  });
  return found;
}

ChangeKind kind_of(const Delta& delta) {
  if (!delta.base) return ChangeKind::added;
  return delta.side ? ChangeKind::modified : ChangeKind::deleted;
}

std::vector<Change> to_changes(const Deltas& deltas) {
  std::vector<Change> changes;
  for (const auto& [path, delta] : deltas) changes.push_back({path, kind_of(delta)});
  return changes;
}

}  // namespace ps_sync::sync
