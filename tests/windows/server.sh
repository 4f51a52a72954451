#!/bin/sh
# server.sh PREFIX COMMAND...: runs a command that runs programs for Windows, with a
# server of wine that stays until the end. One that ends with its last program now and
# then refuses the next.
export WINEPREFIX="$1" WINEDEBUG=-all
shift
wineserver -w
wineserver -p >/dev/null 2>&1 </dev/null
trap 'wineserver -k' EXIT
"$@"
