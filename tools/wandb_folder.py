#!/usr/bin/env python3
"""Writes the rows of an export as offline runs of Weights & Biases: `wandb_folder.py ROWS.jsonl FOLDER`

Each run becomes a folder `offline-run-...` as wandb's own package writes it, which `wandb sync` accepts. Columns before
`epoch` are the run's configuration, those after it its history. This runs in a Python that has the package `wandb`, and
makes no network request.

Invariant: nothing of this machine goes into a run: no host, no user, no code, no revision of the folder it was made in.
"""

import glob
import json
import os
import shutil
import sys
import tempfile

PROJECT = "rankscale"


def main(rows_file, folder):
    import wandb  # distinguished from a missing one by export.py

    runs = read(rows_file)
    with tempfile.TemporaryDirectory() as scratch:
        for place in ("WANDB_CONFIG_DIR", "WANDB_CACHE_DIR", "WANDB_DATA_DIR"):
            os.environ[place] = os.path.join(scratch, place)
        quiet = quietly(wandb)
        for name, rows in runs.items():
            first = list(rows[0])
            of_run, of_epoch = first[:first.index("epoch")], first[first.index("epoch"):]
            run = wandb.init(mode="offline", dir=scratch, project=PROJECT, id=name, name=name, settings=quiet,
                             config={key: rows[0][key] for key in of_run})
            for row in rows:
                run.log({key: row[key] for key in of_epoch if row[key] is not None}, step=row["epoch"])
            run.finish(exit_code=0 if rows[0]["status"] == "done" else 1)
        for place in sorted(glob.glob(os.path.join(scratch, "wandb", "offline-run-*"))):
            shutil.rmtree(os.path.join(place, "logs"), ignore_errors=True)
            shutil.move(place, folder)


def quietly(wandb):
    """Settings under which wandb prints nothing and inspects nothing here; an older package lacks some of them."""
    wanted = {"silent": True, "console": "off", "save_code": False, "disable_code": True, "disable_git": True, "disable_job_creation": True,
              "x_disable_meta": True, "x_disable_stats": True, "x_disable_machine_info": True, "x_save_requirements": False, "host": "",
              "username": "",
              "email": ""}
    known = wandb.Settings()
    return wandb.Settings(**{key: value for key, value in wanted.items() if hasattr(known, key)})


def read(rows_file):
    """The rows of each run, in order."""
    runs = {}
    with open(rows_file) as file:
        for line in file:
            row = json.loads(line)
            runs.setdefault(row["run"], []).append(row)
    return runs


if __name__ == "__main__":
    main(*sys.argv[1:])
