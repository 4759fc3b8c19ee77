#!/usr/bin/env python3
"""What becomes of `just submit` in a real Slurm of one node, which this starts: `slurm_check.py`

Tiny runs on generated images go through the queue, are warned of their time limit, put back, cancelled and killed, and must leave the files of a
sweep that was left alone, bit for bit, each run trained once. Where Slurm is not installed, it says so and ends with 0.
"""

import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import outcome
import run
import slurm_cluster
import stop
from place import ANSWERS, EXPERIMENT, Failure, TABLES, generate, same
from run import program

PATIENCE_SECONDS = 300
# Twenty runs that take a moment each; and four that take long enough for a job to be warned of its limit, stopped and killed in the middle.
MANY = EXPERIMENT.replace("torture", "many").replace("[0]", "[0, 1, 2, 3, 4]")
LONG = EXPERIMENT.replace("torture", "long").replace("epochs = 4", "epochs = {epochs}")
# Slurm looks for limits twice a minute; a job trains two of them, one after the other.
LONG_SECONDS = 28
TRIED_EPOCHS = 30
KEYS = ("GPUS=0", "CPUS=1", "MAX_JOBS=2", "RUNS_PER_JOB=2")


class Place:
    """A folder with experiments, the sweeps of them that nobody disturbs, and a cluster."""

    def __init__(self, root, cluster):
        self.root, self.cluster = root, cluster
        self.images = os.path.join(root, "images")
        generate(self.images)
        self.write("many", MANY)
        self.write("long", LONG.format(epochs=TRIED_EPOCHS))
        work, seconds = self.alone("long")
        shutil.rmtree(work)
        # Two runs one after the other, in each of two places.
        self.write("long", LONG.format(epochs=max(TRIED_EPOCHS, int(TRIED_EPOCHS * LONG_SECONDS / (seconds / 2)))))

    def write(self, name, text):
        with open(self.experiment(name), "w") as file:
            file.write(text)

    def experiment(self, name):
        return os.path.join(self.root, name + ".toml")

    def alone(self, name):
        """The work folder of a sweep on this machine, and how long it took."""
        work, began = self.fresh(name + "-alone"), time.monotonic()
        command = [program("trainer"), "sweep", "--device=cpu", "--threads=1", "--jobs=2", "--experiment=" + self.experiment(name), "--work=" + work]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return work, time.monotonic() - began

    def fresh(self, name):
        work = os.path.join(self.root, name)
        shutil.copytree(self.images, work)
        return work

    def submit(self, experiment, work, *keys):
        command = [sys.executable, os.path.join(run.ROOT, "tools", "submit.py"), "EXPERIMENT=" + self.experiment(experiment), "WORK=" + work, *KEYS, *keys]
        found = subprocess.run(command, env=self.cluster.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        return found

    def submitted(self, experiment, work, *keys):
        """The array's number and that of the report's job."""
        found = self.submit(experiment, work, *keys)
        numbers = re.search(r"array (\d+) of \d+ jobs?, and (\d+) for its report", found.stdout)
        if not numbers:
            raise Failure("nothing was submitted:\n%s%s" % (found.stdout, found.stderr))
        return numbers.groups()

    def ended(self, number, work):
        """Waits until a job has ended as it should."""
        slurm_cluster.until(lambda: self.cluster.state(number) not in ("PENDING", "RUNNING", "COMPLETING", "CONFIGURING"), PATIENCE_SECONDS,
                            "job %s does not end:\n%s\n%s" % (number, self.cluster.say("squeue"), said(work)))
        if self.cluster.state(number) != "COMPLETED":
            raise Failure("job %s: %s\n%s" % (number, self.cluster.state(number), said(work)))

    def until_epochs(self, work, epochs):
        """Until so many epochs are in the log of each element of the array."""
        def enough():
            logs = glob.glob(os.path.join(work, "slurm", "*_*.log"))
            return len(logs) == 2 and all(text(log).count(": epoch ") >= epochs for log in logs)
        slurm_cluster.until(enough, 60, "no epochs come:\n%s" % said(work))

    def same(self, name, work, alone):
        """Nothing lost, nothing twice, nothing else: that is what the untouched sweep left, and a report."""
        try:
            same(alone, work, besides=(*ANSWERS, "slurm"))
        except Failure as failure:
            raise Failure("%s: %s\n%s" % (work, failure, said(work))) from None
        done = [name for name, _ in re.findall(r"^(\S+): epoch (\d+)/\2:", said(work), re.MULTILINE)]
        if sorted(done) != sorted(set(done)) or len(done) != len(os.listdir(os.path.join(alone, "runs"))):
            raise Failure("runs trained to their end: %s" % ", ".join(sorted(done)))
        if not os.path.getsize(os.path.join(work, "report", "report.md")):
            raise Failure("no report")
        return len([path for path in glob.glob(os.path.join(work, "runs", "*", "*")) if os.path.basename(path) in TABLES + ("run.json",)])


def text(path):
    with open(path, errors="replace") as file:
        return file.read()


def said(work):
    return "".join(text(path) for path in sorted(glob.glob(os.path.join(work, "slurm", "*.log"))))


def many(place, alone):
    """Twenty runs, and the report behind them; and what cannot be submitted is one line."""
    found = place.submit("many", place.fresh("refused"), "PARTITION=nope")
    if found.returncode != 1 or "Invalid partition" not in found.stderr.splitlines()[-1]:
        raise Failure("a wrong partition: %s" % found.stderr)
    work = place.fresh("many")
    array, report = place.submitted("many", work)
    place.ended(report, work)
    return "%d files of 20 runs are those of a sweep" % place.same("many", work, alone)


def time_limit(place, alone):
    """The limit comes in the middle of the runs: both jobs are put back, and go on."""
    work = place.fresh("limit")
    # Slurm looks for warnings twice a minute.
    array, report = place.submitted("long", work, "TIME=1", "SBATCH=--signal=B:TERM@50")
    place.ended(report, work)
    starts = said(work).count(", start ")
    if starts < 3 or "back into the queue" not in said(work):
        raise Failure("no job was put back:\n%s" % said(work))
    return "%d starts of 2 jobs; %d files are those of a sweep" % (starts, place.same("long", work, alone))


def requeue_and_cancel(place, alone):
    """One job is put back by `scontrol requeue`, the other is cancelled; what it leaves is taken up."""
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
    """The trainer and its slurmstepd of one job are killed with SIGKILL: the other takes its runs over."""
    work = place.fresh("kill")
    array, report = place.submitted("long", work)
    place.until_epochs(work, 3)
    victims = [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if is_of(pid, place.cluster.job(array + "_1").get("JobId"), work)]
    if len(victims) < 2:
        raise Failure("trainer and slurmstepd: found %s" % victims)
    for pid in victims:
        slurm_cluster.kill(pid, signal.SIGKILL)
    place.ended(report, work)
    return "its job is %s then; %d files are those of a sweep" % (place.cluster.state(array + "_1"), place.same("long", work, alone))


def is_of(pid, job, work):
    """Whether a process is the trainer of this job in this place, or what looks after it."""
    try:
        with open("/proc/%d/cmdline" % pid, "rb") as file:
            command = file.read().replace(b"\0", b" ").decode(errors="replace")
        if command.startswith("slurmstepd: [%s." % job):
            return True
        with open("/proc/%d/environ" % pid, "rb") as file:
            return "--work=" + work in command and ("SLURM_JOB_ID=%s" % job).encode() in file.read().split(b"\0")
    except OSError:
        return False


PARTS = {"many": many, "time limit": time_limit, "requeue, scancel": requeue_and_cancel, "kill": kill}


def main():
    stop.listen()
    missing = slurm_cluster.missing()
    if missing:
        return outcome.note("not tried: %s missing (apt install slurm-wlm munge)" % ", ".join(missing))
    os.chdir(run.ROOT)
    for name in ("data-prep", "trainer", "analysis", "report"):
        code = stop.call(run.build(name, run.needs_libtorch({"DEVICE": "cpu"})))
        if code:
            sys.exit(code)
    root = tempfile.mkdtemp(prefix="slurm-check-")
    try:
        with slurm_cluster.Cluster(os.path.join(root, "cluster")) as cluster:
            place = Place(root, cluster)
            alone = {name: place.alone(name) for name in ("many", "long")}
            for name, (_, seconds) in alone.items():
                outcome.note("%-16s %5.1f s: a sweep on this machine" % (name, seconds))
            for name, part in PARTS.items():
                began = time.monotonic()
                found = part(place, alone["many" if part is many else "long"][0])
                outcome.note("%-16s %5.1f s: %s" % (name, time.monotonic() - began, found))
    except (Failure, TimeoutError) as failure:
        sys.exit("slurm-check: %s\nall of it lies in %s" % (failure, root))
    shutil.rmtree(root)
    return None


if __name__ == "__main__":
    outcome.of(main)
