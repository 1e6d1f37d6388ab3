#include "cli/render.hpp"

#include <algorithm>

namespace ps_sync::cli {

namespace {

constexpr std::size_t longest_list = 20;

std::string_view code_of(Tone tone) {
  switch (tone) {
    case Tone::good:
    case Tone::added:
      return "32";
    case Tone::warning:
      return "33";
    case Tone::bad:
    case Tone::removed:
      return "31";
    case Tone::strong:
      return "1";
    case Tone::faint:
      return "2";
  }
  return "0";
}

std::string reason_text(sync::HoldReason reason) {
  switch (reason) {
    case sync::HoldReason::size:
      return "too large";
    case sync::HoldReason::secret:
      return "looks like a credential";
    case sync::HoldReason::conflict:
      return "in conflict";
    case sync::HoldReason::name:
      return "a name that cannot travel";
    case sync::HoldReason::type:
      return "not a regular file";
    case sync::HoldReason::unreadable:
      return "cannot be read";
    case sync::HoldReason::policy:
      return "not allowed here";
    case sync::HoldReason::checkout:
      return "git's checkout took it away or brought an old version back";
    case sync::HoldReason::busy:
      return "still being written";
  }
  return "";
}

/// What helps against one reason; "" where nothing is to be typed.
std::string way_on(const sync::HeldBack& held) {
  switch (held.reason) {
    case sync::HoldReason::size:
      return "`ps-sync config set limits.max_file SIZE` raises the limit";
    case sync::HoldReason::secret:
      return "take it out of the file, or `ps-sync push --allow-secrets` if it is none";
    case sync::HoldReason::checkout:
      return concat("`ps-sync restore ", path_argument(held.path), "` brings the newest");
    default:
      return "";
  }
}

}  // namespace

std::string paint(const View& view, Tone tone, std::string_view text) {
  if (!view.color || text.empty()) return std::string(text);
  return concat("\x1b[", code_of(tone), "m", text, "\x1b[0m");
}

std::string mark(const View& view, std::string_view symbol) { return view.terminal ? concat(symbol, " ") : ""; }

std::string count(std::size_t number, std::string_view noun) {
  return concat(std::to_string(number), " ", noun, number == 1 ? "" : "s");
}

std::string shell_word(std::string_view word) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._-/+,:@%=").find(c) != std::string_view::npos || static_cast<unsigned char>(c) >= 0x80;
  };
  const std::string escaped = escape_for_display(word);
  if (escaped != word) {  // what a terminal must not get raw; $'…' reads \xNN, \n and \t
    std::string inner;
    for (char c : word) {
      if (c == '\\' || c == '\'') inner += '\\';
      inner += c;
    }
    return concat("$'", escape_for_display(inner), "'");
  }
  if (!word.empty() && std::all_of(word.begin(), word.end(), plain)) return std::string(word);
  std::string quoted = "'";
  for (char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string path_argument(std::string_view path) {
  return concat(path.starts_with('-') ? "-- " : "", shell_word(path));
}

std::string error_text(const View& view, const Error& error) {
  std::string out;
  const auto add = [&](Tone tone, std::string_view word, const std::string& text) {
    std::vector<std::string> lines = lines_of(text);
    if (lines.empty()) lines.emplace_back();
    for (const std::string& line : lines) out += concat(paint(view, tone, word), " ", escape_for_display(line), "\n");
  };
  add(Tone::bad, "error:", error.message());
  for (const std::string& cause : error.causes()) add(Tone::warning, "cause:", cause);
  for (const std::string& hint : error.hints()) add(Tone::good, "hint:", hint);
  return out;
}

std::string warning_text(const View& view, std::string_view text) {
  return concat(mark(view, "⚠"), paint(view, Tone::warning, "warning:"), " ", text, "\n");
}

std::string offline_text(const View& view, const Error& error) {
  std::string out = warning_text(view, escape_for_display(error.message()));
  for (const std::string& cause : error.causes())
    for (const std::string& line : lines_of(cause)) out += concat("cause: ", escape_for_display(line), "\n");
  for (const std::string& hint : error.hints()) out += concat("hint: ", escape_for_display(hint), "\n");
  return out;
}

std::string warnings_text(const View& view, const std::vector<std::string>& warnings) {
  std::string out;
  for (const std::string& warning : warnings) out += warning_text(view, warning);
  return out;
}

std::string command_text(const View& view, std::string_view command) {
  return concat("`", paint(view, Tone::strong, command), "`");
}

std::size_t shown_of(const View& view, std::size_t entries, Length length) {
  return length == Length::whole || view.verbosity > 0 ? entries : std::min(entries, longest_list);
}

std::string more_text(std::size_t entries, std::size_t shown) {
  if (shown >= entries) return "";
  return concat("and ", std::to_string(entries - shown), " more (--json has them all)");
}

namespace {

/// The end of a list whose lines are indented.
std::string more_line(std::size_t entries, std::size_t shown) {
  return shown < entries ? concat("  ", more_text(entries, shown), "\n") : "";
}

}  // namespace

std::string change_lines(const View& view, std::string_view arrow, const std::vector<sync::Change>& changes) {
  const std::size_t shown = shown_of(view, changes.size());
  std::string out;
  for (std::size_t i = 0; i < shown; ++i) {
    const sync::Change& change = changes[i];
    out += concat("  ", arrow, " ");
    if (change.change == sync::ChangeKind::added) {
      out += concat(paint(view, Tone::added, escape_for_display(change.path)), " (new)\n");
    } else if (change.change == sync::ChangeKind::deleted) {
      out += concat(paint(view, Tone::removed, escape_for_display(change.path)), " (deleted)\n");
    } else {
      out += concat(escape_for_display(change.path), "\n");
    }
  }
  return out + more_line(changes.size(), shown);
}

std::string held_back_lines(const View& view, const std::vector<sync::HeldBack>& held_back) {
  const auto is_told = [](const sync::HeldBack& held) { return held.reason != sync::HoldReason::conflict; };
  const auto entries = static_cast<std::size_t>(std::count_if(held_back.begin(), held_back.end(), is_told));
  const std::size_t shown = shown_of(view, entries);
  std::size_t left = shown;
  std::string out;
  for (const sync::HeldBack& held : held_back) {
    if (left == 0) break;
    if (!is_told(held)) continue;
    --left;
    out += concat("  ", mark(view, "⚠"), escape_for_display(held.path), ": ", reason_text(held.reason));
    if (!held.detail.empty()) out += concat(" (", escape_for_display(held.detail), ")");
    out += '\n';
    if (const std::string help = way_on(held); !help.empty()) out += concat("      ", help, "\n");
  }
  return out + more_line(entries, shown);
}

std::string conflict_lines(const View& view, const std::vector<sync::Conflict>& conflicts, Length length) {
  const std::size_t shown = shown_of(view, conflicts.size(), length);
  std::string out;
  for (std::size_t i = 0; i < shown; ++i) {
    const sync::Conflict& conflict = conflicts[i];
    out += concat("  ", mark(view, "✖"), paint(view, Tone::bad, escape_for_display(conflict.path)), " (",
                  sync::to_text(conflict.kind));
    if (!conflict.from.empty())
      out += concat(", with ", escape_for_display(config::label_of(view.settings, conflict.from)));
    if (conflict.at != Timestamp{}) out += concat(", ", ago(conflict.at, view.now));
    out +=
        concat(")\n      ", paint(view, Tone::strong, concat("ps-sync resolve ", path_argument(conflict.path))), "\n");
  }
  return out + more_line(conflicts.size(), shown);
}

std::string behind_text(const View& view, const std::vector<app::Peer>& behind) {
  std::vector<std::string> parts;
  for (const app::Peer& peer : behind) {
    const std::string name =
        escape_for_display(peer.label.empty() ? config::label_of(view.settings, peer.name) : peer.label);
    parts.push_back(concat(name, " (", count(peer.behind, "document"), ")"));
  }
  return join(parts, ", ");
}

std::vector<std::string> first_of(const std::vector<std::string>& paths) {
  const std::size_t shown = std::min(paths.size(), longest_list);
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < shown; ++i) lines.push_back(escape_for_display(paths[i]));
  if (shown < paths.size()) lines.push_back(more_text(paths.size(), shown));
  return lines;
}

std::string refused_lines(const std::vector<std::string>& paths) {
  std::string out;
  for (const std::string& line : first_of(paths)) out += concat("  ", line, "\n");
  return out;
}

std::string_view to_text(Command command) {
  switch (command) {
    case Command::push:
      return "push";
    case Command::pull:
      return "pull";
    case Command::sync:
      return "sync";
    case Command::other:
      break;
  }
  return "";
}

}  // namespace ps_sync::cli
