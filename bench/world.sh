# shellcheck shell=bash
# Where the benchmark happens: corpora, the two sides with their clones and remotes, and one timed command.
# Sourced by scripts/bench, which fills in what is empty here.

work=''      # the temporary folder
tools=''     # where measure and corpus are
binary=''    # the ps-sync to measure
reference='' # the script beside it
results=''   # the file of raw results
real=''      # where real Markdown files come from
place=''     # the present pair of sides
worlds=0     # how many there were
beacon=''    # not empty: ps-sync's provider
keep=''      # not empty: leave the temporary folder

say() { echo "bench: $*" >&2; }
die() {
  say "$*"
  exit 1
}
clean_up() { if [ -n "$keep" ]; then say "kept $work"; else rm -rf "$work"; fi; }

# Nothing of the caller's git reaches either side.
use_private_environment() {
  local variable
  for variable in $(env | sed -En 's/^((GIT|PROMPTSYNC)_[A-Z0-9_]*)=.*/\1/p'); do unset "$variable"; done
  mkdir "$work/home"
  export HOME=$work/home XDG_CONFIG_HOME=$work/home/.config GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0
  export LC_ALL=C TZ=UTC
  git config --global user.name Bench
  git config --global user.email bench@localhost
  git config --global init.defaultBranch main
}

# The Markdown files of this machine's packages, or those below $real, at most 10,000. Left out is what looks like a
# credential, however faintly: ps-sync would hold it back, and the two sides would carry different things.
make_real_corpus() {
  local places=(/usr /opt)
  if [ -n "$real" ]; then places=("$real"); fi
  find "${places[@]}" -xdev -type f -name '*.md' -size -2048k -readable -print0 2>/dev/null |
    xargs -0 grep -LE '://[^/[:space:]]*:[^/[:space:]]*@|-----BEGIN|gh[a-z]_|github_pat_|A[KS]IA|xox[a-z]-|sk-' |
    sort | awk 'NR <= 10000' >"$work/real-files" || true
  mkdir -p "$1"
  "$tools/corpus" copy "$1" <"$work/real-files"
}

# Leaves the corpus in $corpus, and describes it in $files and $largest.
make_corpus() {
  corpus=$work/corpus-$1
  case $1 in
    real) make_real_corpus "$corpus" ;;
    big) mkdir "$corpus" && "$tools/corpus" random "$corpus/random.bin" 200 ;;
    *) "$tools/corpus" markdown "$corpus" "$1" ;;
  esac
  (cd "$corpus" && find . -type f) | sed 's|^\./||' | sort >"$work/paths"
  files=$(wc -l <"$work/paths" | tr -d ' ')
  largest=$(find "$corpus" -type f -exec ls -ln {} + | awk '$5 > most { most = $5 } END { print most + 0 }')
  label=$1
  if [ "$1" = real ]; then label="$files real"; fi
  if [ "$1" = big ]; then label=1; fi
  say "$label: $files files, the largest of $largest bytes"
}

program_of() { if [ "$1" = r ]; then echo "$reference"; else echo "$binary"; fi; }

# A failed step shows what the program said, and keeps everything for a look.
fail_with_log() {
  cat "$work/log" >&2
  keep=yes
  die "$*"
}

# Set-up, not timed: run_in FOLDER SIDE ARGUMENTS
run_in() {
  local folder=$1 side=$2
  shift 2
  (cd "$folder" && "$(program_of "$side")" "$@") >"$work/log" 2>&1 </dev/null || fail_with_log "$side: $* failed"
}

# Both sides anew, below $place. What was there before stays until the end: for some minutes after a deletion ext4 looks
# for inodes that were not freed lately, which makes every new file dearer and so hurts whoever makes more of them (with
# `rm -rf` between rounds, the reference's first push of 1,000 files went from 0.45 s to 1.6 s in eight rounds, its pull
# from 0.09 s to 1.1 s). Only the 200 MB files, few and large, go at once.
make_sides() {
  local side
  if [ "$largest" -gt 50000000 ]; then rm -rf "$place"; fi
  worlds=$((worlds + 1))
  place=$work/world-$worlds
  mkdir "$place"
  for side in r ps; do make_side "$side" "$place/$side"; done
}

# A bare remote with one commit on its own branch, two clones of it, and the corpus in the first. Both sides' remotes are
# alike; without gc, which would otherwise start in the middle of some round.
make_side() {
  local side=$1 place=$2 clone
  mkdir "$place"
  git init -q --bare "$place/remote.git"
  git -C "$place/remote.git" config gc.auto 0
  (
    cd "$place/remote.git" || exit
    git update-ref refs/heads/main "$(git commit-tree -m 'Begin' "$(git hash-object -w -t tree /dev/null)")"
  )
  for clone in a b; do git clone -q "$place/remote.git" "$place/$clone"; done
  run_in "$place/a" "$side" init --as desktop --no-hooks
  run_in "$place/b" "$side" init --as code --no-hooks
  if [ "$largest" -gt 50000000 ]; then
    for clone in a b; do run_in "$place/$clone" "$side" config set limits.max_file 300MB; done
  fi
  if [ -n "$beacon" ]; then
    for clone in a b; do run_in "$place/$clone" "$side" config set beacon.provider "$beacon"; done
  fi
  mkdir -p "$place/a/.claude/planning"
  cp -a "$corpus/." "$place/a/.claude/planning/"
}

# timed WORKLOAD ROUND SIDE FOLDER COMMAND...: one timed command; its cost goes to the results.
# First what earlier commands left unwritten is written out, so that no side waits for the other's bytes.
timed() {
  local workload=$1 round=$2 side=$3 folder=$4 line wall cpu peak status
  shift 4
  sync -f "$work" 2>/dev/null || sync
  line=$("$tools/measure" "$folder" "$work/log" "$@")
  read -r wall cpu peak status <<<"$line"
  if [ "$status" != 0 ]; then fail_with_log "$workload, round $round: $* exited $status"; fi
  printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' \
    "$workload" "$label" "$files" "$largest" "$side" "$round" "$wall" "$cpu" "$peak" >>"$results"
}

# Both sides, one right after the other; who goes first changes with the round.
sides() { if [ $(($1 % 2)) = 0 ]; then echo "r ps"; else echo "ps r"; fi; }

# step WORKLOAD ROUND CLONE ARGUMENTS: the same command at both sides.
step() {
  local workload=$1 round=$2 clone=$3 side
  shift 3
  for side in $(sides "$round"); do
    timed "$workload" "$round" "$side" "$place/$side/$clone" "$(program_of "$side")" "$@"
  done
}

check_whole_tree() {
  local side
  for side in r ps; do
    diff -rq -x session-notes "$corpus" "$place/$side/b/.claude/planning" >"$work/log" 2>&1 ||
      fail_with_log "$side: what arrived is not what was sent"
  done
}

# check_files LIST: each file named there is the same in both clones, and is the edited one.
check_files() {
  local side path
  for side in r ps; do
    while read -r path; do
      cmp "$place/$side/a/.claude/planning/$path" "$place/$side/b/.claude/planning/$path" >"$work/log" 2>&1 ||
        fail_with_log "$side: $path did not arrive"
    done <"$1"
  done
}

branches_of() { git --git-dir="$place/$1/remote.git" for-each-ref refs/heads; }
