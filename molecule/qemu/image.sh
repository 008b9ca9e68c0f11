#!/bin/sh
# image.sh ROOT: what makes a machine of the lab out of Debian's packages, done to its root folder before it becomes a disk.
#
# Machines have no way out (see up), so the backports' kernel lies here as an archive that apt trusts by the lab's own key.
set -eu
root=$1
archive=$root/srv/lab/debian
inside() { DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"; }

echo lab >"$root/etc/hostname"
echo '127.0.0.1 localhost lab' >"$root/etc/hosts"
mkdir -p "$root/boot/efi"
# A machine that was started by UEFI firmware mounts the second by itself (molecule/vm/kernel_secure_boot).
printf 'LABEL=root / ext4 defaults 0 1\nLABEL=ESP /boot/efi vfat noauto,umask=0077 0 0\n' >"$root/etc/fstab"
cat >"$root/etc/systemd/network/lab.network" <<'NETWORK'
[Match]
Name=en* eth*
[Network]
Address=10.0.2.15/24
Gateway=10.0.2.2
NETWORK
inside systemctl --quiet enable systemd-networkd ssh
# A test that wants it starts it.
inside systemctl --quiet disable containerd
# Nothing is to disturb a test, nor the one-shot boot that it counts.
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer \
    systemd-networkd-wait-online.service; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
done

# Slow under emulation, and of no use to a machine that is thrown away.
echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/lab"
cat >>"$root/etc/default/grub" <<'GRUB'
GRUB_TIMEOUT=1
GRUB_CMDLINE_LINUX_DEFAULT=""
GRUB_CMDLINE_LINUX="console=ttyS0 mitigations=off"
GRUB_TERMINAL=serial
GRUB_SERIAL_COMMAND=serial
GRUB

# The archive: the kernel of the backports and whatever it needs that is not installed.
echo "deb $MIRROR bookworm-backports main" >"$root/etc/apt/sources.list.d/backports.list"
inside apt-get clean
inside apt-get update -qq
inside apt-get install -qq --download-only --no-install-recommends -t bookworm-backports linux-image-amd64 >/dev/null
mkdir -p "$archive/pool" "$archive/dists/bookworm-backports/main/binary-amd64"
mv "$root"/var/cache/apt/archives/*.deb "$archive/pool/"
# shellcheck disable=SC2016 # a program for the shell inside
inside sh -ec '
    cd /srv/lab/debian
    apt-ftparchive packages pool >dists/bookworm-backports/main/binary-amd64/Packages
    apt-ftparchive -o APT::FTPArchive::Release::Codename=bookworm-backports -o APT::FTPArchive::Release::Suite=stable-backports \
        -o APT::FTPArchive::Release::Components=main -o APT::FTPArchive::Release::Architectures=amd64 \
        release dists/bookworm-backports >/tmp/Release
    GNUPGHOME=/tmp/gpg && export GNUPGHOME
    mkdir -m 0700 "$GNUPGHOME"
    gpg --batch --quiet --passphrase "" --quick-generate-key "lab <lab@nodemend.invalid>" rsa3072 sign never
    gpg --batch --quiet --clearsign --output dists/bookworm-backports/InRelease /tmp/Release
    gpg --batch --quiet --armor --export >/etc/apt/trusted.gpg.d/lab.asc
    gpgconf --kill all
    rm -rf "$GNUPGHOME" /tmp/Release'
rm -f "$root"/etc/apt/sources.list "$root"/etc/apt/sources.list.d/* "$root"/var/lib/apt/lists/*_dists_*
