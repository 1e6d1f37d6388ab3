#include "ps_sync/sync/snapshot.hpp"

#include <algorithm>
#include <future>
#include <map>
#include <set>

#include "ps_sync/base/failpoint.hpp"
#include "ps_sync/base/text.hpp"
#include "ps_sync/platform/interrupt.hpp"
#include "sync/checkout.hpp"

namespace ps_sync::sync {
namespace {

std::string megabytes(std::uint64_t bytes) {
  const std::uint64_t tenths = (bytes + 50'000) / 100'000;
  return concat(std::to_string(tenths / 10), ".", std::to_string(tenths % 10), " MB");
}

class Snapshotter {
 public:
  Snapshotter(SnapshotInput& input, git::Batch* batch) : input_(input), batch_(batch) {}

  Snapshot run() {
    snapshot_.held_back = std::move(input_.scan.held_back);
    snapshot_.missing_roots = input_.scan.missing_roots;
    find_deletions();
    guard_deletions();
    while (!input_.scan.candidates.empty()) read_some();
    hold_checked_out();
    return std::move(snapshot_);
  }

 private:
  std::optional<IndexEntry> known(std::string_view path) const {
    const auto position = input_.index.find(path);
    return position ? std::optional(input_.index.at(*position)) : std::nullopt;
  }

  void find_deletions() {
    std::vector<std::string> gone = std::move(input_.scan.gone);
    snapshot_.taken_away = find_taken_away(input_.place, input_.index, input_.head, gone);
    const std::set<std::string> taken(snapshot_.taken_away.begin(), snapshot_.taken_away.end());
    for (std::string& path : gone) {
      if (taken.contains(path)) {
        snapshot_.held_back.push_back({path, HoldReason::checkout, "git took it from the working tree"});
      } else {
        const auto entry = known(path);
        snapshot_.changes.emplace(std::move(path), Delta{entry->entry, std::nullopt, {}});
      }
    }
  }

  /// More than half and at least ten of the known files, or a whole root: rather an accident than a wish. A file that
  /// only moved is not gone.
  void guard_deletions() {
    constexpr std::size_t fewest = 10;
    const auto is_too_many = [&](std::size_t count) {
      return count >= fewest &&
             count * 100 > input_.scan.known * static_cast<std::size_t>(input_.limits.max_delete_percent);
    };
    if (input_.limits.allow_deletes || snapshot_.changes.empty()) return;
    if (!is_too_many(snapshot_.changes.size()) && snapshot_.missing_roots.empty()) return;
    std::multiset<Oid> moved;
    for (const auto& [path, candidate] : input_.scan.candidates) {
      if (known(path) || candidate.stat.size > input_.limits.max_file) continue;
      const auto read = read_stable(input_.place.top, path, input_.limits.max_file);
      if (const auto* file = std::get_if<ReadFile>(&read))
        moved.insert(git::hash_object(git::ObjectType::blob, file->bytes));
    }
    std::vector<std::string> really_gone;
    for (const auto& [path, delta] : snapshot_.changes) {
      if (const auto to = moved.find(delta.base->oid); to != moved.end()) {
        moved.erase(to);
      } else {
        really_gone.push_back(path);
      }
    }
    if (!is_too_many(really_gone.size()) && (snapshot_.missing_roots.empty() || really_gone.empty())) return;
    for (const std::string& path : really_gone) snapshot_.changes.erase(path);
    snapshot_.refused_deletes = std::move(really_gone);
  }

  void hold(const std::string& path, HoldReason reason, std::string detail) {
    snapshot_.held_back.push_back({path, reason, std::move(detail)});
  }

  void hold_problem(const std::string& path, ReadProblem problem) {
    switch (problem) {
      case ReadProblem::gone:
        return hold(path, HoldReason::busy, "it came and went while it was read");
      case ReadProblem::not_a_file:
        return hold(path, HoldReason::type, "not a regular file");
      case ReadProblem::unreadable:
        return hold(path, HoldReason::unreadable, "it cannot be read");
      case ReadProblem::busy:
        return hold(path, HoldReason::busy, "it was being written; the next run takes it");
    }
  }

  /// While these are read, git looks up which of them are in HEAD's tree. The list of what is to be read goes as the
  /// list of what was read grows.
  void read_some() {
    constexpr std::size_t at_once = 4096;
    auto& candidates = input_.scan.candidates;
    const auto last = candidates.size() > at_once ? std::next(candidates.begin(), at_once) : candidates.end();
    std::future<std::set<std::string>> tracked;
    if (input_.head && input_.local) {
      std::vector<std::string> paths;
      for (auto at = candidates.begin(); at != last; ++at) paths.push_back(at->first);
      tracked = std::async(std::launch::async, [this, paths = std::move(paths)] {
        return git::tracked_in(input_.place, *input_.head, paths);
      });
    }
    while (candidates.begin() != last) {
      auto candidate = candidates.extract(candidates.begin());
      read_candidate(std::move(candidate.key()), candidate.mapped());
    }
    input_.index.rest();
    if (!tracked.valid()) return;
    for (const std::string& path : tracked.get()) {
      const auto change = snapshot_.changes.find(path);
      if (change != snapshot_.changes.end() && change->second.side)
        changed_in_head_.emplace(path, change->second.side->oid);
    }
  }

  void read_candidate(std::string path, const Candidate& candidate) {
    const auto entry = known(path);
    if (candidate.stat.size > input_.limits.max_file) {
      return hold(path, HoldReason::size,
                  concat(megabytes(candidate.stat.size), ", the limit is ", megabytes(input_.limits.max_file),
                         " (limits.max_file)"));
    }
    throw_if_interrupted();
    auto read = read_stable(input_.place.top, path, input_.limits.max_file);
    if (const auto* problem = std::get_if<ReadProblem>(&read)) return hold_problem(path, *problem);
    const ReadFile& file = std::get<ReadFile>(read);
    failpoint("snapshot-file");
    const Entry seen{git::hash_object(git::ObjectType::blob, file.bytes), file.mode};
    if (entry && entry->entry == seen) {
      snapshot_.refreshed.emplace_hint(snapshot_.refreshed.end(), std::move(path),
                                       NewIndexEntry{seen, file.stat, is_racy(file.stat, input_.scan.looked_at)});
      return;
    }
    const bool same_bytes = entry && entry->entry.oid == seen.oid;
    if (!input_.limits.allow_secrets && !same_bytes) {
      if (const auto secret = find_secret(file.bytes)) {
        return hold(path, HoldReason::secret, concat("line ", std::to_string(secret->line), ": ", secret->kind));
      }
    }
    if (batch_ != nullptr && !same_bytes) batch_->add(git::ObjectType::blob, file.bytes);
    snapshot_.changes.emplace(std::move(path),
                              Delta{entry ? std::optional(entry->entry) : std::nullopt, seen, file.stat});
  }

  /// What git's checkout put there is not an edit.
  void hold_checked_out() {
    for (const std::string& path :
         find_checked_out(input_.place, input_.store, input_.head, input_.local, changed_in_head_)) {
      snapshot_.changes.erase(path);
      hold(path, HoldReason::checkout,
           "git's checkout put this older version here; `ps-sync restore` brings the newest");
    }
  }

  SnapshotInput& input_;
  git::Batch* batch_;
  Snapshot snapshot_;
  std::map<std::string, Oid> changed_in_head_;  // with what is on disk
};

}  // namespace

Snapshot take_snapshot(SnapshotInput input, git::Batch* batch) { return Snapshotter(input, batch).run(); }

}  // namespace ps_sync::sync
