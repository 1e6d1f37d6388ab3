# shellcheck shell=bash
# shellcheck disable=SC2154 # world.sh and scripts/bench set what is only read here
# Remotes over http and ssh, served on 127.0.0.1: ps-sync beside `git push` and `git fetch` of the very same commit.
# Sourced by scripts/bench after world.sh.

server='' # process id of the server that runs

stop_server() {
  if [ -n "$server" ]; then kill "$server" 2>/dev/null && wait "$server" 2>/dev/null; fi
  server=''
}

# A port that nobody listens on: a connection to it is refused.
free_port() {
  local port
  for _ in 1 2 3 4 5 6 7 8 9; do
    port=$((20000 + RANDOM % 20000))
    if ! (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then echo "$port" && return; fi
  done
  die 'no free port'
}

wait_for_port() {
  local try
  for ((try = 0; try < 200; try++)); do
    if (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then return; fi
    sleep 0.05
  done
  die "the server on port $1 does not answer"
}

# Each leaves the start of a URL, to be followed by an absolute path, in $base.
serve_http() {
  local port
  port=$(free_port)
  cat >"$place/lighttpd.conf" <<END
server.document-root = "$place"
server.bind = "127.0.0.1"
server.port = $port
server.modules = ( "mod_cgi", "mod_setenv", "mod_alias" )
alias.url = ( "/git" => "$(git --exec-path)/git-http-backend" )
\$HTTP["url"] =~ "^/git" {
  cgi.assign = ( "" => "" )
  setenv.add-environment = ( "GIT_PROJECT_ROOT" => "/", "GIT_HTTP_EXPORT_ALL" => "1" )
}
END
  lighttpd -D -f "$place/lighttpd.conf" >"$place/server.log" 2>&1 &
  server=$!
  wait_for_port "$port"
  base=http://127.0.0.1:$port/git
}

# The shell at the other end starts in an empty home: what the caller's start-up files cost is not to be measured.
serve_ssh() {
  local port key
  port=$(free_port)
  for key in host user; do ssh-keygen -q -t ed25519 -N '' -f "$place/$key"; done
  cp "$place/user.pub" "$place/authorized"
  cat >"$place/sshd_config" <<END
ListenAddress 127.0.0.1
Port $port
HostKey $place/host
AuthorizedKeysFile $place/authorized
StrictModes no
UsePAM no
PidFile none
PermitRootLogin yes
PasswordAuthentication no
SetEnv HOME=$place
END
  if [ "$(id -u)" = 0 ]; then mkdir -p /run/sshd; fi # where sshd separates its privileges
  /usr/sbin/sshd -D -e -f "$place/sshd_config" >"$place/server.log" 2>&1 &
  server=$!
  echo "[127.0.0.1]:$port $(cat "$place/host.pub")" >"$place/known_hosts"
  # An `ssh` of our own on PATH: a command named in the environment would keep ps-sync from sharing one login.
  mkdir "$place/bin"
  cat >"$place/bin/ssh" <<END
#!/bin/sh
exec $(command -v ssh) -F none -i '$place/user' -o IdentityAgent=none -o UserKnownHostsFile='$place/known_hosts' "\$@"
END
  chmod +x "$place/bin/ssh"
  export PATH=$place/bin:$PATH
  wait_for_port "$port"
  base=ssh://$(id -un)@127.0.0.1:$port
}

# R's two clones know the remote alone; their commits come from the store of ps-sync, so that both send the same.
make_network_sides() {
  local clone
  make_sides
  "serve_$1"
  for clone in a b; do
    git -C "$place/ps/$clone" remote set-url origin "$base$place/ps/remote.git"
    rm -rf "$place/r/$clone"
    git init -q "$place/r/$clone"
    git -C "$place/r/$clone" remote add origin "$base$place/r/remote.git"
    git -C "$place/r/$clone" config gc.auto 0
  done
  git -C "$place/ps/remote.git" config http.receivepack true
  git -C "$place/r/remote.git" config http.receivepack true
  run_in "$place/ps/a" ps push
  run_in "$place/ps/b" ps pull
  git --git-dir="$place/r/remote.git" fetch -q "$place/ps/remote.git" 'refs/heads/promptsync/*:refs/heads/promptsync/*'
  for clone in a b; do git -C "$place/r/$clone" fetch -q origin; done
}

measure_network() {
  local how=$1 round side tip path
  command -v "$2" >/dev/null || { say "$how: there is no $2, left out" && return; }
  make_network_sides "$how"
  for ((round = 1; round <= rounds; round++)); do
    say "$how, round $round"
    path=$(sed -n "$((round % files + 1))p" "$work/paths")
    echo "$path" | "$tools/corpus" edit "$place/ps/a/.claude/planning" "$how $round"
    # ps-sync first makes the commit that git is then to push: so it always goes first.
    timed "$how/push" "$round" ps "$place/ps/a" "$binary" push
    tip=$(git --git-dir="$place/ps/remote.git" rev-parse refs/heads/promptsync/main)
    git -C "$place/r/a" fetch -q "$place/ps/remote.git" "$tip"
    timed "$how/push" "$round" r "$place/r/a" git push -q origin "$tip:refs/heads/promptsync/main"
    for side in $(sides "$round"); do
      if [ "$side" = r ]; then
        timed "$how/pull" "$round" r "$place/r/b" git fetch -q origin promptsync/main
      else
        timed "$how/pull" "$round" ps "$place/ps/b" "$binary" pull
      fi
    done
    cmp "$place/ps/a/.claude/planning/$path" "$place/ps/b/.claude/planning/$path" >"$work/log" 2>&1 ||
      fail_with_log "$path did not arrive"
    [ "$(git -C "$place/r/b" rev-parse FETCH_HEAD)" = "$tip" ] || die 'git fetched something else'
  done
  stop_server
}
