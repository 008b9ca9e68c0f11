#!/bin/sh
# packages-rpm.sh LAB el|suse: a key, a repository with a signed kernel-like package, and the same package unsigned and tampered with.
set -eu
lab=$1
# Each family's names, and what tells its package manager that several are installed side by side.
case $2 in
    el) kernel=kernel rebuild=1.el8 suffix=1.el8.x86_64 beside='installonlypkg(kernel)' ;;
    suse) kernel=kernel-default rebuild=1.1 suffix=1-default beside='multiversion(kernel)' ;;
esac
rm -rf "$lab"
mkdir -p "$lab/repo" "$lab/files" "$lab/build" "$lab/gpg"
chmod 700 "$lab/gpg"
export GNUPGHOME="$lab/gpg"
gpg --batch --quiet --passphrase '' --quick-generate-key 'nodemend lab <lab@nodemend.invalid>' rsa3072 sign never 2>/dev/null
gpg --batch --quiet --armor --export >"$lab/key"
gpg --batch --quiet --with-colons --list-keys | awk -F: '$1 == "fpr" {print $10; exit}' >"$lab/fingerprint"

build() { # NAME VERSION LEGACY
    release=$2-$suffix
    cat >"$lab/build/$1.spec" <<SPEC
Name: $1
Version: $2
Release: $rebuild
Summary: Stands for a kernel
License: GPL
BuildArch: x86_64
Provides: $beside
Provides: $1 = $2-1
%description
Stands for a kernel.
%install
mkdir -p %{buildroot}/boot %{buildroot}/lib/modules/$release
echo kernel >%{buildroot}/boot/vmlinuz-$release
echo "kernel/net/ipv4/netfilter/$3.ko:" >%{buildroot}/lib/modules/$release/modules.dep
: >%{buildroot}/lib/modules/$release/modules.builtin
%files
/boot/vmlinuz-$release
/lib/modules/$release
SPEC
    rpmbuild --quiet -bb --target x86_64 --define "_topdir $lab/build" --define "_rpmdir $lab/out" "$lab/build/$1.spec" >/dev/null 2>&1
}
sign() {
    rpmsign --define "__gpg $(command -v gpg)" --define "_gpg_name nodemend lab" --define "_gpg_path $lab/gpg" --addsign "$1" >/dev/null 2>&1
}

build "$kernel" 98.0.0 iptable_nat
build "$kernel" 99.1.0 iptable_nat
build kernel-nolegacy 99.2.0 nf_tables
cp "$lab/out/x86_64/$kernel-99.1.0-$rebuild.x86_64.rpm" "$lab/files/unsigned.rpm"
for package in "$lab"/out/x86_64/*.rpm; do
    sign "$package"
    cp "$package" "$lab/repo/"
done
cp "$lab/repo/$kernel-99.1.0-$rebuild.x86_64.rpm" "$lab/files/signed.rpm"
cp "$lab/files/signed.rpm" "$lab/files/tampered.rpm"
printf 'tampered' | dd of="$lab/files/tampered.rpm" bs=1 seek=$(($(stat -c %s "$lab/files/signed.rpm") - 40)) conv=notrunc 2>/dev/null
createrepo_c --quiet "$lab/repo"

# zypper wants the repository itself signed.
gpg --batch --quiet --armor --detach-sign "$lab/repo/repodata/repomd.xml"
cp "$lab/key" "$lab/repo/repodata/repomd.xml.key"
