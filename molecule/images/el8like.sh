#!/bin/sh
# el8like.sh ROOT: make a Debian root with dnf and rpm look like Rocky 8.10 to Ansible and to this collection.
set -eu
root=$1

rm -f "$root/etc/debian_version" "$root/etc/os-release" "$root/usr/lib/os-release"
cat >"$root/usr/lib/os-release" <<'RELEASE'
NAME="Rocky Linux"
VERSION="8.10 (Green Obsidian)"
ID="rocky"
ID_LIKE="rhel centos fedora"
VERSION_ID="8.10"
PLATFORM_ID="platform:el8"
PRETTY_NAME="Rocky Linux 8.10 (Green Obsidian)"
ANSI_COLOR="0;32"
CPE_NAME="cpe:/o:rocky:rocky:8:GA"
RELEASE
ln -s ../usr/lib/os-release "$root/etc/os-release"
echo "Rocky Linux release 8.10 (Green Obsidian)" >"$root/etc/redhat-release"
ln -s redhat-release "$root/etc/rocky-release"
ln -s redhat-release "$root/etc/system-release"

# EL keeps the RPM database here; Debian's rpm in the home folder, lest it compete with dpkg.
mkdir -p "$root/etc/rpm" "$root/var/lib/rpm" "$root/etc/yum.repos.d" "$root/etc/pki/rpm-gpg"
echo '%_dbpath /var/lib/rpm' >"$root/etc/rpm/macros"
chroot "$root" rpm --initdb
echo 8 >"$root/etc/dnf/vars/releasever"

# To RPM an empty system has no shell, and no package with a scriptlet can be installed. This one stands for what
# Debian's packages have brought.
cat >"$root/tmp/lab-base.spec" <<'SPEC'
Name: lab-base
Version: 8.10
Release: 1.el8
Summary: What the packages of the lab may depend on
License: GPL-3.0-or-later
BuildArch: noarch
AutoReqProv: no
Provides: /bin/sh /bin/bash /usr/bin/sh /usr/bin/bash bash coreutils dracut filesystem glibc grubby kmod
Provides: linux-firmware redhat-release = 8.10 rocky-release = 8.10 systemd systemd-udev util-linux
%description
What the packages of the lab may depend on.
%files
SPEC
chroot "$root" rpmbuild --quiet -bb --define '_topdir /tmp/lab' /tmp/lab-base.spec
chroot "$root" rpm --install --force-debian --nosignature /tmp/lab/RPMS/noarch/lab-base-8.10-1.el8.noarch.rpm
rm -rf "$root/tmp/lab" "$root/tmp/lab-base.spec"

# EL 8 ships iptables as nft only, without alternatives to switch.
for name in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore \
    arptables arptables-save arptables-restore ebtables ebtables-save ebtables-restore; do
    rm -f "$root/usr/sbin/$name" "$root/etc/alternatives/$name"
    ln -s xtables-nft-multi "$root/usr/sbin/$name"
done
rm -f "$root"/usr/sbin/*tables-legacy* "$root/usr/sbin/xtables-legacy-multi"

# And it has none of Debian's tools. Their data stays, because mmdebstrap still tidies it up.
rm -f "$root"/usr/bin/dpkg* "$root"/usr/bin/apt* "$root/usr/bin/update-alternatives"
