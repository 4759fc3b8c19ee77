#!/usr/bin/env python3
"""Exports a study's tables in a format of other tools: `export.py RECIPE STEP... -- FORMAT=csv|jsonl|tensorboard|wandb
[OUT=] [STUDY=] [EXPERIMENT=] [WORK=] [PYTHON=python3]`

`report export` writes CSV, JSON lines and TensorBoard's files. The offline runs of Weights & Biases are written by its
own Python package, from the same rows: PYTHON must have that package, and if it does not, the error comes before
anything is built.

Invariant: as in `report export`, nothing is replaced that is not in the list of an earlier export.
"""

import json
import os
import shutil
import sys
import tempfile

import machine
import outcome
import run
import settings
import stop

FORMATS = ("csv", "jsonl", "tensorboard", "wandb")
KEYS = ("FORMAT", "OUT", "STUDY", "EXPERIMENT", "WORK", "PYTHON")
# The list beside the files of an export, with the same name as in report/src/export/place.rs.
LIST, MADE_BY = "export.json", "rankscale: just export"
# `wandb sync` leaves a mark beside each run that it has sent.
MARK = ".synced"


def main(arguments):
    cut = arguments.index("--")
    (recipe, *steps), words = arguments[:cut], arguments[cut + 1:]
    try:
        chosen = settings.parse(words, KEYS)
        if chosen.get("FORMAT") not in FORMATS:
            raise settings.SettingsError("FORMAT=%s: must be one of %s." % (chosen.get("FORMAT", ""), ", ".join(FORMATS)))
        python = settings.located({"PYTHON": chosen.pop("PYTHON", "python3")}, run.invoked_from())["PYTHON"]
        if chosen["FORMAT"] != "wandb":
            return run.main([recipe, *steps, "--", *("%s=%s" % pair for pair in chosen.items())])
        steps_of = [run.Step(step) for step in steps]
        located = run.with_defaults(chosen, steps_of)
        out = located.get("OUT") or os.path.join(located["WORK"], "export", "wandb")
        check_package(python)
        check_place(out)
    except settings.SettingsError as error:
        sys.exit("just %s: %s" % (recipe, error))
    with tempfile.TemporaryDirectory() as scratch:
        rows = os.path.join(scratch, "rows")
        words = {**chosen, "FORMAT": "jsonl", "OUT": rows}
        run.main([recipe, *steps, "--", *("%s=%s" % pair for pair in words.items())])
        convert(python, os.path.join(rows, "epochs.jsonl"), out)
    outcome.note("runs of Weights & Biases in %s; `wandb sync %s` sends them" % (out, os.path.join(out, "offline-run-*")))


def check_package(python):
    """Checks that the package is installed."""
    if machine.missing(python, ("wandb",)):
        raise settings.SettingsError("FORMAT=wandb: %s has no package wandb, which writes its runs: `pip install wandb`, or "
                                     "PYTHON= names a Python that has it. FORMAT=csv, jsonl and tensorboard need none." % python)


def check_place(out):
    """Checks that a folder is missing, empty, or the result of an earlier export; the error names a file that is none of
    an export's."""
    if not os.path.lexists(out):
        return
    if not os.path.isdir(out):
        raise settings.SettingsError("OUT=%s: is a file, and an export is a folder: give another one." % out)
    ours = listed(out)
    for name in files_below(out):
        if name not in ours and not (name.endswith(MARK) and name[:-len(MARK)] in ours):
            raise settings.SettingsError("OUT=%s: no export wrote %s, and it would be lost: give another OUT, or move it away."
                                         % (out, name))


def listed(out):
    """The files in the list of an earlier export, and the list itself."""
    try:
        with open(os.path.join(out, LIST)) as file:
            found = json.load(file)
        return {LIST, *found["files"]} if found["made_by"] == MADE_BY else set()
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def files_below(folder):
    return sorted(os.path.relpath(os.path.join(place, name), folder) for place, _, names in os.walk(folder) for name in names)


def convert(python, rows, out):
    """Writes the runs beside `out`, and then renames them to it."""
    out = os.path.realpath(out)
    above = os.path.dirname(out)
    os.makedirs(above, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".partial-", dir=above) as scratch:
        fresh, old = os.path.join(scratch, "new"), os.path.join(scratch, "old")
        os.mkdir(fresh)
        if stop.join(stop.Program([python, os.path.join(run.ROOT, "tools", "wandb_folder.py"), rows, fresh])):
            sys.exit("just export: the package wandb of %s could not write the runs; %s is as it was" % (python, out))
        with open(os.path.join(fresh, LIST), "w") as file:
            json.dump({"made_by": MADE_BY, "format": "wandb", "files": files_below(fresh)}, file, indent=2)
        if os.path.lexists(out):
            os.rename(out, old)
        try:
            os.rename(fresh, out)
        except OSError:
            if os.path.lexists(old):
                os.rename(old, out)
            raise
        shutil.rmtree(old, ignore_errors=True)


if __name__ == "__main__":
    outcome.of(main, sys.argv[1:])
