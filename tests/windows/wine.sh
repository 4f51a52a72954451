#!/bin/sh
# wine.sh PROGRAM ARGUMENT...: runs a program for Windows. Its output goes to a file
# first: wine leaves processes behind, which would keep a pipe open.
output=$(mktemp)
trap 'rm -f "$output"' EXIT
wine "$@" >"$output" 2>&1 </dev/null
code=$?
cat "$output"
exit $code
