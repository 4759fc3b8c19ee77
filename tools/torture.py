#!/usr/bin/env python3
"""Sweeps that are killed, stopped and failed, and files that are damaged, again and again, held against one that was left alone: `torture.py [SEED=0] [MINUTES=10]`

Each round takes a fresh place with generated images, does to a sweep of tiny networks what one of the `PARTS` draws, and then gives the same
command to its end. It must end with 0, and what it leaves must be that of the untouched sweep, bit for bit, with no file too many.

A round is drawn from the seed and its number. What happens at a system call happens there again; what happens at an instant, nearly there.

Invariant: everything lies in a directory of its own, which stays where a round failed.
"""

import collections
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import damage
import outcome
import run
import settings
import stop

WEEK = 7 * 24 * 60
EXPERIMENT = """title = "torture"
[recipe]
channels = [4, 8, 8, 8]
epochs = 4
batch = 64
[[grid]]
rankscale = [2, 4]
decay = ["original", "none"]
seed = [0]
"""
# Of a run's files those without times; the record is held against its like without the field that says when and where.
TABLES = ("layers.parquet", "predictions.parquet", "model.safetensors")
CALLS = ("fsync", "rename", "renameat2", "fchmod", "flock", "mkdir", "unlink", "openat", "write", "read", "statx")
ERRORS = ("ENOSPC", "EIO", "EDQUOT", "EINTR", "ENOLCK", "EMFILE", "EACCES", "EINVAL")
STOPS = {signal.SIGTERM: 143, signal.SIGINT: 130, signal.SIGHUP: 129}
# Of the trainer: another process is at work on a run.
ELSEWHERE = 75
PATIENCE_SECONDS = 120


class Failure(Exception):
    """What must not be."""


class Place:
    """Images, an experiment, and the runs that an untouched sweep leaves."""

    def __init__(self, root):
        self.root = root
        self.experiment = os.path.join(root, "tiny.toml")
        with open(self.experiment, "w") as file:
            file.write(EXPERIMENT)
        self.whole = os.path.join(root, "whole")
        generate = [program("data-prep"), "generate", "--images", "192", "--test-images", "64", "--work", self.whole]
        subprocess.run(generate, check=True, stdout=subprocess.DEVNULL)
        began = time.monotonic()
        self.finish(self.whole)
        self.seconds = time.monotonic() - began

    def fresh(self):
        work = os.path.join(self.root, "work")
        shutil.copytree(os.path.join(self.whole, "data"), os.path.join(work, "data"))
        return work

    def sweep(self, work, jobs=2, before=()):
        """A sweep under way."""
        command = [program("trainer"), "sweep", "--device=cpu", "--engine=fused", "--threads=1", "--jobs=%d" % jobs,
                   "--experiment=" + self.experiment, "--work=" + work]
        said = tempfile.TemporaryFile(mode="w+", errors="replace")
        process = subprocess.Popen([*before, *command], stdout=said, stderr=subprocess.STDOUT, start_new_session=True)
        return Sweep(process, said)

    def trainer(self, work, verb, *more):
        """A command of the trainer to its end; a sweep is that of this place."""
        if verb == "sweep":
            more += ("--device=cpu", "--engine=fused", "--experiment=" + self.experiment)
        return self.program(work, "trainer", verb, "--threads=1", *more)

    def program(self, work, name, *words):
        command = [program(name), *words, "--work=" + work]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=PATIENCE_SECONDS)

    def interrupted(self, work):
        """The checkpoints that a killed sweep leaves, if it was killed while there were some."""
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
        """The command to its end, as a person would give it again."""
        sweep = self.sweep(work)
        code = sweep.wait()
        if code != 0:
            raise Failure("the last sweep ends with %s:\n%s" % (code, sweep.text()))

    def compare(self, work, but=()):
        """What an untouched sweep leaves, and nothing else; the contents of files of a name in `but` may differ."""
        expected, found = files(self.whole), files(work)
        if expected != found:
            raise Failure("files too many or too few: %s" % ", ".join(sorted(expected ^ found)))
        for name in sorted(expected):
            if name.startswith("runs" + os.sep) and os.path.basename(name) in set(TABLES + ("run.json",)) - set(but):
                if content(os.path.join(self.whole, name)) != content(os.path.join(work, name)):
                    raise Failure("%s: differs from that of the untouched sweep" % name)
        strays = set(os.listdir(self.root)) - {"tiny.toml", "whole", os.path.basename(work)}
        if strays:
            raise Failure("outside of the work directory: %s" % ", ".join(sorted(strays)))

    def retrain(self, work, name):
        """The run's epochs, times aside, held against the same epochs trained anew."""
        command = [program("trainer"), "retrain", "--device=cpu", "--threads=1", "--epochs=4", "--study=" + work, "--run=" + name, "--work=" + self.whole]
        told = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if "repeated bit for bit" not in told.stdout:
            raise Failure("the epochs of %s differ from those trained anew:\n%s" % (name, told.stdout))


