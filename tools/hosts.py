#!/usr/bin/env python3
"""Runs many trainers as if each were on a machine of its own, on a file system whose locks fail or lie: `hosts.py
[RUNS=100] [TRAINERS=8] [SECONDS=20] [SEED=0]`

Each trainer has a process namespace of its own, so that none sees whether another is alive, and a preloaded library
answers for `flock`: it always fails, or always succeeds. Trainers are killed at random; then half of them are suspended
until the others have taken over their runs, and resume in the middle of them. All must end with the runs of an
undisturbed sweep, bit for bit. This needs Linux, root and a C compiler.

Invariant: no process of it is left, and its folder only if something failed.
"""

import collections
import glob
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import apart
import outcome
import settings
import stop
from place import Failure, experiment, generate, same, sweep
from run import ROOT, build_all, program

PATIENCE_SECONDS = 240
DEFAULTS = {"RUNS": "100", "TRAINERS": "8", "SECONDS": "20", "SEED": "0"}
# There are enough epochs that some runs are unfinished when trainers are suspended, each in the middle of a run, even
# where an epoch takes milliseconds.
EPOCHS = 40


class Trainer(apart.Machine):
    """A trainer on a machine of its own."""

    def __init__(self, command, library, said):
        super().__init__(command, {**os.environ, **apart.environment(library)}, said)


def crowd(whole, root, locks, trainers, seconds, draw):
    """Trains one folder with many trainers, some of which are killed and suspended; returns counts of what they did."""
    library, work = apart.build(root, locks), os.path.join(root, locks)
    shutil.copytree(os.path.join(whole, "data"), os.path.join(work, "data"))
    command = [program("trainer"), *sweep(os.path.join(root, "crowd.toml")), "--wait=1", "--work=" + work]
    counts = collections.Counter()
    path = os.path.join(root, locks + ".log")
    with open(path, "w") as said:
        crowd_ = [Trainer(command, library, said) for _ in range(trainers)]
        try:
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline and any(trainer.process.poll() is None for trainer in crowd_):
                time.sleep(draw.uniform(0.2, 1.0))
                at = draw.randrange(trainers)
                if crowd_[at].process.poll() is None:
                    crowd_[at].kill()
                    crowd_[at] = Trainer(command, library, said)
                    counts["killed"] += 1
            asleep, awake = halves(work, crowd_)
            for trainer in asleep:
                trainer.send(signal.SIGSTOP)
            counts["stopped"] = len(asleep)
            ended(awake, locks, path)
            # The others have taken over their runs and ended. Now the suspended ones resume in the middle of them.
            for trainer in asleep:
                trainer.send(signal.SIGCONT)
            ended(asleep, locks, path)
        finally:
            for trainer in crowd_:
                trainer.kill()
    with open(path, errors="replace") as file:
        text = file.read()
    counts["taken over alive"] = text.count("another process has taken it over")
    ends = collections.Counter(name for name, _ in re.findall(r"^(\S+): epoch (\d+)/\2:", text, re.MULTILINE))
    counts["runs"] = len(ends)
    twice = sum(ends.values()) - len(ends)
    # A trainer that is killed or overtaken between its last epoch and the end of saving leaves that epoch to be trained
    # again.
    if twice > counts["killed"] + counts["stopped"]:
        raise Failure("flock %s: %d last epochs were trained again; see %s" % (locks, twice, path))
    same(whole, work)
    return counts


def halves(work, crowd_):
    """The trainers to suspend and the others, at a moment when each that has not ended holds a claim, or nearly so."""
    alive = [trainer for trainer in crowd_ if trainer.process.poll() is None]
    deadline = time.monotonic() + 20
    # A claim of a killed trainer may still be there.
    while len(glob.glob(os.path.join(work, "runs", "*", ".claim"))) < len(alive) and time.monotonic() < deadline:
        time.sleep(0.02)
    half = len(alive) // 2
    return alive[:half], alive[half:]


def ended(crowd_, locks, path):
    for trainer in crowd_:
        code = trainer.process.wait(PATIENCE_SECONDS)
        if code != 0:
            raise Failure("flock %s: a trainer ended with %d; see %s" % (locks, code, path))


def tried(root, runs, trainers, seconds, seed):
    """Tries both kinds of locks, one after the other, and compares them with one undisturbed sweep; yields the kind and
    the counts."""
    with open(os.path.join(root, "crowd.toml"), "w") as file:
        file.write(experiment("crowd", [2], ["original"], EPOCHS, runs))
    whole = os.path.join(root, "whole")
    generate(whole)
    alone = [program("trainer"), *sweep(os.path.join(root, "crowd.toml"), 2), "--work=" + whole]
    subprocess.run(alone, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for locks in apart.LOCKS:
        yield locks, crowd(whole, root, locks, trainers, seconds, random.Random("%d/%s" % (seed, locks)))


def main(words):
    try:
        chosen = {**DEFAULTS, **settings.parse(words, list(DEFAULTS))}
        runs, trainers, seconds = (settings.whole_number(chosen, key, 1, 1000) for key in ("RUNS", "TRAINERS", "SECONDS"))
        seed = settings.whole_number(chosen, "SEED", 0, 2 ** 63)
    except settings.SettingsError as error:
        sys.exit("hosts: %s" % error)
    if not apart.possible():
        sys.exit("hosts: needs root on Linux (unshare --pid) and a C compiler")
    os.chdir(ROOT)
    stop.listen()
    build_all("data-prep", "trainer")
    root = tempfile.mkdtemp(prefix="hosts-")
    try:
        for locks, counts in tried(root, runs, trainers, seconds, seed):
            outcome.note("flock %-6s %s" % (locks + ":", ", ".join("%d %s" % (count, what) for what, count in sorted(counts.items()))))
    except Failure as failure:
        sys.exit("hosts: %s\nall of it lies in %s; SEED=%d" % (failure, root, seed))
    except BaseException:
        shutil.rmtree(root, ignore_errors=True)
        raise
    shutil.rmtree(root)


if __name__ == "__main__":
    outcome.of(main, sys.argv[1:])
