"""Finds programs and Python packages that some tests need but a machine need not have. If one is missing, the test is
skipped and the reason is printed.

TEST_PYTHON names a Python that has the packages in test_packages.txt, where the one that runs the tests lacks them.
"""

import os
import shutil
import sys
import unittest

import machine
import outcome


def python_with(*packages):
    """The path of a Python that has all of these packages; if there is none, the test is skipped."""
    named = os.environ.get("TEST_PYTHON")
    if named and not shutil.which(named):
        raise FileNotFoundError("TEST_PYTHON=%s: there is no such program" % named)
    for python in filter(None, (named, sys.executable)):
        if not machine.missing(python, packages):
            return python
    where = "the Python of TEST_PYTHON" if named else "this Python; TEST_PYTHON may name another one"
    skip("%s: not in %s" % (", ".join(machine.missing(named or sys.executable, packages)), where))


def program(name):
    """The path of a program; if it is not installed, the test is skipped."""
    found = shutil.which(name)
    if not found:
        skip("no program %s" % name)
    return found


def skip(reason):
    # A quiet run of the tests counts the skipped ones, but does not say why they were skipped.
    outcome.say("SKIPPED, not tried here: %s" % reason)
    raise unittest.SkipTest(reason)
