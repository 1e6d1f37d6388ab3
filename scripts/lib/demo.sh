# shellcheck shell=bash
# The demonstration of scripts/quickstart: one planning document, two places, one remote, one conflict. Every command
# is printed as it runs, and what it should have brought about is checked. Sourced after common.sh.

plan=.claude/planning/act-2-planning.md

# step COMMAND: prints the command, then runs it as if typed. No terminal to read from, so nothing can ask.
step() { step_with_status 0 "$1"; }

step_with_status() {
  local expected=$1 status=0
  printf '\n$ %s\n' "$2"
  eval "$2" </dev/null || status=$?
  [ "$status" -eq "$expected" ] || demo_failed "\`$2\` ended with status $status, not $expected"
}

demo_failed() {
  trap - EXIT
  die "the demonstration failed: $1" "everything is left as it was in $demo_folder" \
    "please report it, with the output of: ps-sync doctor"
}

# expect_line LINE FILE: what was to be delivered is there.
expect_line() {
  grep -qxF -- "$1" "$2" 2>/dev/null || demo_failed "$PWD/$2 does not hold the line: $1"
}

expect_beacon() {
  local shown
  shown=$(ps-sync beacon show </dev/null)
  grep -qxF "STATUS: $1" <<<"$shown" || demo_failed "the beacon's status is not $1"
}

# A home and a name of its own: the demonstration neither reads nor writes the person's settings.
use_private_home() {
  local name
  for name in $(compgen -e | grep -E '^(GIT_|PROMPTSYNC_|XDG_)'); do unset "$name"; done
  export HOME=$demo_folder/home
  export GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0
  export GIT_AUTHOR_NAME="ps-sync quickstart" GIT_AUTHOR_EMAIL=quickstart@example.invalid
  export GIT_COMMITTER_NAME=$GIT_AUTHOR_NAME GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL
  mkdir "$HOME"
}

make_two_clones() {
  step "git init --quiet --initial-branch=main project"
  step "git -C project commit --quiet --allow-empty -m 'Begin the project'"
  step "git clone --quiet --bare project remote.git"
  step "git clone --quiet remote.git desktop"
  step "git clone --quiet remote.git code"
  step "(cd desktop && ps-sync init --as desktop --no-hooks)"
  step "(cd code && ps-sync init --as code --no-hooks)"
}

carry_a_document() {
  step "cd desktop"
  step "printf '# Act 2\n\nGoal: outline\n' > $plan"
  step "ps-sync push -m 'Session 3 - Added Act 2'"
  step "cd ../code"
  step "ps-sync status"
  step "ps-sync beacon show"
  expect_beacon UPDATE_AVAILABLE
  step "ps-sync pull"
  step "cat $plan"
  expect_line "Goal: outline" "$plan"
  step "ps-sync beacon show"
  expect_beacon IDLE
}

settle_a_conflict() {
  step "cd ../desktop"
  step "printf '# Act 2\n\nGoal: a full draft\n' > $plan"
  step "ps-sync push"
  step "cd ../code"
  step "printf '# Act 2\n\nGoal: two scenes\n' > $plan"
  step_with_status 3 "ps-sync sync    # status 3: done, but a conflict waits"
  expect_line "Goal: two scenes" "$plan"
  step "ps-sync conflicts"
  step "ps-sync resolve $plan --ours"
  step "ps-sync push"
  step "cd ../desktop"
  step "ps-sync pull"
  step "cat $plan"
  expect_line "Goal: two scenes" "$plan"
}

# run_demo BIN: with the ps-sync that stands in the folder BIN. Changes this shell's folder, PATH and environment.
run_demo() {
  demo_folder=$(mktemp -d "${TMPDIR:-/tmp}/ps-sync-demo.XXXXXX")
  trap 'rm -rf "$demo_folder"' EXIT
  PATH=$1:$PATH
  use_private_home
  cd "$demo_folder" || demo_failed "cannot enter $demo_folder"
  make_two_clones
  carry_a_document
  settle_a_conflict
}
