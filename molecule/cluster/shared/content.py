"""Print what a List of objects on standard input says: all but what the API server and its controllers write."""

import json
import sys

FIELDS = ("spec", "data", "rules", "roleRef", "subjects")
# Numbers of changes, and what kubectl apply has sent last.
COUNTED = ("deprecated.daemonset.template.generation", "deployment.kubernetes.io/revision", "kubectl.kubernetes.io/last-applied-configuration")


def said(item):
    metadata = item["metadata"]
    annotations = {name: value for name, value in metadata.get("annotations", {}).items() if name not in COUNTED}
    found = {field: item[field] for field in FIELDS if field in item}
    return dict(found, labels=metadata.get("labels", {}), annotations=annotations)


objects = {"%s %s %s" % (item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"]): said(item) for item in json.load(sys.stdin)["items"]}
print(json.dumps(objects, indent=1, sort_keys=True))
