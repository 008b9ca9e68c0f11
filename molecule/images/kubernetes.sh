#!/bin/sh
# kubernetes.sh ROOT: make a Debian root ready for kubeadm, as its installation guide does; the lab mounts the programs.
# What a node in a container needs besides is in one unit of its own, nodemend-lab.service.
set -eu
root=$1

mkdir -p "$root/etc/systemd/system/kubelet.service.d" "$root/etc/systemd/system/multi-user.target.wants" \
    "$root/etc/kubernetes/manifests" "$root/etc/cni/net.d" "$root/opt/cni/bin" "$root/etc/containerd" \
    "$root/var/lib/kubelet" "$root/var/lib/etcd" "$root/usr/libexec/kubernetes/kubelet-plugins/volume/exec"

# etcd runs as a static pod, as kubeadm has it.
ln -sf /dev/null "$root/etc/systemd/system/etcd.service"

# The unit and the drop-in of Kubernetes' own packages, word for word.
cat >"$root/etc/systemd/system/kubelet.service" <<'UNIT'
[Unit]
Description=kubelet: The Kubernetes Node Agent
Documentation=https://kubernetes.io/docs/home/
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=/usr/bin/kubelet
Restart=always
StartLimitInterval=0
RestartSec=10

[Install]
WantedBy=multi-user.target
UNIT
cat >"$root/etc/systemd/system/kubelet.service.d/10-kubeadm.conf" <<'DROPIN'
# Note: This dropin only works with kubeadm and kubelet v1.11+
[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
# This is a file that "kubeadm init" and "kubeadm join" generates at runtime, populating the KUBELET_KUBEADM_ARGS variable dynamically
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
# This is a file that the user can use for overrides of the kubelet args as a last resort. Preferably, the user should use
# the .NodeRegistration.KubeletExtraArgs object in the configuration files instead. KUBELET_EXTRA_ARGS should be sourced from this file.
EnvironmentFile=-/etc/default/kubelet
ExecStart=
ExecStart=/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS
DROPIN
ln -sf /etc/systemd/system/kubelet.service "$root/etc/systemd/system/multi-user.target.wants/kubelet.service"

# Without CAP_SYS_RESOURCE nobody may lower an OOM score.
cat >"$root/etc/containerd/config.toml" <<'CONFIG'
version = 2

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "k8s.gcr.io/pause:3.2"
  restrict_oom_score_adj = true

[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/opt/cni/bin"
  conf_dir = "/etc/cni/net.d"
CONFIG

for plugin in bandwidth bridge firewall host-local loopback portmap; do
    cp "$root/usr/lib/cni/$plugin" "$root/opt/cni/bin/$plugin"
done

cat >"$root/usr/local/sbin/nodemend-lab" <<'SCRIPT'
#!/bin/sh
# nodemend-lab: before containerd and the kubelet, make this container enough of a machine for them.
set -eu

# The kubelet reads the kernel's log for OOM kills; a container has none.
[ -e /dev/kmsg ] || ln -s /dev/null /dev/kmsg
# Volumes with mountPropagation need a shared tree. systemd shares it on machines only.
mount --make-rshared /

# The kubelet sets these where they differ, and they belong to the machine that the lab runs on. It reads what it
# wants to see instead; /proc/sys stays read-only.
mkdir -p /run/nodemend-lab
while read -r name value; do
    file=/run/nodemend-lab/$(echo "$name" | tr / .)
    echo "$value" >"$file"
    mount --bind "$file" "/proc/sys/$name"
done <<SYSCTLS
vm/overcommit_memory 1
vm/panic_on_oom 0
kernel/panic 10
kernel/panic_on_oops 1
kernel/keys/root_maxkeys 1000000
kernel/keys/root_maxbytes 25000000
SYSCTLS

# Pods live in the control group of this container, so that they go when it goes.
group=$(sed -n -e 's,^[0-9]*:memory:,,p' -e 's,^0::\(/.*\),\1,p' /proc/1/cgroup | head -n 1)
# kubeadm drops an empty enforceNodeAllocatable from the kubelet's configuration, so it is given here as well.
echo "KUBELET_EXTRA_ARGS=--cgroup-root=${group%/init.scope}/kubelet --enforce-node-allocatable=" >/run/nodemend-lab/kubelet.env

# Pods of other nodes: one "network gateway" a line.
[ ! -f /etc/nodemend-lab/routes ] || while read -r network gateway; do
    ip route replace "$network" via "$gateway"
done </etc/nodemend-lab/routes
SCRIPT
chmod 0755 "$root/usr/local/sbin/nodemend-lab"
cat >"$root/etc/systemd/system/nodemend-lab.service" <<'UNIT'
[Unit]
Description=What a container needs to be a Kubernetes node
Before=containerd.service kubelet.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/nodemend-lab
UNIT
ln -sf ../nodemend-lab.service "$root/etc/systemd/system/multi-user.target.wants/nodemend-lab.service"
ln -sf /run/nodemend-lab/kubelet.env "$root/etc/default/kubelet"
