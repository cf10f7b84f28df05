#!/usr/bin/env bash
# Installs the Debian packages that Rill needs.
#
#   .ci/install.sh run    what demo/run.sh needs to build and to run
#   .ci/install.sh dev    everything: also what tests, static analysis and fuzzing need
#
# Packages that are present are left alone; when none is missing, apt is not called at all.
set -euo pipefail

run_packages=(
  cmake
  g++
  git
  libasio-dev
  libcereal-dev
  libcli11-dev
  libqrencode-dev
  libsqlite3-dev
  libssl-dev
  libzstd-dev
  ninja-build
  nlohmann-json3-dev
  pkg-config
  sqlite3
)

dev_packages=(
  "${run_packages[@]}"
  ccache
  clang-19
  clang-format-19
  clang-tidy-19
  doxygen
  iproute2 # networks of their own for the tests of discovery
  libbenchmark-dev
  libclang-rt-19-dev # sanitizers and libFuzzer for clang-19
  libgmock-dev
  libgtest-dev
  librapidcheck-dev
  python3 # plants faults
  zbar-tools # reads the demo's QR codes back
  zlib1g-dev
)

fail() {
  echo "install.sh: $*" >&2
  exit 1
}

case "${1:-}" in
  run) packages=("${run_packages[@]}") ;;
  dev) packages=("${dev_packages[@]}") ;;
  *)
    echo "usage: $0 run|dev" >&2
    exit 2
    ;;
esac

command -v dpkg-query >/dev/null ||
  fail "this is not a Debian system; install the equivalents of: ${packages[*]}"

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
  [[ $status == installed ]] || missing+=("$package")
done

if ((${#missing[@]} == 0)); then
  echo "install.sh: all ${#packages[@]} packages are present"
  exit 0
fi

as_root=()
if ((EUID != 0)); then
  command -v sudo >/dev/null ||
    fail "not root and no sudo; as root, run: apt-get install ${missing[*]}"
  # Without a terminal nobody can type a password, so sudo must not wait for one.
  if [[ -t 0 ]]; then as_root=(sudo); else as_root=(sudo -n); fi
  "${as_root[@]}" true ||
    fail "sudo was refused; as root, run: apt-get install ${missing[*]}"
fi

apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@"
}

echo "install.sh: installing ${missing[*]}"
apt update -qq || fail "apt-get update failed; is the package mirror reachable?"
apt install -y -qq --no-install-recommends "${missing[@]}" ||
  fail "apt-get install failed for: ${missing[*]}"
