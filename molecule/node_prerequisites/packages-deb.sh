#!/bin/sh
# packages-deb.sh FOLDER: stand-ins for conntrack, ethtool and socat, and the archive that apt reads them from.
set -eu
folder=$1
mkdir -p "$folder/repo"
cd "$folder"
: >repo/Packages
for name in conntrack ethtool socat; do
    mkdir -p "$name/DEBIAN" "$name/usr/sbin"
    printf 'Package: %s\nVersion: 99\nArchitecture: all\nMaintainer: lab <lab@nodemend.invalid>\nDescription: lab\n' "$name" >"$name/DEBIAN/control"
    printf '#!/bin/sh\n' >"$name/usr/sbin/$name"
    chmod 755 "$name/usr/sbin/$name"
    dpkg-deb --build --root-owner-group "$name" "repo/$name.deb" >/dev/null
    {
        cat "$name/DEBIAN/control"
        printf 'Filename: ./%s.deb\nSize: %s\nSHA256: %s\n\n' "$name" "$(stat -c %s "repo/$name.deb")" "$(sha256sum "repo/$name.deb" | cut -d ' ' -f 1)"
    } >>repo/Packages
done
mkdir aside
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do [ ! -e "$file" ] || mv "$file" aside/; done
echo "deb [trusted=yes] file:$folder/repo ./" >/etc/apt/sources.list.d/lab.list
apt-get update -qq
