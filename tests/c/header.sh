#!/bin/sh
# header.sh INCLUDE CC CXX LIBDIR BUILD: compiles cachekit.h alone, without a
# warning, as every language it is meant for; runs a C++ program; and sees that
# a result that is ignored is warned about, unless the program wants none of that.
include=$1 cc=$2 cxx=$3 libdir=$4 build=$5
warnings='-Wall -Wextra -Wpedantic -Wconversion -Werror'
mkdir -p "$build"
failed=0 skipped=0 tried=0

# With what a program takes from the header and the compiler sees only there.
program='#include <cachekit.h>
CachekitMetrics metrics = CACHEKIT_METRICS_INIT;
CachekitEnvelopeInfo info = CACHEKIT_ENVELOPE_INFO_INIT;
CachekitTenantKeys keys = CACHEKIT_TENANT_KEYS_INIT;'

try() { # LANGUAGE STANDARD COMPILER
    tried=$((tried + 1))
    echo "$program" | "$3" -x "$1" -std="$2" $warnings -Wundef -Wshadow -Wmissing-field-initializers \
        -Wmissing-braces -I"$include" -fsyntax-only - ||
        { echo "FAIL cachekit.h as $2 by $3"; failed=$((failed + 1)); }
}

there() { # PROGRAM: without it less is tried, which CACHEKIT_NO_SKIPS forbids
    command -v "$1" >/dev/null && return
    tried=$((tried + 1))
    if [ -n "$CACHEKIT_NO_SKIPS" ]; then
        echo "FAIL $1 is not installed"
        failed=$((failed + 1))
    else
        echo "skip $1: it is not installed"
        skipped=$((skipped + 1))
    fi
    return 1
}

for compiler in "$cc" clang; do
    there "$compiler" || continue
    for standard in c99 c11 c17 gnu17; do try c "$standard" "$compiler"; done
done
for compiler in "$cxx" clang++; do
    there "$compiler" || continue
    for standard in c++11 c++14 c++17 c++20; do try c++ "$standard" "$compiler"; done
done

# As Microsoft's compiler reads it, as far as clang can tell.
if command -v clang >/dev/null; then
    for language in 'c c11' 'c c17' 'c++ c++14' 'c++ c++20'; do
        # shellcheck disable=SC2086
        set -- $language
        tried=$((tried + 1))
        echo "$program" | clang --target=x86_64-pc-windows-msvc -fms-compatibility -ffreestanding -x "$1" -std="$2" \
            $warnings -I"$include" -fsyntax-only - || { echo "FAIL cachekit.h as $2 for Windows"; failed=$((failed + 1)); }
    done
fi

ignored='#include <cachekit.h>
void f(const unsigned char *p) { cachekit_msgpack_check(p, 1); }'
tried=$((tried + 1))
if echo "$ignored" | "$cc" -x c -std=c11 -Werror -I"$include" -c -o /dev/null - 2>/dev/null; then
    echo 'FAIL a result may be ignored'
    failed=$((failed + 1))
fi
tried=$((tried + 1))
if ! echo "$ignored" | "$cc" -x c -std=c11 -Werror -DCACHEKIT_NODISCARD= -I"$include" -c -o /dev/null -; then
    echo 'FAIL CACHEKIT_NODISCARD is not what the program says'
    failed=$((failed + 1))
fi

if command -v "$cxx" >/dev/null; then
    for standard in c++11 c++17; do
        tried=$((tried + 1))
        # shellcheck disable=SC2086
        "$cxx" -std=$standard $warnings -I"$include" -o "$build/header" header.cc \
            -L"$libdir" -lcachekit_core -Wl,-rpath,"$libdir" && "$build/header" ||
            { echo "FAIL header.cc as $standard"; failed=$((failed + 1)); }
    done
fi
echo "header: $((tried - failed - skipped)) passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
