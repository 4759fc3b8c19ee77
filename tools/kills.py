"""Kills sweeps, stops them and makes them fail: the parts `instants`, `crowd` and `calls` of `torture.py`."""

import os
import re
import signal
import subprocess
import tempfile
import time

from outcome import ELSEWHERE
from place import Failure

CALLS = ("fsync", "rename", "renameat2", "fchmod", "flock", "mkdir", "unlink", "openat", "write", "read", "statx")
# Those of which a thread makes many; strace counts for each thread.
OFTEN = ("fsync", "openat", "write", "read", "statx")
ERRORS = ("ENOSPC", "EIO", "EDQUOT", "EINTR", "ENOLCK", "EMFILE", "EACCES", "EINVAL")
STOPS = {signal.SIGTERM: 143, signal.SIGINT: 130, signal.SIGHUP: 129}


def instants(place, work, draw, counts):
    """Kills and stops the only sweep, at random instants."""
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
        # Before the program has installed its handler, a signal ends it as it ends any program.
        if code not in (0, STOPS[number], -number):
            raise Failure("%s: ends with %s:\n%s" % (number.name, code, sweep.text()))
        if heard_seconds > 5:
            raise Failure("%s: heard after %.1f s" % (number.name, heard_seconds))


def crowd(place, work, draw, counts):
    """Runs several sweeps at once and kills some of them. A sweep that is left may end before the others, and must then
    say so."""
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
    counts["SIGKILL"] += sum(sweep.process.returncode == -signal.SIGKILL for sweep in killed)


def calls(place, work, draw, counts):
    """Kills sweeps at one system call, or makes one fail, one sweep after the other."""
    for _ in range(draw.randint(1, 8)):
        call = draw.choice(CALLS)
        at = draw.randint(1, 20 if call in OFTEN else 3)
        what = draw.choice(["signal=SIGKILL", "error=" + draw.choice(ERRORS), "error=" + draw.choice(ERRORS)])
        with tempfile.NamedTemporaryFile("r", errors="replace") as said:
            trace = ["strace", "-f", "-qq", "-o", said.name, "-e", "trace=" + call, "-e", "inject=%s:%s:when=%d" % (call, what, at)]
            sweep = place.sweep(work, jobs=1, before=trace)
            code = sweep.wait()
            # A sweep may make fewer such calls.
            happened = re.search(r"\(INJECTED\)|killed by SIGKILL", said.read())
        counts[what.split("=")[1] if happened else "calls that were not made"] += 1
        if code == ELSEWHERE or "another process" in sweep.text():
            raise Failure("%s %s: nobody else is at work:\n%s" % (call, what, sweep.text()))


def can_trace():
    try:
        command = ["strace", "-qq", "-o", os.devnull, "-e", "trace=fsync", "true"]
        return subprocess.run(command, stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False
