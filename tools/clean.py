#!/usr/bin/env python3
"""Deletes what the pipeline made: `clean.py [WHAT=...] [WORK=...]`. Images and trained networks are deleted only when they
are named. Plans and their seals always stay, because they say what was fixed before the first run.

Invariant: nothing is deleted in a folder in which the pipeline has not worked. Some clusters set WORK to a folder that
holds all of a user's projects.
"""

import contextlib
import glob
import os
import shutil
import sys

import outcome
import run
import settings

IMAGES = [os.path.join("data", name) for name in (*settings.DATASETS, "downloads")]
FOLDERS = {
    "report": ["report", "analysis", "export"],
    "runs": ["runs", "failures.log"],
    "data": IMAGES,
    "all": ["report", "analysis", "export", "runs", "failures.log", "aside", "slurm", *IMAGES],
}
# A work folder has one of these at least, whatever was deleted in it before.
MARKS = ["plans/*/plan.json", "plans/*/plan.lock", "runs/*/run.json", "aside/*/run.json", "analysis/runs.parquet",
         "export/*/export.json", *(mark % name for name in settings.DATASETS for mark in (
             "data/%s/train.parquet", "data/%s/.lock", "data/downloads/%s"))]


def main(words):
    try:
        chosen = settings.parse(words, ["WHAT", "WORK"])
        what = chosen.get("WHAT", "report")
        if what not in FOLDERS:
            raise settings.SettingsError("WHAT=%s is none of %s." % (what, ", ".join(FOLDERS)))
    except settings.SettingsError as error:
        sys.exit("just clean: %s" % error)
    origin = "as typed" if "WORK" in chosen else "from the environment" if os.environ.get("WORK") else "of this checkout"
    chosen.setdefault("WORK", run.default_work())
    work = settings.located(chosen, run.invoked_from())["WORK"]
    # Images behind a link are shared with others, and stay.
    shared = os.path.islink(os.path.join(work, "data"))
    folders = [os.path.join(work, name) for name in FOLDERS[what] if not (shared and name in IMAGES)]
    if what == "all":
        # A `just retrain` that was killed leaves its runs.
        folders += sorted(glob.glob(os.path.join(glob.escape(work), ".retrain-*")))
    if any(map(os.path.exists, folders)) and not is_ours(work):
        sys.exit("just clean: nothing is deleted: WORK=%s (%s) holds no plan, run, analysis or images of this pipeline. "
                 "Type the folder in which it worked: WORK=..." % (work, origin))

    for folder in folders:
        if os.path.isdir(folder):
            outcome.note("deleting %s (%.1f MB)" % (folder, size(folder) / 1e6))
            shutil.rmtree(folder)
        elif os.path.isfile(folder):
            outcome.note("deleting %s" % folder)
            os.remove(folder)
        else:
            outcome.note("nothing at %s" % folder)
    if set(IMAGES) <= set(FOLDERS[what]):
        with contextlib.suppress(OSError):
            os.rmdir(os.path.join(work, "data"))


def is_ours(work):
    return any(glob.glob(os.path.join(glob.escape(work), mark)) for mark in MARKS)


def size(folder):
    paths = (os.path.join(parent, name) for parent, _, names in os.walk(folder) for name in names)
    return sum(os.lstat(path).st_size for path in paths)


if __name__ == "__main__":
    outcome.of(main, sys.argv[1:])
