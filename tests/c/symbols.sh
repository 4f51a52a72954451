#!/bin/sh
# symbols.sh HEADER LIBRARY: the library exports what the header declares, and
# nothing else; it has its soname, and needs nothing but the C library.
header=$1 library=$2
nm=${NM:-nm} readelf=${READELF:-readelf}
declared=$(mktemp) exported=$(mktemp)
trap 'rm -f "$declared" "$exported"' EXIT
"$(dirname "$0")/../../packaging/names.sh" "$header" > "$declared"
"$nm" -D --defined-only "$library" | awk '{print $NF}' | grep -v '^VERSION$' | sed 's/@.*//' | LC_ALL=C sort -u > "$exported"
count=$(wc -l < "$declared")
if [ "$count" -lt 40 ]; then
    echo "FAIL only $count functions found in $header"
    exit 1
fi
if ! diff "$declared" "$exported"; then
    echo "FAIL < is declared only, > is exported only"
    exit 1
fi
needed=$("$readelf" -d "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p' |
    grep -v -e '^libc\.so' -e '^libpthread\.so' -e '^ld-linux' -e '^libresolv\.so')
[ -z "$needed" ] || { echo "FAIL it needs $needed"; exit 1; }
"$readelf" -d "$library" | grep -q 'SONAME.*\[libcachekit_core\.so\.0\]' || { echo 'FAIL soname'; exit 1; }
echo "symbols: $count declared and exported"
