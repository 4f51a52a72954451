#!/bin/sh
# peers.sh FOLDER: unpacks Debian's liblz4, libxxhash and libcrypto for arm64 into FOLDER.
# apt gets lists of its own, so that nothing of this system changes.
set -eu
mkdir -p "$1/lists/partial" "$1/cache/archives/partial"
cd "$1"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian bookworm main" >sources
options="-qq -o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o APT::Sandbox::User=root -o Dir::State::lists=$PWD/lists
    -o Dir::State::status=/dev/null -o Dir::Cache=$PWD/cache -o Dir::Etc::sourceparts=- -o Dir::Etc::sourcelist=$PWD/sources"
# shellcheck disable=SC2086
apt-get $options update
# shellcheck disable=SC2086
apt-get $options download liblz4-1 libxxhash0 libssl3
for package in *.deb; do dpkg-deb -x "$package" root; done
