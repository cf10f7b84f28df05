#!/usr/bin/env bash
# Shows the notes app at its main job: three devices that are paired once, real texts, edits made offline
# on all of them at once, edits that travel live, and every device with the same notes in the end.
#
#   demo/run.sh
#
# Installs what is missing, builds, and runs; a few minutes the first time, seconds later. Each expected
# value is checked: the exit code is 0 only if all of them are there on all devices, and then the last
# line is "3 devices agree: <digest>".
set -euo pipefail
cd "$(dirname "$0")/.."
unset NOTES_DB NOTES_CLOCK_OFFSET
# Three devices on this machine, which only find each other.
export NOTES_LOCAL=1 NOTES_DISCOVERY_PORT=$((20000 + RANDOM % 20000))

devices=(a b c)
documents=/usr/share/doc
few_documents=50
work=$(mktemp -d "${TMPDIR:-/tmp}/notes-demo.XXXXXX")
export XDG_STATE_HOME=$work/state # where databases note how far they have come
notes=$PWD/build/release/demo/notes
declare -A running=() # device -> process
agreed=
sentence="Noted on B, while offline."

bold='' dim='' plain=''
if [[ -t 1 && -z ${NO_COLOR:-} ]]; then bold=$'\033[1m' dim=$'\033[2m' plain=$'\033[0m'; fi

fail() {
  printf '\nrun.sh: %s\n' "$*" >&2
  exit 1
}

# Ends the device's `notes run` and returns its exit code. One that was told too early, while bash was
# still starting it, is told again.
stop_running() { # <device>
  local process=${running[$1]} tries
  unset "running[$1]"
  for ((tries = 0; tries < 100; tries++)); do
    kill -TERM "$process" 2>/dev/null || break
    sleep 0.05
  done
  ((tries < 100)) || kill -KILL "$process" 2>/dev/null || true
  wait "$process"
}

clean_up() {
  local status=$? device
  for device in "${!running[@]}"; do stop_running "$device" || true; done
  if ((status == 0)) && [[ -n $agreed ]]; then
    rm -rf "$work"
  else
    echo "run.sh: failed; the databases and logs are kept in $work" >&2
    ((status != 0)) || exit 1
  fi
}
trap clean_up EXIT
trap 'exit 130' INT TERM

heading() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }
say() { printf '%s\n' "$*"; }

# quietly <log> <command> ...: shows the end of the log if the command fails.
quietly() {
  local log=$work/$1
  shift
  "$@" >"$log" 2>&1 || {
    tail -n 30 "$log" >&2
    fail "'$*' failed"
  }
}

# show_command <device> <arguments> ...: as one would type it.
show_command() {
  local device=$1 line='' word
  shift
  for word in "$@"; do
    [[ $word =~ ^[[:alnum:]_./:*-]+$ ]] || word="\"$word\""
    line+=" $word"
  done
  printf '  %s%s$ notes%s%s\n' "$dim" "${device^^}" "$line" "$plain"
}

# on <device> <arguments> ...: runs the app there, and shows command and output.
on() {
  show_command "$@"
  "$notes" --db "$work/$1.db" "${@:2}" 2>&1 | sed 's/^/     /'
}

# in_editor <device> <sed script> <id>: edits a note there, with sed for an editor.
in_editor() {
  printf '  %s%s$ EDITOR="sed -i '\''%s'\''" notes edit %s%s\n' "$dim" "${1^^}" "$2" "$3" "$plain"
  VISUAL='' EDITOR="sed -i '$2'" "$notes" --db "$work/$1.db" edit "$3" 2>&1 | sed 's/^/     /'
}

# silently <device> <arguments> ...: the same without showing anything.
silently() {
  local device=$1
  shift
  "$notes" --db "$work/$device.db" "$@" >/dev/null
}

# Any SQLite program can read the file; nothing of Rill is needed for that.
sql() { # <device> <statement>
  sqlite3 -readonly "$work/$1.db" "$2"
}

# The beginning of the note's id: the app asks for no more.
note_called() { # <title>
  sql a "SELECT substr(id, 1, 8) FROM notes WHERE title = '$1'"
}

