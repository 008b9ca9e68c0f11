#!/bin/sh
# node.sh ROOT: what every image of the lab has in common, done to the root folder before it is packed.
set -eu
root=$1

# These wait for hardware or a network that a container does not have, or write to the host's kernel.
for unit in systemd-udevd.service systemd-modules-load.service systemd-sysctl.service getty.target \
    apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
: >"$root/etc/machine-id"
rm -f "$root/etc/resolv.conf" "$root/etc/hostname"
