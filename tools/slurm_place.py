"""The place where `slurm_check.py` works: experiments, undisturbed sweeps of them, and a cluster that takes jobs.

Invariant: what jobs left is compared bit for bit with what an undisturbed sweep left, and each run was trained to its
end once.
"""

import glob
import os
import re
import shutil
import subprocess
import sys
import time

import run
import slurm_cluster
from place import ANSWERS, Failure, TABLES, experiment, generate, same, sweep
from run import program

PATIENCE_SECONDS = 300
# Slurm checks limits twice a minute; a job trains two of these runs, one after the other.
LONG_SECONDS = 28
TRIED_EPOCHS = 30
KEYS = ("GPUS=0", "CPUS=1", "MAX_JOBS=2", "RUNS_PER_JOB=2")


class Place:
    """A folder with experiments and undisturbed sweeps of them, and the cluster that it is used with."""

    def __init__(self, root):
        self.root, self.cluster = root, None
        self.images = os.path.join(root, "images")
        generate(self.images)
        # Twenty runs that take a moment each; and four that take long enough that a job can be warned of its limit, stopped
        # and killed in the middle.
        self.write("many", seeds=5)
        self.write("long", TRIED_EPOCHS)
        work, seconds = self.alone("long")
        shutil.rmtree(work)
        # Two runs one after the other, in each of two places.
        epochs = max(TRIED_EPOCHS, int(TRIED_EPOCHS * LONG_SECONDS / (seconds / 2)))
        self.write("long", epochs)
        # Runs of the same length, and twice as many: when Slurm has given a node up, some must still be free.
        self.write("wide", epochs, seeds=2)

    def write(self, name, epochs=4, seeds=1):
        with open(self.experiment(name), "w") as file:
            file.write(experiment(name, epochs=epochs, seeds=seeds))

    def experiment(self, name):
        return os.path.join(self.root, name + ".toml")

    def alone(self, name):
        """The work folder of an undisturbed sweep on this machine, and how long it took."""
        work, began = self.fresh(name + "-alone"), time.monotonic()
        command = [program("trainer"), *sweep(self.experiment(name), 2), "--work=" + work]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return work, time.monotonic() - began

    def fresh(self, name):
        work = os.path.join(self.root, name)
        shutil.copytree(self.images, work)
        return work

    def submit(self, experiment, work, *keys):
        command = [sys.executable, os.path.join(run.ROOT, "tools", "submit.py"), "EXPERIMENT=" + self.experiment(experiment),
                   "WORK=" + work, *KEYS, *keys]
        return subprocess.run(command, env=self.cluster.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def submitted(self, experiment, work, *keys):
        """The ID of the array and that of the report's job."""
        found = self.submit(experiment, work, *keys)
        numbers = re.search(r"array (\d+) of \d+ jobs?, and (\d+) for its report", found.stdout)
        if not numbers:
            raise Failure("nothing was submitted:\n%s%s" % (found.stdout, found.stderr))
        return numbers.groups()

    def ended(self, number, work):
        """Waits until a job has ended in the expected state."""
        slurm_cluster.until(lambda: self.cluster.state(number) not in ("PENDING", "RUNNING", "COMPLETING", "CONFIGURING"), PATIENCE_SECONDS,
                            "job %s does not end:\n%s\n%s" % (number, self.cluster.say("squeue"), said(work)))
        if self.cluster.state(number) != "COMPLETED":
            raise Failure("job %s: %s\n%s" % (number, self.cluster.state(number), said(work)))

    def until_epochs(self, work, epochs):
        """Waits until that many epochs are in the log of each element of the array."""
        def enough():
            logs = glob.glob(os.path.join(work, "slurm", "*_*.log"))
            return len(logs) == 2 and all(text(log).count(": epoch ") >= epochs for log in logs)
        slurm_cluster.until(enough, 60, "no epochs come:\n%s" % said(work))

    def same(self, name, work, alone):
        """Nothing lost, nothing duplicated, nothing else: exactly what the undisturbed sweep left, and a report."""
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


def command(pid):
    """The command line of a process; nothing if it has ended."""
    try:
        with open("/proc/%d/cmdline" % pid, "rb") as file:
            return file.read().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def is_of(pid, job, work):
    """Whether a process is the trainer of this job in this place, or the process that looks after it."""
    if command(pid).startswith("slurmstepd: [%s." % job):
        return True
    try:
        with open("/proc/%d/environ" % pid, "rb") as file:
            return "--work=" + work in command(pid) and ("SLURM_JOB_ID=%s" % job).encode() in file.read().split(b"\0")
    except OSError:
        return False


def processes(job, work):
    return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if is_of(pid, job, work)]
