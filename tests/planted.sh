#!/usr/bin/env bash
# Builds Rill with known faults, each switched on at run time, and shows that the tests catch every one.
#
#   tests/planted.sh [NUMBER ...]            all faults of tests/planted/faults.txt, or those of the numbers:
#                                            each by the test named there
#   tests/planted.sh --search [NUMBER ...]   which test catches it, of all
#
# One line for each fault: its name, and the test that caught it. The last line is the count; the exit code is 0
# only if those tests pass without a fault and fail with theirs.
set -euo pipefail
cd "$(dirname "$0")/.."

export CCACHE_BASEDIR="$PWD" CCACHE_NOHASHDIR=1
command=run
programs=(engine_tests histories storage_tests sync_tests) # those of faults.txt
if [[ ${1:-} == --search ]]; then
  command=search
  programs+=(oracle_tests property_tests)
  shift
fi
copy=build/planted/source
build=build/planted/build

.ci/install.sh dev >/dev/null
python3 tests/planted/plant.py copy . "$copy"
cmake -S "$copy" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DRILL_UNITY=ON -DRILL_BUILD_DEMO=OFF \
  "-DCMAKE_CXX_FLAGS_DEBUG=-O1" "-DCMAKE_CXX_FLAGS=-include $PWD/tests/planted/planted.hpp" >/dev/null
cmake --build "$build" --target "${programs[@]}" >/dev/null
exec python3 tests/planted/plant.py "$command" . "$build" "$@"
