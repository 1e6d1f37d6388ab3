#include "ps_sync/sync/merge.hpp"

#include <algorithm>
#include <set>

#include "ps_sync/base/text.hpp"

namespace ps_sync::sync {
namespace {

// git's own threshold for calling two contents one file renamed, and a bound for what is compared with what.
constexpr int rename_threshold = 50;
constexpr std::size_t most_comparisons = 4000;

/// Where a side moved the files it deleted: old path to new path. Only for `wanted`, since a rename matters only where
/// the other side touched the old path.
std::map<std::string, std::string> find_renames(const Deltas& side, const std::vector<std::string>& wanted,
                                                const MergeContents& contents) {
  std::vector<std::pair<std::string, Entry>> added;
  if (!wanted.empty()) {
    for (const auto& [path, delta] : side) {
      if (!delta.base && delta.side) added.emplace_back(path, *delta.side);
    }
  }
  std::map<std::string, std::string> renames;
  std::set<std::string> taken;
  const auto pair_up = [&](const std::string& from, const std::string& to) {
    renames[from] = to;
    taken.insert(to);
  };
  for (const std::string& path : wanted) {
    const Oid old_id = side.at(path).base->oid;
    const auto same = std::find_if(added.begin(), added.end(), [&](const auto& file) {
      return file.second.oid == old_id && !taken.contains(file.first);
    });
    if (same != added.end()) pair_up(path, same->first);
  }
  std::size_t comparisons = 0;
  for (const std::string& path : wanted) {
    if (renames.contains(path)) continue;
    int best = rename_threshold - 1;
    std::string best_path;
    for (const auto& [candidate, entry] : added) {
      if (taken.contains(candidate) || ++comparisons > most_comparisons) continue;
      const int alike = contents.similarity(side.at(path).base->oid, entry.oid);
      if (alike > best) {
        best = alike;
        best_path = candidate;
      }
    }
    if (!best_path.empty()) pair_up(path, best_path);
  }
  return renames;
}

/// Paths that `side` deleted and `other` changed.
std::vector<std::string> deleted_and_changed(const Deltas& side, const Deltas& other) {
  std::vector<std::string> paths;
  for (const auto& [path, delta] : side) {
    if (delta.side || !delta.base) continue;
    const auto found = other.find(path);
    if (found != other.end() && found->second.side) paths.push_back(path);
  }
  return paths;
}

class Merge {
 public:
  Merge(const Deltas& ours, const Deltas& theirs, const MergeContents& contents)
      : ours_(ours), theirs_(theirs), contents_(contents) {}

  MergeOutcome run() {
    our_renames_ = find_renames(ours_, deleted_and_changed(ours_, theirs_), contents_);
    their_renames_ = find_renames(theirs_, deleted_and_changed(theirs_, ours_), contents_);
    follow_renames();
    for (const auto& [path, delta] : ours_) {
      if (!done_.contains(path)) merge_path(path, delta);
    }
    find_type_clashes();
    std::sort(outcome_.conflicts.begin(), outcome_.conflicts.end(),
              [](const Conflict& left, const Conflict& right) { return left.path < right.path; });
    return std::move(outcome_);
  }

 private:
  /// "Renamed on one side, changed on the other: both": the change moves to the new name.
  void follow_renames() {
    for (const auto& [from, to] : our_renames_) {
      const Entry base = *ours_.at(from).base;
      done_.insert(from);
      done_.insert(to);
      // Theirs may have put something at our new name as well.
      const auto clash = theirs_.find(to);
      if (clash != theirs_.end() && clash->second.side) {
        merge_file(to, std::nullopt, *ours_.at(to).side, *clash->second.side);
      } else {
        merge_file(to, base, *ours_.at(to).side, *theirs_.at(from).side);
      }
    }
    for (const auto& [from, to] : their_renames_) {
      if (done_.contains(to) || ours_.contains(to)) continue;
      done_.insert(from);
      outcome_.dropped.insert(from);
      merge_file(to, *theirs_.at(from).base, *ours_.at(from).side, *theirs_.at(to).side);
    }
  }

  void merge_path(const std::string& path, const Delta& ours) {
    const auto found = theirs_.find(path);
    if (found == theirs_.end()) return;
    const Delta& theirs = found->second;
    if (ours.side == theirs.side) {
      outcome_.dropped.insert(path);
    } else if (!ours.side) {
      outcome_.kept_from_them.push_back(path);
      outcome_.dropped.insert(path);
    } else if (!theirs.side) {
      outcome_.kept_from_us.push_back(path);
    } else {
      merge_file(path, ours.base, *ours.side, *theirs.side);
    }
  }

