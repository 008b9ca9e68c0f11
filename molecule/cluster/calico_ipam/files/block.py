"""block.py ADDRESS OWNER [HOLDER...]: the IPAMBlock of OWNER whose 64 addresses ADDRESS is one of; a HOLDER is ADDRESS=POD of worker2 in lab-borrowed."""

import ipaddress
import json
import sys

address, owner, *holders = sys.argv[1:]
network = ipaddress.ip_network(address + "/26", strict=False)
allocations, attributes = [None] * 64, []
for holder in holders:
    own, pod = holder.split("=")
    allocations[int(ipaddress.ip_address(own)) - int(network[0])] = len(attributes)
    secondary = {"namespace": "lab-borrowed", "node": "worker2", "pod": pod, "timestamp": "2026-01-01 10:00:00.5 +0000 UTC"}
    attributes.append({"handle_id": "lab." + pod, "secondary": secondary})
spec = {"cidr": str(network), "affinity": "host:" + owner, "allocations": allocations, "attributes": attributes, "deleted": False}
spec.update(strictAffinity=False, unallocated=[ordinal for ordinal, index in enumerate(allocations) if index is None])
name = str(network).replace(".", "-").replace("/", "-")
print(json.dumps({"apiVersion": "crd.projectcalico.org/v1", "kind": "IPAMBlock", "metadata": {"name": name}, "spec": spec}))
