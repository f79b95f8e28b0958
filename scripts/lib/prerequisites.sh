# shellcheck shell=bash
# Sourced by the scripts beside it: sees to it that what they need is installed. Nothing happens where everything is.

# What the build needs; tests and the benchmark add theirs. Used by the scripts that source this.
# shellcheck disable=SC2034
build_packages=(libsqlite3-dev libssl-dev zlib1g-dev)
# shellcheck disable=SC2034
test_packages=(aria2 chromium chromium-driver cpio curl openssl swupdate wget)
# What counts allocations and instructions of requests.
# shellcheck disable=SC2034
cost_packages=(binutils python3 valgrind)
# What the tests need of PyPI: a mail server, a fuzzer of APIs, and axe-core, which finds what keeps people from using a page;
# their versions are those they were written against.
python_tools=("aiosmtpd>=1.4,<2" "axe-core-python>=0.1,<0.2" "schemathesis>=4.32,<5")
# shellcheck disable=SC2034
bench_packages=(binutils nginx openssl python3 python3-venv util-linux valgrind wrk)

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

# Puts what the tests need in Python into .build/python, where it is not there already; nothing else on the machine changes.
install_python_tools() {
  local folder=.build/python mark
  mark="$folder/.installed-$(printf '%s' "${python_tools[*]}" | cksum | cut -d' ' -f1)"
  [[ -e "$mark" ]] && return 0
  if ! python3 -m pip --version >/dev/null 2>&1; then install_missing python3 python3-pip; fi
  echo "Installing ${python_tools[*]} into $folder" >&2
  rm -rf "$folder"
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --target "$folder" \
    "${python_tools[@]}" </dev/null >&2
  touch "$mark"
}
