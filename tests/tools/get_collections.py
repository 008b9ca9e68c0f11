"""get_collections.py newest|2.16|floor: have the collections the roles and the lab depend on; print their path.

Ansible Galaxy where it answers. Where it does not, the same collections come out of the `ansible` package
of PyPI, which carries them. Kept in ~/.cache/nodemend, so this costs a download once per machine.
"""

import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Where the versions stand that the tests run with (no PyYAML on a fresh machine, so by pattern), the `ansible` release that
# carries exactly these, and what it has for the lab's own use.
# newest: what a new installation gets. 2.16: the last that manage Python 2.7 and 3.6. floor: what galaxy.yml promises.
PINNED = r'- name: (\S+)\n +version: "([\d.]+)"\n'
PROMISED = r'^  (\w+\.\w+): ">=([\d.]+)"$'
SETS = {
    "newest": ("14.5.0", "requirements/collections.yml", PINNED, {"community.docker": "5.4.0"}),
    "2.16": ("12.3.0", "requirements/legacy.yml", PINNED, {"community.docker": "4.8.5"}),
    "floor": ("9.5.1", "galaxy.yml", PROMISED, {"community.docker": "3.9.0"}),
}
HELPER = ("community.library_inventory_filtering_v1", "1.1.5")
GALAXY = "https://galaxy.ansible.com"


def versions(path, pattern):
    with open(os.path.join(ROOT, path), encoding="utf-8") as stream:
        return dict(re.findall(pattern, stream.read(), re.MULTILINE))


def check(target, collections):
    """End where a folder holds other versions: of a release that carries others, or from before a pin was changed."""
    for name, version in collections.items():
        with open(os.path.join(target, "ansible_collections", *name.split("."), "MANIFEST.json"), encoding="utf-8") as stream:
            found = json.load(stream)["collection_info"]["version"]
        if found != version:
            sys.exit("%s: %s is %s and should be %s. Is that what the release of ansible in get_collections.py carries?" % (target, name, found, version))


def galaxy_answers():
    try:
        with urllib.request.urlopen(GALAXY + "/api/", timeout=5):
            return True
    except OSError:
        return False


def from_galaxy(collections, target):
    command = shutil.which("ansible-galaxy") or os.path.join(".venv", "bin", "ansible-galaxy")
    names = ["%s:%s" % item for item in sorted(collections.items())] + ["%s:%s" % HELPER]
    subprocess.run([command, "collection", "install", "--no-deps", "-p", target] + names, check=True, stdout=sys.stderr)


def from_pypi(release, collections, target):
    with tempfile.TemporaryDirectory() as folder:
        # The wheel is only unpacked here, so it does not matter which Python it is meant for.
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "-qq",
            "--disable-pip-version-check",
            "--no-cache-dir",
            "--no-deps",
            "--only-binary=:all:",
            "--python-version",
            "3.13",
            "--dest",
            folder,
            "ansible==" + release,
        ]
        subprocess.run(command, check=True, stdout=sys.stderr)
        wheel = zipfile.ZipFile(glob.glob(os.path.join(folder, "ansible-*.whl"))[0])
        wanted = tuple("ansible_collections/%s/" % name.replace(".", "/") for name in list(collections) + [HELPER[0]])
        wheel.extractall(target, [name for name in wheel.namelist() if name.startswith(wanted)])


def main():
    if len(sys.argv) != 2 or sys.argv[1] not in SETS:
        sys.exit(__doc__)
    release, path, pattern, lab = SETS[sys.argv[1]]
    collections = versions(path, pattern)
    if set(collections) != set(versions("galaxy.yml", PROMISED)):
        sys.exit("%s and galaxy.yml name different collections" % path)
    collections.update(lab)
    cache = os.environ.get("NODEMEND_CACHE") or os.path.expanduser("~/.cache/nodemend")
    target = os.path.join(cache, "collections", release)
    if not os.path.isdir(target):
        unfinished = "%s.%d" % (target, os.getpid())
        os.makedirs(unfinished)
        try:
            if galaxy_answers():
                from_galaxy(collections, unfinished)
            else:
                from_pypi(release, collections, unfinished)
            check(unfinished, collections)
            os.rename(unfinished, target)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    check(target, collections)
    print(target)


if __name__ == "__main__":
    main()
