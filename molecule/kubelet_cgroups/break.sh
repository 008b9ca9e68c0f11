#!/bin/sh
# Prints SKIPPED where the machine has no cgroup v1 for huge pages.
set -eu
root=/sys/fs/cgroup/hugetlb
[ -e $root/cgroup.procs ] || { echo SKIPPED; exit 0; }
own=$root/nodemend-lab-$(hostname)-$(cut -c 1-8 /proc/sys/kernel/random/uuid)
mkdir "$own"
echo "$own" >/var/tmp/nodemend-lab-cgroup
mount --bind "$own" $root

cp /bin/sleep /usr/local/bin/kubelet
cat >/usr/local/bin/nodemend-lab-kubelet <<'KUBELET'
#!/bin/sh
file=/sys/fs/cgroup/hugetlb/kubepods.slice/kubepods-besteffort.slice/hugetlb.2MB.limit_in_bytes
if [ ! -e $file ]; then
    /usr/local/bin/kubelet 3 # the real one comes to it some seconds after its start
    echo "F1129 23:32:13.384272    3830 kubelet.go:1384] Failed to start ContainerManager failed to initialize top level QOS containers: failed to update top level BestEffort QOS cgroup : failed to set supported cgroup subsystems for cgroup [kubepods besteffort]: Failed to set config for supported subsystems : failed to write 4611686018427387904 to hugetlb.2MB.limit_in_bytes: open $file: no such file or directory"
    exit 255
fi
exec /usr/local/bin/kubelet infinity
KUBELET
chmod 755 /usr/local/bin/nodemend-lab-kubelet
printf '[Service]\nExecStart=/usr/local/bin/nodemend-lab-kubelet\nRestart=always\nRestartSec=2\n' >/etc/systemd/system/kubelet.service
systemctl daemon-reload
mkdir $root/kubepods.slice
systemctl start kubelet
sleep 4 # its first end
