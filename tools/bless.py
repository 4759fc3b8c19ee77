#!/usr/bin/env python3
"""Regenerates the reference data and golden files of the tests, and says what changed: `bless.py KEY=VALUE...`

    WHAT=counts,parity,goldens,studies   PYTHON=python3

- counts: reference/counts.json
- parity: reference/parity, where PYTHON has the packages in reference/requirements.txt
- goldens: report/tests/golden, the reports of the simulated studies, and top/tests/golden, the screens of `top`
- studies: analysis and report of every study in results/, and the answer in the README

Look at the changes before you commit them: a changed number is a finding and not a formality.
"""

import os
import re
import subprocess
import sys

import machine
import outcome
import settings
import stop
from outcome import note, say
from run import ROOT, binary, build, invoked_from

WHAT = ("counts", "parity", "goldens", "studies")
PLACES = ["reference", "report/tests/golden", "top/tests/golden", "results", "README.md"]
ANSWERED = re.compile(r"<!-- answer of `report publish` -->.*?\(results/([\w-]+)/report/report\.md\)", re.DOTALL)


def main(words):
    try:
        chosen = {"WHAT": ",".join(WHAT), "PYTHON": "python3", **settings.parse(words, ["WHAT", "PYTHON"])}
        chosen = settings.located(chosen, invoked_from())
        asked = chosen["WHAT"].split(",")
        if not set(asked) <= set(WHAT):
            raise settings.SettingsError("WHAT=%s: must be some of %s." % (chosen["WHAT"], ", ".join(WHAT)))
    except settings.SettingsError as error:
        sys.exit("just bless: %s" % error)
    os.chdir(ROOT)
    stop.listen()
    left_out = []
    for name in WHAT:
        if name not in asked:
            continue
        lacks = machine.missing(chosen["PYTHON"], ("torch", "numpy", "safetensors"), imported=True) if name == "parity" else []
        if lacks:
            left_out.append("parity: %s lacks %s; `pip install -r reference/requirements.txt`, or PYTHON= names another"
                            % (chosen["PYTHON"], ", ".join(lacks)))
            continue
        for command, environment in commands(name, chosen["PYTHON"]):
            run(command, environment)
    note(changes())
    if left_out:
        for line in left_out:
            say("just bless: not made: %s" % line)
        return 1
    return 0


def commands(name, python):
    """The commands to run, each with the variables that it adds to the environment."""
    if name in ("counts", "parity"):
        return [([python, os.path.join("reference", "make.py"), name], {})]
    if name == "goldens":
        tests = [("report", "golden"), ("top", "dashboard")]
        return [(["cargo", "test", "--release", "--package", package, "--test", test], {"UPDATE_EXPECT": "1"}) for package, test in tests]
    found = [(build(program, False), {}) for program in ("analysis", "report")]
    for study in studies():
        found.append(([binary("analysis"), "--work", os.path.join("results", study)], {}))
        found.append(([binary("report"), "publish", "--name", study], {}))
    return found


def studies(root=ROOT):
    """The studies that are kept with an analysis. The one whose answer the README gives comes last, because the README
    keeps the answer of the study that is published last."""
    results = os.path.join(root, "results")
    kept = sorted(name for name in os.listdir(results) if os.path.isdir(os.path.join(results, name, "analysis")))
    with open(os.path.join(root, "README.md")) as file:
        shown = ANSWERED.search(file.read())
    if not shown or shown.group(1) not in kept:
        sys.exit("just bless: README.md gives the answer of no study that is kept in results/")
    return [name for name in kept if name != shown.group(1)] + [shown.group(1)]


def run(command, environment):
    say("$ " + " ".join(["%s=%s" % pair for pair in environment.items()] + command))
    if stop.join(stop.Program(command, environment={**os.environ, **environment})):
        sys.exit("just bless: failed: %s" % " ".join(command))


def changes(root=ROOT, places=PLACES):
    """The differences from the last commit, file by file, in readable form."""
    def git(*words):
        return subprocess.run(["git", *words, "--", *places], cwd=root, stdout=subprocess.PIPE, text=True, check=True).stdout.rstrip()

    new = ["new: " + path for path in git("ls-files", "--others", "--exclude-standard").splitlines()]
    return "\n".join(filter(None, [git("diff", "--stat", "HEAD"), *new])) or "nothing changed"


if __name__ == "__main__":
    outcome.of(main, sys.argv[1:])
