// Walking commits, and merging single texts.
#include <git2/merge.h>

#include "git/libraries.hpp"
#include "git/store_state.hpp"
#include "ps_sync/base/error.hpp"

namespace ps_sync::git {

std::optional<Oid> Store::merge_base(const Oid& left, const Oid& right) const {
  const git_oid a = to_git(left);
  const git_oid b = to_git(right);
  git_oid base;
  const int code = git_merge_base(&base, repository_->raw(), &a, &b);
  if (code == GIT_ENOTFOUND) return std::nullopt;
  check(code, "find the merge base of", concat(left.short_hex(), " and ", right.short_hex()));
  return from_git(base);
}

bool Store::is_ancestor(const Oid& ancestor, const Oid& of) const {
  if (ancestor == of) return true;
  if (!is_commit(ancestor) || !is_commit(of)) return false;
  const git_oid a = to_git(ancestor);
  const git_oid d = to_git(of);
  const int code = git_graph_descendant_of(repository_->raw(), &d, &a);
  check(code, "read the history of", of.short_hex());
  return code == 1;
}

void Store::walk(const std::vector<Oid>& tips, const std::vector<Oid>& hidden,
                 const std::function<bool(const Commit&)>& visit) const {
  const RevwalkHandle walk =
      acquire<RevwalkHandle, git_revwalk_new>("read the history of", path().string(), repository_->raw());
  git_revwalk_sorting(walk.get(), GIT_SORT_TOPOLOGICAL | GIT_SORT_TIME);
  for (const Oid& tip : tips) {
    const git_oid raw = to_git(tip);
    check(git_revwalk_push(walk.get(), &raw), "read the history of", tip.short_hex());
  }
  for (const Oid& oid : hidden) {
    if (!is_commit(oid)) continue;
    const git_oid raw = to_git(oid);
    check(git_revwalk_hide(walk.get(), &raw), "read the history of", oid.short_hex());
  }
  git_oid next;
  int code;
  while ((code = git_revwalk_next(&next, walk.get())) == 0) {
    if (!visit(read_commit(from_git(next)))) return;
  }
  if (code != GIT_ITEROVER) check(code, "read the history of", path().string());
}

std::size_t Store::count_ahead(const Oid& tip, const std::optional<Oid>& of) const {
  std::size_t count = 0;
  walk({tip}, of ? std::vector<Oid>{*of} : std::vector<Oid>{}, [&](const Commit&) {
    ++count;
    return true;
  });
  return count;
}

namespace {

constexpr std::size_t largest_merge = 8'000'000;

bool is_text(std::string_view bytes) { return bytes.substr(0, 8000).find('\0') == std::string_view::npos; }

git_merge_file_input input_of(std::string_view bytes) {
  git_merge_file_input input = GIT_MERGE_FILE_INPUT_INIT;
  input.ptr = bytes.data();
  input.size = bytes.size();
  return input;
}

std::optional<std::string> merge_file(std::string_view base, std::string_view ours, std::string_view theirs,
                                      git_merge_file_favor_t favor) {
  for (std::string_view side : {base, ours, theirs}) {
    if (side.size() > largest_merge || !is_text(side)) return std::nullopt;
  }
  load_libgit2();
  const git_merge_file_input base_input = input_of(base);
  const git_merge_file_input our_input = input_of(ours);
  const git_merge_file_input their_input = input_of(theirs);
  git_merge_file_options options = GIT_MERGE_FILE_OPTIONS_INIT;
  options.favor = favor;
  git_merge_file_result result{};
  check(git_merge_file(&result, &base_input, &our_input, &their_input, &options), "merge", "a text");
  std::optional<std::string> merged;
  if (result.automergeable != 0) merged.emplace(result.ptr == nullptr ? "" : result.ptr, result.len);
  git_merge_file_result_free(&result);
  return merged;
}

}  // namespace

std::optional<std::string> Store::merge_text(std::string_view base, std::string_view ours,
                                             std::string_view theirs) const {
  return merge_file(base, ours, theirs, GIT_MERGE_FILE_FAVOR_NORMAL);
}

std::optional<std::string> Store::union_text(std::string_view base, std::string_view ours,
                                             std::string_view theirs) const {
  return merge_file(base, ours, theirs, GIT_MERGE_FILE_FAVOR_UNION);
}

int Store::similarity(std::string_view left, std::string_view right) const {
  load_libgit2();
  const auto signature = [](std::string_view bytes) -> HashsigHandle {
    git_hashsig* raw = nullptr;
    const auto options = static_cast<git_hashsig_option_t>(GIT_HASHSIG_NORMAL | GIT_HASHSIG_ALLOW_SMALL_FILES);
    return HashsigHandle(git_hashsig_create(&raw, bytes.data(), bytes.size(), options) == 0 ? raw : nullptr);
  };
  const HashsigHandle a = signature(left);
  const HashsigHandle b = signature(right);
  return a && b ? git_hashsig_compare(a.get(), b.get()) : 0;
}

}  // namespace ps_sync::git
