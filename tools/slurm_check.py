#!/usr/bin/env python3
"""Tests `just submit` in a real Slurm, which this starts: `slurm_check.py
[PARTS=many,limit,requeue,kill,lost,frozen,preempted,told]`

Tiny runs on generated images go through the queue. They are warned of their time limit, requeued, cancelled, killed,
lost with their node and preempted, and must leave the files of an undisturbed sweep, bit for bit, with each run trained
once. If Slurm is not installed, this says so and ends with exit code 0.
"""

import os
import shutil
import signal
import sys
import tempfile
import time

import apart
import outcome
import run
import settings
import slurm_cluster
import slurm_nodes
import stop
from place import Failure
from slurm_place import Place, processes, said


def many(place, alone):
    """Twenty runs, followed by the report; and what cannot be submitted gives an error of one line."""
    found = place.submit("many", place.fresh("refused"), "PARTITION=nope")
    if found.returncode != 1 or "Invalid partition" not in found.stderr.splitlines()[-1]:
        raise Failure("a wrong partition: %s" % found.stderr)
    work = place.fresh("many")
    array, report = place.submitted("many", work)
    place.ended(report, work)
    return "%d files of 20 runs are those of a sweep" % place.same("many", work, alone)


def time_limit(place, alone):
    """The limit comes in the middle of the runs: both jobs are requeued, and resume."""
    work = place.fresh("limit")
    # Slurm checks for due warnings twice a minute.
    array, report = place.submitted("long", work, "TIME=1", "SBATCH=--signal=B:TERM@50")
    place.ended(report, work)
    starts = said(work).count(", start ")
    if starts < 3 or "back into the queue" not in said(work):
        raise Failure("no job was put back:\n%s" % said(work))
    return "%d starts of 2 jobs; %d files are those of a sweep" % (starts, place.same("long", work, alone))


def requeue_and_cancel(place, alone):
    """One job is requeued by `scontrol requeue`, the other is cancelled; what it leaves is taken over."""
    work = place.fresh("cancel")
    array, report = place.submitted("long", work)
    place.until_epochs(work, 3)
    place.cluster.say("scontrol", "requeue", array + "_0")
    place.cluster.say("scancel", array + "_1")
    place.ended(report, work)
    if place.cluster.state(array + "_1") != "CANCELLED" or "start 1" not in said(work):
        raise Failure("not as asked: %s\n%s" % (place.cluster.state(array + "_1"), said(work)))
    return "%d files are those of a sweep" % place.same("long", work, alone)


def kill(place, alone):
    """The trainer and its slurmstepd of one job are killed with SIGKILL: the other job takes over its runs."""
    work = place.fresh("kill")
    array, report = place.submitted("long", work)
    place.until_epochs(work, 3)
    victims = processes(place.cluster.job(array + "_1").get("JobId"), work)
    if len(victims) < 2:
        raise Failure("trainer and slurmstepd: found %s" % victims)
    for pid in victims:
        slurm_cluster.kill(pid, signal.SIGKILL)
    place.ended(report, work)
    return "its job is %s then; %d files are those of a sweep" % (place.cluster.state(array + "_1"), place.same("long", work, alone))


ONE_NODE = {"many": many, "limit": time_limit, "requeue": requeue_and_cancel, "kill": kill}
SEVERAL_NODES = {"lost": slurm_nodes.lost, "frozen": slurm_nodes.frozen, "preempted": slurm_nodes.preempted, "told": slurm_nodes.told}
PARTS = {**ONE_NODE, **SEVERAL_NODES}


def experiment(part):
    return "many" if part == "many" else "long" if part in ONE_NODE else "wide"


def chosen(words):
    """The parts that are requested; all of them if none is."""
    try:
        names = settings.parse(words, ["PARTS"]).get("PARTS", ",".join(PARTS)).split(",")
        for name in names:
            if name not in PARTS:
                raise settings.SettingsError("PARTS=%s: must be of %s, with commas between." % (name, ", ".join(PARTS)))
    except settings.SettingsError as error:
        sys.exit("just slurm-check: %s" % error)
    return names


def main(words):
    names = chosen(words)
    stop.listen()
    missing = slurm_cluster.missing()
    if missing:
        return outcome.note("not tried here: %s missing (apt install slurm-wlm munge)" % ", ".join(missing))
    os.chdir(run.ROOT)
    run.build_all("data-prep", "trainer", "analysis", "report")
    root = tempfile.mkdtemp(prefix="slurm-check-")
    try:
        place = Place(root)
        alone = {}
        for name in sorted({experiment(part) for part in names}):
            alone[name], seconds = place.alone(name)
            outcome.note("%-10s %5.1f s: a sweep on this machine" % (name, seconds))
        tried(place, [name for name in names if name in ONE_NODE], alone, "one", cpus=2)
        several = [name for name in names if name in SEVERAL_NODES]
        if several and not apart.possible():
            outcome.note("not tried here: %s: machines of their own need root (unshare --pid) and a C compiler" % ", ".join(several))
        else:
            tried(place, several, alone, "several", cpus=1, machines=3, silence=10)
    except (Failure, OSError) as failure:
        sys.exit("slurm-check: %s\nall of it lies in %s" % (failure, root))
    except BaseException:
        shutil.rmtree(root, ignore_errors=True)
        raise
    shutil.rmtree(root)
    return None


def tried(place, names, alone, folder, **shape):
    """Runs some of the parts, in a cluster of their own."""
    if not names:
        return
    with slurm_cluster.Cluster(os.path.join(place.root, folder), **shape) as place.cluster:
        for name in names:
            began = time.monotonic()
            found = PARTS[name](place, alone[experiment(name)])
            outcome.note("%-10s %5.1f s: %s" % (name, time.monotonic() - began, found))


if __name__ == "__main__":
    outcome.of(main, sys.argv[1:])
