#!/bin/sh
# namespace.sh FOLDER: a user namespace with all ids and a binfmt_misc of its own; FOLDER/shell is a shell inside.
# Leaves no FOLDER where the kernel is too old for that.
set -eu
folder=$1
mkdir -p "$folder"
unshare --user --mount sleep 3000 >/dev/null 2>&1 &
pid=$!
own=$(readlink /proc/self/ns/user)
while [ "$(readlink /proc/$pid/ns/user)" = "$own" ]; do sleep 0.1; done
echo "0 0 4294967295" >/proc/$pid/uid_map
echo "0 0 4294967295" >/proc/$pid/gid_map
echo "$pid" >"$folder/pid"
cat >"$folder/shell" <<END
#!/bin/sh
# Ansible starts it inside, too.
[ "\$(readlink /proc/self/ns/user)" = "$own" ] || exec /bin/sh "\$@"
exec nsenter --target $pid --user --mount /bin/sh "\$@"
END
chmod 755 "$folder/shell"
if ! "$folder/shell" -c 'mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc'; then
    echo "SKIPPED: this kernel ($(uname -r)) has one binfmt_misc for all user namespaces; from 6.7 on each has its own"
    kill "$pid"
    rm -r "$folder"
fi
