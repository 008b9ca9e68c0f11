"""get_collections.py newest|2.16|floor: have the collections the roles and the lab depend on; print their path.

Ansible Galaxy where it answers. Where it does not, the same collections come out of the `ansible` package
of PyPI, which carries them. Kept in ~/.cache/nodemend, so this costs a download once per machine.
"""

import glob
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
import zipfile

# The versions the tests run with, and the `ansible` release that carries exactly these.
# newest: what a new installation gets. 2.16: the last that manage Python 2.7 and 3.6. floor: what galaxy.yml promises.
SETS = {
    "newest": ("14.5.0", {"community.general": "13.5.0", "ansible.posix": "2.2.2", "community.docker": "5.4.0"}),
    "2.16": ("12.3.0", {"community.general": "11.4.2", "ansible.posix": "2.1.0", "community.docker": "4.8.5"}),
    "floor": ("9.5.1", {"community.general": "8.6.0", "ansible.posix": "1.5.4", "community.docker": "3.9.0"}),
}
HELPER = ("community.library_inventory_filtering_v1", "1.1.5")
GALAXY = "https://galaxy.ansible.com"


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
    release, collections = SETS[sys.argv[1]]
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
            os.rename(unfinished, target)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    print(target)


if __name__ == "__main__":
    main()
