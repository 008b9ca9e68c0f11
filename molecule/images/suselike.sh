#!/bin/sh
# suselike.sh ROOT: make a Debian root with zypper and rpm look like openSUSE Leap 15.6 to Ansible and to this collection.
set -eu
root=$1

rm -f "$root/etc/debian_version" "$root/etc/os-release" "$root/usr/lib/os-release"
cat >"$root/usr/lib/os-release" <<'RELEASE'
NAME="openSUSE Leap"
VERSION="15.6"
ID="opensuse-leap"
ID_LIKE="suse opensuse"
VERSION_ID="15.6"
PRETTY_NAME="openSUSE Leap 15.6"
ANSI_COLOR="0;32"
CPE_NAME="cpe:/o:opensuse:leap:15.6"
RELEASE
ln -s ../usr/lib/os-release "$root/etc/os-release"

# Debian's rpm keeps its database in the home folder, lest it compete with dpkg.
mkdir -p "$root/etc/rpm" "$root/var/lib/rpm" "$root/etc/zypp/repos.d"
echo '%_dbpath /var/lib/rpm' >"$root/etc/rpm/macros"
chroot "$root" rpm --initdb
# Every host of SUSE has packages besides kernels: zypper's rpmdb2solv fails on a database from which the last package was removed.
cat >"$root/tmp/release.spec" <<'SPEC'
Name: openSUSE-release
Version: 15.6
Release: 1
Summary: Stands for the package that makes a host one of SUSE's
License: GPL-3.0-or-later
BuildArch: noarch
AutoReqProv: no
%description
Stands for the package that makes a host one of SUSE's.
%files
SPEC
chroot "$root" rpmbuild --quiet -bb --define '_topdir /tmp/lab' /tmp/release.spec
chroot "$root" rpm --install --force-debian --nosignature /tmp/lab/RPMS/noarch/openSUSE-release-15.6-1.noarch.rpm
rm -rf "$root/tmp/lab" "$root/tmp/release.spec"

# Debian ships no configuration; these are the lines of SUSE's that kernels are about.
cat >"$root/etc/zypp/zypp.conf" <<'CONF'
[main]
multiversion = provides:multiversion(kernel)
multiversion.kernels = latest,latest-1,running
CONF

# SUSE has none of Debian's tools. Their data stays, because mmdebstrap still tidies it up.
rm -f "$root"/usr/bin/dpkg* "$root"/usr/bin/apt* "$root/usr/bin/update-alternatives"
