# -*- coding: utf-8 -*-
# Copyright (c) 2026, The nodemend authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to nodemend.kubernetes: may change at any time.
"""The summary a tired operator reads: plain lines, the worst first, each finding with the command that mends it. Pure."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ._clusters import scans_of as cluster_scans
from ._findings import SHOWN, STATUSES, counts, findings, not_scanned, not_scanned_lines, remediable
from ._hosts import fold
from ._remedies import option_of

_TITLES = {"faulty": "FAULTY: proved", "unknown": "UNKNOWN: could not be read", "at_risk": "AT RISK: not yet, or not proved"}
_PAGE = "    What to do: "


def summary(scans, commands, clusters=(), home=""):
    """Return the lines of a scan's summary.

    scans     {host: scan}
    commands  how remediate.yml is started here: {scope of a remedy: "ansible-playbook -i hosts nodemend.kubernetes.remediate"};
              and as "scan" how scan.yml is
    clusters  as _clusters.clusters() has them
    home      where the collection lies, with its docs/
    """
    lines = _heading(scans) + _looked_at(clusters)
    judged = dict(scans, **cluster_scans(clusters))
    for status in SHOWN:
        group = [finding for finding in findings(judged) if finding["status"] == status]
        if group:
            lines += ["", _TITLES[status]]
        for finding in group:
            lines += _finding(finding, commands)
    missing = not_scanned_lines(scans)
    if missing:
        lines += ["", "NOT SCANNED"] + missing
    lines += _symptoms(scans)
    numbers = counts(judged)
    told = ", ".join("%d %s" % (numbers[status], status.replace("_", " ")) for status in STATUSES)
    lines += ["", "Verdicts: %s." % told]
    if home and any(line.startswith(_PAGE) for line in lines):
        lines.append("The pages (docs/...) lie in %s." % home)
    return lines


def _symptoms(scans):
    """What nodemend_symptoms has found, the hosts of each of the known words together."""
    seen, unread = {}, {}
    for host, scan in scans.items():
        told = (scan or {}).get("symptoms") or {"found": [], "unavailable": None}
        for symptom in told["found"]:
            hosts = seen.setdefault((symptom["condition"], symptom["phrase"]), [])
            if host not in hosts:  # two units may write the same
                hosts.append(host)
        if told["unavailable"]:
            unread.setdefault(told["unavailable"]["message"], []).append(host)
    lines = ['  %s on %s: "%s"' % (condition, fold(hosts), phrase) for (condition, phrase), hosts in sorted(seen.items())]
    lines += ["  not read on %s: %s" % (fold(hosts), message) for message, hosts in sorted(unread.items())]
    return ["", "IN THE JOURNALS: hints, no proof"] + lines if lines else []


def _heading(scans):
    done = dict((host, scan) for host, scan in scans.items() if not not_scanned(scan))
    needs_root = [
        host for host, scan in done.items() if any(item["reason"] == "NeedsRoot" for item in scan["conditions"])
    ]
    first = "Scanned %d of %d hosts" % (len(done), len(scans))
    if needs_root:
        first += ", without root on %s: what only root may read is unknown there" % fold(needs_root)
    return [first + "."] + _seen(done)


def _seen(scans):
    """One line each for what the hosts are: Kubernetes, control plane, runtimes, network, kernels."""
    nodes = dict((host, scan.get("node") or {}) for host, scan in scans.items())
    rows = (
        ("Kubernetes", _tally(node.get("distribution") or "none" for node in nodes.values())),
        ("Control plane", fold([host for host, node in nodes.items() if node.get("control_plane")])),
        ("Runtime", _tally(name for node in nodes.values() for name in node.get("runtimes") or [])),
        ("Network", _tally(node["cni"] for node in nodes.values() if node.get("cni"))),
        ("Proxy mode", _tally(node["proxy_mode"] for node in nodes.values() if node.get("proxy_mode"))),
        ("Kernel", _tally(node["kernel"] for node in nodes.values() if node.get("kernel"))),
    )
    return ["  %-14s %s" % (title + ":", text) for title, text in rows if text]


def _looked_at(clusters):
    """A line for each cluster: what it is, or why nobody can tell."""
    lines = []
    for cluster in clusters:
        if cluster["scan"] is None:
            said = "%s: not looked at: %s" % (cluster["name"], cluster["reason"])
        elif not cluster["scan"]["cluster"]["version"]:
            said = "%s: %s" % (cluster["name"], (cluster["scan"]["unavailable"].get("cluster_api") or {}).get("message"))
        else:
            said = "%s: %s" % (cluster["name"], _cluster(cluster["scan"]["cluster"]))
        lines.append("  %-14s %s" % ("Cluster:", said))
    return lines


def _cluster(cluster):
    words = ["Kubernetes %s" % cluster["version"]]
    if not cluster["api_ready"]:
        words.append("its API server is not ready")
    if cluster["nodes"] is None:
        words.append("its nodes could not be read")
    else:
        words.append("%d nodes" % len(cluster["nodes"]))
        not_ready = [node["name"] for node in cluster["nodes"] if not node["ready"]]
        if not_ready:
            words.append("not ready: %s" % fold(not_ready))
    return ", ".join(words)


def _tally(words):
    """ "containerd (3), docker", the most frequent first."""
    numbers = {}
    for word in words:
        numbers[word] = numbers.get(word, 0) + 1
    ranked = sorted(numbers, key=lambda word: (-numbers[word], word))
    return ", ".join(word if numbers[word] == 1 else "%s (%d)" % (word, numbers[word]) for word in ranked)


def _finding(finding, commands):
    hosts = finding["hosts"]
    lines = [
        "  %s %s on %s" % (finding["condition"], finding["reason"], fold(hosts)),
        "    %s%s" % (finding["message"], "" if len(hosts) == 1 else " (%s)" % hosts[0]),
    ]
    if finding["status"] != "unknown":
        lines.append(_advice(finding, commands))
    elif finding["reason"] == "ProbeNotAllowed":
        lines.append("    Try it: %s -e nodemend_conditions=%s -e nodemend_probes=true" % (commands["scan"], finding["condition"]))
    return lines


def _advice(finding, commands):
    if not remediable(finding):
        return _PAGE + finding["docs"]
    words = [commands[finding["remedy_scope"]], "-e nodemend_conditions=%s" % finding["condition"]]
    if finding["disruption"] not in (None, "none"):
        words.append("-e nodemend_max_disruption=%s" % finding["disruption"])
    if finding["disruption"] == "reboot":  # without it a kernel is installed, and the finding stays
        words.append("-e kernel_reboot_ok=true")
    if finding["remedy_scope"] == "cluster":
        words.append("-e nodemend_cluster_changes=true")
    if option_of(finding):
        words.append("-e %s=true" % option_of(finding))
    return "    Mend (%s): %s" % (finding["disruption"] or "no disruption", " ".join(words))
