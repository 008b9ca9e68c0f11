#!/bin/sh
# etcd_member.sh join NAME PORT: one more member of the lab's etcd, on this host; clients ask it at PORT, members at PORT + 1.
# etcd_member.sh leave NAME: one less. None of that name is fine.
set -eu
pki=/etc/kubernetes/pki/etcd

# ask PORT ARGS...
ask() {
    port=$1
    shift
    ETCDCTL_API=3 etcdctl --endpoints="https://127.0.0.1:$port" --cacert=$pki/ca.crt --cert=$pki/healthcheck-client.crt \
        --key=$pki/healthcheck-client.key --command-timeout=10s "$@"
}

# again COMMAND...: until it succeeds, 30 s at the most. etcd changes its members only when they have been connected for 5 s.
again() {
    for _ in $(seq 60); do
        if "$@" 2>/dev/null; then return; fi
        sleep 0.5
    done
    "$@"
}

case $1 in
    join)
        address=$(hostname -i)
        peers=https://$address:$(($3 + 1))
        mkdir -p /run/lab-etcd
        # What is printed is its environment: name, members, state.
        again ask 2379 member add "$2" --peer-urls="$peers" >"/run/lab-etcd/$2.added"
        grep ^ETCD_ "/run/lab-etcd/$2.added" >"/run/lab-etcd/$2.env"
        # kubeadm's certificates are for this host, whatever the port.
        systemd-run --collect --unit="lab-etcd-$2" --property=EnvironmentFile="/run/lab-etcd/$2.env" etcd --data-dir="/run/lab-etcd/$2" \
            --listen-client-urls="https://127.0.0.1:$3" --advertise-client-urls="https://127.0.0.1:$3" --listen-peer-urls="$peers" \
            --cert-file=$pki/server.crt --key-file=$pki/server.key --trusted-ca-file=$pki/ca.crt --client-cert-auth \
            --peer-cert-file=$pki/peer.crt --peer-key-file=$pki/peer.key --peer-trusted-ca-file=$pki/ca.crt --peer-client-cert-auth
        again ask "$3" endpoint health
        ;;
    leave)
        id=$(ask 2379 member list | sed -n "s/^\([0-9a-f]*\), [a-z]*, $2, .*/\1/p")
        [ -z "$id" ] || again ask 2379 member remove "$id"
        # It ends by itself when it hears of that.
        systemctl stop "lab-etcd-$2" 2>/dev/null || true
        rm -rf "/run/lab-etcd/$2"*
        again ask 2379 endpoint health
        ;;
esac
