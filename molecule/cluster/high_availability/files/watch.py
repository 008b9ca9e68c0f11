"""watch.py FOLDER ADDRESS...: asks twice a second whether an API server is ready, as a load balancer does.

FOLDER/asked and FOLDER/outages get a byte for each time, and for each at which none was.
"""

import ssl
import sys
import time
import urllib.request


def ready(address):
    try:
        with urllib.request.urlopen(f"https://{address}:6443/readyz", timeout=2, context=ssl._create_unverified_context()) as answer:
            return answer.read() == b"ok"
    except OSError:
        return False


def note(name):
    with open(f"{sys.argv[1]}/{name}", "ab") as stream:
        stream.write(b".")


while True:
    note("asked")
    if not any(ready(address) for address in sys.argv[2:]):
        note("outages")
    time.sleep(0.5)
