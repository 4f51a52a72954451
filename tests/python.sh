#!/bin/sh
# python.sh BUILD: the tests of the Python package, with and without its C extension,
# and the type checkers; then those without it for the other Pythons that are here.
set -eu
cd "$(dirname "$0")/.."
build=$(cd "$1" && pwd)
package=$PWD/bindings/python
export CACHEKIT_LIBRARY="$build/libcachekit_core.so" PYTHONPATH="$package/src" PYTHONDONTWRITEBYTECODE=1

missing() {
    if [ -n "${CACHEKIT_NO_SKIPS:-}" ]; then echo "python: $1"; exit 1; fi
    echo "skip python: $1"
}

# environment PYTHON REQUIREMENTS NAME: a virtual environment, made anew when what it holds is
# to be something else. Its programs are in $bin.
environment() {
    folder=$build/python-$3
    bin=$folder/bin
    wanted=$("$1" -V 2>&1; cat "$2")
    [ "$(cat "$folder/holds" 2>/dev/null)" != "$wanted" ] || return 0
    "$1" -m venv --clear "$folder" >"$build/python.log" 2>&1 &&
        "$bin/python" -m pip install --quiet --no-input --prefer-binary --requirement "$2" >>"$build/python.log" 2>&1 ||
        { tail -n 1 "$build/python.log"; return 1; }
    echo "$wanted" >"$folder/holds"
}

# tests NAME ARGUMENT...: prints what was skipped, why, and the sum.
tests() {
    echo "pytest, $1"
    shift
    # Where the tests leave what they remember.
    (cd "$folder" && "$bin/python" -m pytest -q -rs -W error -p no:cacheprovider "$@" "$package/tests") >"$build/python.log" 2>&1 ||
        { cat "$build/python.log"; exit 1; }
    sed -n 's/^SKIPPED /skip python: /p; $p' "$build/python.log"
}

command -v python3 >/dev/null || { missing "python3 is not installed"; exit 0; }
environment python3 "$package/tests/requirements.txt" tests || { missing "there is no environment with tests/requirements.txt"; exit 0; }

if [ -e "$("$bin/python" -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h" ]; then
    make -s -C "$package" fast PYTHON="$bin/python"
    tests "$("$bin/python" -V), with the extension"
else
    missing "the extension is not tested, python3 has no headers (python3-dev)"
fi
CACHEKIT_CORE_PURE=1 tests "$("$bin/python" -V), ctypes alone"

echo "mypy and pyright"
(cd "$package" && "$bin/python" -m mypy --strict --no-error-summary --cache-dir "$folder/mypy" src tests/typing_sample.py)
if "$bin/pyright" --version >"$build/python.log" 2>&1; then
    (cd "$package" && "$bin/pyright" --pythonpath "$bin/python" src tests/typing_sample.py) >"$build/python.log" ||
        { cat "$build/python.log"; exit 1; }
else
    missing "pyright could not be fetched"
fi

# The oldest Python, a new one and PyPy, where they are. There is not all that the tests
# can use for each of them; what they leave out has been tested above.
unset CACHEKIT_NO_SKIPS
for other in 3.9 3.13 pypy; do
    for program in "python$other" "${other}3" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$other".*/bin/python; do
        "$program" -c '' 2>/dev/null || continue
        if environment "$program" "$package/tests/requirements-oldest.txt" "$other"; then
            CACHEKIT_CORE_PURE=1 tests "$("$bin/python" -V | tr '\n' ' '), ctypes alone"
        else
            missing "$program cannot make an environment with tests/requirements-oldest.txt"
        fi
        break
    done
done
