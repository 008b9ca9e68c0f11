"""Fixtures for the tests of scenarios that run against the Kubernetes lab."""

import json
import os
import pathlib
import re
import subprocess
import time

import pytest
import testinfra

ROOT = pathlib.Path(__file__).resolve().parents[2]
STATE = ROOT / "molecule" / "cluster" / "shared" / "state.sh"


class Kubectl:
    """kubectl as the cluster's administrator, from the machine that tests."""

    program = ROOT / "molecule" / "kubernetes" / "kubectl"

    def run(self, *arguments, stdin=None, timeout=180):
        """Return the finished process, whatever its exit code."""
        command = [str(self.program), *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=timeout, check=False)

    def __call__(self, *arguments, stdin=None, timeout=180):
        """Return what it printed; fail where it fails."""
        done = self.run(*arguments, stdin=stdin, timeout=timeout)
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout

    def json(self, *arguments):
        return json.loads(self("get", "--output", "json", *arguments))

    def apply(self, text, *arguments):
        return self("apply", "--server-side", "--field-manager=lab", *arguments, "--filename=-", stdin=text)


@pytest.fixture(scope="session")
def kubectl():
    return Kubectl()


@pytest.fixture(scope="session")
def node():
    """Return a function: testinfra's host of a node, for tests that run once and not once a node."""

    def of(name):
        return testinfra.get_host(f"ansible://{name}?ansible_inventory={os.environ['NODEMEND_INVENTORY']}")

    return of


@pytest.fixture(scope="session")
def container():
    """Return a function: the Docker container of a node, for tests that take its power away."""
    return lambda name: pathlib.Path(os.environ["KUBECONFIG"]).parent.name + "-" + name


@pytest.fixture(scope="session")
def manifest():
    """Return a function: the text of Calico's official manifest of a version. Skips where the files are not there."""

    def read(version):
        path = pathlib.Path(os.environ.get("NODEMEND_CALICO", ROOT.parent / "shared/data/calico")) / f"calico-{version}.yaml"
        if not path.is_file():
            pytest.skip(f"Calico's official manifest is not at {path} (NODEMEND_CALICO)")
        return path.read_text(encoding="utf-8")

    return read


@pytest.fixture(scope="session")
def eventually():
    """Return a function that calls another until it returns something true, and returns that."""

    def wait(question, seconds=60):
        until = time.monotonic() + seconds
        while True:
            answer = question()
            if answer or time.monotonic() > until:
                assert answer, f"{question.__name__} was still {answer!r} after {seconds} s"
                return answer
            time.sleep(0.5)

    return wait


@pytest.fixture
def refusal(kubectl, tmp_path):
    """Return a function: play a playbook, which fails with all of these words and changes nothing; it returns what was printed, blanks folded.

    same  functions whose answers are the same afterwards, besides the cluster's objects and pods
    """

    def look(same):
        # Without those that a test before this one has deleted and that have not ended.
        pods = [pod["metadata"] for pod in kubectl.json("pods", "--all-namespaces")["items"]]
        return [sorted(pod["uid"] for pod in pods if "deletionTimestamp" not in pod), *(question() for question in same)]

    def insist(playbook, *arguments, words, same=()):
        subprocess.run([STATE, "remember", tmp_path / "state"], check=True, timeout=60)
        before = look(same)
        command = ["ansible-playbook", "--inventory", os.environ["NODEMEND_INVENTORY"], str(playbook), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
        said = re.sub(r"\s+", " ", done.stdout + done.stderr)
        assert done.returncode == 2, said
        assert [text for text in words if text not in said] == [], said
        assert look(same) == before
        compared = subprocess.run([STATE, "compare", tmp_path / "state"], capture_output=True, text=True, timeout=60, check=False)
        assert compared.returncode == 0, compared.stdout + compared.stderr
        return said

    return insist
