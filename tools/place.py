"""A place for sweeps of tiny networks: what an undisturbed sweep leaves, and whether another has left the same.

Invariant: two work folders are compared bit for bit, except for times and for where they were made.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

from run import program

# The files of a run that contain no times; the record is compared without the field that says when and where it was
# made.
TABLES = ("layers.parquet", "predictions.parquet", "model.safetensors")
# The folders that analysis and report write.
ANSWERS = ("analysis", "report")
GENERATE = ("generate", "--images", "192", "--test-images", "64")
PATIENCE_SECONDS = 120


class Failure(Exception):
    """Something that must not happen."""


def experiment(title="torture", rankscales=(2, 4), arms=("original", "none"), epochs=4, seeds=1):
    """The text of an experiment of tiny networks, with that many seeds."""
    return 'title = "%s"\n[recipe]\nchannels = [4, 8, 8, 8]\nepochs = %d\nbatch = 64\n[[grid]]\nrankscale = %s\ndecay = %s\nseed = %s\n' % (
        title, epochs, list(rankscales), json.dumps(list(arms)), list(range(seeds)))


class Place:
    """Images, an experiment, and the runs that an undisturbed sweep leaves."""

    def __init__(self, root):
        self.root = root
        self.experiment = os.path.join(root, "tiny.toml")
        with open(self.experiment, "w") as file:
            file.write(experiment())
        self.whole = os.path.join(root, "whole")
        generate(self.whole)
        began = time.monotonic()
        self.finish(self.whole)
        self.seconds = time.monotonic() - began

    def fresh(self):
        work = os.path.join(self.root, "work")
        shutil.copytree(os.path.join(self.whole, "data"), os.path.join(work, "data"))
        return work

    def finished(self, work):
        """Puts the finished study there, without an answer, in place of what is there."""
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(self.whole, work)

    def sweep(self, work, jobs=2, before=()):
        """Starts a sweep."""
        return self.start(work, "trainer", *sweep(self.experiment, jobs), before=before)

    def start(self, work, name, *words, before=()):
        """Starts a program."""
        return start([*before, program(name), *words, "--work=" + work], self.around())

    def around(self):
        """Where programs run: what they write beside the work folder lies here then, and is found."""
        return {"cwd": self.root, "env": {**os.environ, "HOME": self.root, "TMPDIR": self.root}}

    def trainer(self, work, verb, *more):
        """Runs a command of the trainer to its end; a sweep is that of this place."""
        if verb == "sweep":
            more += ("--device=cpu", "--engine=fused", "--experiment=" + self.experiment)
        return self.program(work, "trainer", verb, "--threads=1", *more)

    def program(self, work, name, *words):
        command = [program(name), *words, "--work=" + work]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                              timeout=PATIENCE_SECONDS, **self.around())

    def answer(self, work, *words):
        """Makes the analysis and report of what is there."""
        for command in (("analysis", *words), ("report",)):
            succeeded(" ".join(command), self.program(work, *command))

    def interrupted(self, work):
        """The checkpoints that a killed sweep leaves, if there were some when it was killed."""
        shutil.rmtree(os.path.join(work, "runs"))
        sweep, patience = self.sweep(work), time.monotonic() + PATIENCE_SECONDS
        found = []
        while not found and sweep.process.poll() is None and time.monotonic() < patience:
            found = checkpoints(work)
        sweep.send(signal.SIGKILL)
        sweep.process.wait()
        sweep.text()
        return checkpoints(work)

    def finish(self, work):
        """Runs the command to its end, as a user would type it again."""
        sweep = self.sweep(work)
        code = sweep.wait()
        if code != 0:
            raise Failure("the last sweep ends with %s:\n%s" % (code, sweep.text()))

    def compare(self, work, but=()):
        """Checks that there is what an undisturbed sweep leaves, and nothing else but its answer; the contents of files
        with a name in `but` may differ."""
        same(self.whole, work, but, ANSWERS)
        strays = set(os.listdir(self.root)) - {"tiny.toml", "whole", os.path.basename(work)}
        if strays:
            raise Failure("outside of the work directory: %s" % ", ".join(sorted(strays)))

    def retrain(self, work, name):
        """Compares the run's epochs, except for times, with the same epochs trained again."""
        command = [program("trainer"), "retrain", "--device=cpu", "--threads=1", "--epochs=4", "--study=" + work, "--run=" + name,
                   "--work=" + self.whole]
        told = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if "repeated bit for bit" not in told.stdout:
            raise Failure("the epochs of %s differ from those trained anew:\n%s" % (name, told.stdout))


