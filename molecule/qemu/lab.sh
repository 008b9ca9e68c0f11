# Sourced by build, up, down and ssh: names of the VM lab. NODEMEND_LAB=name makes one of its own.
# shellcheck shell=sh disable=SC2034
root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/molecule/qemu
cache=${NODEMEND_CACHE:-$HOME/.cache/nodemend}/vm
# The lab's own key: what it lets in is a machine on loopback.
key=$cache/key
state=$root/.cache/nodemend-vm${NODEMEND_LAB:+-$NODEMEND_LAB}

say() { echo "$@" >&2; }
runs() { [ -f "$state/$1/pid" ] && kill -0 "$(cat "$state/$1/pid")" 2>/dev/null; }

# The loopback port of a machine's ssh: a free one, kept until the machine is taken down.
port_of() {
    if [ ! -f "$state/$1/port" ]; then
        mkdir -p "$state/$1"
        python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])' >"$state/$1/port"
    fi
    cat "$state/$1/port"
}
