#!/bin/sh
# Runs test programs one after another, all of them even if one fails.
# RUN may hold a command to run them with. A program that ran is named with its
# counts; of the rest of its output only what did not pass is shown.
failed=
for program in "$@"; do
    output=$($RUN "$program" 2>&1) || failed="$failed $(basename "$program")"
    echo "$output" | grep -v '^ok  '
done
[ -z "$failed" ] || { echo "failed:$failed"; exit 1; }
