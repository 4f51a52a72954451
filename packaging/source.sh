#!/bin/sh
# source.sh FOLDER [PATH...]: copies what make needs to build the library without a network,
# with the Go modules that it imports; and what else lies at each PATH, but for Go tests. For
# a PATH with a go.mod its modules come too.
set -eu
mkdir -p "$1"
to=$(cd "$1" && pwd)
shift
cd "$(dirname "$0")/.."
{
    echo go.mod go.sum LICENSE Makefile tools.mk include/cachekit.h include/cachekit.hpp tests/c/symbols.sh | tr ' ' '\n'
    # Without what conan leaves there.
    find packaging -path packaging/conan/test_package/build -prune -o -type f ! -name '*_test.go' ! -name CMakeUserPresets.json -print
    find capi "$@" -type f ! -name '*_test.go' ! -path '*/testdata/*' ! -path 'docs/site/*' ! -path cmd/cachekit/cachekit.exe ! -path cmd/cachekit/cachekit
    # Packages that capi imports on one platform or another.
    for arch in amd64 arm64; do
        GOARCH=$arch CGO_ENABLED=1 ${GO:-go} list -deps -f '{{if and .Module .Module.Main}}{{.Dir}}{{end}}' ./capi
    done | sort -u | while read -r dir; do
        find "$dir" -maxdepth 1 -type f ! -name '*_test.go' \( -name '*.go' -o -name '*.s' -o -name '*.[ch]' \)
    done | sed "s|^$PWD/||"
} | sort -u | tar cf - --no-recursion -T - | tar xf - -C "$to"
for path; do
    # A module in such a copy has its folder vendor already.
    [ ! -e "$path/go.mod" ] || [ -e "$path/vendor" ] || (cd "$path" && ${GO:-go} mod vendor -o "$to/$path/vendor")
done
if [ -d vendor ]; then
    cp -R vendor "$to/vendor" # this is such a copy itself
else
    cd "$to" && ${GO:-go} mod vendor
fi
