# shellcheck shell=bash
# What the scripts share: words to the person, and quiet steps with a log. Sourced, never run.
# Runs under bash 3.2 too, which is what macOS ships.

# The root of this clone, wherever the script was called from.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

say() { printf '%s\n' "$*"; }

# die MESSAGE [HINT]… ends the script the way ps-sync itself reports a failure.
die() {
  printf 'error: %s\n' "$1" >&2
  shift
  while [ $# -gt 0 ]; do
    printf 'hint: %s\n' "$1" >&2
    shift
  done
  exit 1
}

# usage_error MESSAGE: for arguments that make no sense.
usage_error() {
  printf 'error: %s\n' "$1" >&2
  printf 'hint: run %s --help\n' "$0" >&2
  exit 2
}

# show_help: the comment at the top of the calling script, down to the first empty line, is its help.
show_help() { awk 'NR > 1 { if (!/^#/) exit; sub(/^# ?/, ""); print }' "$0"; }

# quietly NAME COMMAND…: runs it with all output in build/logs/NAME.log; shown only where the command fails.
quietly() {
  local log="$root/build/logs/$1.log"
  local status=0
  shift
  mkdir -p "$root/build/logs"
  "$@" >"$log" 2>&1 </dev/null || status=$?
  [ "$status" -eq 0 ] && return 0
  printf '\n' >&2
  tail -n 60 "$log" >&2
  printf 'error: failed with status %s: %s\n' "$status" "$*" >&2
  printf 'hint: the whole log is %s\n' "$log" >&2
  return "$status"
}

# build_preset NAME [CMAKE-OPTION]…: configures and builds a preset of CMakePresets.json.
build_preset() {
  local preset=$1
  shift
  (
    cd "$root" &&
      quietly "configure-$preset" cmake --preset "$preset" "$@" &&
      quietly "build-$preset" cmake --build "build/$preset"
  )
}
