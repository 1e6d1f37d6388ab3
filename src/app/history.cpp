// The history: log, show, diff, restore, and git in the store.
#include <algorithm>

#include "app/engine.hpp"
#include "ps_sync/base/error.hpp"
#include "ps_sync/platform/process.hpp"

namespace ps_sync::app {

using namespace sync;

namespace {

constexpr auto git_limit = std::chrono::minutes(2);

Command git_in_store(const Context& context, std::vector<std::string> arguments) {
  Command command{
      {"git", concat("--git-dir=", context.store.path().string())}, std::nullopt, without_git_environment()};
  command.arguments.insert(command.arguments.end(), std::make_move_iterator(arguments.begin()),
                           std::make_move_iterator(arguments.end()));
  return command;
}

void require_store(const Context& context) {
  if (context.store.exists()) return;
  throw Error(ErrorKind::failed, "no history yet")
      .because("nothing was pushed or pulled here")
      .hint("run: ps-sync sync");
}

Oid find_commit(const Context& context, const std::string& revision) {
  if (revision.empty() || revision[0] == '-') {
    throw Error(ErrorKind::usage, concat("not a revision: ", escape_for_display(revision)));
  }
  const Output output =
      run(git_in_store(context, {"rev-parse", "--verify", "-q", "--end-of-options", concat(revision, "^{commit}")}));
  const auto oid = Oid::from_hex(trim(output.out));
  if (output.status != 0 || !oid) {
    throw Error(ErrorKind::failed, concat("no commit ", escape_for_display(revision), " in the sync history"))
        .hint("see the history: ps-sync log");
  }
  return *oid;
}

/// The newest commit known: the branch here.
std::optional<Oid> branch_tip(const Context& context) {
  const auto local = context.store.find_ref(context.local_ref());
  return local ? local : context.store.find_ref(context.tip_ref());
}

}  // namespace

std::vector<LogEntry> log(const Options& options, const std::optional<std::string>& path, std::size_t limit) {
  const Context context = open_set_up(options);
  require_store(context);
  std::optional<std::string> wanted;
  if (path) wanted = to_repository_path(context, *path);
  std::vector<LogEntry> entries;
  const auto tip = branch_tip(context);
  if (!tip) return entries;
  context.store.walk({*tip}, {}, [&](const git::Commit& commit) {
    std::optional<Oid> before;
    if (!commit.parents.empty()) before = context.store.read_commit(commit.parents[0]).tree;
    LogEntry entry{
        commit.oid,         commit.subject(),      commit.find_trailer("Promptsync-Endpoint").value_or(""),
        commit.author.name, commit.committer.time, to_changes(diff_trees(context.store, before, commit.tree))};
    if (wanted) {
      std::erase_if(entry.changes, [&](const Change& change) {
        return change.path != *wanted && change.path.rfind(*wanted + "/", 0) != 0;
      });
      if (entry.changes.empty()) return true;
    }
    entries.push_back(std::move(entry));
    return entries.size() < limit;
  });
  return entries;
}

std::string show_document(const Options& options, const std::string& revision, const std::string& path) {
  const Context context = open_set_up(options);
  require_store(context);
  const Oid commit = find_commit(context, revision);
  const std::string wanted = to_repository_path(context, path);
  const auto entry = find_in_tree(context.store, context.store.read_commit(commit).tree, wanted);
  if (!entry) {
    throw Error(ErrorKind::failed, concat("no document ", quote_path(wanted), " in ", commit.short_hex()))
        .hint(concat("see where it was: ps-sync log ", quote_path(wanted)));
  }
  return context.store.read(git::ObjectType::blob, entry->oid);
}

std::string show_commit(const Options& options, const std::string& revision, bool color) {
  const Context context = open_set_up(options);
  require_store(context);
  const Oid commit = find_commit(context, revision);
  return run(git_in_store(context, {"show", "--stat", "-p", color ? "--color=always" : "--color=never", "--no-ext-diff",
                                    "--no-textconv", commit.hex()}),
             {}, git_limit)
      .out;
}

std::string diff(const Options& options, const std::optional<std::string>& path, bool color) {
  const Context context = open_set_up(options);
  require_store(context);
  const WorkingTree tree(context);
  const auto local = branch_tip(context);
  const Snapshot snapshot =
      tree.look(std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count(),
                limits_of(context.settings(), {}), local, nullptr);
  std::optional<std::string> wanted;
  if (path) wanted = to_repository_path(context, *path);
  std::vector<std::string> paths;
  for (const auto& [changed, delta] : snapshot.changes) paths.push_back(changed);
  for (const Conflict& conflict : tree.state().conflicts) paths.push_back(conflict.path);
  std::string text;
  for (const std::string& changed : paths) {
    if (wanted && changed != *wanted && changed.rfind(*wanted + "/", 0) != 0) continue;
    // git compares two files here, outside of any repository: the branch's version goes through a private folder.
    const fs::path folder = context.place.own_folder() / "diff";
    const fs::path before = folder / "a" / changed;
    std::error_code ignored;
    std::optional<Entry> entry;
    if (local) entry = find_in_tree(context.store, context.store.read_commit(*local).tree, changed);
    make_private_folders(before.parent_path());
    if (entry) write_file(before, context.store.read(git::ObjectType::blob, entry->oid));
    const bool is_on_disk = look_at(context.place.top, changed).has_value();
    if (is_on_disk) {
      make_private_folders((folder / "b" / changed).parent_path());
      fs::copy_file(context.place.top / changed, folder / "b" / changed, ignored);
    }
    Command command{{"git", "diff", "--no-index", "--no-prefix", color ? "--color=always" : "--color=never",
                     "--no-ext-diff", "--no-textconv", "--", entry ? concat("a/", changed) : "/dev/null",
                     is_on_disk ? concat("b/", changed) : "/dev/null"},
                    folder,
                    without_git_environment()};
    command.environment.emplace_back("GIT_DIR", (folder / "none").string());
    text += run(command, {}, git_limit).out;
    fs::remove_all(folder, ignored);
  }
  return text;
}

RestoreReport restore(const Options& options, const std::string& path, const std::optional<std::string>& revision) {
  Options here = options;
  here.offline = true;  // restoring is between the history and the disk
  const Context context = open_set_up(here);
  require_store(context);
  RestoreReport report;
  report.path = to_repository_path(context, path);
  Engine engine(context, {}, Mode::push);
  engine.open();
  if (!context.set.contains(report.path)) {
    throw Error(ErrorKind::failed, concat("cannot restore ", quote_path(report.path)))
        .because("it is outside of the sync set");
  }
  if (engine.tree().is_conflicted(report.path)) {
    throw Error(ErrorKind::failed, concat("cannot restore ", quote_path(report.path)))
        .because("it has an open conflict")
        .hint(concat("end that first: ps-sync resolve ", quote_path(report.path)));
  }
  report.from = revision ? find_commit(context, *revision) : engine.local();
  const auto target = find_in_tree(context.store, context.store.read_commit(report.from).tree, report.path);
  if (!target) {
    throw Error(ErrorKind::failed, concat("no document ", quote_path(report.path), " in ", report.from.short_hex()))
        .hint(concat("see where it was: ps-sync log ", quote_path(report.path)));
  }
  if (const auto refused = refusal_of(context.set, report.path, *target)) {
    throw Error(ErrorKind::failed, concat("cannot restore ", quote_path(report.path))).because(refused->detail);
  }
  // The present bytes go into a commit before they are replaced.
  if (!engine.commit_local()) return report;
  const auto known = engine.tree().find(report.path);
  const auto status = look_at(context.place.top, report.path);
  std::optional<FileStat> expected;
  if (status) expected = FileStat::of(*status);
  const auto held = engine.find_held(report.path);
  if (status && held) {
    const auto read = read_stable(context.place.top, report.path, context.settings().max_file);
    const auto* file = std::get_if<ReadFile>(&read);
    const Oid present = file == nullptr ? Oid{} : git::hash_object(git::ObjectType::blob, file->bytes);
    if (held->reason != HoldReason::checkout || !context.store.has(present)) {
      throw Error(ErrorKind::refused, concat("cannot restore ", quote_path(report.path)))
          .because(concat("its present bytes are held back (", held->detail, "), so they are in no commit"))
          .hint("move the file away, or mend why it is held back, then run this again");
    }
  } else if (status && known && known->entry == *target) {
    report.sync = engine.finish();
    return report;
  }
  Applier applier(context.store, context.place.top, context.place.own_folder(), context.set.roots());
  make_private_folders(context.place.own_folder());
  ApplyResult applied = applier.apply({{report.path, expected, *target}});
  if (!applied.held_back.empty()) {
    throw Error(ErrorKind::busy, concat("cannot restore ", quote_path(report.path)))
        .because(applied.held_back[0].detail);
  }
  report.changed = true;
  engine.note_restored(report.path, applied);
  applier.finish();
  report.sync = engine.finish();
  return report;
}

int run_git(const Options& options, const std::vector<std::string>& arguments) {
  const Context context = open_set_up(options);
  require_store(context);
  return run_attached(git_in_store(context, arguments));
}

}  // namespace ps_sync::app
