#!/bin/sh
# control_plane.sh join: have kubeadm make this worker one more control-plane host, with an API server and a member of etcd of its own.
# /run/lab/ca.tar holds the CAs of the first one and its admin.conf, as an operator would distribute them by hand.
# control_plane.sh leave: a worker again.
set -eu
configuration=/run/lab/join.yaml
address=$(hostname -i)
name=$(hostname)

# again COMMAND...: until it succeeds, 60 s at the most.
again() {
    for _ in $(seq 60); do
        if "$@" >/dev/null 2>&1; then return; fi
        sleep 1
    done
    "$@"
}

# knows COMMAND PHASE: whether this kubeadm has a phase.
knows() { kubeadm "$1" phase --help | grep -q "^  $2 "; }

# The first host's API server, which stays.
cluster() { kubectl --kubeconfig /run/lab/admin.conf --request-timeout 10s "$@"; }

members() {
    ETCDCTL_API=3 etcdctl --endpoints="https://$first:2379" --cacert=/etc/kubernetes/pki/etcd/ca.crt --command-timeout=10s \
        --cert=/etc/kubernetes/pki/etcd/healthcheck-client.crt --key=/etc/kubernetes/pki/etcd/healthcheck-client.key member "$@"
}

# serves FILE ADDRESS: whom it asks.
serves() { sed -i "s#server: https://.*:6443#server: https://$2:6443#" "/etc/kubernetes/$1"; }

case $1 in
    join)
        tar -C /etc/kubernetes -xf /run/lab/ca.tar pki
        tar -C /run/lab -xf /run/lab/ca.tar admin.conf
        first=$(sed -n 's#.*server: https://\(.*\):6443#\1#p' /run/lab/admin.conf)
        ctr --namespace k8s.io images import /opt/nodemend-lab/control-plane.tar >/dev/null
        # Newer kubelets want a URL, and get one from kubeadm.
        socket=$(sed -n 's/.*--container-runtime-endpoint=\([^ "]*\).*/\1/p' /var/lib/kubelet/kubeadm-flags.env)
        [ -n "$socket" ] || socket=$(sed -n 's/^containerRuntimeEndpoint: //p' /var/lib/kubelet/config.yaml | tr -d '"')
        cat >$configuration <<CONFIGURATION
$(kubeadm config print join-defaults | grep '^apiVersion: ')
kind: JoinConfiguration
discovery: {file: {kubeConfigPath: /run/lab/admin.conf}}
controlPlane: {localAPIEndpoint: {advertiseAddress: $address}}
nodeRegistration: {name: $name, criSocket: "$socket"}
CONFIGURATION
        for phase in certs kubeconfig control-plane; do kubeadm join phase control-plane-prepare $phase --config $configuration; done
        # In life there is a load balancer, which kubeadm asks until the host's own API server runs.
        serves admin.conf "$first"
        if knows join etcd-join; then kubeadm join phase etcd-join --config $configuration; fi
        kubeadm join phase control-plane-join all --config $configuration
        # Without one, each host asks its own, so that it does not lose its node when another host stops.
        serves admin.conf "$address"
        again kubectl --kubeconfig /etc/kubernetes/admin.conf get --raw=/readyz
        serves kubelet.conf "$address"
        systemctl restart kubelet
        ;;
    leave)
        [ -e /run/lab/admin.conf ] || exit 0
        first=$(sed -n 's#.*server: https://\(.*\):6443#\1#p' /run/lab/admin.conf)
        # A join that was interrupted has not done all of this.
        [ ! -e /etc/kubernetes/admin.conf ] || serves admin.conf "$first"
        if [ -e /etc/kubernetes/admin.conf ] && knows reset update-cluster-status; then kubeadm reset phase update-cluster-status; fi
        id=$(members list | sed -n "s/^\([0-9a-f]*\), [a-z]*, $name, .*/\1/p")
        # Not kubeadm's phase: it may ask the member that it removes, and tries for three minutes.
        [ -z "$id" ] || again members remove "$id"
        rm -f /etc/kubernetes/manifests/*.yaml
        serves kubelet.conf "$first"
        systemctl restart kubelet
        for process in kube-apiserver kube-controller kube-scheduler etcd; do
            for _ in $(seq 60); do pgrep -x "$process" >/dev/null || break; sleep 1; done
        done
        for role in master control-plane; do cluster label node "$name" "node-role.kubernetes.io/$role-"; done
        for role in master control-plane; do cluster taint node "$name" "node-role.kubernetes.io/$role-" || true; done
        rm -rf /var/lib/etcd/* /etc/kubernetes/admin.conf /etc/kubernetes/controller-manager.conf /etc/kubernetes/scheduler.conf
        find /etc/kubernetes/pki -type f ! -path /etc/kubernetes/pki/ca.crt -delete
        find /etc/kubernetes/pki -mindepth 1 -type d -empty -delete
        rm -rf /run/lab
        ;;
esac
