#!/bin/sh
# complete.sh C_HEADER CPP_HEADER: the wrapper calls every function that the C header
# declares, and each function that returns a Result has one that throws.
header=$1 wrapper=$2
failed=0
names=$(../../packaging/names.sh "$header")
calls=$(mktemp)
trap 'rm -f "$calls" "$calls.joined"' EXIT
sed 's/ *\/\/.*//' "$wrapper" > "$calls"
count=0
for name in $names; do
    count=$((count + 1))
    grep -q "[^a-z_]$name(" "$calls" || { echo "FAIL the wrapper does not call $name"; failed=$((failed + 1)); }
done
[ "$count" -ge 40 ] || { echo "FAIL only $count functions found in $header"; failed=$((failed + 1)); }
# Declarations and calls that are broken into lines, each on one.
tr -s '\n ' ' ' < "$calls" | sed 's/ friend [^;]*;//g' > "$calls.joined"
tried=$(grep -o 'Result<[A-Za-z_:]*> try_[a-z_]*(' "$calls.joined" | sed 's/.*try_//' | sort)
thrown=$(grep -o 'try_[a-z_]*([a-z_, :()]*)\.value()' "$calls.joined" | sed 's/^try_//; s/(.*/(/' | sort)
[ "$(echo "$tried" | grep -v '^make($' | sort)" = "$(echo "$thrown" | grep -v '^make($')" ] ||
    { echo "FAIL the functions with a Result and those that throw differ"; failed=$((failed + 1)); }
echo "complete: $((count + 1 - failed)) passed, $failed failed"
[ "$failed" -eq 0 ]
