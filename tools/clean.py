#!/usr/bin/env python3
"""Deletes what the pipeline made: `clean.py [WHAT=...] [WORK=...]`. Images and trained networks are deleted only when they
are named. Plans and their seals always stay, because they say what was fixed before the first run.
"""

import os
import shutil
import sys

import outcome
import settings

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDERS = {
    "report": ["report", "analysis", "export"],
    "runs": ["runs"],
    "data": ["data"],
    "all": ["report", "analysis", "export", "runs", "aside", "slurm", "data"],
}


def main(words):
    try:
        chosen = settings.parse(words, ["WHAT", "WORK"])
        what = chosen.get("WHAT", "report")
        if what not in FOLDERS:
            raise settings.SettingsError("WHAT=%s is none of %s." % (what, ", ".join(FOLDERS)))
    except settings.SettingsError as error:
        sys.exit("just clean: %s" % error)
    chosen.setdefault("WORK", os.environ.get("WORK") or os.path.join(ROOT, "work"))
    work = settings.located(chosen, os.environ.get("INVOKED_FROM", os.getcwd()))["WORK"]

    for folder in (os.path.join(work, name) for name in FOLDERS[what]):
        if os.path.isdir(folder):
            outcome.note("deleting %s (%.1f MB)" % (folder, size(folder) / 1e6))
            shutil.rmtree(folder)
        else:
            outcome.note("nothing at %s" % folder)


def size(folder):
    paths = (os.path.join(parent, name) for parent, _, names in os.walk(folder) for name in names)
    return sum(os.lstat(path).st_size for path in paths)


if __name__ == "__main__":
    outcome.of(main, sys.argv[1:])
