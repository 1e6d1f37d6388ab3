#include "ps_sync/sync/trees.hpp"

#include <algorithm>
#include <iterator>
#include <span>

#include "ps_sync/base/text.hpp"

namespace ps_sync::sync {
namespace {

// Deeper than any path rule lets through; a hostile tree of 10,000 levels must not use up the stack.
constexpr std::size_t deepest = 128;

bool has_earlier_name(const git::TreeEntry& left, const git::TreeEntry& right) { return left.name < right.name; }

/// Puts the entries in order of their names alone, and moves out those whose name stands before them already, as only a
/// hostile tree has it.
std::vector<git::TreeEntry> sort_by_name(std::vector<git::TreeEntry>& entries) {
  if (!std::is_sorted(entries.begin(), entries.end(), has_earlier_name))
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
      const auto as_folder = [](const git::TreeEntry* entry) {
        return entry ? std::optional(entry->oid) : std::nullopt;
      };
      return compare(concat(prefix, either.name, "/"), as_folder(before), as_folder(after), depth + 1);
    }
    const auto as_file = [](const git::TreeEntry* entry) {
      return entry ? std::optional(Entry{entry->oid, entry->mode}) : std::nullopt;
    };
    return visit_(concat(prefix, either.name), Delta{as_file(before), as_file(after)});
  }

