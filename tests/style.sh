#!/usr/bin/env bash
# Checks the parts of the house style that no compiler or linter sees.
set -euo pipefail
cd "$(dirname "$0")/.."

failures=0
complain() {
  echo "style: $*"
  failures=$((failures + 1))
}

files() { # every file of the project, built ones apart
  find . \( -path ./.git -o -path ./build -o -name .cache \) -prune -o -type f -print
}

allowed=" engine storage sync demo tests build CMakeLists.txt README.md LICENSE CMakePresets.json \
CMakeUserPresets.json compile_commands.json "
for entry in *; do
  [[ $allowed == *" $entry "* ]] || complain "$entry does not belong at the root"
done

max_lines=750
while read -r file; do
  lines=$(wc -l <"$file")
  ((lines <= max_lines)) || complain "$file has $lines lines, more than $max_lines"
done < <(files | grep -E '\.(hpp|cpp|txt|cmake|sh|md)$')

while read -r line; do
  complain "Asio is for sync/src alone: $line"
done < <(files | grep -E '\.(hpp|cpp)$' | grep -v '^\./sync/src/' |
  xargs -r -d '\n' grep -HnE '^ *# *include *[<"]asio[./]')

# The brackets keep this file from finding itself.
while read -r line; do
  complain "path of one machine: $line"
done < <(files | xargs -r -d '\n' grep -HnIE '(^|[^[:alnum:]_./-])/(wor[k]|roo[t]|hom[e])/')

((failures == 0)) || exit 1
echo "style: no complaints"
