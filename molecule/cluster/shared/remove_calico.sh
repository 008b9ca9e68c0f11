#!/bin/sh
# remove_calico.sh: delete the objects of Calico's official manifests, of whatever version. Nothing there is fine.
set -eu
kubectl=$(dirname "$0")/../../kubernetes/kubectl
"$kubectl" --namespace kube-system delete --ignore-not-found \
    daemonset/calico-node deployment/calico-kube-controllers poddisruptionbudget/calico-kube-controllers \
    configmap/calico-config serviceaccount/calico-node serviceaccount/calico-kube-controllers
"$kubectl" delete --ignore-not-found clusterrole/calico-node clusterrolebinding/calico-node \
    clusterrole/calico-kube-controllers clusterrolebinding/calico-kube-controllers
definitions=$("$kubectl" get customresourcedefinitions --output name | grep -F .crd.projectcalico.org || true)
# shellcheck disable=SC2086 # a list of names
[ -z "$definitions" ] || "$kubectl" delete $definitions
