// The exit statuses of every command; docs/exit-codes.md lists the same numbers, and a test compares the two.
#pragma once

#include "ps_sync/base/error.hpp"

namespace ps_sync {

enum class ExitCode {
  done = 0,          ///< done, nothing to do, or queued
  failed = 1,        ///< failed
  usage = 2,         ///< wrong usage
  conflicts = 3,     ///< done, but conflicts wait
  unreachable = 4,   ///< the remote could not be reached (only with --require-remote)
  refused = 5,       ///< refused by a guard
  not_in_sync = 10,  ///< status --exit-code: something to pull or push
  interrupted = 130  ///< ended by Ctrl-C
};

constexpr ExitCode exit_code_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage:
      return ExitCode::usage;
    case ErrorKind::refused:
      return ExitCode::refused;
    case ErrorKind::unreachable:
      return ExitCode::unreachable;
    default:
      return ExitCode::failed;
  }
}

}  // namespace ps_sync
