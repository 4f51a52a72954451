#!/bin/sh
# floor.sh VERSION FILE...: nothing in these files needs a later glibc.
set -eu
floor=$1
shift
for file; do
    found=$(${READELF:-readelf} --wide --version-info "$file" | grep -o 'Name: GLIBC_[0-9.]*' | sed 's/.*_//' | sort -Vu)
    [ -n "$found" ] || { echo "floor: $file has no versions of glibc"; exit 1; }
    newest=$(echo "$found" | tail -n 1)
    [ "$(printf '%s\n' "$floor" "$newest" | sort -V | tail -n 1)" = "$floor" ] ||
        { echo "floor: $file needs glibc $newest, not only $floor"; exit 1; }
    echo "floor: $(basename "$file") needs glibc $newest"
done
