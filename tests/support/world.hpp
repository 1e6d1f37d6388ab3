// A small world for one scenario: a private home, a bare origin made by the real git, and clones in which the real
// ps-sync runs.
//
//   World world;                            // origin with one commit on main
//   Clone& desktop = world.place("desktop");  // clone + `ps-sync init --as desktop --no-hooks`
//   Clone& code = world.place("code");
//   desktop.write(".claude/planning/a.md", "text\n").ok({"push"});
//   code.ok({"pull"});
//   CHECK(code.read(".claude/planning/a.md") == "text\n");
//
// At its end a world checks origin and every store with `git fsck --strict`. A failed scenario prints all that ran and
// keeps its folder; a passed one removes it.
#pragma once

#include <deque>
#include <filesystem>
#include <iosfwd>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "support/process.hpp"

namespace ps_sync::test {

class World;

/// Kind, mode and content of what is at `path`; a link is not followed.
std::string state_on_disk(const std::filesystem::path& path);

/// Everything below the user's git directory but for what is ps-sync's own: path → kind, mode and content.
class Fingerprint {
 public:
  /// Takes the picture of `folder`; anything below a component named promptsync is left out.
  static Fingerprint of(const std::filesystem::path& folder);

  bool operator==(const Fingerprint&) const = default;
  /// Paths that are new, gone or different in `later`, one a line; "" where nothing changed.
  std::string changes(const Fingerprint& later) const;
  friend std::ostream& operator<<(std::ostream& out, const Fingerprint& print);

 private:
  std::map<std::string, std::string> entries_;
};

/// One working tree in which ps-sync is used.
class Clone {
 public:
  Clone(World& world, std::string name, std::filesystem::path root);

  const std::string& name() const { return name_; }
  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path path(std::string_view relative) const { return root_ / relative; }

  // Files, by path relative to the root. Parents are made as needed; bytes are exact.
  Clone& write(std::string_view relative, std::string_view bytes);
  Clone& remove(std::string_view relative);  ///< a file, or a folder with all in it
  Clone& rename(std::string_view from, std::string_view to);
  Clone& make_executable(std::string_view relative);
  std::string read(std::string_view relative) const;  ///< throws where there is none
  bool exists(std::string_view relative) const;       ///< a dangling link exists too
  bool is_executable(std::string_view relative) const;
  /// Every regular file under `folder`: path relative to the root → bytes. Nested `.git` is left out.
  std::map<std::string, std::string> files(std::string_view folder = ".claude") const;

  // Programs, run in this folder.
  Outcome ps(Arguments arguments, const Environment& extra = {});  ///< ps-sync, any exit status
  Outcome ok(Arguments arguments, const Environment& extra = {});  ///< ps-sync; throws unless it exits with 0
  /// ps-sync with --json, any exit status; throws where stdout is not one JSON object.
  nlohmann::json json(Arguments arguments, const Environment& extra = {});
  Process start(Arguments arguments, const Environment& extra = {});  ///< ps-sync, not waited for
  Outcome run(const Arguments& arguments, const Environment& extra = {});
  std::string git(Arguments arguments);    ///< stdout without the last newline; throws on failure
  Outcome try_git(Arguments arguments);    ///< any exit status
  std::string store(Arguments arguments);  ///< git in ps-sync's own store; as git()

  std::filesystem::path git_folder() const;  ///< the git common directory
  std::filesystem::path store_folder() const { return git_folder() / "promptsync" / "store.git"; }
  Fingerprint fingerprint() const { return Fingerprint::of(git_folder()); }
  /// The store's commit of the session main; "" where there is none.
  std::string tip();
  std::string message(const std::string& rev);  ///< whole commit message, from the store
  /// Is there an object in the store, reachable or not, that holds exactly these bytes?
  bool store_has_blob(std::string_view bytes);

 private:
  World* world_;
  std::string name_;
  std::filesystem::path root_;
};

class World {
 public:
  enum class Origin { seeded, empty };

  explicit World(Origin origin = Origin::seeded);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path home() const { return root_ / "home"; }
  const std::filesystem::path& origin() const { return origin_; }
  std::string origin_url() const { return "file://" + origin_.string(); }

  /// A clone of origin; options go to `git clone`.
  Clone& clone(const std::string& name, Arguments options = {});
  /// A clone, set up: `init --as NAME --no-hooks` and what else is given.
  Clone& place(const std::string& name, Arguments init_options = {});
  /// A folder made by other means; it is looked after from now on.
  Clone& adopt(const std::string& name, const std::filesystem::path& root);

  Outcome run(const std::filesystem::path& folder, const Arguments& arguments, const Environment& extra = {},
              std::string_view input = {});
  std::string origin_git(Arguments arguments, std::string_view input = {});  ///< stdout, last newline cut; throws
  Outcome try_origin_git(Arguments arguments);

  /// The sync branch on origin; "" where there is none.
  std::string origin_tip(const std::string& ref = "refs/heads/promptsync/main");
  /// Path → bytes of every file on the sync branch of origin.
  std::map<std::string, std::string> origin_files();
  std::string origin_message(const std::string& rev = "refs/heads/promptsync/main");
  /// Commits `files` (path → bytes; nothing else stays) on top of a ref of origin by plumbing alone, with the message
  /// given. Returns the commit.
  std::string commit_on_origin(const std::string& ref, const std::map<std::string, std::string>& files,
                               const std::string& message);

  void take_origin_away();
  void bring_origin_back();
  /// For origins that are broken on purpose.
  void expect_no_clean_fsck() { fsck_ = false; }
  /// The checks at the end; the destructor makes them where the scenario did not fail before.
  void finish();

  Environment environment(const Environment& extra = {}) const;
  static std::string binary();  ///< the ps-sync under test
  void note(const Arguments& arguments, const std::filesystem::path& folder, const Outcome& outcome);

 private:
  void fsck(const std::filesystem::path& folder);
  void print_what_happened();

  std::filesystem::path root_;
  std::filesystem::path origin_;
  std::deque<Clone> clones_;
  std::mutex log_guard_;
  std::string log_;
  bool fsck_ = true;
  bool finished_ = false;
  int failures_before_;
};

/// A file at `path` with these bytes; parents are made.
void write_file(const std::filesystem::path& path, std::string_view bytes);
/// A program of these lines at `path`, for the shell to run; the path again.
std::filesystem::path write_program(const std::filesystem::path& path, std::string_view lines);
std::string read_file(const std::filesystem::path& path);
bool contains(std::string_view text, std::string_view part);
std::vector<std::string> lines_of(std::string_view text);
/// The values of one trailer in a commit message, in order.
std::vector<std::string> trailers(std::string_view message, std::string_view name);

}  // namespace ps_sync::test
