#!/bin/sh
# The reference that ps-sync is measured against: the best that a shell script over git plumbing can do for the same job,
# written to be quick. It carries the same folders over the same kind of branch, and it is right in what it does, but it
# has no conflict handling, no guards, no beacon and no checks on what arrives. bench/README.md says more.
#
# usage: reference.sh init | push | pull | status [--short] | --version
#
# It understands the words and options that scripts/bench gives to ps-sync, so that it can also stand in its place:
# `scripts/bench --binary bench/reference.sh` compares it with itself and shows what the machine's noise is worth.
set -eu

branch=refs/heads/promptsync/main
tracking=refs/remotes/origin/promptsync/main

fail() {
  echo "reference: $*" >&2
  exit 1
}

# Starts no process where the shell can find out for itself: each costs one or two milliseconds.
enter_repository() {
  until [ -d .git ]; do
    if [ "$PWD" = / ]; then fail 'not in a git repository'; fi
    cd ..
  done
  own=$PWD/.git/promptsync-reference
  index=$own/index
}

# Settings of this clone alone. Nothing of them weakens what git makes durable by default.
init() {
  mkdir -p "$own" .claude/planning .claude/implementation
  git config gc.auto 0
  git config maintenance.auto false
  git config index.version 4
}

# tip: this clone's newest commit; remote: the remote's as last seen; tree: that of tip. Each may be empty.
read_refs() {
  tip='' remote='' tree=''
  refs=$(git for-each-ref --format='%(refname) %(objectname) %(tree)' "$branch" "$tracking")
  while read -r name commit commit_tree; do
    case $name in
      "$branch") tip=$commit tree=$commit_tree ;;
      "$tracking") remote=$commit ;;
    esac
  done <<END
$refs
END
}

# snapshot: the tree of the sync set as it is on disk. The private index keeps the user's own out of it, and remembers
# every file's stat data, so that an unchanged file is not read again.
take_snapshot() {
  set --
  for folder in .claude/planning .claude/implementation; do
    if [ -e "$folder" ]; then set -- "$@" "$folder"; fi
  done
  if [ $# -gt 0 ]; then GIT_INDEX_FILE=$index git add -f -A -- "$@"; fi
  snapshot=$(GIT_INDEX_FILE=$index git write-tree)
}

# Leaves tip at a commit of what is on disk.
commit_snapshot() {
  take_snapshot
  if [ "$snapshot" = "$tree" ]; then return; fi
  commit=$(git commit-tree "$snapshot" ${tip:+-p "$tip"} -m 'Update documents')
  git update-ref "$branch" "$commit" "$tip"
  tip=$commit tree=$snapshot
}

send() {
  git push -q --no-verify origin "$branch:$branch" 2>/dev/null || return 1
  echo "$tip" >"$own/agreed"
}

# A remote that was rewound makes this fail.
fetch() {
  git fetch -q --no-tags --no-write-fetch-head --no-recurse-submodules --no-auto-maintenance origin "$branch:$tracking"
}

# Whether this clone has made no commit since it last agreed with the remote.
only_remote_moved() {
  agreed=''
  if [ -e "$own/agreed" ]; then read -r agreed <"$own/agreed"; fi
  [ "$tip" = "$agreed" ]
}

# Brings the work tree and the private index from commit $1 (empty: none) to commit $2. Git itself refuses where a file
# on disk is not what the index knows.
move_work_tree() {
  from=${1:-$(git hash-object -t tree /dev/null)}
  GIT_INDEX_FILE=$index git read-tree -m -u "$from" "$2"
}

# Both sides moved: a merge without a work tree, then the same two-tree step.
merge_remote() {
  merged=$(git merge-tree --write-tree --allow-unrelated-histories "$tip" "$remote") ||
    fail 'both sides changed the same lines'
  commit=$(git commit-tree "$merged" -p "$tip" -p "$remote" -m 'Merge documents')
  move_work_tree "$tip" "$commit"
  git update-ref "$branch" "$commit" "$tip"
  tip=$commit tree=$merged
}

push() {
  read_refs
  commit_snapshot
  if [ "$tip" = "$remote" ] || [ -z "$tip" ]; then return; fi
  tries=0
  until send; do
    tries=$((tries + 1))
    if [ "$tries" -gt 3 ]; then fail 'cannot push'; fi
    fetch
    read_refs
    merge_remote
  done
}

pull() {
  fetch
  read_refs
  if [ -z "$remote" ] || [ "$tip" = "$remote" ]; then return; fi
  # Where a file on disk is in the way, the longer road follows.
  if only_remote_moved && move_work_tree "$tip" "$remote" 2>/dev/null; then
    git update-ref "$branch" "$remote" "$tip"
    echo "$remote" >"$own/agreed"
    return
  fi
  commit_snapshot
  merge_remote
  send || fail 'cannot push the merge'
}

status() {
  read_refs
  take_snapshot
  if [ "$snapshot" != "$tree" ] || [ "$tip" != "$remote" ]; then echo 'not in sync'; else echo 'in sync'; fi
}

command=${1-}
if [ "$command" = --version ]; then exec git --version; fi
enter_repository
case $command in
  init | push | pull) "$command" ;;
  status)
    case " $* " in
      *' --short '*) exec git status ;;
      *) status ;;
    esac
    ;;
  config) ;; # ps-sync's settings mean nothing here
  *) fail "unknown command: $command" ;;
esac
