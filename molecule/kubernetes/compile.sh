#!/bin/sh
# compile.sh VERSION: inside the root folder of the build, compile /build/kubernetes_*.dsc into /out.
set -eu
version=$1
export GOPATH=/build/go GOCACHE=/build/cache GO111MODULE=off CGO_ENABLED=0 GOFLAGS=-p=3
self=k8s.io/kubernetes
tree=$GOPATH/src/$self

mkdir -p "$GOPATH/src/k8s.io"
cd /build
dpkg-source --extract --no-check kubernetes_*.dsc "$tree"
cd "$tree"

# The copy of reflect2 in the source reads maps as Go before 1.18 laid them out, and crashes with Debian's Go.
rm -rf vendor/github.com/modern-go/reflect2
cp -r /usr/share/gocode/src/github.com/modern-go/reflect2 vendor/github.com/modern-go/
go build k8s.io/kubernetes/vendor/github.com/modern-go/reflect2

# All generated code is in the source but this: the API server's OpenAPI description.
echo "Generating the OpenAPI description"
tagged() { grep -rl --include='*.go' '+k8s:openapi-gen=' "$@"; }
packages=$({
    tagged cmd pkg
    cd staging/src
    tagged k8s.io | grep -v -e k8s.io/code-generator -e k8s.io/sample-apiserver | sed 's,^,vendor/,'
} | xargs -n 1 dirname | sort -u | sed "s,^,$self/," | paste -s -d ,)
go build -o /build/openapi-gen "$self/vendor/k8s.io/kube-openapi/cmd/openapi-gen"
/build/openapi-gen --input-dirs "$packages" --output-package "$self/pkg/generated/openapi" \
    --output-file-base zz_generated.openapi --go-header-file vendor/k8s.io/code-generator/hack/boilerplate.go.txt \
    --report-filename /build/openapi.report

echo "Compiling"
flags="-s -w"
for package in component-base/version client-go/pkg/version; do
    path=$self/vendor/k8s.io/$package
    flags="$flags -X $path.gitVersion=$version -X $path.gitMajor=1 -X $path.gitMinor=20 -X $path.gitTreeState=archive"
done
for name in kubeadm kubectl kubelet kube-proxy kube-scheduler kube-controller-manager kube-apiserver; do
    echo "$name $(date +%T)"
    go build -trimpath -ldflags "$flags" -o "/out/$name" "$self/cmd/$name"
done
# A program that does not start is no result.
for name in kubeadm kubectl; do
    "/out/$name" version --client 2>/dev/null || "/out/$name" version
done
"/out/kubeadm" config print init-defaults --component-configs KubeletConfiguration >/dev/null
"/out/kube-apiserver" --version | grep -F "$version"
