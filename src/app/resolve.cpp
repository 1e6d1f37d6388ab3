// Ending a conflict: what is on disk is committed first, then the choice.
#include <unistd.h>

#include <algorithm>

#include "app/engine.hpp"
#include "ps_sync/base/error.hpp"
#include "ps_sync/base/text.hpp"
#include "ps_sync/platform/process.hpp"
#include "ps_sync/sync/conflicts.hpp"

namespace ps_sync::app {

using namespace sync;

namespace {

using Files = std::map<std::string, std::optional<Entry>>;

class Resolver {
 public:
  Resolver(const Context& context, const ResolveOptions& what)
      : context_(context),
        what_(what),
        path_(to_repository_path(context, what.path)),
        engine_(context, {}, Mode::sync) {}

  SyncReport run() {
    if (!context_.set.may_travel(path_)) {
      throw Error(ErrorKind::failed, concat("cannot resolve ", quote_path(path_)))
          .because("it is outside of this clone's sync set, or a file that never travels")
          .hint("resolve it where the conflict is: ps-sync conflicts --all names the place");
    }
    engine_.open();
    find_conflict();
    git::Batch batch = context_.store.begin_batch();
    read_disk(batch);
    choose(batch);
    commit(batch);
    return engine_.finish();
  }

 private:
  const git::Store& store() const { return context_.store; }

  void find_conflict() {
    for (const Conflict& open : engine_.tree().state().conflicts) {
      if (open.path == path_) conflict_ = open;
    }
    is_here_ = conflict_.has_value();
    if (is_here_) return;
    const auto tip = store().find_ref(context_.tip_ref());
    for (const Oid& from : {tip.value_or(engine_.local()), engine_.local()}) {
      for (Conflict& open : find_open_conflicts(store(), from)) {
        if (!conflict_ && open.path == path_ && open.holder != context_.endpoint) conflict_ = std::move(open);
      }
    }
    if (conflict_) return;
    throw Error(ErrorKind::failed, concat("no conflict in ", quote_path(path_)))
        .hint("see what is open: ps-sync conflicts --all");
  }

  /// The file, or for a clash of file and folder all files below, as they now are.
  void read_disk(git::Batch& batch) {
    const auto status = look_at(context_.place.top, path_);
    if (!status) return;
    if (S_ISDIR(status->st_mode)) {
      // A folder that came where only a file was in conflict is not part of it: the next look finds what it holds.
      if (conflict_->kind != ConflictKind::type) return;
      for (const auto& entry : fs::recursive_directory_iterator(context_.place.top / path_)) {
        if (entry.is_symlink() || !entry.is_regular_file()) continue;
        read_file_into(batch, entry.path().lexically_relative(context_.place.top).string());
      }
    } else {
      read_file_into(batch, path_);
    }
  }

  void read_file_into(git::Batch& batch, const std::string& path) {
    const auto read = read_stable(context_.place.top, path, context_.settings().max_file);
    const auto* file = std::get_if<ReadFile>(&read);
    if (file == nullptr) {
      throw Error(ErrorKind::failed, concat("cannot read ", quote_path(path)))
          .because("it is no regular file, over limits.max_file, or being written")
          .hint("run the same command again when it rests");
    }
    disk_[path] = Entry{batch.add(git::ObjectType::blob, file->bytes), file->mode};
    if (path == path_) disk_bytes_ = file->bytes;
  }

  std::optional<Entry> theirs_now() const {
    return find_in_tree(store(), store().read_commit(engine_.local()).tree, path_);
  }

  Files as_on_disk() const {
    Files files = disk_;
    if (!files.contains(path_)) files[path_] = std::nullopt;
    return files;
  }

