"""Programs and Python packages that some tests need and no machine must have: what is missing skips a test, and is said aloud.

TEST_PYTHON names a Python that has the packages in test_packages.txt, where the one that runs the tests lacks them.
"""

import functools
import os
import shutil
import subprocess
import sys
import unittest

import outcome


def python_with(*packages):
    """A Python that has all of these packages, as a path; where there is none, the test is skipped."""
    for python in filter(None, (os.environ.get("TEST_PYTHON"), sys.executable)):
        if not missing(python, packages):
            return python
    where = os.environ.get("TEST_PYTHON") or "this Python; TEST_PYTHON may name another one"
    skip("%s: not in %s" % (", ".join(missing(python, packages)), where))


def program(name):
    """The path of a program; where there is none, the test is skipped."""
    found = shutil.which(name)
    if not found:
        skip("no program %s" % name)
    return found


@functools.lru_cache(maxsize=None)
def missing(python, packages):
    """Those of the packages that a Python lacks, by the names that it imports them by."""
    look = "import importlib.util, sys; print(*(name for name in sys.argv[1:] if importlib.util.find_spec(name) is None))"
    found = subprocess.run([python, "-c", look, *packages], stdout=subprocess.PIPE, text=True)
    return found.stdout.split() if found.returncode == 0 else list(packages)


def skip(reason):
    # A quiet run of the tests counts those that were skipped, and does not say why.
    outcome.say("SKIPPED, not tried here: %s" % reason)
    raise unittest.SkipTest(reason)
