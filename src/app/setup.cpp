// init, clone, settings, and the beacon by hand.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "app/beacon_place.hpp"
#include "app/engine.hpp"
#include "ps_sync/base/endpoint.hpp"
#include "ps_sync/base/error.hpp"
#include "ps_sync/beacon/document.hpp"
#include "ps_sync/platform/process.hpp"

namespace ps_sync::app {
namespace {

std::string host_name() {
  char name[256] = {};
  if (::gethostname(name, sizeof name - 1) != 0) return "place";
  const std::string_view host(name);
  return std::string(host.substr(0, host.find('.')));
}

class Setup {
 public:
  Setup(const Options& options, const InitOptions& what)
      : options_(options), what_(what), open_(git::open_place(options.folder)) {}

  InitReport run() {
    const Context before = open_context(options_);
    report_.already_set_up = !before.endpoint.empty();
    check_include();
    check_remote();
    choose_endpoint(before);
    make_folders();
    write_settings();
    const Context context = open_context(options_);
    report_.endpoint = context.endpoint;
    report_.session = context.session();
    report_.branch = context.branch();
    report_.include = context.set.roots();
    if (what_.migrate_prompts) migrate_prompts();
    find_tracked(context);
    make_private_folders(context.place.shared_folder());
    context.store.create();
    ensure_branch(context);
    look_at_remote(context);
    prepare_ticket(context);
    return std::move(report_);
  }

 private:
  void choose_endpoint(const Context& before) {
    const std::optional<std::string> configured = before.settings().endpoint;
    std::string name = what_.endpoint.value_or(configured.value_or(to_endpoint_name(host_name())));
    if (!is_endpoint_name(name)) {
      throw Error(ErrorKind::usage, concat("not an endpoint's name: ", escape_for_display(name)))
          .because("a name is one to 39 of a-z, 0-9 and '-', and begins with a letter or digit")
          .hint(concat("for example: ps-sync init --as ", to_endpoint_name(name)));
    }
    if (configured == name) return;
    const bool is_linked = !open_.place.worktree.empty();
    if (is_linked && configured && !what_.endpoint) return;
    git::set_user_config(open_.place, "promptsync.endpoint", name);
  }

  /// Refused before anything is made: a root that may not travel, or is no safe path.
  void check_include() const {
    if (!what_.include.empty()) sync::SyncSet(what_.include, {}, {});
  }

  void check_remote() const {
    if (!what_.remote || git::find_remote(open_.config, open_.place, *what_.remote)) return;
    throw Error(ErrorKind::failed, concat("no remote named ", escape_for_display(*what_.remote)))
        .hint("see what there is: git remote -v")
        .hint("or give an address: ps-sync init --remote URL");
  }

  void make_folder(const std::string& path) {
    const fs::path full = open_.place.top / path;
    std::error_code failed;
    for (fs::path part = full; part != open_.place.top; part = part.parent_path()) {
      if (fs::is_symlink(part, failed)) {
        throw Error(ErrorKind::failed, concat("cannot set up below ", quote_path(part.string())))
            .because("it is a symbolic link, and documents are never written through one")
            .hint("make it a folder, or include another one: ps-sync init --include FOLDER");
      }
    }
    if (fs::is_directory(full, failed)) return;
    fs::create_directories(full, failed);
    if (failed) throw_system_error("make the folder", full, failed.value());
    report_.made.push_back(path + "/");
  }

  void make_file(const std::string& path, std::string_view text) {
    std::error_code ignored;
    if (fs::exists(fs::symlink_status(open_.place.top / path, ignored))) return;
    write_file(open_.place.top / path, text, 0644);
    report_.made.push_back(path);
  }

  void make_folders() {
    for (const char* folder : {".claude/planning/session-notes", ".claude/implementation", ".claude/sync"})
      make_folder(folder);
    make_file(template_file, beacon::default_template());
    make_file(config_file, "version: 1\n");
  }

  void write_settings() {
    const fs::path path = open_.place.top / config_file;
    std::optional<std::string> text = read_file(path);
    const std::optional<std::string> before = text;
    const auto set = [&](const char* key, const std::string& value) { text = config::set_in_file(text, key, value); };
    if (what_.remote) set("remote", *what_.remote);
    if (!what_.include.empty()) set("include", join(what_.include, ", "));
    if (what_.beacon) {
      const config::BeaconSettings beacon = config::parse_beacon(*what_.beacon);
      set("beacon.provider", beacon.provider);
      if (beacon.repo) set("beacon.repo", *beacon.repo);
      if (beacon.issue) set("beacon.issue", std::to_string(*beacon.issue));
    }
    if (what_.project) set("beacon.project", *what_.project);
    if (text != before) write_file(path, *text, 0644);
  }

