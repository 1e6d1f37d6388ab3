// The listener below needs Catch2's interfaces for reporters, which version 2 shows only on request.
#define CATCH_CONFIG_EXTERNAL_INTERFACES
#include "support/world.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

#include "support/catch.hpp"

namespace fs = std::filesystem;

namespace ps_sync::test {
namespace {

std::atomic<int> failed_assertions{0};

#if defined(CATCH_VERSION_MAJOR) && CATCH_VERSION_MAJOR >= 3
class FailureCounter : public Catch::EventListenerBase {
 public:
  using EventListenerBase::EventListenerBase;
  void assertionEnded(const Catch::AssertionStats& stats) override {
    if (!stats.assertionResult.isOk()) ++failed_assertions;
  }
};
#else
class FailureCounter : public Catch::TestEventListenerBase {
 public:
  using TestEventListenerBase::TestEventListenerBase;
  bool assertionEnded(const Catch::AssertionStats& stats) override {
    if (!stats.assertionResult.isOk()) ++failed_assertions;
    return TestEventListenerBase::assertionEnded(stats);
  }
};
#endif
CATCH_REGISTER_LISTENER(FailureCounter)

std::string without_last_newline(std::string text) {
  if (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::string joined(const Arguments& arguments) {
  std::string line;
  for (const std::string& word : arguments)
    line += (line.empty() ? "" : " ") + (contains(word, " ") || word.empty() ? "'" + word + "'" : word);
  return line;
}

/// stdout of a program that must succeed.
std::string answer(const Arguments& arguments, const Outcome& outcome) {
  if (outcome.exit != 0) throw std::runtime_error(joined(arguments) + " failed\n" + outcome.describe());
  return without_last_newline(outcome.out);
}

Arguments prefixed(Arguments prefix, const Arguments& rest) {
  prefix.insert(prefix.end(), rest.begin(), rest.end());
  return prefix;
}

fs::path make_root() {
  const char* base = std::getenv("TMPDIR");
  // A space and a letter outside ASCII: what breaks careless code does so in every scenario.
  std::string name = (fs::path(base != nullptr ? base : "/tmp") / "ps-sync wörld-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make the folder " + name);
  return fs::canonical(name);
}

}  // namespace

// ---------------------------------------------------------------------------------------------- small things

void write_file(const fs::path& path, std::string_view bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) throw std::runtime_error("cannot write " + path.string());
}

fs::path write_program(const fs::path& path, std::string_view lines) {
  write_file(path, "#!/bin/sh\n" + std::string(lines));
  fs::permissions(path, fs::perms::owner_all);
  return path;
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  std::istringstream stream{std::string(text)};
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> trailers(std::string_view message, std::string_view name) {
  const std::string start = std::string(name) + ": ";
  std::vector<std::string> values;
  for (const std::string& line : lines_of(message))
    if (line.starts_with(start)) values.push_back(line.substr(start.size()));
  return values;
}

// ---------------------------------------------------------------------------------------------- Fingerprint

std::string state_on_disk(const fs::path& path) {
  struct stat info {};
  lstat(path.c_str(), &info);
  std::string state = std::to_string(info.st_mode) + " ";
  if (S_ISREG(info.st_mode)) state += read_file(path);
  if (S_ISLNK(info.st_mode)) state += fs::read_symlink(path).string();
  return state;
}

Fingerprint Fingerprint::of(const fs::path& folder) {
  Fingerprint print;
  for (auto at = fs::recursive_directory_iterator(folder); at != fs::recursive_directory_iterator(); ++at) {
    if (at->path().filename() == "promptsync") {
      at.disable_recursion_pending();
      continue;
    }
    print.entries_[at->path().lexically_relative(folder).string()] = state_on_disk(at->path());
  }
  return print;
}

std::string Fingerprint::changes(const Fingerprint& later) const {
  std::string text;
  for (const auto& [path, state] : entries_) {
    const auto found = later.entries_.find(path);
    if (found == later.entries_.end())
      text += "gone: " + path + "\n";
    else if (found->second != state)
      text += "changed: " + path + "\n";
  }
  for (const auto& [path, state] : later.entries_)
    if (!entries_.contains(path)) text += "new: " + path + "\n";
  return text;
}

std::ostream& operator<<(std::ostream& out, const Fingerprint& print) {
  for (const auto& [path, state] : print.entries_)
    out << path << " " << state.size() << " bytes, hash " << std::hash<std::string>{}(state) << "\n";
  return out;
}

// ---------------------------------------------------------------------------------------------- Clone

Clone::Clone(World& world, std::string name, fs::path root)
    : world_(&world), name_(std::move(name)), root_(std::move(root)) {}

Clone& Clone::write(std::string_view relative, std::string_view bytes) {
  write_file(path(relative), bytes);
  return *this;
}

Clone& Clone::remove(std::string_view relative) {
  if (fs::remove_all(path(relative)) == 0) throw std::runtime_error("nothing to remove at " + path(relative).string());
  return *this;
}

Clone& Clone::rename(std::string_view from, std::string_view to) {
  fs::create_directories(path(to).parent_path());
  fs::rename(path(from), path(to));
  return *this;
}

Clone& Clone::make_executable(std::string_view relative) {
  fs::permissions(path(relative), fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec,
                  fs::perm_options::add);
  return *this;
}

std::string Clone::read(std::string_view relative) const { return read_file(path(relative)); }

bool Clone::exists(std::string_view relative) const { return fs::exists(fs::symlink_status(path(relative))); }

bool Clone::is_executable(std::string_view relative) const {
  return (fs::status(path(relative)).permissions() & fs::perms::owner_exec) != fs::perms::none;
}

std::map<std::string, std::string> Clone::files(std::string_view folder) const {
  std::map<std::string, std::string> found;
  if (!exists(folder)) return found;
  for (auto at = fs::recursive_directory_iterator(path(folder)); at != fs::recursive_directory_iterator(); ++at) {
    if (at->path().filename() == ".git") {
      at.disable_recursion_pending();
      continue;
    }
    if (fs::is_regular_file(at->symlink_status()))
      found[at->path().lexically_relative(root_).string()] = read_file(at->path());
  }
  return found;
}

Outcome Clone::run(const Arguments& arguments, const Environment& extra) {
  return world_->run(root_, arguments, extra);
}

Outcome Clone::ps(Arguments arguments, const Environment& extra) {
  return run(prefixed({World::binary()}, arguments), extra);
}

Outcome Clone::ok(Arguments arguments, const Environment& extra) {
  Outcome outcome = ps(arguments, extra);
  answer(prefixed({"ps-sync"}, arguments), outcome);
  return outcome;
}

nlohmann::json Clone::json(Arguments arguments, const Environment& extra) {
  arguments.push_back("--json");
  return ps(arguments, extra).json();
}

Process Clone::start(Arguments arguments, const Environment& extra) {
  return {prefixed({World::binary()}, arguments), {root_, world_->environment(extra), {}}};
}

Outcome Clone::try_git(Arguments arguments) { return run(prefixed({"git"}, arguments)); }

std::string Clone::git(Arguments arguments) { return answer(prefixed({"git"}, arguments), try_git(arguments)); }

std::string Clone::store(Arguments arguments) {
  return git(prefixed({"--git-dir=" + store_folder().string()}, arguments));
}

fs::path Clone::git_folder() const {
  // Read off the files, as git does: asking git would end in an endless log, and refuse a foreign owner's folder.
  fs::path dot_git = root_ / ".git";
  if (fs::is_regular_file(dot_git)) {
    const std::string text = without_last_newline(read_file(dot_git));  // gitdir: PATH
    dot_git = (root_ / text.substr(text.find(' ') + 1)).lexically_normal();
    if (fs::exists(dot_git / "commondir"))
      return (dot_git / without_last_newline(read_file(dot_git / "commondir"))).lexically_normal();
  }
  return fs::exists(dot_git) ? dot_git : root_;
}

std::string Clone::tip() {
  const Outcome outcome =
      try_git({"--git-dir=" + store_folder().string(), "rev-parse", "--verify", "--quiet", "refs/heads/main"});
  return outcome.exit == 0 ? without_last_newline(outcome.out) : "";
}

std::string Clone::message(const std::string& rev) { return store({"log", "-1", "--format=%B", rev}); }

bool Clone::store_has_blob(std::string_view bytes) {
  const Outcome hash = world_->run(root_, {"git", "hash-object", "--stdin"}, {}, bytes);
  const std::string id = without_last_newline(hash.out);
  return try_git({"--git-dir=" + store_folder().string(), "cat-file", "-e", id}).exit == 0;
}

// ---------------------------------------------------------------------------------------------- World

World::World(Origin origin) : root_(make_root()), origin_(root_ / "origin.git"), failures_before_(failed_assertions) {
  fs::create_directories(root_ / "tmp");
  // file:// submodules are refused by default since git 2.38.1; these are our own.
  write_file(home() / ".gitconfig",
             "[user]\n\tname = Ada Test\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n"
             "[protocol \"file\"]\n\tallow = always\n[advice]\n\tdetachedHead = false\n");
  answer({"git init"}, run(root_, {"git", "init", "--quiet", "--bare", origin_.string()}));
  origin_git({"config", "uploadpack.allowFilter", "true"});
  if (origin == Origin::seeded) {
    commit_on_origin("refs/heads/main", {{"README.md", "# The project\n"}}, "First commit");
    commit_on_origin("refs/heads/main", {{"README.md", "# The project\n\nMore.\n"}}, "Second commit");
  }
}

World::~World() {
  try {
    if (failed_assertions == failures_before_ && std::uncaught_exceptions() == 0) finish();
    if (failed_assertions != failures_before_ || std::uncaught_exceptions() > 0)
      print_what_happened();
    else
      fs::remove_all(root_);
  } catch (const std::exception& problem) {
    std::cerr << "the end of a scenario failed: " << problem.what() << "\n";
    FAIL_CHECK("the end of the scenario failed: " << problem.what());
  }
}

Clone& World::clone(const std::string& name, Arguments options) {
  const fs::path to = root_ / name;
  const Arguments command = prefixed(prefixed({"git", "clone", "--quiet"}, options), {origin_url(), to.string()});
  answer(command, run(root_, command));
  return adopt(name, to);
}

Clone& World::place(const std::string& name, Arguments init_options) {
  Clone& made = clone(name);
  made.ok(prefixed({"init", "--as", name, "--no-hooks"}, init_options));
  return made;
}

Clone& World::adopt(const std::string& name, const fs::path& root) { return clones_.emplace_back(*this, name, root); }

Environment World::environment(const Environment& extra) const {
  Environment all = {{"HOME", home().string()},    {"TMPDIR", (root_ / "tmp").string()},
                     {"LC_ALL", "C.UTF-8"},        {"TZ", "UTC"},
                     {"GIT_CONFIG_NOSYSTEM", "1"}, {"GIT_TERMINAL_PROMPT", "0"}};
  for (const char* name : {"PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS"})
    if (const char* value = std::getenv(name)) all[name] = value;
  for (const auto& [name, value] : extra) all[name] = value;
  return all;
}

std::string World::binary() {
  const char* other = std::getenv("PS_SYNC_UNDER_TEST");
  return other != nullptr ? other : PS_SYNC_BINARY;
}

Outcome World::run(const fs::path& folder, const Arguments& arguments, const Environment& extra,
                   std::string_view input) {
  Outcome outcome = Process(arguments, {folder, environment(extra), std::string(input)}).wait();
  note(arguments, folder, outcome);
  if (outcome.timed_out) throw std::runtime_error(joined(arguments) + " took over 60 seconds\n" + outcome.describe());
  return outcome;
}

void World::note(const Arguments& arguments, const fs::path& folder, const Outcome& outcome) {
  const std::lock_guard hold(log_guard_);
  log_ += "\n[" + folder.filename().string() + "]$ " + joined(arguments) + "\n" + outcome.describe() + "\n";
}

Outcome World::try_origin_git(Arguments arguments) {
  return run(root_, prefixed({"git", "--git-dir=" + origin_.string()}, arguments));
}

std::string World::origin_git(Arguments arguments, std::string_view input) {
  return answer(arguments, run(root_, prefixed({"git", "--git-dir=" + origin_.string()}, arguments), {}, input));
}

std::string World::origin_tip(const std::string& ref) {
  const Outcome outcome = try_origin_git({"rev-parse", "--verify", "--quiet", ref});
  return outcome.exit == 0 ? without_last_newline(outcome.out) : "";
}

std::map<std::string, std::string> World::origin_files() {
  std::map<std::string, std::string> found;
  const std::string tip = origin_tip();
  if (tip.empty()) return found;
  const Outcome list = try_origin_git({"ls-tree", "-r", "-z", "--name-only", tip});
  std::istringstream names(list.out);
  for (std::string name; std::getline(names, name, '\0');)
    found[name] = try_origin_git({"cat-file", "blob", tip + ":" + name}).out;
  return found;
}

std::string World::origin_message(const std::string& rev) { return origin_git({"log", "-1", "--format=%B", rev}); }

std::string World::commit_on_origin(const std::string& ref, const std::map<std::string, std::string>& files,
                                    const std::string& message) {
  const Environment index = {{"GIT_INDEX_FILE", (root_ / "tmp" / "plumbing.index").string()},
                             {"GIT_AUTHOR_NAME", "Grace Test"},
                             {"GIT_AUTHOR_EMAIL", "grace@example.org"},
                             {"GIT_COMMITTER_NAME", "Grace Test"},
                             {"GIT_COMMITTER_EMAIL", "grace@example.org"}};
  const auto plumbing = [&](const Arguments& arguments, std::string_view input) {
    return answer(arguments, run(root_, prefixed({"git", "--git-dir=" + origin_.string()}, arguments), index, input));
  };
  plumbing({"read-tree", "--empty"}, "");
  std::string list;
  for (const auto& [path, bytes] : files)
    list += "100644 " + plumbing({"hash-object", "-w", "--stdin"}, bytes) + "\t" + path + '\0';
  plumbing({"update-index", "-z", "--index-info"}, list);
  Arguments commit = {"commit-tree", plumbing({"write-tree"}, ""), "-F", "-"};
  const std::string parent = origin_tip(ref);
  if (!parent.empty()) commit.insert(commit.end(), {"-p", parent});
  const std::string made = plumbing(commit, message);
  plumbing({"update-ref", ref, made}, "");
  fs::remove(root_ / "tmp" / "plumbing.index");
  return made;
}

void World::take_origin_away() { fs::rename(origin_, root_ / "origin taken away"); }

void World::bring_origin_back() { fs::rename(root_ / "origin taken away", origin_); }

void World::fsck(const fs::path& folder) {
  const Outcome outcome =
      run(root_, {"git", "--git-dir=" + folder.string(), "fsck", "--strict", "--no-dangling", "--no-progress"});
  INFO("git fsck in " << folder << "\n" << outcome.describe());
  // Repositories in which nothing was pushed yet are told of by notices, which are no findings.
  bool is_clean = outcome.exit == 0 && outcome.out.empty();
  std::istringstream lines(outcome.err);
  for (std::string line; std::getline(lines, line);) is_clean = is_clean && line.rfind("notice: ", 0) == 0;
  CHECK(is_clean);
}

void World::finish() {
  if (finished_) return;
  finished_ = true;
  if (!fsck_) return;
  fsck(fs::exists(origin_) ? origin_ : root_ / "origin taken away");
  for (const Clone& clone : clones_)
    if (fs::exists(clone.root()) && fs::exists(clone.store_folder())) fsck(clone.store_folder());
}

void World::print_what_happened() {
  std::string graphs;
  for (const Clone& clone : clones_) {
    if (!fs::exists(clone.root()) || !fs::exists(clone.store_folder())) continue;
    const Outcome graph = run(root_, {"git", "--git-dir=" + clone.store_folder().string(), "log", "--graph", "--all",
                                      "--format=%h %an%d %s", "-50"});
    graphs += "\n=== history of " + clone.name() + "\n" + graph.out;
  }
  std::cerr << "\n=== what ran\n" << log_ << graphs << "\n=== kept for a look: " << root_ << "\n" << std::flush;
}

}  // namespace ps_sync::test
