# shellcheck shell=bash
# Installs the system packages that building and testing need, and only those that are missing.
# Sourced after common.sh.

# What each purpose needs. cmake/Dependencies.cmake names the same packages when one is not found.
apt_packages() {
  case $1 in
    build)
      echo g++ cmake ninja-build pkg-config git libgit2-dev libssl-dev zlib1g-dev libxxhash-dev \
        nlohmann-json3-dev libyaml-cpp-dev libcli11-dev libcurl4-openssl-dev
      ;;
    test)
      echo catch2 ccache jq openssh-client openssh-server lighttpd lighttpd-mod-openssl openssl tinyproxy-bin gh
      ;;
    check) echo shellcheck ;;
    format) echo clang-format-14 ;; # no newer one: each major version formats differently
    *) die "no such purpose: $1" ;;
  esac
}

brew_packages() {
  case $1 in
    build) echo cmake ninja pkg-config libgit2 openssl zlib xxhash nlohmann-json yaml-cpp cli11 curl ;;
    test) echo catch2 ccache jq lighttpd tinyproxy gh ;;
    check) echo shellcheck ;;
    format) die "Homebrew has no clang-format 14" ;;
    *) die "no such purpose: $1" ;;
  esac
}

# The names among the arguments that dpkg does not have installed.
missing_apt_packages() {
  local name
  for name in "$@"; do
    # shellcheck disable=SC2016 # the dollar is dpkg-query's
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || echo "$name"
  done
}

# as_root COMMAND…: by sudo where needed; without a terminal sudo may not ask.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif [ -t 0 ]; then
    sudo "$@"
  else
    sudo -n "$@"
  fi
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 \
    apt-get -q -y -o DPkg::Lock::Timeout=120 "$@"
}

# A fresh container has no package lists, and old lists name files that are gone: so first the lists, once.
package_lists=old
apt_install() {
  if [ "$package_lists" = old ]; then
    apt_get update || return
    package_lists=new
  fi
  apt_get install --no-install-recommends "$@"
}

install_with_apt() {
  local missing
  missing=$(missing_apt_packages "$@" | tr '\n' ' ')
  missing=${missing% }
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 ||
      die "cannot install packages: not root, and there is no sudo" "as root, run: apt-get install $missing"
    # Asked for here, since the installing itself runs without a terminal.
    if [ -t 0 ]; then sudo -v; else sudo -n true 2>/dev/null; fi ||
      die "cannot install packages: sudo refused" "as root, run: apt-get install $missing"
  fi
  say "Installing packages: $missing"
  # shellcheck disable=SC2086 # a list of names
  quietly packages apt_install $missing || exit 1
}

install_with_brew() {
  local name missing="" installed
  installed=" $(brew list --formula -1 | tr '\n' ' ') "
  for name in "$@"; do
    # brew calls openssl openssl@3 once it is installed
    case $installed in
      *" $name "* | *" $name@"*) ;;
      *) missing="$missing $name" ;;
    esac
  done
  missing=${missing# }
  [ -n "$missing" ] || return 0
  say "Installing packages: $missing"
  # shellcheck disable=SC2086 # a list of names
  HOMEBREW_NO_AUTO_UPDATE=1 quietly packages brew install $missing || exit 1
}

# Homebrew keeps these out of the way of the system's own copies, so pkg-config must be told.
show_brew_libraries_to_pkg_config() {
  local name
  for name in openssl zlib curl; do
    PKG_CONFIG_PATH="$(brew --prefix "$name")/lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"
  done
  export PKG_CONFIG_PATH
}

# install_packages PURPOSE…: afterwards the packages of these purposes are there, or the script has ended.
install_packages() {
  local purpose names="" tool
  if command -v apt-get >/dev/null 2>&1 && command -v dpkg-query >/dev/null 2>&1; then
    for purpose in "$@"; do names="$names $(apt_packages "$purpose")"; done
    # shellcheck disable=SC2086 # a list of names
    install_with_apt $names
  elif command -v brew >/dev/null 2>&1; then
    for purpose in "$@"; do names="$names $(brew_packages "$purpose")"; done
    # shellcheck disable=SC2086 # a list of names
    install_with_brew $names
    show_brew_libraries_to_pkg_config
  else
    # Another system: CMake names what it misses, if these are there to run it.
    for purpose in "$@"; do names="$names $(apt_packages "$purpose")"; done
    for tool in c++ cmake ninja pkg-config git; do
      command -v "$tool" >/dev/null 2>&1 ||
        die "$tool is missing, and neither apt-get nor brew is here to install it" \
          "install what Debian calls:$names"
    done
  fi
}
