#!/bin/sh
# remove_calico.sh: delete the objects of Calico's official manifests, of whatever version. Nothing there is fine.
set -eu
kubectl=$(dirname "$0")/../../kubernetes/kubectl
"$kubectl" --namespace kube-system delete --ignore-not-found \
    daemonset/calico-node deployment/calico-kube-controllers poddisruptionbudget/calico-kube-controllers \
    configmap/calico-config serviceaccount/calico-node serviceaccount/calico-kube-controllers serviceaccount/calico-cni-plugin
"$kubectl" delete --ignore-not-found clusterrole/calico-node clusterrolebinding/calico-node \
    clusterrole/calico-kube-controllers clusterrolebinding/calico-kube-controllers clusterrole/calico-cni-plugin clusterrolebinding/calico-cni-plugin \
    clusterrole/calico-tier-getter clusterrolebinding/calico-tier-getter
definitions=$("$kubectl" get customresourcedefinitions --output name | grep -F -e .crd.projectcalico.org -e /clusternetworkpolicies.policy.networking.k8s.io || true)
# shellcheck disable=SC2086 # a list of names
[ -z "$definitions" ] || "$kubectl" delete $definitions
