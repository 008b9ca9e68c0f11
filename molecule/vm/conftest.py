"""Fixtures for the tests of scenarios on the VM lab. A scenario's machine bears the scenario's name."""

import os
import pathlib
import re
import time

import pytest


@pytest.fixture
def boots():
    """Return a function: the kernels (6.1, 6.12) that the machine has started since it was made, from its console."""
    console = pathlib.Path(os.environ["NODEMEND_VM_MACHINE"]) / "console"

    def read():
        return re.findall(r"Linux version (\d+\.\d+)", console.read_text(errors="replace"))

    return read


@pytest.fixture
def eventually():
    """Return a function that calls another until it returns something true."""

    def wait(question, seconds=900):
        until = time.monotonic() + seconds
        while not question():
            assert time.monotonic() < until, f"not within {seconds} s"
            time.sleep(1)

    return wait
