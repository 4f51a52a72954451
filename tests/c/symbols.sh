#!/bin/sh
# symbols.sh HEADER LIBRARY: the library exports what the header declares, and
# nothing else; it has its soname, and needs nothing but the C library.
header=$1 library=$2
nm=${NM:-nm} readelf=${READELF:-readelf} otool=${OTOOL:-otool}

# On Linux, and on macOS, where a symbol is a name with a line below in front of it, and a
# soname is called an install name.
case $library in
    *.dylib)
        exports() { "$nm" -gU "$library" | awk '{print $NF}' | sed 's/^_//'; }
        # After the name of the file, and in the second case the library's own.
        needs() { "$otool" -L "$library" | sed 1,2d | grep -v '/usr/lib/libSystem\.B\.dylib'; }
        soname() { "$otool" -D "$library" | grep -q '^@rpath/libcachekit_core\.0\.dylib$'; };;
    *)
        exports() { "$nm" -D --defined-only "$library" | awk '{print $NF}' | grep -v '^VERSION$' | sed 's/@.*//'; }
        needs() {
            "$readelf" -d "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p' |
                grep -v -e '^libc\.so' -e '^libpthread\.so' -e '^ld-linux' -e '^libresolv\.so'
        }
        soname() { "$readelf" -d "$library" | grep -q 'SONAME.*\[libcachekit_core\.so\.0\]'; };;
esac

declared=$(mktemp) exported=$(mktemp)
trap 'rm -f "$declared" "$exported"' EXIT
"$(dirname "$0")/../../packaging/names.sh" "$header" > "$declared"
exports | LC_ALL=C sort -u > "$exported"
count=$(wc -l < "$declared")
if [ "$count" -lt 40 ]; then
    echo "FAIL only $count functions found in $header"
    exit 1
fi
if ! diff "$declared" "$exported"; then
    echo "FAIL < is declared only, > is exported only"
    exit 1
fi
needed=$(needs)
[ -z "$needed" ] || { echo "FAIL it needs $needed"; exit 1; }
soname || { echo 'FAIL soname'; exit 1; }
echo "symbols: $count declared and exported"
