#!/bin/sh
# Runs test programs one after another, all of them even if one fails.
# RUN may hold a command to run them with. A program that ran is named with its
# counts; of the rest of its output only what did not pass is shown.
# The output goes to a file: a process that a test left behind would keep a pipe open.
failed=
output=$(mktemp)
trap 'rm -f "$output"' EXIT
for program in "$@"; do
    $RUN "$program" >"$output" 2>&1 || failed="$failed $(basename "$program")"
    grep -v '^ok  ' "$output"
done
[ -z "$failed" ] || { echo "failed:$failed"; exit 1; }
