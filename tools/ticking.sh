#!/usr/bin/env bash
# Runs a command and says every three seconds how long it has taken:
#
#	tools/ticking.sh "compiling" go build ./...
set -euo pipefail
echo "$1"
shift

# On a terminal the next line of output takes the place of the time.
format='  %d s\n'
[ ! -t 2 ] || format='\r  %d s\r'
(while sleep 3 >/dev/null 2>&1; do printf "$format" "$SECONDS" >&2; done) &
trap "kill $! 2>/dev/null || true" EXIT
"$@"
