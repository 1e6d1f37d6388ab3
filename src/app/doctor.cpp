// doctor: everything that can be wrong, each with its remedy. It repairs nothing.
#include <sys/statvfs.h>

#include <algorithm>

#include "app/engine.hpp"
#include "ps_sync/base/error.hpp"
#include "ps_sync/beacon/document.hpp"
#include "ps_sync/git/route.hpp"
#include "ps_sync/platform/process.hpp"

namespace ps_sync::app {
namespace {

/// Every file of the user's git folder outside of promptsync/, with what it holds.
std::map<std::string, Oid> fingerprint(const fs::path& git_dir) {
  std::map<std::string, Oid> files;
  for (auto at = fs::recursive_directory_iterator(git_dir); at != fs::recursive_directory_iterator(); ++at) {
    if (at->is_directory() && at->path().filename() == "promptsync") {
      at.disable_recursion_pending();
      continue;
    }
    if (!at->is_regular_file() || at->is_symlink()) continue;
    files[at->path().lexically_relative(git_dir).string()] =
        git::hash_object(git::ObjectType::blob, read_file(at->path()).value_or(""));
  }
  return files;
}

class Examination {
 public:
  explicit Examination(const Options& options) : options_(options) {}

  DoctorReport run(bool prove) {
    examine_git();
    try {
      const Context context = open_context(options_);
      report_.values = context.config.values;
      add("repository", Verdict::good,
          concat(context.place.top.string(), ", git folder ", context.place.git_dir.string()));
      examine_setup(context);
      examine_sync_set(context);
      examine_store(context);
      examine_disk(context);
      examine_remote(context);
      if (prove && !context.endpoint.empty()) prove_untouched(context);
    } catch (const Error& error) {
      add("repository", Verdict::bad,
          concat(error.message(), error.causes().empty() ? "" : ": ",
                 error.causes().empty() ? "" : error.causes().front()),
          error.hints().empty() ? "" : error.hints().front());
    }
    return std::move(report_);
  }

 private:
  void add(std::string subject, Verdict verdict, std::string text, std::string remedy = "") {
    report_.findings.push_back({std::move(subject), verdict, std::move(text), std::move(remedy)});
  }

  void examine_git() {
    try {
      const Output output = ps_sync::run({{"git", "--version"}, std::nullopt, {}});
      add("git", Verdict::good, std::string(trim(output.out)));
    } catch (const Error& error) {
      add("git", Verdict::bad, error.message(), "install git");
    }
  }

  void examine_setup(const Context& context) {
    if (context.endpoint.empty()) {
      add("endpoint", Verdict::bad, "this clone has no name", "ps-sync init --as NAME");
    } else {
      add("endpoint", Verdict::good,
          concat(context.endpoint, " (", context.label(), "), session ", context.session(), ", branch ",
                 context.branch()));
    }
  }

  void examine_sync_set(const Context& context) {
    for (const std::string& root : context.set.roots()) {
      std::error_code ignored;
      const fs::path path = context.place.top / root;
      if (fs::is_symlink(path, ignored)) {
        add("sync set", Verdict::bad, concat(quote_path(root), " is a symbolic link: nothing below it travels"),
            "make it a folder of its own");
      } else if (!fs::exists(path, ignored)) {
        add("sync set", Verdict::warning, concat(quote_path(root), " is not there"),
            "ps-sync init makes the usual folders");
      } else {
        add("sync set", Verdict::good, quote_path(root));
      }
    }
  }

  void examine_store(const Context& context) {
    if (!context.store.exists()) {
      add("store", Verdict::warning, "not made yet", "ps-sync sync");
      return;
    }
    const Output fsck =
        ps_sync::run({{"git", concat("--git-dir=", context.store.path().string()), "fsck", "--strict", "--no-dangling"},
                      std::nullopt,
                      without_git_environment()},
                     {}, std::chrono::minutes(2));
    if (fsck.status == 0) {
      add("store", Verdict::good, concat(context.store.path().string(), ", git fsck --strict finds nothing"));
    } else {
      add("store", Verdict::bad, concat("git fsck: ", escape_for_display(trim(fsck.err.empty() ? fsck.out : fsck.err))),
          concat("move ", context.place.shared_folder().string(),
                 " away and run ps-sync sync: documents on disk and on the remote stay"));
    }
    const sync::Index index = sync::Index::load(context.index_path());
    if (index.lost()) {
      add("index", Verdict::warning, "damaged: the next run reads every document again", "ps-sync sync");
    } else {
      add("index", Verdict::good, concat(std::to_string(index.size()), " documents"));
    }
  }

