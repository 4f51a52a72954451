#!/bin/sh
# run.sh PROGRAM: runs a program of tests/c for arm64 in the emulator that CHECK_EMULATOR
# names, without the tests that left_out.txt names.
here=$(dirname "$0")
all=$("$CHECK_EMULATOR" "$1" --list) || exit 1
for name in $all; do
    reason=$(sed -n "s/^$name  *//p" "$here/left_out.txt")
    if [ -n "$reason" ]; then
        echo "skip $name: $reason"
        CHECK_WITHOUT="$CHECK_WITHOUT $name "
    fi
done
export CHECK_WITHOUT
exec "$CHECK_EMULATOR" "$1"
