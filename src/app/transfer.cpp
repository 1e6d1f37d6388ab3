// push, pull, sync: the engine in its three modes.
#include "app/engine.hpp"

namespace ps_sync::app {
namespace {

SyncReport run(const Options& options, const SyncOptions& what, Mode mode) {
  // Git lists the settings; in the meantime the remote of the last command gets ready to be asked.
  std::optional<git::HeadStart> head_start;
  const Context context = open_set_up(options, [&](const git::Place& place) {
    if (!options.offline) head_start.emplace(read_outbox(place).remote_url, mode != Mode::push);
  });
  return Engine(context, what, mode, std::move(head_start)).run();
}

}  // namespace

SyncReport push(const Options& options, const SyncOptions& what) { return run(options, what, Mode::push); }
SyncReport pull(const Options& options, const SyncOptions& what) { return run(options, what, Mode::pull); }
SyncReport sync(const Options& options, const SyncOptions& what) { return run(options, what, Mode::sync); }

}  // namespace ps_sync::app
