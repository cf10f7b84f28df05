#!/usr/bin/env bash
# Builds and tests all of Rill: what CI runs.
#
#   tests/run.sh            everything: sanitizer builds and fuzz targets included
#   tests/run.sh --quick    the dev build, its tests, format and static analysis
#
# How much of the random tests is run (sanitizers: 1 %; tests/reliability.sh runs more):
#   RILL_HISTORIES          histories of databases, compared with the oracle (default 100000)
#   RILL_ENGINE_HISTORIES   the same of the engine alone (default 1000000)
#   RILL_LIVES              simulated lives (default 720)
#
# The last line is "<n> passed, <m> failed": the tests of all ctest runs, a failed stage of another kind
# (build, format, analysis) counting as one failure. The exit code is 0 only if nothing failed.
set -uo pipefail
cd "$(dirname "$0")/.."

quick=false
case "${1:-}" in
  "") ;;
  --quick) quick=true ;;
  *)
    echo "usage: $0 [--quick]" >&2
    exit 2
    ;;
esac

# Checkouts at different paths share the cache.
export CCACHE_BASEDIR="$PWD" CCACHE_NOHASHDIR=1
jobs=$(nproc)
folders=(engine storage sync demo tests)
passed=0
failed=0
details='' # of what failed, told again at the end

# stage <title> <command> ...: runs the command under a header; its failure counts as one.
stage() {
  local title=$1 start=$SECONDS status
  shift
  printf '\n=== %s\n' "$title"
  "$@" 2>&1
  status=$?
  if ((status == 0)); then
    printf -- '--- %s: ok, %d s\n' "$title" $((SECONDS - start))
  else
    printf -- '--- %s: FAILED, %d s\n' "$title" $((SECONDS - start))
    failed=$((failed + 1))
    details+="stage failed: $title"$'\n'
  fi
  return "$status"
}

finish() {
  [[ -z $details ]] || printf '\n=== what failed\n%s' "$details"
  printf '\n=== total: %d s\n' "$SECONDS"
  echo "$passed passed, $failed failed"
  ((failed == 0)) && exit 0
  exit 1
}

# build <preset> <target> ...
build() {
  local preset=$1
  shift
  cmake --preset "$preset" && cmake --build --preset "$preset" --target "$@"
}

# run_tests <preset>: adds the preset's tests to the totals.
run_tests() {
  local preset=$1 start=$SECONDS log status summary total bad
  printf '\n=== test %s\n' "$preset"
  log="build/$preset/ctest.log"
  ctest --preset "$preset" -j "$jobs" 2>&1 | tee "$log"
  status=${PIPESTATUS[0]}
  # "98% tests passed, 2 tests failed out of 100"
  summary=$(grep -E '^[0-9]+% tests passed, [0-9]+ tests failed out of [0-9]+' "$log" | tail -n 1)
  total=$(sed -E 's/.*out of ([0-9]+).*/\1/' <<<"${summary:-out of 0}")
  bad=$(sed -E 's/.*passed, ([0-9]+) tests.*/\1/' <<<"${summary:-passed, 0 tests}")
  if ((status != 0 && bad == 0)); then bad=1 total=$((total + 1)); fi
  passed=$((passed + total - bad))
  failed=$((failed + bad))
  # What each failed test printed, as far as the first lines tell.
  ((bad == 0)) || details+="in $preset:"$'\n'"$(grep -aE -A 25 '\*\*\*(Failed|Timeout|Exception|Not Run)' "$log" |
    cut -c 1-200 | head -n 120)"$'\n'
  printf -- '--- test %s: %d passed, %d failed, %d s\n' \
    "$preset" $((total - bad)) "$bad" $((SECONDS - start))
}

check_format() {
  find "${folders[@]}" \( -name '*.hpp' -o -name '*.cpp' \) -print0 |
    xargs -r -0 clang-format-19 --dry-run --Werror
}

# tidy <log> <regex> [<option> ...]: clang-tidy over those of the united sources.
tidy() {
  local log=$1 regex=$2
  shift 2
  run-clang-tidy-19 -quiet -j "$jobs" -p build/analysis -checks=-bugprone-suspicious-include \
    "$@" "$regex" >>"$log" 2>&1
}

# Over united sources, whose headers are then read once for several of them.
analyse() {
  local log=build/analysis/clang-tidy.log status=0
  cmake --preset analysis && : >"$log" || return 1
  tidy "$log" "^$PWD/(build/analysis/)?(engine|storage|sync|demo)/(CMakeFiles|src)/" || status=1
  tidy "$log" "^$PWD/(build/analysis/)?tests/" -config-file=tests/.clang-tidy || status=1
  ((status != 0)) || return 0
  # A finding in a header comes once for each source that includes it.
  grep -E ': (error|warning): ' "$log" | sort -u || tail -n 20 "$log"
  echo "all of it: $log"
  return 1
}

stage "install" .ci/install.sh dev || finish

if stage "build dev" build dev all all_verify_interface_header_sets; then
  run_tests dev
fi
stage "format" check_format
stage "static analysis" analyse

if ! $quick; then
  if stage "build asan-ubsan" build asan-ubsan all; then
    run_tests asan-ubsan
  fi
  if stage "build tsan" build tsan thread_tests; then
    run_tests tsan
  fi
  stage "fuzz" tests/fuzz.sh --seconds 10 --seed 1
  # 2,000,000 inputs of those that take them in time.
  stage "fuzz decoders" tests/fuzz.sh --seconds 200 --seed 2 beacon frame hello stored
  stage "planted faults" tests/planted.sh
fi
finish