  void choose(git::Batch& batch) {
    const auto theirs = theirs_now();
    const std::uint32_t mode = disk_.contains(path_) ? disk_.at(path_)->mode : theirs ? theirs->mode : git::mode_file;
    switch (what_.choice) {
      case Choice::as_on_disk:
        if (has_conflict_markers(disk_bytes_)) {
          throw Error(ErrorKind::failed, concat("cannot resolve ", quote_path(path_)))
              .because("the file still holds conflict markers (<<<<<<<, =======, >>>>>>>)")
              .hint("edit it, or choose a side: ps-sync resolve --ours | --theirs | --union PATH");
        }
        chosen_ = as_on_disk();
        return;
      case Choice::ours:
        chosen_ = is_here_ && conflict_->kind == ConflictKind::type ? as_on_disk() : Files{{path_, ours(mode)}};
        return;
      case Choice::theirs:
        chosen_ = theirs_files(theirs);
        return;
      case Choice::both:
        chosen_[path_] = Entry{batch.add(git::ObjectType::blob, both_texts(theirs)), mode};
        return;
      case Choice::file: {
        const auto bytes = read_file(what_.file);
        if (!bytes) {
          throw Error(ErrorKind::failed, concat("cannot read ", quote_path(what_.file.string())))
              .because("no such file");
        }
        if (has_conflict_markers(*bytes)) {
          throw Error(ErrorKind::failed, concat("cannot resolve ", quote_path(path_)))
              .because(concat(quote_path(what_.file.string()), " still holds conflict markers"));
        }
        chosen_[path_] = Entry{batch.add(git::ObjectType::blob, *bytes), mode};
        return;
      }
    }
  }

  std::optional<Entry> ours(std::uint32_t mode) const {
    if (!conflict_->ours) return std::nullopt;
    return Entry{*conflict_->ours, mode};
  }

  /// Theirs is what the branch holds, at the path and below it; of ours nothing stays.
  Files theirs_files(const std::optional<Entry>& theirs) const {
    Files files{{path_, theirs}};
    for (const auto& [path, entry] : disk_) {
      if (path != path_) files[path] = std::nullopt;
    }
    return files;
  }

  std::string both_texts(const std::optional<Entry>& theirs) const {
    const auto text = [&](const std::optional<Oid>& blob) {
      return blob ? store().read(git::ObjectType::blob, *blob) : std::string();
    };
    const std::optional<Oid> other = theirs ? std::optional(theirs->oid) : conflict_->theirs;
    const std::string mine = is_here_ && disk_.contains(path_) ? disk_bytes_ : text(conflict_->ours);
    const auto both = store().union_text(text(conflict_->base), mine, text(other));
    if (!both) {
      throw Error(ErrorKind::failed, concat("cannot join both sides of ", quote_path(path_)))
          .because("the document is binary, or over 8 MB")
          .hint("choose a side: ps-sync resolve --ours | --theirs PATH");
    }
    return *both;
  }

  void commit(git::Batch& batch) {
    const git::Commit branch = store().read_commit(engine_.local());
    Files changes = chosen_;
    if (conflict_->kind == ConflictKind::type && what_.choice != Choice::theirs) clear_theirs(branch.tree, changes);
    std::vector<Oid> parents{engine_.local()};
    // What is on disk, and is neither the ours that is already in the history nor what was chosen, gets a commit first.
    const bool needs_saving = std::any_of(disk_.begin(), disk_.end(), [&](const auto& file) {
      const auto chosen = chosen_.find(file.first);
      const bool is_chosen = chosen != chosen_.end() && chosen->second == file.second;
      return !is_chosen && !(file.first == path_ && file.second->oid == conflict_->ours);
    });
    if (needs_saving) {
      Files kept = disk_;
      if (disk_.size() > 1 || !disk_.contains(path_)) kept.emplace(path_, std::nullopt);
      git::Commit side = engine_.new_commit(
          concat(context_.label(), ": keep what was on disk of ", escape_for_display(path_)), {engine_.local()});
      side.tree = edit_tree(batch, store(), branch.tree, kept);
      parents.push_back(batch.add_commit(side));
    }
    git::Commit resolution = engine_.new_commit(
        concat(context_.label(), ": resolve ", escape_for_display(path_.substr(path_.rfind('/') + 1))), parents);
    resolution.message += concat(resolved_trailer, ": ", format_conflict(*conflict_), "\n");
    resolution.tree = edit_tree(batch, store(), branch.tree, changes);
    const Oid made = batch.add_commit(resolution);
    batch.finish();
    close_conflict();
    engine_.adopt(made);
  }

  void clear_theirs(const Oid& tree, Files& changes) const {
    for (const auto& [path, delta] : diff_trees(store(), std::nullopt, tree)) {
      const bool below = path.size() > path_.size() && path[path_.size()] == '/' && path.rfind(path_, 0) == 0;
      if ((path == path_ || below) && !changes.contains(path)) changes[path] = std::nullopt;
    }
  }

