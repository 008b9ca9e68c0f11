"""Has the modules that a test plays load Ansible's own code as it was compiled when it was installed, and the collection's from what was sent.

The zip that Ansible sends holds both as text. Compiling Ansible's anew in each module's process took a sixth of the time of the tests of the role kernel
(ansible-core 2.21, 2026-11-28).
"""

import importlib

try:
    importlib.import_module("ansible.module_utils")
except ImportError:  # A Python of another version, as hosts have.
    pass
