#!/usr/bin/env bash
# Runs what CI runs to show that nothing is lost and that all converges, F times as much of it.
#
#   tests/reliability.sh [--factor F]    0.02 for a quick look (default 1), 100 before a release
#
# Prints a table of what ran, and a summary line last. The exit code is 0 only if nothing failed. How to run a
# failure again: tests/README.md.
set -uo pipefail
cd "$(dirname "$0")/.."

factor=1
case "${1:-}" in
  "") ;;
  --factor) factor=${2:?"--factor needs a number"} ;;
  *)
    echo "usage: $0 [--factor F]" >&2
    exit 2
    ;;
esac
[[ $factor =~ ^[0-9]+(\.[0-9]+)?$ ]] || {
  echo "$0: the factor is a number, not '$factor'" >&2
  exit 2
}

export CCACHE_BASEDIR="$PWD" CCACHE_NOHASHDIR=1
XDG_STATE_HOME=$(mktemp -d)
export XDG_STATE_HOME
trap 'rm -rf "$XDG_STATE_HOME"' EXIT
programs=build/dev/tests
logs=build/reliability
failed=0
table=''

# scaled <amount>: times the factor, at least 1.
scaled() { awk -v amount="$1" -v factor="$factor" 'BEGIN { n = int(amount * factor); print n < 1 ? 1 : n }'; }

# row <name> <status> <what it did>
row() {
  local result=ok
  (($2 == 0)) || result=FAILED failed=$((failed + 1))
  table+=$(printf '%-22s %-7s %s' "$1" "$result" "$3")$'\n'
}

# alone <name> <program> <argument> ...: tells the last line that it prints.
alone() {
  local name=$1 log=$logs/${1// /_}.log status
  shift
  echo "=== $name"
  "$@" >"$log" 2>&1
  status=$?
  ((status == 0)) || tail -n 60 "$log"
  row "$name" "$status" "$(grep -av '^$' "$log" | tail -n 1)"
}

# halves <name> <program> <argument> ...: on both cores, each a half.
halves() {
  local name=$1 shard status pids=()
  shift
  echo "=== $name"
  for shard in 0 1; do
    "$@" --shard "$shard/2" >"$logs/${name// /_}.$shard.log" 2>&1 &
    pids+=($!)
  done
  for shard in 0 1; do
    wait "${pids[shard]}"
    status=$?
    ((status == 0)) || tail -n 60 "$logs/${name// /_}.$shard.log"
    row "$name $((shard + 1))/2" "$status" "$(tail -n 1 "$logs/${name// /_}.$shard.log")"
  done
}

mkdir -p "$logs"
.ci/install.sh dev >/dev/null || exit 1
cmake --preset dev >/dev/null &&
  cmake --build --preset dev --target histories simulate storage_tests integration_tests >"$logs/build.log" || {
  tail -n 40 "$logs/build.log"
  exit 1
}

halves "lives" "$programs/simulate" --count "$(scaled 720)" --expect-faults 150
halves "histories" "$programs/histories" --count "$(scaled 100000)"
halves "engine histories" "$programs/histories" --engine --count "$(scaled 1000000)"
alone "crashes and faults" "$programs/storage_tests" '--gtest_filter=Crash*:DiskFault*:PowerCut*:Fork*' --gtest_brief=1
alone "killed processes" "$programs/integration_tests" '--gtest_filter=Killed*:FullDisk*:Processes*' --gtest_brief=1
alone "planted faults" tests/planted.sh
alone "fuzz" tests/fuzz.sh --inputs "$(scaled 2000000)" --seconds "$(scaled 10)"
alone "fuzz decoders" tests/fuzz.sh --inputs "$(scaled 2000000)" --seconds "$(scaled 200)" beacon frame hello stored

printf '\n%s\n' "$table"
grep -ahE '^ +[a-z_]+ +[0-9]+$' "$logs"/lives.*.log |
  awk '{ n[$1] += $2 } END { for (f in n) printf "%20s %10d\n", f, n[f] }' | sort -k 2 -n -r
echo
if ((failed > 0)); then
  echo "FAILED: $failed of $(grep -c . <<<"$table") runs, at factor $factor; their logs: $logs"
  exit 1
fi
echo "all $(grep -c . <<<"$table") runs passed at factor $factor, in $SECONDS s"
