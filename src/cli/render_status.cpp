// The state at a glance, in words: what waits, for whom, and what to type next.
#include "cli/render.hpp"

namespace ps_sync::cli {

namespace {

std::string headline(const View& view, const app::Status& status) {
  std::string out =
      concat(mark(view, "🔍"), paint(view, Tone::strong, status.endpoint), " on ", escape_for_display(status.branch));
  if (status.remote_url.empty()) return concat(out, ", no remote\n");
  out += concat(", remote ", escape_for_display(status.remote_name.empty() ? status.remote_url : status.remote_name));
  if (!status.reachable) out += " (not reached at the last attempt)";
  return concat(out, "\n");
}

std::string beacon_lines(const View& view, const app::BeaconView& beacon) {
  std::string out;
  if (beacon.pending) out += concat(mark(view, "⚠"), "Beacon: not published yet, goes out with the next push\n");
  if (beacon.status == "UPDATE_AVAILABLE" && beacon.last_update) {
    out += concat("Beacon: ", escape_for_display(*beacon.last_update));
    if (beacon.direction) out += concat(" (", escape_for_display(*beacon.direction), ")");
    out += '\n';
  }
  return out;
}

std::string next_step(const View& view, const app::Status& status) {
  const auto next = [&](std::string_view command) { return concat("Next: ", command_text(view, command), "\n"); };
  const bool goes_out = !status.outgoing.empty() || status.queued_commits > 0;
  if (!status.conflicts.empty())
    return concat("Next: resolve the conflicts (", command_text(view, "ps-sync resolve PATH"), "), then ",
                  command_text(view, "ps-sync sync"), "\n");
  if (!status.refused_deletes.empty())
    return concat("Next: bring the missing documents back, or ", command_text(view, "ps-sync sync --allow-deletes"),
                  " if they are meant to go\n");
  if (!status.incoming.empty()) return next(goes_out ? "ps-sync sync" : "ps-sync pull");
  if (goes_out && status.remote_url.empty()) {
    const std::string add = "git remote add origin URL";
    return status.outgoing.empty()
               ? concat("Next: ", command_text(view, add), ", then ", command_text(view, "ps-sync push"), "\n")
               : next("ps-sync push");
  }
  if (goes_out || status.beacon.pending) return next("ps-sync push");
  if (!status.reachable && !status.remote_url.empty())
    return concat("In sync with what was last seen of the remote; ", command_text(view, "ps-sync status"),
                  " asks again\n");
  return concat(mark(view, "✅"), paint(view, Tone::good, "In sync"), ": nothing to do\n");
}

std::string details(const app::Status& status) {
  const auto hex = [](const std::optional<Oid>& oid) { return oid ? oid->hex() : std::string("none"); };
  return concat("endpoint: ", status.endpoint, "\nsession: ", status.session,
                "\nremote: ", status.remote_url.empty() ? "none" : escape_for_display(status.remote_url),
                "\nbeacon: ", escape_for_display(status.beacon.provider), "\nbase: ", hex(status.base),
                "\nlocal: ", hex(status.local), "\ntip: ", hex(status.tip), "\n");
}

}  // namespace

Texts status_text(const View& out, const View& err, const app::Status& status) {
  Texts texts;
  texts.notes = warnings_text(err, status.warnings);
  if (status.offline) texts.notes += offline_text(err, *status.offline);
  if (err.verbosity > 0) texts.notes += details(status);

  texts.out = headline(out, status);
  if (!status.incoming.empty()) {
    texts.out +=
        concat(mark(out, "📥"), paint(out, Tone::good, "Update Available"), ": ",
               count(status.incoming.size(), "document"), " to pull\n", change_lines(out, "↓", status.incoming));
  }
  if (!status.outgoing.empty()) {
    texts.out += concat(mark(out, "📤"), "To push: ", count(status.outgoing.size(), "document"), "\n",
                        change_lines(out, "↑", status.outgoing));
  }
  if (status.queued_commits > 0)
    texts.out += concat("Queued: ", count(status.queued_commits, "commit"), " that the remote does not have\n");
  if (!status.behind.empty()) texts.out += concat("Behind: ", behind_text(out, status.behind), "\n");
  if (!status.conflicts.empty()) {
    texts.out += concat(paint(out, Tone::bad, concat("Conflicts: ", std::to_string(status.conflicts.size()))), "\n",
                        conflict_lines(out, status.conflicts));
  }
  if (const std::string held = held_back_lines(out, status.held_back); !held.empty())
    texts.out += concat("Held back:\n", held);
  if (!status.refused_deletes.empty())
    texts.out += concat("Gone, and not taken for deletions:\n", refused_lines(status.refused_deletes));
  texts.out += beacon_lines(out, status.beacon);
  texts.out += next_step(out, status);
  return texts;
}

std::string short_status_text(const app::ShortStatus& status, bool ascii) {
  std::vector<std::string> parts;
  if (status.unreachable) parts.emplace_back(ascii ? "~" : "⌁");
  const auto add = [&](std::string_view symbol, std::size_t number) {
    if (number > 0) parts.push_back(concat(symbol, std::to_string(number)));
  };
  add("!", status.conflicts);
  add(ascii ? "v" : "↓", status.incoming);
  add(ascii ? "^" : "↑", status.outgoing);
  if (status.conflicts + status.incoming + status.outgoing == 0) parts.emplace_back(ascii ? "ok" : "✓");
  return join(parts, " ");
}

ExitCode exit_of(const app::Status& status) {
  if (!status.conflicts.empty()) return ExitCode::conflicts;
  return status.state == app::State::in_sync ? ExitCode::done : ExitCode::not_in_sync;
}

ExitCode exit_of(const app::ShortStatus& status) {
  if (status.conflicts > 0) return ExitCode::conflicts;
  return status.incoming + status.outgoing > 0 ? ExitCode::not_in_sync : ExitCode::done;
}

}  // namespace ps_sync::cli
