"""Write docs/commands.md from the SOURCES that the facts declare; --check only says whether it is up to date.

Needs no Ansible: the catalogues import nothing from it.
"""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CLIENT = "kubectl_client"  # no fact: what the facts of a cluster are handed to ask through
TARGET = os.path.join(ROOT, "docs", "commands.md")
HEAD = """# What a scan may touch

Generated from the code by `make docs`; a test holds it equal. Patterns are those of a shell.
A scan looks and changes nothing. It loads no kernel module, creates no netfilter table and leaves no file.
The info modules of one subject (`kernel_info`, ...) hold to the same; a fact that only they return says so.
Commands run without a shell, with `LC_ALL=C` and `KUBERC=off`, a time limit each, and this PATH:
`%s`.

"Root" means that only root may read it, or may look into its folder. Without root the scan still answers; a condition that needs such a
fact is `unknown NeedsRoot`. The same holds where a host keeps more to root than others do (a `/proc` with `hidepid`, a folder of mode 0700).
Each fact may also read `/proc/self/mountinfo`, so as not to look at what an automount would have to mount first.
"""


def catalogues():
    """Import the catalogues from this checkout (the collection's name needs the folders above it)."""
    sys.path.insert(0, os.path.join(ROOT, "tests", "unit"))
    import conftest  # noqa: F401  (makes ansible_collections.nodemend.kubernetes importable)
    from ansible_collections.nodemend.kubernetes.plugins.module_utils import (
        _catalogue,
        _cluster_catalogue,
        _condition,
        _host,
        _kubectl,
        _subject_catalogue,
    )

    return _catalogue, _subject_catalogue, _cluster_catalogue, _condition, _host, _kubectl


def needed_facts(facts, parameters, function):
    """Return the names of the facts that a condition or collector needs, those of its facts included."""
    needed = set()
    todo = [function]
    while todo:
        for name in sum(parameters(todo.pop()), ()):
            if name in facts and name not in needed:
                needed.add(name)
                todo += [facts[name].collect] if name != CLIENT else []
    return needed


def render():
    """Return the text of docs/commands.md."""
    node, subject, cluster, condition_module, host_module, kubectl = catalogues()
    lines = [HEAD % host_module.ENVIRONMENT["PATH"]]
    facts = dict(subject.FACTS, **cluster.FACTS)
    facts[CLIENT] = kubectl
    needs = {}
    for condition in node.CONDITIONS + cluster.CONDITIONS:
        needs[condition.id] = needed_facts(facts, condition_module.parameters, condition.evaluate)
        if condition.scope == "node" and condition.node_only:
            needs[condition.id].add("node")
    for name in sorted(facts):
        module = facts[name]
        lines.append("## `%s`\n" % name)
        lines.append("%s\n" % module.__doc__.strip().splitlines()[0].replace("Fact: ", "", 1))
        users = sorted(condition for condition, facts in needs.items() if name in facts)
        if users:
            lines.append("For %s.\n" % ", ".join("`%s`" % user for user in users))
        if name in subject.EXTRA:
            lines.append("Not in a scan: only the info module of its subject looks at it.\n")
        lines.append("| | | root | what for |\n|---|---|---|---|")
        for source in module.SOURCES:
            root = "yes" if source.root else ""
            lines.append("| %s | `%s` | %s | %s |" % (source.kind, source.pattern, root, source.purpose))
        lines.append("")
    return "\n".join(lines)


def main(arguments):
    text = render()
    if "--check" in arguments:
        with open(TARGET, encoding="utf-8") as stream:
            if stream.read() == text:
                return 0
        print("docs/commands.md is out of date: run `make docs`.")
        return 1
    with open(TARGET, "w", encoding="utf-8") as stream:
        stream.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
