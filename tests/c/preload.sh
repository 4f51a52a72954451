#!/bin/sh
# On musl a program that is not linked with the library can open it if LD_PRELOAD
# has loaded it at the program's start; else musl says why not. Go's code wants
# its thread-local storage in a place that musl gives out at the start only.
# Both arguments are full paths. A space in LD_PRELOAD separates names, so it
# gets one that has none.
program=$1 library=$2
failed=0
cd "$(dirname "$library")" || exit 1

expect() { # name, wanted exit code, wanted in the output, command
    name=$1 code=$2 text=$3
    shift 3
    output=$("$@" 2>&1)
    got=$?
    case "$got $output" in
    "$code "*"$text"*) ;;
    *) failed=$((failed + 1)); echo "FAIL $name: exit code $got: $output" ;;
    esac
}

expect preloaded 0 works env LD_PRELOAD=./"$(basename "$library")" "$program" "$library"
expect "not preloaded" 3 "initial-exec TLS" "$program" "$library"
echo "preload: $((2 - failed)) passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
