// push, pull, sync: the engine in its three modes.
#include "app/engine.hpp"

namespace ps_sync::app {
namespace {

SyncReport run(const Options& options, const SyncOptions& what, Mode mode) {
  const Context context = open_set_up(options);
  return Engine(context, what, mode).run();
}

}  // namespace

SyncReport push(const Options& options, const SyncOptions& what) { return run(options, what, Mode::push); }
SyncReport pull(const Options& options, const SyncOptions& what) { return run(options, what, Mode::pull); }
SyncReport sync(const Options& options, const SyncOptions& what) { return run(options, what, Mode::sync); }

}  // namespace ps_sync::app