  void migrate_prompts() {
    const fs::path from = open_.place.top / ".claude/prompts";
    std::error_code ignored;
    std::vector<fs::path> prompts;
    for (const auto& entry : fs::directory_iterator(from, ignored)) {
      if (entry.is_regular_file() && !entry.is_symlink() && entry.path().extension() == ".md")
        prompts.push_back(entry.path());
    }
    std::sort(prompts.begin(), prompts.end());
    for (const fs::path& prompt : prompts) {
      const std::string target = concat(".claude/planning/", prompt.filename().string());
      if (fs::exists(fs::symlink_status(open_.place.top / target))) {
        report_.warnings.push_back(concat("not moved: ", quote_path(target), " is there already"));
        continue;
      }
      std::error_code failed;
      fs::rename(prompt, open_.place.top / target, failed);
      if (failed) throw_system_error("move", prompt, failed.value());
      report_.moved.push_back(target);
    }
  }

  void find_tracked(const Context& context) {
    const auto head = git::head_commit(context.place);
    if (!head) return;
    std::vector<std::string> arguments{"git", "ls-tree", "-r", "-z", "--name-only", *head, "--"};
    for (const std::string& root : context.set.roots()) arguments.push_back(root);
    Command command{arguments, context.place.top, without_git_environment()};
    command.environment.emplace_back("GIT_LITERAL_PATHSPECS", "1");
    command.environment.emplace_back("GIT_NO_LAZY_FETCH", "1");
    const Output output = ps_sync::run(command);
    for (std::string& path : split(output.out, '\0')) {
      if (!path.empty() && context.set.contains(path)) report_.tracked.push_back(std::move(path));
    }
  }

  static void ensure_branch(const Context& context) {
    FileLock lock(context.lock_path(), std::chrono::seconds(30));
    if (!context.store.find_ref(context.local_ref())) {
      context.store.move_ref(context.local_ref(), std::nullopt, ensure_root_commit(context.store));
    }
    if (!lock.holder_crashed()) lock.mark_clean();
  }

  /// Finds the ticket, or makes it. Where GitHub cannot be reached now, the first push does.
  void prepare_ticket(const Context& context) {
    if (context.settings().beacon.provider != "github" || context.options.offline) return;
    try {
      const auto ticket = make_ticket(context);
      if (!ticket->read()) ticket->create(idle_body(context));
      for (std::string& warning : ticket->take_warnings()) report_.warnings.push_back(std::move(warning));
    } catch (const Error& error) {
      report_.warnings.push_back(concat("the ticket is not ready: ", in_one_line(error)));
    }
  }

  void look_at_remote(const Context& context) {
    auto address = find_remote(context);
    if (!address) {
      report_.warnings.push_back(
          concat("no remote named ", escape_for_display(context.settings().remote),
                 ": commits stay here until there is one (git remote add, or ps-sync config set remote URL)"));
      return;
    }
    report_.remote_name = address->name;
    report_.remote_url = redact_url(address->fetch_url);
    if (context.options.offline) return;
    try {
      git::Remote remote(std::move(*address), remote_options(context));
      const git::RefMap& there = remote.list();
      report_.reachable = true;
      report_.remote_has_documents = there.contains(context.remote_ref());
      report_.remote_is_empty = std::none_of(there.begin(), there.end(),
                                             [](const auto& ref) { return ref.first.rfind("refs/heads/", 0) == 0; });
    } catch (const Error& error) {
      report_.warnings.push_back(
          concat("the remote was not reached: ", error.causes().empty() ? error.message() : error.causes().front()));
    }
  }

