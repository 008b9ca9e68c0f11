# Sourced by up, down and kubectl: names of the Kubernetes lab. NODEMEND_LAB=name makes one of its own.
# shellcheck shell=sh disable=SC2034
lab=nodemend-k8s${NODEMEND_LAB:+-$NODEMEND_LAB}
label=nodemend.kubernetes
control=control1
workers="worker1 worker2"
nodes="$control $workers"
root=$(cd "$(dirname "$0")/../.." && pwd)
# What people and tests on this machine reach the cluster with.
kubeconfig=$root/.cache/$lab/admin.conf
kept=$root/.cache/$lab/kept
cached=$root/.cache/$lab/kubectl

say() { echo "$@" >&2; }
on() {
    node=$1
    shift
    docker exec --interactive "$lab-$node" "$@"
}