class Sweep:
    """A sweep under way, in a process group of its own."""

    def __init__(self, process, said):
        self.process, self.said, self.told = process, said, ""

    def send(self, number):
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass

    def wait(self):
        """Its exit code; it may neither panic nor stay for ever."""
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
        """What it said, once it has ended."""
        if not self.said.closed:
            self.said.seek(0)
            self.told = self.said.read()
            self.said.close()
        return self.told


def instants(place, work, draw, counts):
    """Kills and stops of the one sweep there is, at any instant of it."""
    for _ in range(draw.randint(1, 6)):
        number = draw.choice([signal.SIGKILL] * 3 + list(STOPS))
        sweep = place.sweep(work, jobs=draw.randint(1, 2))
        time.sleep(draw.uniform(0, place.seconds))
        sweep.send(number)
        asked = time.monotonic()
        code = sweep.wait()
        heard_seconds = time.monotonic() - asked
        counts[number.name] += 1
        if number == signal.SIGKILL:
            continue
        # Before the program listens, a signal ends it as it does any program.
        if code not in (0, STOPS[number], -number):
            raise Failure("%s: ends with %s:\n%s" % (number.name, code, sweep.text()))
        if heard_seconds > 5:
            raise Failure("%s: heard after %.1f s" % (number.name, heard_seconds))


def crowd(place, work, draw, counts):
    """Several sweeps at once, some of them killed. Who is left may end before the others, and then says so."""
    sweeps = [place.sweep(work, jobs=draw.randint(1, 2)) for _ in range(draw.randint(2, 6))]
    killed = draw.sample(sweeps, draw.randint(0, len(sweeps) - 1))
    for sweep in killed:
        time.sleep(draw.uniform(0, place.seconds))
        sweep.send(signal.SIGKILL)
    for sweep in sweeps:
        code = sweep.wait()
        if sweep not in killed and code not in (0, ELSEWHERE):
            raise Failure("one of %d ends with %s:\n%s" % (len(sweeps), code, sweep.text()))
        if code == ELSEWHERE and "in other processes: r" not in sweep.text():
            raise Failure("it does not say what others train:\n%s" % sweep.text())
    counts["sweeps at once"] += len(sweeps)
    counts["SIGKILL"] += len(killed)


def calls(place, work, draw, counts):
    """Sweeps that are killed at one system call, or have one fail, one after the other."""
    for _ in range(draw.randint(1, 8)):
        call, at = draw.choice(CALLS), draw.randint(1, 60)
        what = draw.choice(["signal=SIGKILL", "error=" + draw.choice(ERRORS), "error=" + draw.choice(ERRORS)])
        trace = ["strace", "-f", "-qq", "-o", os.devnull, "-e", "trace=" + call, "-e", "inject=%s:%s:when=%d" % (call, what, at)]
        sweep = place.sweep(work, jobs=1, before=trace)
        code = sweep.wait()
        counts[what.split("=")[1]] += 1
        if code == ELSEWHERE or "another process" in sweep.text():
            raise Failure("%s %s: nobody else is at work:\n%s" % (call, what, sweep.text()))


