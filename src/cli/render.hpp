// Reports as people read them. Every function here returns text and prints nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ps_sync/app/app.hpp"
#include "ps_sync/base/error.hpp"
#include "ps_sync/base/exit_code.hpp"

namespace ps_sync::cli {

/// How one stream shows things. A default-constructed one is a pipe's: plain text.
struct View {
  bool terminal = false;  ///< marks
  bool color = false;
  int verbosity = 0;          ///< from 1 on no list is cut
  Timestamp now{};            ///< for "3 min ago"
  config::Settings settings;  ///< for labels
};

/// Result for stdout, all else for stderr.
struct Texts {
  std::string out;
  std::string notes;
};

/// A failure with the exit status that it means here.
struct Problem {
  Error error;
  ExitCode exit = ExitCode::failed;
};

enum class Tone { good, warning, bad, strong, faint, added, removed };
std::string paint(const View& view, Tone tone, std::string_view text);
/// The mark and a space on a terminal, else nothing.
std::string mark(const View& view, std::string_view symbol);

/// "1 document", "3 documents"
std::string count(std::size_t number, std::string_view noun);
/// One word as a POSIX shell reads it back, quoted only where it must be.
std::string shell_word(std::string_view word);
/// A path to be typed after a command.
std::string path_argument(std::string_view path);

/// `error:`, `cause:` and `hint:` lines. Control characters are escaped; a cause of several lines becomes several
/// lines.
std::string error_text(const View& view, const Error& error);
std::string warning_text(const View& view, std::string_view text);
/// Why the remote was not reached, as a warning: the command goes on without it.
std::string offline_text(const View& view, const Error& error);
std::string warnings_text(const View& view, const std::vector<std::string>& warnings);
/// What to type, as it stands in prose: `ps-sync pull`
std::string command_text(const View& view, std::string_view command);

/// Lists of more than 20 entries are cut and say how many more there are; those that are a command's whole answer are
/// not.
enum class Length { cut, whole };

/// A line for each path, after `arrow`.
std::string change_lines(const View& view, std::string_view arrow, const std::vector<sync::Change>& changes);
/// All but conflicted paths, which conflict_lines() tells of.
std::string held_back_lines(const View& view, const std::vector<sync::HeldBack>& held_back);
/// Each conflict with the command that resolves it.
std::string conflict_lines(const View& view, const std::vector<sync::Conflict>& conflicts, Length length = Length::cut);
/// "Desktop, Code (3 documents)"
std::string behind_text(const View& view, const std::vector<app::Peer>& behind);
/// The paths, escaped, cut with a last entry for how many more there are.
std::vector<std::string> first_of(const std::vector<std::string>& paths);
/// The same, a line each.
std::string refused_lines(const std::vector<std::string>& paths);
/// How many entries of a list are shown.
std::size_t shown_of(const View& view, std::size_t entries, Length length = Length::cut);
/// "and 7 more (--json has them all)"; "" where none is left out.
std::string more_text(std::size_t entries, std::size_t shown);

enum class Command { push, pull, sync, other };
std::string_view to_text(Command command);

/// What sync_text() needs to know beside the report.
struct SyncWords {
  Command command = Command::other;
  bool dry_run = false;
  bool remote_required = false;  ///< then an unreachable remote is told as the error that it is
};
Texts sync_text(const View& out, const View& err, const SyncWords& words, const app::SyncReport& report);
Texts status_text(const View& out, const View& err, const app::Status& status);
/// For prompts: `✓`, or what is not 0 of `!N ↓N ↑N`, with `⌁` in front where the remote was out of reach.
std::string short_status_text(const app::ShortStatus& status, bool ascii);

/// What makes this report a failure: one of its own, a guard, or with `require_remote` a remote that was not reached.
std::optional<Problem> problem_of(Command command, const app::SyncReport& report, bool require_remote);
/// 3 where conflicts wait, else 0.
ExitCode exit_of(const app::SyncReport& report);
ExitCode exit_of(const app::Status& status);
ExitCode exit_of(const app::ShortStatus& status);

}  // namespace ps_sync::cli
