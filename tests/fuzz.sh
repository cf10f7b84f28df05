#!/usr/bin/env bash
# Runs the fuzz targets of tests/fuzz under the address and undefined behaviour sanitizers.
#
#   tests/fuzz.sh [--inputs N] [--seconds S] [--seed R] [TARGET ...]
#
#   --inputs N   so many inputs for each target (default 2000000) …
#   --seconds S  … or so many seconds of its CPU time, whichever comes first (default 30)
#   --seed R     the chance of it, to draw the same inputs again (default 0: another one each time)
#   TARGET       the name of a <TARGET>_fuzz.cpp; all by default
#
# Prints a line for each target as it ends, and a summary last. The exit code is 0 only if there was no finding.
# What the targets have found in earlier runs (build/fuzz/corpus) is what the next begins with.
set -euo pipefail
cd "$(dirname "$0")/.."

inputs=2000000
seconds=30
seed=0
targets=()
while (($# > 0)); do
  case "$1" in
    --inputs) inputs=${2:?} && shift 2 ;;
    --seconds) seconds=${2:?} && shift 2 ;;
    --seed) seed=${2:?} && shift 2 ;;
    -*)
      echo "usage: $0 [--inputs N] [--seconds S] [--seed R] [TARGET ...]" >&2
      exit 2
      ;;
    *) targets+=("$1") && shift ;;
  esac
done
if ((${#targets[@]} == 0)); then
  for source in tests/fuzz/*_fuzz.cpp; do targets+=("$(basename "$source" _fuzz.cpp)"); done
fi

export CCACHE_BASEDIR="$PWD" CCACHE_NOHASHDIR=1
.ci/install.sh dev >/dev/null
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --target fuzz_seeds "${targets[@]/%/_fuzz}" >build/fuzz/build.log || {
  cat build/fuzz/build.log
  exit 1
}

programs=build/fuzz/tests/fuzz
corpus=build/fuzz/corpus
results=build/fuzz/results
rm -rf "$results" && mkdir -p "$results"
"$programs/fuzz_seeds" "$results/seeds"

# What costs much here and the unit tests have: use after return, leaks, and long memories of freed blocks.
export ASAN_OPTIONS=detect_stack_use_after_return=0:quarantine_size_mb=8:malloc_context_size=3:max_malloc_fill_size=64
export UBSAN_OPTIONS=print_stacktrace=1
XDG_STATE_HOME=$(mktemp -d)
export XDG_STATE_HOME
trap 'rm -rf "$XDG_STATE_HOME"' EXIT

# field <log> <name>: a number of libFuzzer's -print_final_stats.
field() { sed -n "s/^stat::$2: *//p" "$1" | tail -n 1; }

# run <target>
run() {
  local target=$1 log=$results/$1.log status=0 used
  mkdir -p "$corpus/$target"
  # libFuzzer counts time on the wall; the limit on CPU time ends it, as its own limit would, by SIGINT.
  "$programs/${target}_fuzz" "$corpus/$target" "$results/seeds/$target" -runs="$inputs" -seed="$seed" \
    -dict=tests/fuzz/formats.dict -timeout=25 -detect_leaks=0 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$results/$target-" >"$log" 2>&1 &
  local pid=$!
  while used=$(cut -d ' ' -f 14,15 "/proc/$pid/stat" 2>/dev/null) && [[ -n $used ]]; do
    used=$(((${used% *} + ${used#* }) / $(getconf CLK_TCK)))
    echo "$used" >"$results/$target.seconds"
    ((used < seconds)) || kill -INT "$pid" 2>/dev/null || true
    sleep 0.5
  done
  wait "$pid" || status=$?
  local branches findings=0
  branches=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
  # Interrupted: 72 is the exit code that libFuzzer uses for it.
  ((status == 0 || status == 72)) || findings=1
  printf '%-14s %9s %7s s %8s %8d\n' "$target" "$(field "$log" number_of_executed_units)" \
    "$(cat "$results/$target.seconds")" "${branches:-?}" "$findings"
  ((findings == 0)) || touch "$results/$target.finding"
}

printf '%-14s %9s %9s %8s %8s\n' target inputs CPU branches findings
for target in "${targets[@]}"; do
  while (($(jobs -rp | wc -l) >= 2)); do wait -n || true; done
  run "$target" &
done
wait

findings=0
for target in "${targets[@]}"; do
  [[ -e $results/$target.finding ]] || continue
  findings=$((findings + 1))
  echo
  echo "=== $target"
  grep -m 1 -A 12 -E 'finding:|ERROR:|runtime error:|terminate called' "$results/$target.log" || tail -n 20 "$results/$target.log"
  for input in "$results/$target"-{crash,timeout,oom,leak}-*; do
    [[ -e $input ]] && echo "again: $programs/${target}_fuzz $input"
  done
done
echo "${#targets[@]} targets, $findings findings"
((findings == 0))
