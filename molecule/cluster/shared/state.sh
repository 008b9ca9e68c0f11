#!/bin/sh
# state.sh remember|compare FILE: what a change to the cluster would show in: the specifications of its objects.
# remember keeps it in FILE and their content in FILE.content; compare prints what differs from FILE and fails.
# compare-content compares the content only: for objects that were changed and put back, whose versions are others.
# CustomResourceDefinitions are not in it: a roll-back leaves them.
set -eu
kubectl=$(dirname "$0")/../../kubernetes/kubectl

objects() {
    # A generation counts changes of a specification only, so pods that come and go do not show.
    "$kubectl" get daemonsets,deployments,poddisruptionbudgets,customresourcedefinitions --all-namespaces \
        --output 'jsonpath={range .items[*]}{.kind} {.metadata.namespace} {.metadata.name} {.metadata.uid} {.metadata.generation}{"\n"}{end}'
    "$kubectl" get configmaps,secrets,serviceaccounts,roles,rolebindings,clusterroles,clusterrolebindings --all-namespaces \
        --output 'jsonpath={range .items[*]}{.kind} {.metadata.namespace} {.metadata.name} {.metadata.uid} {.metadata.resourceVersion}{"\n"}{end}'
    # The node controller's own taint comes in two parts, the second at any time after the first.
    taints='{.spec.taints[?(@.key!="node.kubernetes.io/not-ready")]}'
    "$kubectl" get nodes --output 'jsonpath={range .items[*]}{.kind} {.metadata.name} {.spec.unschedulable} '"$taints"'{"\n"}{end}'
}

# What changes by itself is left out. Not a pipe: a list that could not be had must not pass for an empty one.
lines() {
    objects >"$file.new"
    sort "$file.new" | grep -v -e '^ConfigMap kube-system extension-apiserver-authentication ' -e ' bootstrap-token-'
    rm "$file.new"
}

content() {
    "$kubectl" get daemonsets,deployments,poddisruptionbudgets,configmaps,serviceaccounts,roles,rolebindings,clusterroles,clusterrolebindings \
        --all-namespaces --output json | python3 "$(dirname "$0")/content.py"
}

file=$2
case $1 in
    remember)
        lines >"$file"
        content >"$file.content"
        ;;
    compare-content) content | diff -U 5 "$file.content" - ;;
    compare)
        [ -f "$file" ] || { echo "prepare.yml did not remember the state (molecule/cluster/shared/remember.yml)"; exit 1; }
        lines | diff "$file" -
        ;;
esac
