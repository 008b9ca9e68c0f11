#!/bin/sh
# state.sh remember|compare|print: what an upgrade changes on a machine: packages, boot entries, files and modules.
# remember keeps it on the machine; compare prints what differs from it and fails.
set -eu
kept=/var/tmp/nodemend-lab-state

state() {
    # shellcheck disable=SC2016 # dpkg-query's own
    dpkg-query --show --showformat '${Package} ${Version} ${Status}\n'
    find /boot /etc /var/lib/nodemend -xdev -type f -exec sha256sum {} + 2>/dev/null | sort -k 2
    find /lib/modules -maxdepth 1 | sort
}

case $1 in
    remember) state >"$kept" ;;
    compare) state | diff "$kept" - ;;
    print) state ;;
esac
