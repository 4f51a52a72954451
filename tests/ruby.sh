#!/bin/sh
# ruby.sh BUILD: the tests of the gem.
set -eu
cd "$(dirname "$0")/.."
missing() {
    if [ -n "${CACHEKIT_NO_SKIPS:-}" ]; then echo "ruby: $1"; exit 1; fi
    echo "skip ruby: $1"
    exit 0
}
command -v ruby >/dev/null || missing "ruby is not installed"
ruby -e 'exit RUBY_VERSION >= "3.1"' || missing "$(ruby -v) is older than 3.1"
for gem in ffi minitest; do
    ruby -e "require '$gem'" 2>/dev/null || missing "Ruby has no $gem gem"
done
export CACHEKIT_LIBRARY="$(cd "$1" && pwd)/libcachekit_core.so"
log=$1/ruby.log
ruby -w -Ibindings/ruby/lib bindings/ruby/test/all.rb --verbose >"$log" 2>&1 || { cat "$log"; exit 1; }
# With --verbose minitest says what was skipped and why.
awk '/^ *[0-9]+\) Skipped:$/ { getline test; getline why; sub(/ \[.*/, "", test); print "skip ruby " test ": " why }' "$log"
grep -E '^[0-9]+ runs, ' "$log"
