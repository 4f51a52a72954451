#!/bin/sh
# Runs every fuzz target of the module, one after the other, for the given
# time each. A finding is written to the package's testdata/fuzz, and from then
# on it is a test case.
set -eu

time=${1:-5m}
case $time in
-*)
    echo "usage: tests/fuzz.sh [time for each target, such as 30s or 10m; default 5m]"
    exit 0
    ;;
esac
cd "$(dirname "$0")/.."

# Lines of "folder target".
targets=$(grep -rE --include='*_test.go' --exclude-dir=bench '^func Fuzz' core |
    sed -E 's|^(.*)/[^/]*_test\.go:func (Fuzz[A-Za-z0-9_]*).*|\1 \2|' | sort)
count=$(echo "$targets" | wc -l)
number=0
echo "$targets" | while read -r folder target; do
    number=$((number + 1))
    echo "[$number/$count] $target in $folder, $time"
    # -run matches nothing, or the package's tests would run each time.
    go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 10x "./$folder"
done
