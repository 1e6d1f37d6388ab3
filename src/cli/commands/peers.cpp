// queue and peers: what waits to go out and come in, and who is known.
#include "cli/commands/commands.hpp"

namespace ps_sync::cli {

namespace {

std::string queued_lines(const View& view, std::string_view arrow, const std::vector<app::QueuedCommit>& commits) {
  std::string out;
  for (const app::QueuedCommit& queued : commits) {
    out += concat("  ", paint(view, Tone::warning, queued.commit.short_hex()), " ", escape_for_display(queued.subject),
                  " (", count(queued.files, "document"), ", ", ago(queued.at, view.now), ")\n",
                  change_lines(view, arrow, queued.changes));
  }
  return out;
}

std::string queue_text(const View& view, const app::Queue& queue) {
  std::string out;
  if (!queue.incoming.empty())
    out += concat(mark(view, "📥"), "To come in: ", count(queue.incoming.size(), "commit"), "\n",
                  queued_lines(view, "↓", queue.incoming));
  if (!queue.outgoing.empty())
    out += concat(mark(view, "📤"), "To go out: ", count(queue.outgoing.size(), "commit"), "\n",
                  queued_lines(view, "↑", queue.outgoing));
  if (!queue.uncommitted.empty())
    out += concat("Changed here, not committed yet: ", count(queue.uncommitted.size(), "document"), "\n",
                  change_lines(view, "↑", queue.uncommitted));
  if (queue.beacon_pending) out += "The beacon is not published yet\n";
  if (queue.last_failure)
    out += concat("The last push did not get through: ", escape_for_display(*queue.last_failure), "\n");
  return out.empty() ? concat(mark(view, "✅"), "Nothing waits\n") : out;
}

std::string peers_text(const View& view, const std::vector<app::Peer>& peers) {
  std::string out;
  for (const app::Peer& peer : peers) {
    out += paint(view, Tone::strong, escape_for_display(peer.name));
    if (!peer.label.empty() && peer.label != peer.name) out += concat(" (", escape_for_display(peer.label), ")");
    if (peer.self) out += ", this place";
    if (!peer.commit && !peer.self) {
      out += ": has applied nothing yet\n";
      continue;
    }
    out += peer.behind == 0 ? ": up to date" : concat(": ", count(peer.behind, "document"), " behind");
    if (peer.at) out += concat(", ", ago(*peer.at, view.now));
    out += '\n';
  }
  return out.empty() ? "Nobody is known yet\n" : out;
}

}  // namespace

Action add_queue(CLI::App&) {
  return [](Context& context) {
    const app::Queue queue = app::queue(context.options);
    return deliver(
        context, [&] { return json::queue(queue); },
        [&] {
          return Texts{queue_text(context.out, queue), ""};
        });
  };
}

Action add_peers(CLI::App& command) {
  auto name = std::make_shared<std::string>();
  CLI::App* forget = command.add_subcommand("forget", "Stop waiting for an endpoint");
  forget->add_option("NAME", *name, "The endpoint")->required()->type_name("");
  return [forget, name](Context& context) {
    if (forget->parsed()) return deliver_sync(context, {}, app::forget_peer(context.options, *name), false);
    const std::vector<app::Peer> peers = app::peers(context.options);
    return deliver(
        context, [&] { return json::peers(peers); },
        [&] {
          return Texts{peers_text(context.out, peers), ""};
        });
  };
}

}  // namespace ps_sync::cli
