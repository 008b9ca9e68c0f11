"""The table of Calico's rules against the ClusterRoles of official manifests, where these are on the machine."""

import fnmatch
import glob
import os
import re

import pytest
import yaml
from ansible_collections.nodemend.kubernetes.plugins.module_utils import _calico_rbac as rbac
from ansible_collections.nodemend.kubernetes.plugins.module_utils._version import parse
from conftest import ROOT

MANIFESTS = os.environ.get("NODEMEND_CALICO") or os.path.join(ROOT, "..", "shared", "data", "calico")
FILES = sorted(glob.glob(os.path.join(MANIFESTS, "calico-v*.yaml")))
ACCOUNTS = {"calico-node": "node", "calico-kube-controllers": "kube-controllers", "calico-cni-plugin": "cni-plugin"}
# What the official roles grant beyond the table, and why a running Calico does not miss it. Patterns; [*] is a star itself.
UNNEEDED = (
    ("node", "apps/daemonsets", "only to come from host-local IPAM, says the manifest"),
    ("node", rbac.CRD + "/globalfelixconfigs", "of Calico 2"),
    ("node", rbac.CRD + "/globalbgpconfigs", "of Calico 2"),
    ("node", rbac.CRD + "/bgpconfigurations", "written only to come from 2.6, says the manifest, before 3.32"),
    ("node", rbac.CRD + "/bgppeers", "written only to come from 2.6, says the manifest"),
    ("node", "/pods/status", "the CNI plugin's, which has an account of its own from 3.26 on"),
    ("cni-plugin", rbac.CRD + "/clusterinformations", "the plugin gets it, and does nothing else with it"),
    ("cni-plugin", rbac.CRD + "/ippools", "the plugin reads them"),
    ("cni-plugin", rbac.CRD + "/ipreservations", "the plugin reads them"),
    ("cni-plugin", rbac.CRD + "/ipamconfigs", "the plugin gets or creates the only one"),
    ("*", rbac.CRD + "/ipamconfigurations", "their name in the native group"),
    ("*", "kubevirt.io/*", "only with KubeVirt"),
    ("kube-controllers", "apps/*", "only to migrate to native CRDs"),
    ("kube-controllers", "migration.projectcalico.org/*", "only to migrate to native CRDs"),
    ("kube-controllers", "apiextensions.k8s.io/*", "only to migrate to native CRDs"),
    ("kube-controllers", "apiregistration.k8s.io/*", "only to migrate to native CRDs"),
    ("kube-controllers", rbac.CRD + "/[*]", "only to migrate to native CRDs"),
)


def cluster_roles(path):
    """Return {account: rules} of a manifest."""
    with open(path, encoding="utf-8") as stream:
        # Only the roles: the definitions of Calico's resources take a minute to parse.
        texts = [text for text in re.split(r"(?m)^---\s*$", stream.read()) if re.search(r"(?m)^kind: ClusterRole$", text)]
    roles = [yaml.safe_load(text) for text in texts]
    return dict((ACCOUNTS[role["metadata"]["name"]], role["rules"]) for role in roles if role["metadata"]["name"] in ACCOUNTS)


def version_of(path):
    return parse(re.search(r"-(v[\d.]+)\.yaml$", path).group(1))


@pytest.mark.skipif(not FILES, reason="no official manifests in %s" % MANIFESTS)
@pytest.mark.parametrize("path", FILES or [""], ids=os.path.basename)
class TestOfficialManifest:
    def test_it_grants_all_that_is_needed(self, path):
        roles, version = cluster_roles(path), version_of(path)
        for account in sorted(set(ACCOUNTS.values())):
            for native in (False, True) if version >= (3, 32) else (False,):
                needed = rbac.needed(account, version, token=rbac.token_account(version), native=native)
                assert bool(needed) == (account in roles)
                assert [item for item in needed if not rbac.granted(item, roles[account])] == []

    def test_what_it_grants_beyond_is_known(self, path):
        version = version_of(path)
        for account, rules in cluster_roles(path).items():
            needed = rbac.needed(account, version, token=rbac.token_account(version))
            known = set((item.group, item.resource, item.verb) for item in needed)
            for rule in rules:
                for group in set(rule["apiGroups"]) - set([rbac.NATIVE]):
                    for resource in rule["resources"]:
                        for verb in rule["verbs"]:
                            assert (group, resource, verb) in known or unneeded(account, group, resource), (account, rule)

    def test_one_rule_less_is_missed(self, path):
        version = version_of(path)
        for account, rules in cluster_roles(path).items():
            needed = rbac.needed(account, version, token=rbac.token_account(version))
            less = [rule for rule in rules if "nodes" not in rule["resources"]]
            missing = [item for item in needed if not rbac.granted(item, less)]
            assert set(item.resource for item in missing) >= set(["nodes"])


def unneeded(account, group, resource):
    return any(fnmatch.fnmatchcase(account, name) and fnmatch.fnmatchcase("%s/%s" % (group, resource), pattern) for name, pattern, unused in UNNEEDED)
