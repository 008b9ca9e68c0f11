#!/bin/sh
# state.sh remember|compare FILE: what a change to the cluster would show in: the specifications of its objects.
# remember keeps it in FILE; compare prints what differs from it and fails.
set -eu
kubectl=$(dirname "$0")/../../kubernetes/kubectl

objects() {
    # A generation counts changes of a specification only, so pods that come and go do not show.
    "$kubectl" get daemonsets,deployments,poddisruptionbudgets,customresourcedefinitions --all-namespaces \
        --output 'jsonpath={range .items[*]}{.kind} {.metadata.namespace} {.metadata.name} {.metadata.uid} {.metadata.generation}{"\n"}{end}'
    "$kubectl" get configmaps,secrets,serviceaccounts,roles,rolebindings,clusterroles,clusterrolebindings --all-namespaces \
        --output 'jsonpath={range .items[*]}{.kind} {.metadata.namespace} {.metadata.name} {.metadata.uid} {.metadata.resourceVersion}{"\n"}{end}' |
        grep -v -e '^ConfigMap kube-system extension-apiserver-authentication ' -e ' bootstrap-token-'
    "$kubectl" get nodes --output 'jsonpath={range .items[*]}{.kind} {.metadata.name} {.spec.unschedulable} {.spec.taints}{"\n"}{end}'
}

case $1 in
    remember) objects | sort >"$2" ;;
    compare)
        [ -f "$2" ] || { echo "prepare.yml did not remember the state (molecule/cluster/shared/remember.yml)"; exit 1; }
        objects | sort | diff "$2" -
        ;;
esac
