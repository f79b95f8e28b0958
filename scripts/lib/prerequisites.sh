# shellcheck shell=bash
# Sourced by the scripts beside it: sees to it that what they need is installed. Nothing happens where everything is.

# What the build needs; tests and the benchmark add theirs. Used by the scripts that source this.
# shellcheck disable=SC2034
build_packages=(libsqlite3-dev libssl-dev zlib1g-dev)
# shellcheck disable=SC2034
test_packages=(aria2 curl openssl wget)
# shellcheck disable=SC2034
bench_packages=(nginx wrk python3)

fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

require_swift() {
  command -v swift >/dev/null 2>&1 || fail \
    "Swift is not installed, or not on the PATH. Firmament is built with Swift 6.3:" \
    "see https://www.swift.org/install/linux/"
}

# True for a package that is installed.
has_package() {
  [[ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" == installed ]]
}

# install_missing PACKAGE…
install_missing() {
  local missing=() package as_root=()
  if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "This is not a Debian system: make sure that what these packages hold is there: $*" >&2
    return
  fi
  for package in "$@"; do
    has_package "$package" || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  if ((EUID != 0)); then
    command -v sudo >/dev/null 2>&1 || fail \
      "These packages are missing, and only root can install them: ${missing[*]}" \
      "Run as root: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  echo "Installing ${missing[*]}" >&2
  "${as_root[@]}" apt-get update --quiet >&2
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install --quiet --yes --no-install-recommends "${missing[@]}" </dev/null >&2
}
