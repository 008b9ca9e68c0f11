"""Copy this checkout to .cache/ansible_collections/nodemend/kubernetes.

Ansible finds a collection only under such a path, and ansible-test refuses a symbolic link.
Copies what git tracks or would track, touches only files that changed, deletes what is gone.
"""

import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TARGET = os.path.join(ROOT, ".cache", "ansible_collections", "nodemend", "kubernetes")
# Made by tools inside the copy; deleting them would only make the next run slower.
KEEP = (".git", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".ansible")


def wanted():
    """Paths, relative to the checkout, of the files that belong to the collection."""
    command = ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    paths = set(os.fsdecode(path) for path in listed.split(b"\0") if path)
    return {path for path in paths if os.path.lexists(os.path.join(ROOT, path))}


def same(source, target):
    """True when the copy need not be touched."""
    if not os.path.lexists(target) or os.path.islink(source) != os.path.islink(target):
        return False
    if os.path.islink(source):
        return os.readlink(source) == os.readlink(target)
    a, b = os.stat(source), os.stat(target)
    return (a.st_size, a.st_mtime_ns, a.st_mode) == (b.st_size, b.st_mtime_ns, b.st_mode)


def main():
    files = wanted()
    if not os.path.isdir(os.path.join(TARGET, ".git")):
        # To git the copy lies in an ignored folder, and tools that ask git what to test would test nothing.
        os.makedirs(TARGET, exist_ok=True)
        subprocess.run(["git", "init", "--quiet", TARGET], check=True)
    for path in files:
        source, target = os.path.join(ROOT, path), os.path.join(TARGET, path)
        if same(source, target):
            continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if os.path.lexists(target):
            os.unlink(target)
        shutil.copy2(source, target, follow_symlinks=False)
    folders = []
    for directory, names, found in os.walk(TARGET):
        names[:] = [name for name in names if name not in KEEP]
        folders.append(directory)
        for name in found:
            path = os.path.relpath(os.path.join(directory, name), TARGET)
            if path not in files:
                os.unlink(os.path.join(TARGET, path))
    for directory in reversed(folders):
        if not os.listdir(directory):
            os.rmdir(directory)
    print(os.path.relpath(TARGET))


if __name__ == "__main__":
    sys.exit(main())
