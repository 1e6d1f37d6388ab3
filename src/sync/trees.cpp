#include "ps_sync/sync/trees.hpp"

#include <algorithm>
#include <unordered_map>

#include "ps_sync/base/text.hpp"

namespace ps_sync::sync {
namespace {

// Deeper than any path rule lets through; a hostile tree of 10,000 levels must not use up the stack.
constexpr std::size_t deepest = 128;

bool has_earlier_name(const git::TreeEntry& left, const git::TreeEntry& right) { return left.name < right.name; }

/// Puts the entries in order of their names alone, and moves out those whose name stands before them already, as only a
/// hostile tree has it.
std::vector<git::TreeEntry> sort_by_name(std::vector<git::TreeEntry>& entries) {
  std::stable_sort(entries.begin(), entries.end(), has_earlier_name);
  std::vector<git::TreeEntry> doubled;
  auto kept = entries.begin();
  for (git::TreeEntry& entry : entries) {
    if (kept != entries.begin() && std::prev(kept)->name == entry.name) {
      doubled.push_back(std::move(entry));
    } else if (&*kept++ != &entry) {
      *std::prev(kept) = std::move(entry);
    }
  }
  entries.erase(kept, entries.end());
  return doubled;
}

/// Both folders are gone through in git's order of entries, in which a folder stands where the paths below it do.
class TreeDiff {
 public:
  using Visit = std::function<bool(std::string&& path, const Delta& delta)>;
  TreeDiff(const git::Store& store, const Visit& visit, OddPaths* odd) : store_(store), visit_(visit), odd_(odd) {}

  /// False where `visit` wants no more.
  bool compare(const std::string& prefix, const std::optional<Oid>& from, const std::optional<Oid>& to,
               std::size_t depth) {
    if (from == to) return true;
    if (depth > deepest) {
      report_odd(prefix);
      return true;
    }
    const std::vector<git::TreeEntry> before = read(prefix, from);
    const std::vector<git::TreeEntry> after = read(prefix, to);
    auto left = before.begin();
    auto right = after.begin();
    while (left != before.end() || right != after.end()) {
      const bool only_left = right == after.end() || (left != before.end() && git::comes_before(*left, *right));
      const bool only_right = left == before.end() || (right != after.end() && git::comes_before(*right, *left));
      if (!compare_entry(prefix, only_right ? nullptr : &*left, only_left ? nullptr : &*right, depth)) return false;
      if (!only_right) ++left;
      if (!only_left) ++right;
    }
    return true;
  }

 private:
  bool compare_entry(const std::string& prefix, const git::TreeEntry* before, const git::TreeEntry* after,
                     std::size_t depth) {
    if (before != nullptr && after != nullptr && *before == *after) return true;
    const git::TreeEntry& either = before != nullptr ? *before : *after;
    if (either.mode == git::mode_tree) {
      const auto as_folder = [](const git::TreeEntry* entry) { return entry ? std::optional(entry->oid) : std::nullopt; };
      return compare(concat(prefix, either.name, "/"), as_folder(before), as_folder(after), depth + 1);
    }
    const auto as_file = [](const git::TreeEntry* entry) {
      return entry ? std::optional(Entry{entry->oid, entry->mode}) : std::nullopt;
    };
    return visit_(prefix + either.name, Delta{as_file(before), as_file(after)});
  }

  std::vector<git::TreeEntry> read(const std::string& prefix, const std::optional<Oid>& tree) {
    if (!tree) return {};
    std::vector<git::TreeEntry> entries = store_.read_tree(*tree);
    std::erase_if(entries, [&](const git::TreeEntry& entry) {
      const bool is_name = !entry.name.empty() && entry.name.find('/') == std::string::npos;
      if (!is_name) report_odd(prefix + entry.name);  // it would be taken for a path
      return !is_name;
    });
    for (const git::TreeEntry& second : sort_by_name(entries)) {
      // Which of the two is meant cannot be known.
      std::erase_if(entries, [&](const git::TreeEntry& entry) { return entry.name == second.name; });
      report_odd(prefix + second.name);
    }
    std::sort(entries.begin(), entries.end(), git::comes_before);
    return entries;
  }

  void report_odd(const std::string& path) {
    if (odd_ != nullptr && (odd_->empty() || odd_->back() != path)) odd_->push_back(path);
  }

  const git::Store& store_;
  const Visit& visit_;
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
