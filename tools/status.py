#!/usr/bin/env python3
"""Shows the progress of an experiment, from its plan, its runs' folders, the jobs' logs and Slurm's queue, in one listing:
`status.py [EXPERIMENT=...] [WORK=...] [--json]`

This works on any machine that sees the folder; if Slurm is not there, or does not answer, the queue is left out and the
rest is shown.
"""

import collections
import glob
import json
import os
import re
import shutil
import subprocess
import sys

import outcome
import run
import settings
import stop

KEYS = ("EXPERIMENT", "ENGINE", "WORK")
# How many runs are listed one by one; the others are counted.
LISTED = 40
# How the trainer begins what it says of a run: artifacts/src/run/said.rs.
FAILED, DONE, ELSEWHERE = "failed: ", "done, ", "another process"
LAST_LINES = 3
PATIENCE_SECONDS = 20
# After this many times the duration of an epoch, and at least this many seconds, without an epoch, a run's process may
# be dead.
SILENT_EPOCHS, SILENT_SECONDS = 4, 300
ORDER = ("done", "running", "stopped", "failed", "waiting", "diverged", "unusable")


def main(words):
    as_json = "--json" in words
    try:
        chosen = run.with_defaults(settings.parse([word for word in words if word != "--json"], KEYS), [])
    except settings.SettingsError as error:
        sys.exit("just status: %s" % error)
    os.chdir(run.ROOT)
    stop.listen()
    # Running jobs use the program that is there: it is not rebuilt.
    if not os.path.exists(run.binary("trainer")):
        run.Steps(chosen).build("trainer")
    program = stop.Program([run.binary("trainer"), "status", "--json", *settings.flags(chosen, KEYS)], captured=True)
    code = stop.join(program)
    if code:
        sys.exit(code)
    folder = os.path.join(chosen["WORK"], "slurm")
    found = joined(json.loads(program.said[-1]), logs(folder), queue(folder))
    outcome.show(json.dumps(found) if as_json else "\n".join(lines(found)))


def logs(folder):
    """What the jobs' logs last said of each run, the newest log last."""
    found = {}
    for path in sorted(glob.glob(os.path.join(glob.escape(folder), "*_*.log")), key=os.path.getmtime):
        with open(path, errors="replace") as file:
            text = file.read().splitlines()
        job, node = None, None
        for number, line in enumerate(text):
            start = re.match(r"job (\S+) on (\S+), start \d+$", line)
            if start:
                job, node = start.groups()
            run_line = re.match(r"(r\d+-\S+): (.*)$", line)
            # Every job that visits a run reports that it is done.
            if run_line and job and not run_line.group(2).startswith((DONE, ELSEWHERE)):
                found[run_line.group(1)] = {"job": job, "node": node, "log": path, "said": run_line.group(2),
                                            "last_lines": text[max(0, number - LAST_LINES + 1):number + 1]}
    return found


def queue(folder):
    """The jobs of this folder in Slurm's queue, by ID; None if Slurm cannot be asked."""
    try:
        with open(os.path.join(folder, "submitted.jsonl")) as file:
            # The report of an array is null if Slurm refused it.
            submitted = {json.loads(line)[kind] for line in file for kind in ("array", "report")}
    except OSError:
        return {}
    if not shutil.which("squeue"):
        return None
    try:
        command = ["squeue", "--noheader", "--array", "--user=%d" % os.getuid(), "--format=%i|%T|%N|%M|%l|%r"]
        told = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=PATIENCE_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    words = [line.split("|") for line in told.stdout.splitlines()]
    names = ("state", "node", "used", "limit", "reason")
    return {each[0]: dict(zip(names, each[1:])) for each in words if len(each) == 6 and each[0].split("_")[0] in submitted}


