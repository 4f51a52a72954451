#!/bin/sh
# dist.sh PLATFORM VERSION BUILD TREE: puts beside the command, which is in TREE/bin, what else
# goes into the archive for a platform: the library that was built for it, headers, files for
# pkg-config and CMake, licences, bills of materials and manual pages. It may be unpacked
# anywhere.
set -eu
platform=$1 version=$2 build=$3 tree=$4
major=${version%%.*}
cd "$(dirname "$0")/.."
mkdir -p "$tree/include" "$tree/lib/pkgconfig" "$tree/lib/cmake/cachekit_core" "$tree/share/man/man1"

# The library, with the names by which linkers and loaders look for it.
case $platform in
    linux-*)
        case $platform in
            linux-musl-*) from=$build/portable/musl-${platform##*-};;
            *) from=$build/portable/${platform##*-};;
        esac
        library=$from/libcachekit_core.so
        cp "$library" "$tree/lib/libcachekit_core.so.$version"
        ln -s "libcachekit_core.so.$version" "$tree/lib/libcachekit_core.so.$major"
        ln -s "libcachekit_core.so.$major" "$tree/lib/libcachekit_core.so"
        cp "$from/libcachekit_core.a" "$tree/lib/";;
    macos-*)
        library=$build/macos/${platform##*-}/libcachekit_core.dylib
        cp "$library" "$tree/lib/libcachekit_core.$major.dylib"
        ln -s "libcachekit_core.$major.dylib" "$tree/lib/libcachekit_core.dylib";;
    windows-*)
        library=$build/windows/amd64/libcachekit_core.dll
        cp "$library" "$tree/bin/"
        cp "$library.a" "${library%.dll}.def" "$tree/lib/";;
esac

cp include/cachekit.h include/cachekit.hpp "$build/cachekit_ffi.h" "$tree/include/"
cp LICENSE CHANGELOG.md "$tree/"
cp "$build"/man/*.1 "$tree/share/man/man1/"
fill() {
    sed -e 's|@PREFIX@|${pcfiledir}/../..|' -e 's|@LIBDIR@|${prefix}/lib|' -e 's|@INCLUDEDIR@|${prefix}/include|' \
        -e 's|@ABSOLUTE_INCLUDEDIR@||' -e "s|@VERSION@|$version|" "$1"
}
# pkg-config quotes what ${pcfiledir} stands for itself. On macOS a program finds libraries
# by the folders that it was linked with: see packaging/link_darwin.mk.
rpath=
case $platform in macos-*) rpath=' -Wl,-rpath,${libdir}';; esac
fill packaging/cachekit_core.pc.in | tr -d '"' | sed "/^Libs:/s|$|$rpath|" >"$tree/lib/pkgconfig/cachekit_core.pc"
for file in cachekit_core-config.cmake cachekit_core-config-version.cmake; do
    fill "packaging/cmake/$file.in" >"$tree/lib/cmake/cachekit_core/$file"
done

# What the library and the command are made of, each with its licences.
"$GO" run ./packaging/contents "$library" "$version" "$tree/share/cachekit_core"
"$GO" run ./packaging/contents "$tree"/bin/cachekit* "$version" "$tree/share/cachekit"