# Finds a paragraph of prose in one of the imported texts. Sets its note's id, its first and last line
# within the text, and the first longer word in it.
find_paragraph() {
  local id found
  # Where there is one, a text that every Debian has.
  for id in $(sql a "SELECT substr(id, 1, 8) FROM notes WHERE tags = '[\"doc\"]'
                     ORDER BY title <> 'Frequently Asked Questions about base-files', title, id"); do
    found=$(sql a "SELECT body FROM notes WHERE id LIKE '$id%'" | awk '
      !/^[[:alnum:]"(]/ {
        if (!found && lines >= 3 && lines <= 12 && last ~ /[.]$/ && word) {
          print first, NR - 1, word
          found = 1
        }
        lines = 0; next
      }
      lines++ == 0 {
        first = NR
        word = match($0, /[[:upper:]][[:lower:]][[:lower:]]+/) ? substr($0, RSTART, RLENGTH) : ""
      }
      { last = $0 }')
    [[ -z $found ]] || break
  done
  [[ -n $found ]] || fail "no text has a paragraph to edit"
  paragraph_of=$id
  read -r first_line last_line first_word <<<"$found"
}

paragraph() { # <device>
  sql "$1" "SELECT body FROM notes WHERE id LIKE '$paragraph_of%'" | sed -n "$first_line,${last_line}p"
}

# expect <what> <column> <id> <value>: the value is there on every device.
expect() {
  local device found
  for device in "${devices[@]}"; do
    found=$(sql "$device" "SELECT $2 FROM notes WHERE id LIKE '$3%'")
    [[ $found == "$4" ]] ||
      fail "$1: device ${device^^} has $2 '$found', where '$4' was to be expected"
  done
  printf '  ok  %-52s %s\n' "$1" "$4"
}

# run_on <device>: starts `notes run` there, and sets `address`.
run_on() {
  local log=$work/run-$1.log tries
  : >"$log" # else the last run's address could still be read
  "$notes" --db "$work/$1.db" run --name "device ${1^^}" >"$log" 2>&1 &
  running[$1]=$!
  for ((tries = 0; tries < 200; tries++)); do
    address=127.0.0.1:$(sed -nE 's/.*listens on port ([0-9]+).*/\1/p' "$log")
    [[ $address == *: ]] || return 0
    kill -0 "${running[$1]}" 2>/dev/null || break
    sleep 0.05
  done
  cat "$log" >&2
  fail "device ${1^^} does not run"
}

stop_on() { # <device>
  stop_running "$1" || fail "device ${1^^} ended with an error, see $work/run-$1.log"
}

# wait_for <device> <text>: waits until its `notes run` has printed that.
wait_for() {
  local tries
  for ((tries = 0; tries < 400; tries++)); do
    grep -qF -- "$2" "$work/run-$1.log" && return 0
    sleep 0.05
  done
  cat "$work/run-$1.log" >&2
  fail "device ${1^^} did not say '$2'"
}

# pair_with_a <device>: A invites it, by a code that its user types there.
pair_with_a() {
  local log=$work/invite-$1.log code='' tries inviting
  : >"$log"
  show_command a invite --yes
  "$notes" --db "$work/a.db" invite --yes --name "device A" >"$log" 2>&1 &
  inviting=$!
  for ((tries = 0; tries < 200 && ${#code} == 0; tries++)); do
    code=$(sed -nE 's/^Code: ([0-9 ]+)$/\1/p' "$log")
    sleep 0.05
  done
  [[ -n $code ]] || fail "device A gives no code, see $log"
  sed -n '1s/^/     /p' "$log"
  on "$1" join "$code" --name "device ${1^^}"
  wait "$inviting" || fail "the invitation failed, see $log"
}

# meet <device> <device>: the first runs, the second syncs with it once; two processes, one connection.
meet() {
  run_on "$1"
  on "$2" sync "$address" --name "device ${2^^}"
  stop_on "$1"
}

ring() {
  meet a b
  meet b c
  meet c a
  meet a b
}

what_each_sees() {
  local device
  for device in "${devices[@]}"; do on "$device" list --tag demo; done
}

build() {
  heading "Building"
  .ci/install.sh run || fail "the packages above are needed"
  # A build folder that is there already keeps its settings; a new one needs no test libraries.
  local settings=()
  [[ -e build/release/CMakeCache.txt ]] || settings=(-DRILL_BUILD_TESTS=OFF -DRILL_UNITY=ON)
  say "compiling (release, target notes; a minute or two the first time)"
  quietly configure.log cmake --preset release "${settings[@]}"
  quietly build.log cmake --build build/release --target notes
  say "built in $SECONDS s"
}

import_documents() {
  heading "Device A imports real texts"
  if [[ -d $documents ]]; then on a --progress import "$documents" --tag doc; fi
  local count
  silently a status
  count=$(sql a "SELECT count(*) FROM notes")
  if ((count < few_documents)); then
    say "  Only $count texts under $documents here (a minimal system); this project's own come in addition."
    local folder
    for folder in README.md engine storage sync demo tests; do
      [[ ! -e $folder ]] || silently a import "$folder" --tag doc
    done
    say "  $(sql a "SELECT count(*) FROM notes") texts now."
  fi
  say
  say "and its user writes a few notes."
  on a add "Shopping" --body "milk, bread" --tag demo --tag home
  on a add "Plumber" --body "call before noon" --tag demo
  on a add "Taxes" --body "due in May" --tag demo
  on a add "Report" --body "first draft" --tag demo
  on a add "Holidays" --body "where to?" --tag demo
}

pair_devices() {
  heading "A invites B and C: a code on one screen, typed on the other; no address, no account, no server"
  pair_with_a b
  pair_with_a c
  on a devices
}

first_sync() {
  heading "A runs; B and C, two more processes with empty databases, sync with it at the same time"
  run_on a
  say "  A: $(head -n 1 "$work/run-a.log")"
  on b --progress sync "$address" --name "device B" >"$work/sync-b.log" &
  local first=$! status=0
  on c --progress sync "$address" --name "device C" >"$work/sync-c.log" || status=$?
  wait "$first" || status=$?
  cat "$work/sync-b.log" "$work/sync-c.log"
  ((status == 0)) || fail "the first sync failed"
  on b list --limit 3
  on c search licen* --limit 2
  stop_on a
  local device
  for device in "${devices[@]}"; do on "$device" digest; done
}

edit_offline() {
  heading "All three are offline, and everybody edits"
  say "The same title on A and, a moment later, on B; tags and views on all three:"
  on a edit "$shopping" --title "Shopping for Saturday"
  on b edit "$shopping" --title "Shopping for Sunday"
  on a tag "$shopping" urgent
  on b tag "$shopping" market
  on c tag "$shopping" weekend
  on c untag "$shopping" home
  say "  (A looks at it twice, B three times, C once)"
  silently a show "$shopping"
  silently a show "$shopping"
  for _ in 1 2 3; do silently b show "$shopping"; done
  silently c show "$shopping"
  say
  say "B deletes what C is editing:"
  on b delete "$plumber"
  on c edit "$plumber" --body "call before noon: 555 0100"
  say
  say "A finishes two tasks. B finishes both, too, and then sets one back to open by mistake, and reopens"
  say "the other for a reason; for B the app's own merge rule will decide:"
  for task in "$taxes" "$report"; do
    on a edit "$task" --status "done"
    on b edit "$task" --status "done"
  done
  on b edit "$taxes" --status open
  on b edit "$report" --status reopened
  say
  say "One paragraph of a text that was imported is edited on A, at its beginning, and on B, at its end"
  say "(in the editor, the text begins in line 3):"
  paragraph a | sed 's/^/     /'
  in_editor a "$((first_line + 2))s/$first_word/${first_word^^}/" "$paragraph_of"
  in_editor b "$((last_line + 2))s/\$/ $sentence/" "$paragraph_of"
  say
  say "A text imported from a file gets a tag on A, and another body on C:"
  on a tag "$document" reading
  printf 'Read and put aside.\n' | on c edit "$document" --body -
  say
  say "The clock of C is set ten years ahead; A and C write the same title:"
  on c --clock-offset 3652 edit "$holidays" --title "Holidays: mountains"
  on a edit "$holidays" --title "Holidays: sea"
  say
  say "What each sees now:"
  what_each_sees
}

sync_in_a_ring() {
  heading "They meet in pairs, in a ring: A-B, B-C, C-A, A-B"
  ring
  say
  say "What each sees now:"
  what_each_sees
  say
  say "No edit is lost, and every device came to the same by itself:"
  expect "the later of two titles" title "$shopping" "Shopping for Sunday"
  expect "tags: all that were added, without the removed" tags "$shopping" \
    '["demo","market","urgent","weekend"]'
  expect "views: 2 + 3 + 1" views "$shopping" 6
  expect "an edit beats a deletion that did not see it" body "$plumber" "call before noon: 555 0100"
  expect "done beats open" status "$taxes" "done"
  expect "reopened later beats done" status "$report" "reopened"
  expect "one column from A, another from C" "tags || trim(body, char(10))" "$document" \
    '["doc","reading"]Read and put aside.'
  expect "the clock ten years ahead wins the tie" title "$holidays" "Holidays: mountains"
  compare_paragraph
}

# The paragraph as it was, with both edits, and nothing else.
paragraph_with_both() {
  sed -e "1s/$first_word/${first_word^^}/" -e "\$s/\$/ $sentence/" "$work/paragraph"
}

compare_paragraph() {
  say
  say "The paragraph, with the edits of both:"
  local device
  for device in "${devices[@]}"; do
    paragraph "$device" | sed -e "s/^/     /;1s/^   /  ${device^^}/" \
      -e "s/${first_word^^}/$bold&$plain/;s/$sentence/$bold&$plain/"
    [[ $(paragraph "$device") == "$(paragraph_with_both)" ]] ||
      fail "device ${device^^} has another paragraph"
  done
  printf '  ok  %s\n' "both edits of one paragraph"
}

settle() {
  heading "What lost is kept until somebody decides"
  on a conflicts
  say
  say "A has seen the title from the future. Its next one is later, whatever the clocks say:"
  on a edit "$holidays" --title "Holidays: sea, after all"
  say "B keeps what is shown; C prefers what was not:"
  on b resolve "$shopping" title
  on c resolve "$report" status --take 1
  ring
  say
  expect "a write that saw the future one replaces it" title "$holidays" "Holidays: sea, after all"
  expect "B's decision" title "$shopping" "Shopping for Sunday"
  expect "C's decision" status "$report" "done"
  on a conflicts
}

# show_log <device> <pattern>: the last line of its `notes run` that matches.
show_log() {
  printf '  %s| %s%s\n' "${1^^}" "$(grep -E -- "$2" "$work/run-$1.log" | tail -n 1)" ""
}

live() {
  heading "Live: all three run, find each other by themselves, and each change is everywhere at once"
  local device
  for device in "${devices[@]}"; do run_on "$device"; done
  wait_for b "in sync with device A"
  wait_for c "in sync with device A"
  on a add "Umbrella" --body "on the train"
  wait_for b "Umbrella"
  wait_for c "Umbrella"
  show_log b Umbrella
  show_log c Umbrella
  say
  say "B is cut off in the middle of it, without a word. A and B go on:"
  kill -KILL "${running[b]}"
  wait "${running[b]}" 2>/dev/null || true
  unset "running[b]"
  wait_for a "is gone"
  show_log a "is gone"
  umbrella=$(note_called Umbrella)
  on a edit "$umbrella" --body "on the train to Graz"
  on b edit "$umbrella" --body "left on the train"
  say
  say "B is back:"
  run_on b
  wait_for b "in sync with device A"
  show_log b "in sync with device A"
  for device in "${devices[@]}"; do
    for ((tries = 0; tries < 400; tries++)); do
      [[ $(sql "$device" "SELECT body FROM notes WHERE id LIKE '$umbrella%'") != \
        "left on the train to Graz" ]] || break
      sleep 0.05
    done
  done
  for device in "${devices[@]}"; do stop_on "$device"; done
  expect "both edits of one line" body "$umbrella" "left on the train to Graz"
}

compare() {
  heading "The same notes everywhere"
  local device digest digests=()
  for device in "${devices[@]}"; do on "$device" status; done
  for device in "${devices[@]}"; do
    [[ $(sql "$device" "PRAGMA integrity_check") == ok ]] ||
      fail "the database of device ${device^^} is damaged"
    digest=$("$notes" --db "$work/$device.db" digest)
    digests+=("$digest")
    [[ $digest == "${digests[0]}" ]] || fail "device ${device^^} differs: its digest is $digest"
  done
  agreed=${digests[0]}
}

build
command -v sqlite3 >/dev/null || fail "the sqlite3 program is needed to look into the databases"
import_documents
pair_devices
first_sync
shopping=$(note_called Shopping)
plumber=$(note_called Plumber)
taxes=$(note_called Taxes)
report=$(note_called Report)
holidays=$(note_called Holidays)
find_paragraph
paragraph a >"$work/paragraph"
document=$(sql a "SELECT substr(id, 1, 8) FROM notes
                  WHERE tags = '[\"doc\"]' AND id NOT LIKE '$paragraph_of%' ORDER BY id LIMIT 1")
edit_offline
sync_in_a_ring
settle
live
compare
printf '\n%d s in all\n' "$SECONDS"
say "3 devices agree: $agreed"
