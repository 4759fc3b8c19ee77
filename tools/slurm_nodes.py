"""Parts of `slurm_check.py` on several nodes, each of which sees only its own processes: Slurm loses a node, and jobs are
preempted.

The `flock` of these jobs always fails, as on some file systems of clusters, so that only their claims keep two copies
of a job apart.
"""

import glob
import json
import os
import re
import signal
import time

import apart
import slurm_cluster
from place import Failure
from slurm_place import command, processes, said

PATIENCE_SECONDS = 120


def lost(place, alone):
    """A node's slurmd is gone: its job is restarted elsewhere while the old copy continues, until slurmd comes back and
    kills it without warning."""
    work, element, report, node, machine = put(place, "lost")
    old, = trainers(place, element, work, machine)
    seconds = elsewhere(place, element, node)
    other = place.cluster.machine(place.cluster.job(element)["NodeList"])
    # Fails if the old copy ended before, so that nothing was tested; or if the new one waits for it, or works on the
    # same run.
    slurm_cluster.until(lambda: {machine, other} <= set(holders(work).values()), PATIENCE_SECONDS,
                        "the two copies do not train side by side: %s\n%s" % (holders(work), said(work)))
    before = epochs(work)
    slurm_cluster.until(lambda: epochs(work) > before + 5, PATIENCE_SECONDS, "no epochs come:\n%s" % said(work))
    if not os.path.exists("/proc/%d" % old):
        raise Failure("the old copy has ended:\n%s" % said(work))
    place.cluster.start_node(node)
    slurm_cluster.until(lambda: not trainers(place, element, work, machine), PATIENCE_SECONDS,
                        "the old copy trains on though its slurmd is back")
    place.ended(report, work)
    return "put back after %.0f s, two copies of it at once; %d files are those of a sweep" % (seconds, place.same("wide", work, alone))


def frozen(place, alone):
    """A whole node is frozen, with its job; it resumes when another job has taken over the run that it was in the middle
    of."""
    work, element, report, node, machine = put(place, "frozen")
    old, = trainers(place, element, work, machine)
    os.kill(old, signal.SIGSTOP)
    try:
        theirs, = [name for name, holder in holders(work).items() if holder == machine]
        seconds = elsewhere(place, element, node)
        slurm_cluster.until(lambda: holders(work).get(theirs, machine) != machine, PATIENCE_SECONDS,
                            "nobody takes %s over:\n%s" % (theirs, said(work)))
    finally:
        os.kill(old, signal.SIGCONT)
    # Fails if the old copy could still write, and so did not notice.
    slurm_cluster.until(lambda: theirs + ": another process has taken it over" in said(work), PATIENCE_SECONDS,
                        "the old copy of %s has not noticed:\n%s" % (theirs, said(work)))
    place.ended(report, work)
    place.cluster.start_node(node)
    return "put back after %.0f s, noticed by the old copy; %d files are those of a sweep" % (seconds, place.same("wide", work, alone))


def preempted(place, alone):
    """A job of a partition with higher priority takes every node: Slurm ends the jobs at once, and requeues them."""
    return makes_room(place, alone, "preempted", "main")[1]


def told(place, alone):
    """The same where jobs are signalled half a minute before: they requeue themselves, and release their nodes before
    Slurm ends them."""
    seconds, found = makes_room(place, alone, "told", "gentle")
    # Fails if the signal does not reach the trainer, but only its batch script or nobody, and Slurm waits until the
    # half minute is over.
    if seconds > 25 or said(os.path.join(place.root, "told")).count("back into the queue") != 2:
        raise Failure("nobody heard that room is wanted: %s" % found)
    return found


def makes_room(place, alone, name, partition):
    """The seconds until a job with higher priority has its nodes, and what was seen until all was done."""
    work, element, report, _, _ = put(place, name, "PARTITION=" + partition)
    elements = [element[:-1] + number for number in "01"]
    began = time.monotonic()
    urgent = place.cluster.say("sbatch", "--parsable", "--partition=urgent", "--nodes=3", "--output=/dev/null", "--wrap=sleep 5").strip()
    slurm_cluster.until(lambda: place.cluster.state(urgent) in ("RUNNING", "COMPLETED"), PATIENCE_SECONDS,
                        "no room is made:\n%s" % place.cluster.say("squeue"))
    seconds = time.monotonic() - began
    place.ended(report, work)
    restarts = [place.cluster.job(each).get("Restarts") for each in elements]
    if restarts != ["1", "1"]:
        raise Failure("put back: %s times" % restarts)
    # A job that was killed without warning would train the epoch again that was being saved.
    lines = re.findall(r"^(\S+: epoch \d+)/", said(work), re.MULTILINE)
    again = sorted(line for line in set(lines) if lines.count(line) > 1)
    if again:
        raise Failure("trained twice: %s\n%s" % (", ".join(again), said(work)))
    found = "room after %.0f s, both put back, no epoch trained twice; %d files are those of a sweep"
    return seconds, found % (seconds, place.same("wide", work, alone))


def put(place, name, *keys):
    """Two jobs in the middle of their runs: the folder, the second job's ID, that of the report, and the second job's node
    and machine."""
    work = place.fresh(name)
    library = apart.environment(apart.build(place.root, "fails"))
    export = "SBATCH=--export=" + ",".join(["ALL", *("%s=%s" % pair for pair in library.items())])
    array, report = place.submitted("wide", work, export, *keys)
    place.until_epochs(work, 3)
    node = place.cluster.job(array + "_1")["NodeList"]
    return work, array + "_1", report, node, place.cluster.machine(node)


def elsewhere(place, element, node):
    """Slurm loses contact with a node, and starts its job on another; returns how long that takes."""
    began = time.monotonic()
    place.cluster.kill_slurmd(node)

    def started():
        job = place.cluster.job(element)
        return job.get("JobState") == "RUNNING" and job.get("NodeList") != node
    slurm_cluster.until(started, PATIENCE_SECONDS,
                        "%s stays where it is:\n%s" % (element, place.cluster.say("scontrol", "show", "job", element)))
    return time.monotonic() - began


def trainers(place, element, work, machine):
    """The trainers of a job on one machine."""
    found = processes(place.cluster.job(element).get("JobId"), work)
    return [pid for pid in found if not command(pid).startswith("slurmstepd") and slurm_cluster.namespace(pid) == machine]


def holders(work):
    """The machine of the process that holds each run."""
    found = {}
    for path in glob.glob(os.path.join(work, "runs", "*", ".claim", "*", "owner.json")):
        try:
            with open(path) as file:
                found[path.split(os.sep)[-4]] = json.load(file)["namespace"]
        except (OSError, ValueError):
            # It was released meanwhile.
            pass
    return found


def epochs(work):
    return said(work).count(": epoch ")
