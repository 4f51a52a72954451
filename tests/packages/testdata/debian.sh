#!/bin/sh
# Runs where nothing is installed but the least of Debian, a C compiler, pkg-config and man.
# In its folder lie the packages, and in tests what they bring to be tested with. They are
# installed over older ones, are used, and are removed.
set -eu
export DEBIAN_FRONTEND=noninteractive
cd "$(dirname "$0")"

files() {
    find / -xdev \( -path "$PWD" -o -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /var/log -o -path /var/cache -o -path /var/lib/apt \
        -o -path '/var/lib/dpkg/*-old' \) -prune -o -print | LC_ALL=C sort
}
install() { apt-get install -y -qq --no-install-recommends "$@"; }
has() { ldconfig -p | grep -q libcachekit_core; }

files >before

# The same with an older version.
mkdir older
for package in *.deb; do
    version=$(dpkg-deb -f "$package" Version)
    dpkg-deb -R "$package" tree
    sed -i "s/$version/0.0.1/" tree/DEBIAN/control
    dpkg-deb -b -Znone tree "older/$package"
    rm -r tree
done
install ./older/*.deb
[ "$(dpkg-query -W -f '${Version} ${Status}' cachekit)" = "0.0.1 install ok installed" ]
install ./*.deb
[ "$(dpkg-query -W -f '${Version} ${Status}' cachekit)" = "$version install ok installed" ]
install --reinstall ./*.deb

has || { echo "the loader does not know the library"; exit 1; }
for test in tests/consumer tests/command; do
    echo "$test:"
    "$test"
done

apt-get purge -y -qq cachekit libcachekit-core-dev libcachekit-core0
! has || { echo "the loader still knows the library"; exit 1; }
files >after
diff before after || { echo "purging left what > says"; exit 1; }
echo "all is well"