  void examine_disk(const Context& context) {
    struct statvfs disk {};
    if (::statvfs(context.place.git_dir.c_str(), &disk) != 0) return;
    const std::uint64_t free = static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
    constexpr std::uint64_t little = 100'000'000;
    add("disk", free < little ? Verdict::warning : Verdict::good, concat(std::to_string(free / 1'000'000), " MB free"),
        free < little ? "free some space" : "");
  }

  void examine_remote(const Context& context) {
    auto address = find_remote(context);
    if (!address) {
      add("remote", Verdict::bad, concat("no remote named ", escape_for_display(context.settings().remote)),
          "git remote add origin URL, or ps-sync config set remote URL");
      return;
    }
    const std::string url = redact_url(address->fetch_url);
    if (options_.offline) {
      add("remote", Verdict::good, concat(url, ", not asked (--offline)"));
      return;
    }
    git::RemoteOptions how = remote_options(context);
    how.terminal = false;
    for (const git::RouteFact& fact : git::describe_route(address->fetch_url, how))
      add(fact.what, Verdict::good, escape_for_display(fact.text));
    const bool git_reaches = does_git_reach(context, *address);
    try {
      git::Remote remote(std::move(*address), how);
      const bool has_branch = remote.list().contains(context.remote_ref());
      add("remote", Verdict::good,
          concat(url, has_branch ? ", has " : ", does not have ", context.branch(),
                 git_reaches ? "; git reaches it too" : "; git itself does not reach it"));
    } catch (const Error& error) {
      add("remote", Verdict::bad,
          concat(url, ": ", error.causes().empty() ? error.message() : error.causes().front(),
                 git_reaches ? " (git itself reaches it)" : " (git itself does not reach it either)"),
          error.hints().empty() ? "" : error.hints().front());
    }
  }

  /// Asks the user's own git, by the remote's name where it has one, and so that nobody is asked for anything.
  static bool does_git_reach(const Context& context, const git::RemoteAddress& address) {
    auto changes = without_git_environment();
    changes.emplace_back("GIT_TERMINAL_PROMPT", "0");
    changes.emplace_back("GIT_ASKPASS", "");
    const git::SshSettings ssh = git::read_ssh_settings(context.user_config);
    if (!ssh.command && !ssh.program) changes.emplace_back("GIT_SSH_COMMAND", "ssh -o BatchMode=yes");
    const std::string& name = address.name.empty() ? address.fetch_url : address.name;
    const auto limit = context.settings().network_timeout + std::chrono::seconds(5);
    try {
      return ps_sync::run({{"git", "ls-remote", "--", name}, context.place.top, changes}, {}, limit).status == 0;
    } catch (const Error&) {
      return false;  // it did not end in time
    }
  }

  void prove_untouched(const Context& context) {
    const auto before = fingerprint(context.place.common_dir);
    pull(options_, {});
    const auto after = fingerprint(context.place.common_dir);
    report_.untouched = before == after;
    if (*report_.untouched) {
      add("proof", Verdict::good,
          concat("a trial pull left all ", std::to_string(before.size()), " files of the git folder as they were"));
      return;
    }
    for (const auto& [path, oid] : after) {
      const auto found = before.find(path);
      if (found == before.end() || found->second != oid) {
        add("proof", Verdict::bad, concat("changed during a trial pull: ", quote_path(path)),
            "please report this, with this output");
      }
    }
  }

  const Options& options_;
  DoctorReport report_;
};

}  // namespace

DoctorReport doctor(const Options& options, bool prove) { return Examination(options).run(prove); }

}  // namespace ps_sync::app