  const Options& options_;
  const InitOptions& what_;
  git::OpenPlace open_;
  InitReport report_;
};

}  // namespace

InitReport init(const Options& options, const InitOptions& what) { return Setup(options, what).run(); }

CloneReport clone(const Options& options, const std::string& url, const std::optional<std::string>& folder,
                  const std::string& endpoint) {
  std::string name = folder.value_or("");
  if (name.empty()) {
    std::string_view rest = url;
    while (rest.ends_with('/')) rest.remove_suffix(1);
    if (rest.ends_with(".git")) rest.remove_suffix(4);
    while (rest.ends_with('/')) rest.remove_suffix(1);
    name = rest.substr(rest.find_last_of("/:") == std::string_view::npos ? 0 : rest.find_last_of("/:") + 1);
  }
  if (url.empty() || url[0] == '-' || name.empty() || name[0] == '-') {
    throw Error(ErrorKind::usage, concat("cannot clone ", escape_for_display(redact_url(url))))
        .because("an address or folder that is empty or begins with '-' could be taken for an option");
  }
  const fs::path target = fs::absolute(options.folder / name).lexically_normal();
  std::error_code ignored;
  if (fs::exists(target, ignored) && !fs::is_empty(target, ignored)) {
    throw Error(ErrorKind::failed, concat("cannot clone into ", quote_path(target.string())))
        .because("the folder is there and not empty")
        .hint("name another one: ps-sync clone URL DIR --as NAME");
  }
  // A relative path counts from where the command is typed, not from the new folder.
  std::string address = url;
  if (url.find("://") == std::string::npos && fs::exists(options.folder / url, ignored)) {
    address = fs::canonical(options.folder / url).string();
  }
  const bool was_there = fs::exists(target, ignored);
  const auto must = [](const Output& output, std::string_view what) {
    if (output.status != 0)
      throw Error(ErrorKind::failed, std::string(what)).because(escape_for_display(trim(output.err)));
  };
  must(run({{"git", "init", "-q", "--", target.string()}, std::nullopt, without_git_environment()}),
       "cannot make the repository");
  Options there = options;
  there.folder = target;
  CloneReport report;
  report.folder = target;
  try {
    must(run({{"git", "remote", "add", "origin", address}, target, without_git_environment()}),
         "cannot add the remote");
    InitOptions what;
    what.endpoint = endpoint;
    report.init = init(there, what);
  } catch (const Error&) {
    if (!was_there) fs::remove_all(target, ignored);
    throw;
  }
  report.pull = pull(there, {});
  return report;
}

config::Loaded read_config(const Options& options) { return open_context(options).config; }

namespace {

void keep_in_file(const git::Place& place, const std::string& key, const std::string& value) {
  const fs::path path = place.top / config_file;
  std::error_code ignored;
  fs::create_directories(path.parent_path(), ignored);
  write_file(path, config::set_in_file(read_file(path), key, value), 0644);
}

}  // namespace

void set_config(const Options& options, const std::string& key, const std::string& value, bool clone_only) {
  const git::OpenPlace open = git::open_place(options.folder);
  const std::string text = config::check_value(key, value);
  const bool is_clones_own = key == "endpoint" || key == "session" || key == "allow";
  if (clone_only || is_clones_own) {
    git::set_user_config(open.place, config::git_config_name(key), text);
    return;
  }
  keep_in_file(open.place, key, text);
}

namespace {

std::string number_of(const std::string& ticket) { return ticket.substr(ticket.find('#') + 1); }

SyncReport edit_beacon(const Options& options, const std::function<void(beacon::Document&)>& edit) {
  const Context context = open_set_up(options);
  Engine engine(context, {}, Mode::push);
  engine.open();
  engine.edit_beacon(edit);
  return engine.publish_only();
}

}  // namespace

SyncReport reset_beacon(const Options& options) {
  return edit_beacon(options, [](beacon::Document& document) {
    document.last_update.reset();
    document.timestamp.reset();
    document.direction.reset();
    document.action.reset();
    document.files_updated.clear();
    document.files_total = 0;
    document.update_available = false;
    document.sessions.clear();
    document.acks.clear();
  });
}

SyncReport repair_beacon(const Options& options) { return edit_beacon(options, {}); }

SyncReport create_beacon(const Options& options) {
  {
    const Context context = open_set_up(options);
    if (context.settings().beacon.provider != "github") {
      throw Error(ErrorKind::config, "the beacon is no ticket")
          .because(concat("beacon.provider is ", context.settings().beacon.provider))
          .hint("make it one: ps-sync init --beacon github:OWNER/REPO");
    }
    if (options.offline) throw Error(ErrorKind::usage, "a ticket cannot be made with --offline");
    const auto ticket = make_ticket(context);
    ticket->create(idle_body(context));
    if (context.settings().beacon.issue) keep_in_file(context.place, "beacon.issue", number_of(*ticket->ticket()));
  }
  return repair_beacon(options);
}

SyncReport link_beacon(const Options& options, const std::string& ticket) {
  const config::BeaconSettings beacon = config::parse_beacon(concat("github:", ticket));
  if (!beacon.issue) {
    throw Error(ErrorKind::usage, concat("no ticket: ", escape_for_display(ticket))).hint("name it as OWNER/REPO#N");
  }
  {
    Context context = open_set_up(options);
    context.config.settings.beacon.provider = beacon.provider;
    context.config.settings.beacon.repo = beacon.repo;
    context.config.settings.beacon.issue = beacon.issue;
    if (!options.offline) make_ticket(context)->check();
    keep_in_file(context.place, "beacon.provider", beacon.provider);
    keep_in_file(context.place, "beacon.repo", *beacon.repo);
    keep_in_file(context.place, "beacon.issue", std::to_string(*beacon.issue));
  }
  return repair_beacon(options);
}

SyncReport forget_peer(const Options& options, const std::string& name) {
  bool known = false;
  SyncReport report =
      edit_beacon(options, [&](beacon::Document& document) { known = document.acks.erase(name) > 0 || known; });
  if (!known && !report.offline) {
    throw Error(ErrorKind::failed, concat("no endpoint ", escape_for_display(name), " has acknowledged anything"))
        .hint("see who is known: ps-sync peers");
  }
  return report;
}

}  // namespace ps_sync::app