  /// From here on the disk is what the working tree agreed with, so that applying the branch brings the choice.
  void close_conflict() {
    IndexState& state = engine_.tree().state();
    std::erase_if(state.conflicts, [&](const Conflict& open) { return open.path == path_; });
    if (!is_here_) return;
    for (const auto& [path, entry] : disk_) {
      const auto status = look_at(context_.place.top, path);
      engine_.tree().updates()[path] = NewIndexEntry{*entry, status ? FileStat::of(*status) : FileStat{}, true};
    }
    for (const auto& [path, entry] : chosen_) state.waiting.push_back(path);
    for (const auto& [path, delta] : diff_trees(store(), std::nullopt, store().read_commit(engine_.local()).tree)) {
      if (path.rfind(path_ + "/", 0) == 0) state.waiting.push_back(path);
    }
  }

  const Context& context_;
  const ResolveOptions& what_;
  std::string path_;
  Engine engine_;
  std::optional<Conflict> conflict_;
  bool is_here_ = false;
  Files disk_;
  std::string disk_bytes_;
  Files chosen_;
};

}  // namespace

SyncReport resolve(const Options& options, const ResolveOptions& what) {
  const Context context = open_set_up(options);
  return Resolver(context, what).run();
}

ConflictFiles write_conflict_files(const Options& options, const std::string& path) {
  const Context context = open_set_up(options);
  const WorkingTree tree(context);
  const std::string wanted = to_repository_path(context, path);
  const auto& open = tree.state().conflicts;
  const auto at =
      std::find_if(open.begin(), open.end(), [&](const Conflict& conflict) { return conflict.path == wanted; });
  if (at == open.end()) {
    throw Error(ErrorKind::failed, concat("no conflict in ", quote_path(wanted)))
        .hint("see what is open: ps-sync conflicts");
  }
  std::string pattern = (context.place.own_folder() / "resolve-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw_system_error("make a folder in", context.place.own_folder());
  ConflictFiles files;
  files.folder = pattern;
  files.repository_path = wanted;
  files.cleanup = std::shared_ptr<void>(nullptr, [folder = files.folder](void*) {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  });
  const std::string name = fs::path(wanted).filename().string();
  const auto write_side = [&](const char* side, const std::optional<Oid>& blob) {
    const fs::path target = files.folder / concat(side, "-", name);
    write_file(target, blob ? context.store.read(git::ObjectType::blob, *blob) : std::string());
    return target;
  };
  files.base = write_side("base", at->base);
  files.ours = write_side("ours", at->ours);
  files.theirs = write_side("theirs", at->theirs);
  files.merged = files.folder / name;
  const auto disk = read_file(context.place.top / wanted);
  write_file(files.ours, disk.value_or(""));
  const Output merged = run({{"git", "merge-file", "-p", "--diff3", "-L", "ours", "-L", "base", "-L", "theirs",
                              files.ours.string(), files.base.string(), files.theirs.string()},
                             std::nullopt,
                             without_git_environment()});
  write_file(files.merged, merged.out.empty() ? disk.value_or("") : merged.out);
  return files;
}

std::optional<std::string> merge_tool_command(const Options& options) {
  const Context context = open_context(options);
  const auto tool = context.user_config.find("merge.tool");
  if (!tool) return std::nullopt;
  if (auto command = context.user_config.find(concat("mergetool.", *tool, ".cmd"))) return command;
  // Tools that git knows by name and that take the four files in this order.
  for (std::string_view known : {"meld", "kdiff3", "p4merge"}) {
    if (*tool == known)
      return concat(known == "meld"     ? "meld \"$LOCAL\" \"$MERGED\" \"$REMOTE\" --output \"$MERGED\""
                    : known == "kdiff3" ? "kdiff3 --auto \"$BASE\" \"$LOCAL\" \"$REMOTE\" -o \"$MERGED\""
                                        : "p4merge \"$BASE\" \"$REMOTE\" \"$LOCAL\" \"$MERGED\"");
  }
  if (*tool == "vimdiff" || *tool == "nvimdiff") return concat(*tool, " \"$LOCAL\" \"$BASE\" \"$REMOTE\" \"$MERGED\"");
  return std::nullopt;
}

std::string editor_command(const Options& options) {
  const Context context = open_context(options);
  const Output output = run({{"git", "var", "GIT_EDITOR"}, context.place.top, without_git_environment()});
  const std::string editor(trim(output.out));
  return editor.empty() ? "vi" : editor;
}

}  // namespace ps_sync::app
