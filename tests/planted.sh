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

command=run
programs=(engine_tests histories storage_tests sync_tests) # those of faults.txt
if [[ ${1:-} == --search ]]; then
  command=search
  programs+=(oracle_tests property_tests)
  shift
fi
copy=$PWD/build/planted

.ci/install.sh dev >/dev/null
python3 tests/planted/plant.py copy . "$copy"
# The dev build once more: what has no fault in it comes from ccache.
(
  export CCACHE_BASEDIR="$copy" CCACHE_NOHASHDIR=1
  cd "$copy"
  cmake --preset dev -DRILL_BUILD_DEMO=OFF >/dev/null
  cmake --build --preset dev --target "${programs[@]}" >build.log || {
    cat build.log
    exit 1
  }
)
exec python3 tests/planted/plant.py "$command" . "$copy/build/dev" "$@"