  std::vector<git::TreeEntry> read(const std::string& prefix, const std::optional<Oid>& tree) {
    if (!tree) return {};
    std::vector<git::TreeEntry> entries = store_.read_tree(*tree);
    std::erase_if(entries, [&](const git::TreeEntry& entry) {
      const bool is_name = !entry.name.empty() && entry.name.find('/') == std::string::npos;
      if (!is_name) report_odd(prefix + entry.name);  // it would be taken for a path
      return !is_name;
    });
    const std::vector<git::TreeEntry> doubled = sort_by_name(entries);
    if (!doubled.empty()) {
      // Which of the two is meant cannot be known.
      std::erase_if(entries, [&](const git::TreeEntry& entry) {
        return std::binary_search(doubled.begin(), doubled.end(), entry, has_earlier_name);
      });
      for (const git::TreeEntry& second : doubled) report_odd(prefix + second.name);
    }
    if (!std::is_sorted(entries.begin(), entries.end(), git::comes_before))
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

/// All edits of one name in a folder: of the file itself, and of what lies below it.
struct NamedEdits {
  std::string_view name;
  const TreeEdit* file = nullptr;
  std::span<const TreeEdit> below;
};

class TreeEditor {
 public:
  TreeEditor(git::Batch& batch, const git::Store& store) : batch_(batch), store_(store) {}

  /// The tree that the edits (whose paths begin at `skip` characters) make of `tree`; absent if nothing is left in it.
  std::optional<Oid> edit(const std::optional<Oid>& tree, std::span<const TreeEdit> edits, std::size_t skip) {
    std::vector<git::TreeEntry> before;
    if (tree) {
      const auto fresh = batch_.find(*tree);
      before = fresh ? git::parse_tree(*fresh) : store_.read_tree(*tree);
    }
    std::vector<git::TreeEntry> after = sort_by_name(before);  // a second of its name is carried along as it is
    auto present = before.begin();
    for (const NamedEdits& named : by_name(edits, skip)) {
      while (present != before.end() && present->name < named.name) after.push_back(std::move(*present++));
      const bool is_there = present != before.end() && present->name == named.name;
      std::optional<git::TreeEntry> entry = is_there ? std::optional(std::move(*present++)) : std::nullopt;
      if (named.file != nullptr) set_file(entry, named.name, named.file->entry);
      if (!named.below.empty()) edit_folder(entry, named, skip + named.name.size() + 1);
      if (entry) after.push_back(*std::move(entry));
    }
    std::move(present, before.end(), std::back_inserter(after));
    if (after.empty()) return std::nullopt;
    return batch_.add_tree(std::move(after));
  }

 private:
  /// In byte order of the paths, `a-b` may stand between `a` and `a/b`.
  static std::vector<NamedEdits> by_name(std::span<const TreeEdit> edits, std::size_t skip) {
    std::vector<NamedEdits> all;
    while (!edits.empty()) {
      const std::string_view rest = edits.front().path.substr(skip);
      const std::string_view name = rest.substr(0, rest.find('/'));
      const bool is_file = rest.size() == name.size();
      std::size_t count = 1;
      const std::string_view below = rest.substr(0, name.size() + 1);
      while (!is_file && count < edits.size() && edits[count].path.substr(skip).starts_with(below)) ++count;
      all.push_back({name, is_file ? &edits.front() : nullptr, edits.first(is_file ? 0 : count)});
      edits = edits.subspan(count);
    }
    const auto has_earlier = [](const NamedEdits& left, const NamedEdits& right) { return left.name < right.name; };
    if (!std::is_sorted(all.begin(), all.end(), has_earlier)) std::stable_sort(all.begin(), all.end(), has_earlier);
    return joined(std::move(all));
  }

  static std::vector<NamedEdits> joined(std::vector<NamedEdits> all) {
    const auto of_one_name = [](const NamedEdits& left, const NamedEdits& right) { return left.name == right.name; };
    for (auto at = all.begin(); (at = std::adjacent_find(at, all.end(), of_one_name)) != all.end();) {
      at->below = std::next(at)->below;
      all.erase(std::next(at));
    }
    return all;
  }

  static void set_file(std::optional<git::TreeEntry>& entry, std::string_view name, const std::optional<Entry>& file) {
    if (file) {
      entry = {file->mode, std::string(name), file->oid};
    } else if (entry && entry->mode != git::mode_tree) {
      entry.reset();
    }
  }

  void edit_folder(std::optional<git::TreeEntry>& entry, const NamedEdits& named, std::size_t skip) {
    const bool is_folder = entry && entry->mode == git::mode_tree;
    const std::optional<Oid> made = edit(is_folder ? std::optional(entry->oid) : std::nullopt, named.below, skip);
    if (made) {
      entry = {git::mode_tree, std::string(named.name), *made};
    } else if (is_folder) {
      entry.reset();
    }
  }

  git::Batch& batch_;
  const git::Store& store_;
};

}  // namespace

void visit_differences(const git::Store& store, const std::optional<Oid>& from, const std::optional<Oid>& to,
                       const std::function<bool(std::string&& path, const Delta& delta)>& visit, OddPaths* odd) {
  TreeDiff(store, visit, odd).compare("", from, to, 0);
}

Deltas diff_trees(const git::Store& store, const std::optional<Oid>& from, const std::optional<Oid>& to,
                  OddPaths* odd) {
  Deltas deltas;
  const auto take = [&](std::string&& path, const Delta& delta) {
    deltas.emplace_hint(deltas.end(), std::move(path), delta);
    return true;
  };
  visit_differences(store, from, to, take, odd);
  return deltas;
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

Oid edit_tree(git::Batch& batch, const git::Store& store, const std::optional<Oid>& tree, TreeEdits edits) {
  // Removals first: a folder that makes room for a file of its name must be gone before the file is set.
  const auto is_removal = [](const TreeEdit& edit) { return !edit.entry; };
  auto additions = std::find_if_not(edits.begin(), edits.end(), is_removal);
  if (std::any_of(additions, edits.end(), is_removal))
    additions = std::stable_partition(edits.begin(), edits.end(), is_removal);
  TreeEditor editor(batch, store);
  std::optional<Oid> edited = tree;
  if (edited == git::empty_tree()) edited = std::nullopt;
  if (additions != edits.begin()) edited = editor.edit(edited, {edits.begin(), additions}, 0);
  if (additions != edits.end()) edited = editor.edit(edited, {additions, edits.end()}, 0);
  if (!edited) return batch.add_tree({});
  return *edited;
}

Oid edit_tree(git::Batch& batch, const git::Store& store, const std::optional<Oid>& tree,
              const std::map<std::string, std::optional<Entry>>& files) {
  TreeEdits edits;
  for (const auto& [path, entry] : files) edits.push_back({path, entry});
  return edit_tree(batch, store, tree, std::move(edits));
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

std::vector<Change> list_changes(const git::Store& store, const std::optional<Oid>& from,
                                 const std::optional<Oid>& to) {
  std::vector<Change> changes;
  visit_differences(store, from, to, [&](std::string&& path, const Delta& delta) {
    changes.push_back({std::move(path), kind_of(delta)});
    return true;
  });
  return changes;
}

}  // namespace ps_sync::sync
