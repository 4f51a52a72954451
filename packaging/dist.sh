#!/bin/sh
# dist.sh PLATFORM VERSION BUILD OMIT: writes BUILD/dist/cachekit-core-VERSION-PLATFORM.tar.gz, or
# .zip for Windows: the library that was built for the platform, the command, headers, files
# for pkg-config and CMake, licences, the bill of materials and manual pages. It may be
# unpacked anywhere. OMIT are flags of Go's linker.
set -eu
platform=$1 version=$2 build=$3 omit=$4
name=cachekit-core-$version-$platform
tree=$build/dist/$name
major=${version%%.*}
go=${GO:-go}
cd "$(dirname "$0")/.."

rm -rf "$tree"
mkdir -p "$tree/bin" "$tree/include" "$tree/lib/pkgconfig" "$tree/lib/cmake/cachekit_core" "$tree/share/man/man1"

# The library, with the names by which linkers and loaders look for it.
archive=$name.tar.gz exe=
case $platform in
    linux-musl-*) os=linux library=$build/musl/${platform##*-}/libcachekit_core.so;;
    linux-*) os=linux library=$build/portable/${platform##*-}/libcachekit_core.so;;
    macos-*) os=darwin library=$build/macos/${platform##*-}/libcachekit_core.dylib;;
    windows-*) os=windows library=$build/windows/amd64/libcachekit_core.dll archive=$name.zip exe=.exe;;
esac
case $os in
    linux)
        cp "$library" "$tree/lib/libcachekit_core.so.$version"
        ln -s "libcachekit_core.so.$version" "$tree/lib/libcachekit_core.so.$major"
        ln -s "libcachekit_core.so.$major" "$tree/lib/libcachekit_core.so"
        if [ -e "${library%.so}.a" ]; then cp "${library%.so}.a" "$tree/lib/"; fi;;
    darwin)
        cp "$library" "$tree/lib/libcachekit_core.$major.dylib"
        ln -s "libcachekit_core.$major.dylib" "$tree/lib/libcachekit_core.dylib";;
    windows)
        cp "$library" "$tree/bin/"
        cp "$library.a" "${library%.dll}.def" "$tree/lib/";;
esac

case $platform in
    *-x86_64) arch=amd64;;
    *) arch=arm64;;
esac
(cd cmd/cachekit && CGO_ENABLED=0 GOOS=$os GOARCH=$arch "$go" build -trimpath -buildvcs=false \
    -ldflags "$omit -buildid= -X main.version=$version" -o "$tree/bin/cachekit$exe" .)

cp include/cachekit.h include/cachekit.hpp "$build/cachekit_ffi.h" "$tree/include/"
cp LICENSE CHANGELOG.md "$tree/"
cp "$build"/man/*.1 "$tree/share/man/man1/"
fill() {
    sed -e 's|@PREFIX@|${pcfiledir}/../..|' -e 's|@LIBDIR@|${prefix}/lib|' -e 's|@INCLUDEDIR@|${prefix}/include|' \
        -e 's|@ABSOLUTE_INCLUDEDIR@||' -e "s|@VERSION@|$version|" "$1"
}
# pkg-config quotes what ${pcfiledir} stands for itself.
fill packaging/cachekit_core.pc.in | tr -d '"' >"$tree/lib/pkgconfig/cachekit_core.pc"
for file in cachekit_core-config.cmake cachekit_core-config-version.cmake; do
    fill "packaging/cmake/$file.in" >"$tree/lib/cmake/cachekit_core/$file"
done
"$go" run ./packaging/contents "$library" "$version" "$tree/share/cachekit_core"
"$go" run ./packaging/bundle "$tree" "$build/dist/$archive"
rm -rf "$tree"
echo "$build/dist/$archive"
