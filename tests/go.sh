#!/bin/sh
# Runs go test with the given arguments, and says what was skipped and why,
# which go test keeps to itself.
set -eu

log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT
{
    status=0
    ${GO:-go} test -v "$@" 2>&1 || status=$?
    echo "$status" >"$log/status"
} | tee "$log/output" | grep --line-buffered -E '^(ok|FAIL|\?)[[:space:]]' || true

status=$(cat "$log/status")
if [ "$status" != 0 ]; then
    # All but what passed, and the names of what failed once more.
    grep -vE '^(=== |PASS$|ok[[:space:]]|\?[[:space:]]| *--- PASS: )' "$log/output" || true
    grep -E '^ *--- FAIL: ' "$log/output" || true
    exit "$status"
fi
# One line for each reason.
awk '/^ +[^ ]+\.go:[0-9]+: / { why = $0; sub(/^ +[^ ]+ (SKIPPED: |skipped: )?/, "", why) }
     /--- SKIP: / { if (!(why in tests)) reasons[++n] = why; tests[why] = tests[why] " " $3 }
     END { for (i = 1; i <= n; i++) print "skip" tests[reasons[i]] ": " reasons[i] }' "$log/output"
