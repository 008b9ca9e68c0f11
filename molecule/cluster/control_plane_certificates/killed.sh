#!/bin/sh
# killed.sh TEXT: play converge.yml and kill it, workers and all, as soon as it has printed TEXT.
set -eu
here=$(dirname "$0")
log=$(mktemp)
trap 'rm -f "$log"' EXIT
setsid ansible-playbook --inventory "$NODEMEND_INVENTORY" "$here/converge.yml" >"$log" 2>&1 &
until grep --quiet "$1" "$log"; do
    kill -0 $! || { cat "$log"; exit 1; }
    sleep 0.1
done
kill -s KILL -- -$!