# Each is given a place, a work directory of its own, what it draws from, and what it counts in; the round then finishes and compares.
PARTS = {"instants": instants, "crowd": crowd, "calls": calls, "damage": damage.damage}


def files(work):
    """The names of what lies below it. Of plans half-written ones may stay: no lock says that nobody else is writing one."""
    names = {os.path.relpath(os.path.join(folder, name), work) for folder, _, names in os.walk(work) for name in names}
    return {name for name in names if name.startswith("runs" + os.sep) or not os.path.basename(name).startswith(".partial-")}


def content(path):
    with open(path, "rb") as file:
        found = file.read()
    if path.endswith("run.json"):
        record = json.loads(found)
        record.pop("provenance")
        # Epochs have times.
        record["sealed"]["files"].pop("epochs.parquet")
        for when in ("stamp", "later"):
            record["sealed"].pop(when, None)
        return record
    return found


def checkpoints(work):
    folders = os.path.join(work, "runs")
    found = [os.path.join(folders, name, "checkpoint.safetensors") for name in sorted(os.listdir(folders))] if os.path.isdir(folders) else []
    return [path for path in found if os.path.exists(path)]


def program(name):
    return os.path.join(run.ROOT, run.binary(name))


def can_trace():
    try:
        command = ["strace", "-qq", "-o", os.devnull, "-e", "trace=fsync", "true"]
        return subprocess.run(command, stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def one(place, seed, number, parts, totals):
    """A round: which part it is, and what it does, are drawn from the seed and its number alone."""
    draw = random.Random("%d/%d" % (seed, number))
    name = sorted(parts)[number % len(parts)]
    work = place.fresh()
    try:
        parts[name](place, work, draw, totals[name])
        place.finish(work)
        place.compare(work)
        place.retrain(work, draw.choice(sorted(os.listdir(os.path.join(work, "runs")))))
    except (Failure, damage.Silent) as failure:
        raise Failure("round %d, %s: %s\nIt stays in %s; `just torture SEED=%d` comes to it again." % (number, name, failure, work, seed))
    totals[name]["rounds"] += 1
    shutil.rmtree(work)


def summary(seed, totals, seconds):
    lines = ["torture SEED=%d, %s:" % (seed, run.spoken(seconds))]
    for name, counts in totals.items():
        lines.append("  %-9s %s" % (name, ", ".join("%d %s" % (count, what) for what, count in counts.most_common())))
    return "\n".join(lines)


def main(words):
    try:
        chosen = {"SEED": "0", "MINUTES": "10", **settings.parse(words, ["SEED", "MINUTES"])}
        seed = settings.whole_number(chosen, "SEED", 0, 2 ** 63)
        minutes = settings.number(chosen, "MINUTES", 0, WEEK)
    except settings.SettingsError as error:
        sys.exit("just torture: %s" % error)
    os.chdir(run.ROOT)
    for name in ("data-prep", "trainer", "analysis", "report"):
        code = stop.call(run.build(name, run.needs_libtorch({"DEVICE": "cpu"})))
        if code:
            sys.exit(code)
    parts = dict(PARTS)
    if not can_trace():
        outcome.note("no strace here, or it may not follow programs: no system call is failed, and none killed at")
        del parts["calls"]
    root, totals = tempfile.mkdtemp(prefix="torture-"), {name: collections.Counter() for name in parts}
    began, number = time.monotonic(), 0
    try:
        place = Place(root)
        while number < len(parts) or time.monotonic() - began < 60 * minutes:
            one(place, seed, number, parts, totals)
            number += 1
    except Failure as failure:
        outcome.note(summary(seed, totals, time.monotonic() - began))
        sys.exit("just torture: %s" % failure)
    except BaseException:
        shutil.rmtree(root, ignore_errors=True)
        raise
    shutil.rmtree(root)
    outcome.note(summary(seed, totals, time.monotonic() - began) + "\n  nothing lost, nothing differs")


if __name__ == "__main__":
    outcome.of(main, sys.argv[1:])
