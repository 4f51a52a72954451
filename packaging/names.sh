#!/bin/sh
# names.sh HEADER: the functions that cachekit.h declares, one a line and sorted.
sed 's/^ \*.*//; s/^\/\*.*//' "$1" | grep -o 'cachekit_[a-z0-9_]*(' | tr -d '(' | LC_ALL=C sort -u