def joined(standing, said, jobs):
    """One record for each run and each job, and how long all of it takes."""
    mean = mean_pace(standing["runs"])
    for each in standing["runs"]:
        told = said.get(each["name"]) if each["status"] in ("running", "stopped", "waiting") else None
        each.update({"job": None, "node": None, "log": None, "seconds_left": None}, **judged(each, told, jobs))
        pace = each["epoch_seconds"] or mean
        if pace and is_left(each):
            each["seconds_left"] = pace * (each["epochs"] - each["epochs_done"])
    counts = collections.Counter(each["status"] for each in standing["runs"])
    left = [each["seconds_left"] for each in standing["runs"] if each["seconds_left"]]
    seconds = sum(left) / counts["running"] if left and counts["running"] else None
    return {"experiment": standing["experiment"], "counts": {status: counts[status] for status in ORDER if counts[status]},
            "seconds_left": seconds, "runs": standing["runs"],
            "jobs": None if jobs is None else [{"id": number, **job} for number, job in sorted(jobs.items())]}


def mean_pace(runs):
    """The mean seconds per epoch of the runs that have a pace; None if none has."""
    paces = [each["epoch_seconds"] for each in runs if each["epoch_seconds"]]
    return sum(paces) / len(paces) if paces else None


def is_left(each):
    return each["status"] not in ("done", "diverged")


def judged(each, told, jobs):
    """Adds to a run's folder what logs and queue know, and corrects it where they know better."""
    if told is None:
        return {}
    where = {"job": told["job"], "node": told["node"], "log": told["log"]}
    if told["said"].startswith(FAILED):
        # A run under way has not failed, whatever an old log says; another process trains it than that log's job.
        failed = {**where, "status": "failed", "reason": told["said"][len(FAILED):], "last_lines": told["last_lines"]}
        return {} if each["status"] == "running" else failed
    if each["status"] == "running" and jobs is not None and jobs.get(told["job"], {}).get("state") != "RUNNING" and is_silent(each):
        return {**where, "status": "stopped", "reason": "its job %s is gone" % told["job"]}
    return where if each["status"] == "running" else {}


def is_silent(each):
    return (each["quiet_seconds"] or 0) > max(SILENT_SECONDS, SILENT_EPOCHS * (each["epoch_seconds"] or 0))


def lines(found):
    begun = [each for each in found["runs"] if each["status"] not in ("waiting", "done")]
    text = [line for each in begun[:LISTED] for line in shown(each)]
    if len(begun) > LISTED:
        text.append("and %d more" % (len(begun) - LISTED))
    counts = ", ".join("%d %s" % (count, status) for status, count in found["counts"].items())
    text.append("%s: %d runs: %s" % (found["experiment"], len(found["runs"]), counts))
    if found["seconds_left"]:
        text.append("all is done in about %s, if as many run at once as now" % run.spoken(found["seconds_left"]))
    if found["jobs"] is None:
        text.append("Slurm's queue: squeue is not here, or does not answer")
    elif found["jobs"]:
        states = collections.Counter(job["state"].lower() for job in found["jobs"])
        counted = ("%d job%s %s" % (count, "" if count == 1 else "s", state) for state, count in sorted(states.items()))
        text.append("Slurm's queue: %s" % ", ".join(counted))
    return text


def shown(each):
    text = "%-9s %-44s %d/%d epochs" % (each["status"], each["name"], each["epochs_done"], each["epochs"])
    if each["status"] == "running":
        if each["images_per_second"]:
            text += ", %.0f images/s" % each["images_per_second"]
        if each["seconds_left"]:
            text += ", %s left" % run.spoken(each["seconds_left"])
        text += ", %s" % ("job %s on %s" % (each["job"], each["node"]) if each["job"] else "on %s" % each["host"])
        if is_silent(each):
            text += ", silent for %s: its process may be dead, and a sweep takes it up" % run.spoken(each["quiet_seconds"])
    if each["reason"]:
        text += ": " + each["reason"]
    return [text] + ["          | " + line for line in each.get("last_lines", [])] + (
        ["          of %s" % each["log"]] if each["status"] == "failed" else [])


if __name__ == "__main__":
    outcome.of(main, sys.argv[1:])