  /// Both sides have the file. Sets `path` in theirs' tree, or records a conflict there.
  void merge_file(const std::string& path, const std::optional<Entry>& base, const Entry& ours, const Entry& theirs) {
    Entry merged = theirs;
    merged.mode = base && ours.mode == base->mode ? theirs.mode : ours.mode;
    if (ours.oid == theirs.oid || (base && ours.oid == base->oid)) {
      merged.oid = theirs.oid;
    } else if (base && theirs.oid == base->oid) {
      merged.oid = ours.oid;
    } else {
      const auto content = base ? contents_.merge(base->oid, ours.oid, theirs.oid) : std::nullopt;
      if (!content) {
        Conflict conflict;
        conflict.path = path;
        conflict.kind = base ? ConflictKind::content : ConflictKind::add_add;
        if (base) conflict.base = base->oid;
        conflict.ours = ours.oid;
        conflict.theirs = theirs.oid;
        outcome_.conflicts.push_back(std::move(conflict));
        merged = theirs;
      } else {
        merged.oid = *content;
      }
    }
    outcome_.merged[path] = merged;
  }

  /// What is done at a path; absent where nothing is.
  std::optional<std::optional<Entry>> find_change(const std::string& path) const {
    if (const auto merged = outcome_.merged.find(path); merged != outcome_.merged.end()) return merged->second;
    const auto ours = ours_.find(path);
    if (ours == ours_.end() || outcome_.dropped.contains(path)) return std::nullopt;
    return ours->second.side;
  }

  bool stays_in_theirs(const std::string& path) const {
    const auto change = find_change(path);
    return !change || change->has_value();
  }

  /// A path cannot be file and folder: where our additions make it both, theirs stays and ours is a conflict.
  void find_type_clashes() {
    std::set<std::string> clear_folders;
    for (const auto& [path, delta] : ours_) {
      if (delta.base) continue;
      const auto change = find_change(path);  // none: dropped, perhaps with an earlier clash
      if (!change || !*change) continue;
      if (const auto file = find_file_above(path, clear_folders)) {
        const auto theirs = contents_.find_theirs(*file);
        drop_below(*file);
        add_type_conflict(*file, std::nullopt, theirs ? std::optional(theirs->oid) : std::nullopt);
        continue;
      }
      const std::vector<std::string> below = contents_.list_theirs(path);
      if (std::any_of(below.begin(), below.end(), [&](const std::string& file) { return stays_in_theirs(file); })) {
        drop(path);
        drop_below(path);
        add_type_conflict(path, delta.side->oid, std::nullopt);
      }
    }
  }

  std::optional<std::string> find_file_above(const std::string& path, std::set<std::string>& clear) const {
    for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
      const std::string folder = path.substr(0, slash);
      if (clear.contains(folder)) continue;
      if (stays_in_theirs(folder) && contents_.find_theirs(folder)) return folder;
      clear.insert(folder);
    }
    return std::nullopt;
  }

  void drop(const std::string& path) {
    outcome_.merged.erase(path);
    outcome_.dropped.insert(path);
  }

  void drop_below(const std::string& folder) {
    const std::string prefix = folder + "/";
    for (auto at = outcome_.merged.lower_bound(prefix); at != outcome_.merged.end() && at->first.starts_with(prefix);)
      at = outcome_.merged.erase(at);
    for (auto at = ours_.lower_bound(prefix); at != ours_.end() && at->first.starts_with(prefix); ++at)
      outcome_.dropped.insert(at->first);
  }

  void add_type_conflict(const std::string& path, const std::optional<Oid>& ours, const std::optional<Oid>& theirs) {
    Conflict conflict;
    conflict.path = path;
    conflict.kind = ConflictKind::type;
    conflict.ours = ours;
    conflict.theirs = theirs;
    outcome_.conflicts.push_back(std::move(conflict));
  }

  const Deltas& ours_;
  const Deltas& theirs_;
  const MergeContents& contents_;
  std::map<std::string, std::string> our_renames_;
  std::map<std::string, std::string> their_renames_;
  std::set<std::string> done_;
  MergeOutcome outcome_;
};

}  // namespace

MergeOutcome merge(const Deltas& ours, const Deltas& theirs, const MergeContents& contents) {
  return Merge(ours, theirs, contents).run();
}

TreeEdits edits_of(const Deltas& ours, const MergeOutcome& outcome) {
  TreeEdits edits;
  edits.reserve(ours.size() + outcome.merged.size());
  auto merged = outcome.merged.begin();
  const auto add_merged = [&] {
    edits.push_back({merged->first, merged->second});
    ++merged;
  };
  for (const auto& [path, delta] : ours) {
    while (merged != outcome.merged.end() && merged->first < path) add_merged();
    if (merged != outcome.merged.end() && merged->first == path) {
      add_merged();
    } else if (!outcome.dropped.contains(path)) {
      edits.push_back({path, delta.side});
    }
  }
  while (merged != outcome.merged.end()) add_merged();
  return edits;
}

std::optional<std::string> merge_lines(const git::Store& store, std::string_view base, std::string_view ours,
                                       std::string_view theirs) {
  return store.merge_text(base, ours, theirs);
}

bool has_conflict_markers(std::string_view text) {
  bool opened = false;
  bool middle = false;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    if (line.rfind("<<<<<<< ", 0) == 0) opened = true;
    if (opened && (line == "=======" || line == "=======\r")) middle = true;
    if (middle && line.rfind(">>>>>>> ", 0) == 0) return true;
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return false;
}

}  // namespace ps_sync::sync
