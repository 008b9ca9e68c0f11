#!/bin/sh
set -eu
ip link add ens192 type veth peer name lab-peer
ip link add flannel.1 type vxlan id 1 dev ens192 dstport 8472
ip link add vxlan.lab type vxlan id 2 dev eth0 dstport 4789     # over a NIC of another driver

net=/sys/devices/virtual/net
stage=$(mktemp -d)
for device in /sys/class/net/*; do
    name=${device##*/}
    mkdir -p "$stage/$name"
    cp "$device/uevent" "$device/ifindex" "$stage/$name/"
    cp -P "$device"/lower_* "$stage/$name/" 2>/dev/null || true
    ln -s ../../../../class/net "$stage/$name/subsystem"
done
mkdir "$stage/ens192/device"
for link in driver device/driver; do ln -s /sys/bus/pci/drivers/vmxnet3 "$stage/ens192/$link"; done
mount -t tmpfs lab "$net"
cp -a "$stage/." "$net/"
rm -r "$stage"

[ ! -x /lib/systemd/systemd-udevd ] || systemd-run --quiet --unit nodemend-lab-udevd /lib/systemd/systemd-udevd
