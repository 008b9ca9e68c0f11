#!/bin/sh
# packages-deb.sh LAB: an apt repository, signed by a key of its own, with a kernel-like package and the package that stands for the newest.
set -eu
lab=$1
rm -rf "$lab"
mkdir -p "$lab/repo" "$lab/files" "$lab/build"

build() { # VERSION
    release=$1-1-amd64
    root=$lab/build/linux-image-$release
    mkdir -p "$root/DEBIAN" "$root/boot" "$root/lib/modules/$release"
    echo kernel >"$root/boot/vmlinuz-$release"
    echo "kernel/net/ipv4/netfilter/iptable_nat.ko:" >"$root/lib/modules/$release/modules.dep"
    : >"$root/lib/modules/$release/modules.builtin"
    printf 'Package: linux-image-%s\nVersion: %s-1\nArchitecture: all\nMaintainer: lab <lab@nodemend.invalid>\nDescription: Stands for a kernel\n' \
        "$release" "$1" >"$root/DEBIAN/control"
    dpkg-deb --root-owner-group --build "$root" "$lab/repo/linux-image-$release.deb" >/dev/null
    meta=$lab/build/meta-$1
    mkdir -p "$meta/DEBIAN"
    printf 'Package: linux-image-amd64\nVersion: %s-1\nArchitecture: all\nDepends: linux-image-%s\nMaintainer: lab <lab@nodemend.invalid>\nDescription: The newest\n' \
        "$1" "$release" >"$meta/DEBIAN/control"
    dpkg-deb --root-owner-group --build "$meta" "$lab/repo/linux-image-amd64_$1.deb" >/dev/null
}

build 98.0.0
build 99.1.0
cp "$lab/repo/linux-image-99.1.0-1-amd64.deb" "$lab/files/kernel.deb"
python3 - "$lab/repo" <<'PYTHON'
import glob
import hashlib
import os
import subprocess
import sys

os.chdir(sys.argv[1])
with open("Packages", "w") as index:
    for name in sorted(glob.glob("*.deb")):
        with open(name, "rb") as stream:
            data = stream.read()
        control = subprocess.check_output(["dpkg-deb", "--field", name]).decode()
        index.write("%sFilename: ./%s\nSize: %d\nSHA256: %s\n\n" % (control, name, len(data), hashlib.sha256(data).hexdigest()))
PYTHON
