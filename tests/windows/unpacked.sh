#!/bin/sh
# unpacked.sh ZIP: uses the archive for Windows as its user would: links a program with its
# import library, starts it beside its DLL, and makes and reads an entry with its command.
set -eu
zip=$(realpath "$1")
here=$(dirname "$(realpath "$0")")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
unzip -q "$zip"
cd cachekit-core-*
"$CC" "$here/../../examples/c/quickstart.c" -Iinclude -Llib -lcachekit_core -o bin/quickstart.exe
"$here/wine.sh" bin/quickstart.exe
"$here/wine.sh" bin/cachekit.exe version
"$here/wine.sh" bin/cachekit.exe store LICENSE -o entry
"$here/wine.sh" bin/cachekit.exe retrieve entry -o back
cmp back LICENSE
