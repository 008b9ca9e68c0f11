"""images.py OUT NAME...: make the images of the Kubernetes lab as archives that `ctr images import` takes. The names are kubeadm's list of its own.

Runs in a container of the image nodemend-node:kubernetes, which has what they are made of. Kubernetes' own images hold
its real programs; those of Calico hold a busybox and the scripts of standin/, under Calico's names and tags.
"""

import hashlib
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tarfile

PROGRAMS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
CALICO = ("v3.15.5", "v3.20.6", "v3.22.5", "v3.28.5", "v3.32.1")
STANDIN = pathlib.Path("/standin")
EPOCH = 1600000000


def layer(files, links=()):
    """Return the bytes of a tar of {path in the image: path here or bytes} and [(link, target)]."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name in ("bin", "etc", "lib", "opt", "run", "tmp", "usr", "var"):
            directory = tarfile.TarInfo(name)
            directory.type, directory.mode, directory.mtime = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755, EPOCH
            tar.addfile(directory)
        for name, source in sorted(files.items()):
            data = source if isinstance(source, bytes) else pathlib.Path(source).read_bytes()
            member = tarfile.TarInfo(name.lstrip("/"))
            member.size, member.mode, member.mtime = len(data), 0o755, EPOCH
            tar.addfile(member, io.BytesIO(data))
        for name, target in links:
            member = tarfile.TarInfo(name.lstrip("/"))
            member.type, member.linkname, member.mtime = tarfile.SYMTYPE, target, EPOCH
            tar.addfile(member)
    return buffer.getvalue()


def closure(*programs):
    """Return {path: path} of programs and the libraries they are linked to."""
    found = {}
    for program in programs:
        found[program] = os.path.realpath(program)
        listed = subprocess.run(["ldd", found[program]], capture_output=True, text=True, check=False).stdout
        for path in re.findall(r"(/\S+) \(0x", listed):
            found[path] = os.path.realpath(path)
    return found


class Archive:
    """A docker-archive of several images that share layers."""

    def __init__(self, path):
        self.tar = tarfile.open(path, "w")
        self.manifest = []
        self.written = set()

    def image(self, name, layers, entrypoint, environment=(), user=""):
        names = []
        digests = []
        for data in layers:
            digest = hashlib.sha256(data).hexdigest()
            digests.append("sha256:" + digest)
            names.append(digest + "/layer.tar")
            self._add(names[-1], data)
        config = {
            "architecture": subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True).stdout.strip(),
            "os": "linux",
            "created": "2020-09-13T12:26:40Z",
            "config": {
                "Entrypoint": entrypoint,
                "User": user,
                "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", *environment],
            },
            "rootfs": {"type": "layers", "diff_ids": digests},
        }
        data = json.dumps(config, sort_keys=True).encode()
        config_name = hashlib.sha256(data).hexdigest() + ".json"
        self._add(config_name, data)
        self.manifest.append({"Config": config_name, "RepoTags": [name], "Layers": names})

    def close(self):
        self._add("manifest.json", json.dumps(self.manifest).encode())
        self.tar.close()

    def _add(self, name, data):
        if name not in self.written:
            member = tarfile.TarInfo(name)
            member.size, member.mtime = len(data), EPOCH
            self.tar.addfile(member, io.BytesIO(data))
            self.written.add(name)


def main():
    out = pathlib.Path(sys.argv[1])
    named = {name.rpartition(":")[0].rpartition("/")[2]: name for name in sys.argv[2:]}
    applets = subprocess.run(["/bin/busybox", "--list"], capture_output=True, text=True, check=True).stdout.split()
    busybox = layer(
        {"/bin/busybox": "/bin/busybox", "/etc/passwd": b"root:x:0:0:root:/:/bin/sh\n"},
        [("/bin/" + applet, "busybox") for applet in applets if applet != "busybox"],
    )

    control = Archive(out / "control-plane.tar")
    for program in PROGRAMS:
        control.image(named[program], [layer({f"/usr/local/bin/{program}": f"/usr/bin/{program}"})], None)
    etcd = {
        "/usr/local/bin/" + os.path.basename(path) if "/bin/etcd" in path else path: real for path, real in closure("/usr/bin/etcd", "/usr/bin/etcdctl").items()
    }
    control.image(named["etcd"], [busybox, layer(etcd)], None)
    control.close()

    node = Archive(out / "node.tar")
    # The name that containerd asks for (molecule/images/kubernetes.sh), whatever kubeadm's is.
    node.image("k8s.gcr.io/pause:3.2", [busybox], ["/bin/sleep", "infinity"])
    node.image("docker.io/library/busybox:1.35", [busybox], ["/bin/sh"])
    # kube-proxy with the iptables of the node, so that both write to the same backend.
    extensions = [str(path) for path in pathlib.Path("/usr/lib").glob("*-linux-gnu/xtables/*.so")]
    tables = closure("/usr/sbin/xtables-nft-multi", "/usr/sbin/conntrack", "/usr/sbin/ipset", *extensions)
    tables["/usr/local/bin/kube-proxy"] = "/usr/bin/kube-proxy"
    names = ["iptables", "iptables-save", "iptables-restore", "ip6tables", "ip6tables-save", "ip6tables-restore"]
    node.image(named["kube-proxy"], [busybox, layer(tables, [("/usr/sbin/" + name, "xtables-nft-multi") for name in names])], None)

    scripts = layer(
        {
            "/bin/calico-node": STANDIN / "calico-node",
            "/install-cni.sh": STANDIN / "install-cni",
            "/opt/cni/bin/install": STANDIN / "install-cni",
            "/opt/cni/bin/calico-ipam": STANDIN / "calico-ipam",
            "/opt/lab/cni-plugin": STANDIN / "cni-plugin",
            "/usr/bin/kube-controllers": STANDIN / "kube-controllers",
            "/usr/bin/check-status": STANDIN / "check-status",
            "/usr/local/bin/flexvol.sh": STANDIN / "flexvol",
        }
    )
    entrypoints = {
        "node": ["/bin/calico-node"],
        "cni": ["/opt/cni/bin/install"],
        "kube-controllers": ["/usr/bin/kube-controllers"],
        "pod2daemon-flexvol": ["/usr/local/bin/flexvol.sh"],
    }
    for version in CALICO:
        for name, entrypoint in entrypoints.items():
            # Newer manifests insist on runAsNonRoot for it.
            user = "999" if name == "kube-controllers" else ""
            for registry in ("docker.io", "quay.io"):  # quay.io is the manifests' from 3.31 on
                node.image(f"{registry}/calico/{name}:{version}", [busybox, scripts], entrypoint, ["CALICO_VERSION=" + version], user)
    node.close()


if __name__ == "__main__":
    sys.exit(main())
