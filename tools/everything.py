"""Kills `just all` with everything that it started: the part `all` of `torture.py`.

Invariant: the same command then runs to its end, with the same networks as an undisturbed one.
"""

import os
import shutil
import signal
import subprocess
import time

import place as places
import run
from place import Failure

WORDS = ("all", "EXPERIMENT=smoke", "DEVICE=cpu")


def everything(place, work, draw, counts):
    began = time.monotonic()
    whole, broken = (os.path.join(work, name) for name in ("whole", "broken"))
    finish(whole)
    seconds = time.monotonic() - began
    for _ in range(draw.randint(1, 3)):
        under_way = places.start(command(broken))
        time.sleep(draw.uniform(0, seconds))
        under_way.send(signal.SIGKILL)
        under_way.wait()
        counts["SIGKILL"] += 1
    finish(broken)
    places.same(whole, broken, besides=places.ANSWERS)
    for name in ("analysis/summary.json", "report/report.md", "report/report.html"):
        if not os.path.exists(os.path.join(broken, name)):
            raise Failure("%s is missing" % name)
    shutil.rmtree(whole)
    shutil.rmtree(broken)


def finish(work):
    ended = subprocess.run(command(work), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    places.succeeded(" ".join(command(work)), ended)


def command(work):
    return [os.path.join(run.ROOT, "justw"), *WORDS, "WORK=" + work]
