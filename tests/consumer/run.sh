#!/usr/bin/env bash
# Uses Rill as another project does, and runs what that builds.
#
#   run.sh package <build folder>        installs what is built, moves it, and finds it by find_package
#   run.sh pkg-config <build folder>     the same, and compiles with what pkg-config says
#   run.sh subdirectory <build folder>   adds the sources by add_subdirectory
#
# The libraries of <build folder> must be built. What comes of it stands in <build folder>/consumer; while
# subdirectory runs, also beside the build folder.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mode=$1
build=$(cd "$2" && pwd)
folder=$build/consumer/$mode
project=$folder/build
rm -rf "$folder"
mkdir -p "$folder"

# cached <variable>: its value in the build's cache.
cached() {
  sed -n "s/^$1:[A-Z]*=//p" "$build/CMakeCache.txt"
}
# What the databases of the programs leave behind.
export XDG_STATE_HOME=$folder/state
compiler=$(cached CMAKE_CXX_COMPILER)

# Moved after it was installed: nothing in it may remember where.
install_rill() {
  cmake --install "$build" --prefix "$folder/first" >"$folder/install.log"
  mv "$folder/first" "$folder/prefix"
}

# build_and_run <configure option> ...
build_and_run() {
  rm -rf "$project"
  cmake -S "$here" -B "$project" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" "$@"
  cmake --build "$project" -j 2
  ctest --test-dir "$project" --output-on-failure --no-tests=error
}

case $mode in
  package)
    install_rill
    build_and_run -DCMAKE_PREFIX_PATH="$folder/prefix"
    ;;
  pkg-config)
    install_rill
    PKG_CONFIG_PATH=$(dirname "$(find "$folder/prefix" -name rill.pc)")
    export PKG_CONFIG_PATH
    # Words, as a makefile would pass them.
    # shellcheck disable=SC2046
    "$compiler" "$here/use_rill.cpp" -o "$folder/use_rill" $(pkg-config --cflags --libs rill)
    cd "$folder"
    ./use_rill
    [[ $(pkg-config --modversion rill) == "$(cached CMAKE_PROJECT_VERSION)" ]]
    ;;
  subdirectory)
    # With the build's own options, from a folder as deep as that, the compiler's cache already holds every
    # object of Rill.
    project=$build-subdirectory
    trap 'rm -rf "$project"' EXIT
    type=$(cached CMAKE_BUILD_TYPE)
    flags=CMAKE_CXX_FLAGS_${type^^}
    options=(-DRILL_SOURCE_DIR="$here/../.." -DCMAKE_BUILD_TYPE="$type" "-D$flags=$(cached "$flags")")
    if command -v ccache >/dev/null; then options+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
    build_and_run "${options[@]}"
    ;;
  *)
    echo "usage: $0 package|pkg-config|subdirectory <build folder>" >&2
    exit 2
    ;;
esac
