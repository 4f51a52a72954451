#!/bin/sh
# release.sh TAG: prints what CHANGELOG.md says of a release, if the tag is v and the version
# of include/cachekit.h, and the change log has a section for it, with a date.
set -eu
cd "$(dirname "$0")/.."
version=$(sed -n 's/^#define CACHEKIT_VERSION_STRING "\(.*\)"/\1/p' include/cachekit.h)
[ "$1" = "v$version" ] || { echo "release: the tag is $1, and the version of include/cachekit.h $version" >&2; exit 1; }
heading=$(grep -E "^## \[$version\] - [0-9]{4}-[0-9]{2}-[0-9]{2}$" CHANGELOG.md) ||
    { echo "release: CHANGELOG.md has no section \"## [$version] - \" and a date" >&2; exit 1; }
awk -v heading="$heading" '/^## / { found = $0 == heading; next } found' CHANGELOG.md
