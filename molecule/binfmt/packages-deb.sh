#!/bin/sh
# packages-deb.sh FOLDER: stand-ins for Debian's packages with its own files for binfmt.d, and the archive that apt reads them from.
set -eu
folder=$1
cd "$folder"

# elf MACHINE CODE: the least program that Linux starts, 132 bytes. The arguments are octal for printf.
# shellcheck disable=SC2059
elf() {
    printf '\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0'"$1"'\0\1\0\0\0\170\0\100\0\0\0\0\0\100\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'
    printf '\0\0\0\0\100\0\70\0\1\0\0\0\0\0\0\0\1\0\0\0\5\0\0\0\0\0\0\0\0\0\0\0\0\0\100\0\0\0\0\0\0\0\100\0\0\0\0\0'
    printf '\204\0\0\0\0\0\0\0\204\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0'"$2"
}
# Where a release has the emulator, where its file for binfmt.d, and what brings that to /usr/lib/binfmt.d.
# shellcheck source=/dev/null
case $(. /etc/os-release && echo "$VERSION_ID") in
    11 | 12) emulators=qemu-user-static files=qemu-user-static/usr/lib/binfmt.d ;;
    *) emulators=qemu-user files=qemu-user/usr/share/qemu/binfmt.d ;;
esac
# The emulator is a program for amd64 that ends with 42, whatever it is given; so is the program for arm64, were it run.
emulator=$emulators/usr/bin/qemu-lab-static
mkdir -p "$emulators/usr/bin" "$files" "$emulators/usr/libexec/qemu-binfmt" binfmt.d image
elf '\76' '\270\74\0\0\0\277\52\0\0\0\17\5' >"$emulator"
elf '\267' '\100\5\200\322\250\13\200\322\1\0\0\324' >image/program
chmod 755 "$emulator" image/program
magic='\x7f\x45\x4c\x46\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00'
mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
for cpu in aarch64=b7 s390x=16; do
    ln -s ../../bin/qemu-lab-static "$emulators/usr/libexec/qemu-binfmt/${cpu%=*}-binfmt-P"
    printf '%s\n' ":qemu-${cpu%=*}:M::$magic\\x${cpu#*=}\\x00:$mask:/usr/libexec/qemu-binfmt/${cpu%=*}-binfmt-P:OPF" \
        >"$files/qemu-${cpu%=*}.conf"
    cp "$files/qemu-${cpu%=*}.conf" binfmt.d/
done

mkdir -p repo aside
# package NAME [DEPENDS]: build the folder NAME and add it to the archive.
package() {
    mkdir -p "$1/DEBIAN"
    {
        printf 'Package: %s\nVersion: 99\nArchitecture: all\nMaintainer: lab <lab@nodemend.invalid>\nDescription: lab\n' "$1"
        [ -z "${2:-}" ] || printf 'Depends: %s\n' "$2"
    } >"$1/DEBIAN/control"
    dpkg-deb --build --root-owner-group "$1" "repo/$1.deb" >/dev/null
    cat "$1/DEBIAN/control"
    printf 'Filename: ./%s.deb\nSize: %s\n' "$1" "$(stat -c %s "repo/$1.deb")"
    printf 'SHA256: %s\n\n' "$(sha256sum "repo/$1.deb" | cut -d ' ' -f 1)"
}
if [ "$emulators" = qemu-user ]; then
    mkdir -p qemu-user-binfmt/usr/lib/binfmt.d
    for file in binfmt.d/*; do ln -s "../../share/qemu/$file" "qemu-user-binfmt/usr/lib/$file"; done
    { package qemu-user; package qemu-user-binfmt qemu-user; package qemu-user-static "qemu-user, qemu-user-binfmt"; } >repo/Packages
else
    # Debian 11's own files are binfmt-support's, which this one does not read.
    { package qemu-user-static; package binfmt-support; } >repo/Packages
fi
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do [ ! -e "$file" ] || mv "$file" aside/; done
echo "deb [trusted=yes] file:$folder/repo ./" >/etc/apt/sources.list.d/lab.list
apt-get update -qq
