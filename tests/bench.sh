#!/usr/bin/env bash
# Measures Rill against bare SQLite, one line per metric: name, Rill, baseline, ratio, goal.
#
#   tests/bench.sh                 all metrics, a few minutes
#     --json FILE                  also writes the figures to FILE
#     --only NAME                  measures one metric
#     --traces DIR                 where recorded editing traces are, for metrics that replay them
#
# Installs what is missing and builds the release preset first. Files are made below $TMPDIR. The exit
# code is 0 whether or not the goals are met. What the metrics are: tests/bench/README.md.
set -euo pipefail

usage() {
  echo "usage: $0 [--json FILE] [--only NAME] [--traces DIR]" >&2
  exit 2
}

arguments=()
while (($# > 0)); do
  case "$1" in
    --json | --traces)
      (($# > 1)) || usage
      arguments+=("$1" "$(realpath -m -- "$2")")
      shift 2
      ;;
    --only)
      (($# > 1)) || usage
      arguments+=("$1" "$2")
      shift 2
      ;;
    *) usage ;;
  esac
done

cd "$(dirname "$0")/.."
# Checkouts at different paths share the cache.
export CCACHE_BASEDIR="$PWD" CCACHE_NOHASHDIR=1

quietly() {
  local log
  log=$(mktemp)
  if ! "$@" >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    rm -f "$log"
    echo "bench.sh: '$*' failed" >&2
    exit 1
  fi
  rm -f "$log"
}

quietly .ci/install.sh dev
# The demo may have configured the same folder without tests.
quietly cmake --preset release -DRILL_BUILD_TESTS=ON
quietly cmake --build --preset release --target bench
exec build/release/tests/bench/bench "${arguments[@]}"