def succeeded(what, ended):
    """Checks that a program has ended well."""
    if ended.returncode != 0:
        raise Failure("%s ends with %d:\n%s" % (what, ended.returncode, ended.stdout))


started = []  # the programs that may still run


def start(command, around=None):
    said = tempfile.TemporaryFile(mode="w+", errors="replace")
    process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT, start_new_session=True, **(around or {}))
    started[:] = [each for each in started if each.process.poll() is None] + [UnderWay(process, said)]
    return started[-1]


@contextlib.contextmanager
def all_ended():
    """Kills, at its end, what was started in it and still runs."""
    try:
        yield
    finally:
        for each in started:
            if each.process.poll() is None:
                each.send(signal.SIGKILL)
                each.process.wait()


class UnderWay:
    """A running program, in a process group of its own."""

    def __init__(self, process, said):
        self.process, self.said, self.told = process, said, ""

    def send(self, number):
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass

    def wait(self):
        """Waits and returns the exit code; the program may neither panic nor hang."""
        try:
            code = self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.send(signal.SIGKILL)
            self.process.wait()
            raise Failure("does not end within %d s:\n%s" % (PATIENCE_SECONDS, self.text()))
        if code == 101 or "panicked at" in self.text():
            raise Failure("a panic:\n%s" % self.text())
        return code

    def text(self):
        """Its output, once it has ended."""
        if not self.said.closed:
            self.said.seek(0)
            self.told = self.said.read()
            self.said.close()
        return self.told


def sweep(experiment, jobs=1):
    """The trainer's arguments for a sweep, without the work folder."""
    return ["sweep", "--device=cpu", "--engine=fused", "--threads=1", "--jobs=%d" % jobs, "--experiment=" + experiment]


def generate(work):
    subprocess.run([program("data-prep"), *GENERATE, "--work", work], check=True, stdout=subprocess.DEVNULL)


def same(whole, work, but=(), besides=()):
    """Checks that one sweep has left what another has, whatever is in the folders `besides`; the contents of files with a
    name in `but` may differ."""
    besides = tuple(folder + os.sep for folder in besides)
    expected, found = ({name for name in files(of) if not name.startswith(besides)} for of in (whole, work))
    if expected != found:
        raise Failure("files too many or too few: %s" % ", ".join(sorted(expected ^ found)))
    for name in sorted(expected):
        if name.startswith("runs" + os.sep) and os.path.basename(name) in set(TABLES + ("run.json",)) - set(but):
            if content(os.path.join(whole, name)) != content(os.path.join(work, name)):
                raise Failure("%s: differs from that of the untouched sweep" % name)


def files(work):
    """The names of the files below it. Half-written plans may stay: no lock tells whether another process is writing one."""
    names = {os.path.relpath(os.path.join(folder, name), work) for folder, _, names in os.walk(work) for name in names}
    names.discard("failures.log")  # what failed on the way to the same runs
    return {name for name in names if name.startswith("runs" + os.sep) or ".partial-" not in name}


def content(path):
    with open(path, "rb") as file:
        found = file.read()
    if path.endswith("run.json"):
        record = json.loads(found)
        record.pop("provenance")
        record.pop("continued", None)
        # Epochs contain times.
        record["sealed"]["files"].pop("epochs.parquet")
        for when in ("stamp", "later"):
            record["sealed"].pop(when, None)
        return record
    return found


def contents(directory):
    """Every file below it, except locks and half-written ones."""
    found = {}
    for folder, _, names in os.walk(directory):
        for name in names:
            path = os.path.join(folder, name)
            if not name.startswith(".") and ".partial-" not in os.path.relpath(path, directory):
                with open(path, "rb") as file:
                    found[os.path.relpath(path, directory)] = file.read()
    return found


def checkpoints(work):
    folders = os.path.join(work, "runs")
    names = sorted(os.listdir(folders)) if os.path.isdir(folders) else []
    found = [os.path.join(folders, name, "checkpoint.safetensors") for name in names]
    return [path for path in found if os.path.exists(path)]
