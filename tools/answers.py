"""Kills analysis and report while they write, and runs two of them at once: the part `answers` of `torture.py`.

Invariant: afterwards there is the older answer, or the newer one, or one that its reader refuses by name; never a
mixture.
"""

import os
import signal
import time

from place import Failure, contents
import kills

# Two analyses of the same runs: of all runs as they are, and as planned.
OLDER, NEWER = ("--all-runs",), ()
CALLS = ("write", "fsync", "rename", "renameat2", "openat", "mkdir", "unlink", "unlinkat", "fchmod", "chmod")


def answers(place, work, draw, counts):
    place.finished(work)
    reports = both(place, work)
    for _ in range(draw.randint(2, 6)):
        words, copies = draw.choice((OLDER, NEWER)), draw.choice((1, 1, 2))
        kill(place, work, draw, counts, ["analysis", *words], copies)
        judge(place, work, reports, counts)
        place.program(work, "analysis", *draw.choice((OLDER, NEWER)))
        kill(place, work, draw, counts, ["report"], copies)
        if contents(os.path.join(work, "report")) not in reports:
            raise Failure("the report is a mixture of two")
        place.answer(work)
        hold(work, reports[1])
    place.finished(work)


def both(place, work):
    """Makes the two possible reports and returns them; the newer one is there afterwards."""
    reports = []
    for words in (OLDER, NEWER):
        place.answer(work, *words)
        reports.append(contents(os.path.join(work, "report")))
    if reports[0] == reports[1]:
        raise Failure("two analyses have one report")
    return reports


def judge(place, work, reports, counts):
    """Makes a report of what a killed analysis left: it must be of one analysis, or be refused with a reason."""
    told = place.program(work, "report")
    if told.returncode:
        if "`just analyse`" not in told.stdout:
            raise Failure("the report does not say what to do:\n%s" % told.stdout)
        counts["refused"] += 1
    if contents(os.path.join(work, "report")) not in reports:
        raise Failure("the report is a mixture of two analyses")


def hold(work, report):
    if contents(os.path.join(work, "report")) != report:
        raise Failure("the next report is not that of the untouched one")
    left = [name for name in os.listdir(os.path.join(work, "analysis")) if name.startswith(".")]
    if left:
        raise Failure("left in the analysis: %s" % ", ".join(left))


def kill(place, work, draw, counts, command, copies):
    """Kills a program at a random instant or at a system call. Another program may run on the same folder at the same
    time; it must succeed, or say which process is there."""
    before = ()
    if kills.can_trace() and draw.random() < 0.5:
        call, at = draw.choice(CALLS), draw.randint(1, 8)
        before = ["strace", "-f", "-qq", "-o", os.devnull, "-e", "trace=" + call, "-e", "inject=%s:signal=SIGKILL:when=%d" % (call, at)]
    killed, *others = [place.start(work, *command, before=before if number == 0 else ()) for number in range(copies)]
    if not before:
        time.sleep(draw.uniform(0, 0.1))
        killed.send(signal.SIGKILL)
    code = killed.wait()
    # It may have ended, or never have made that call.
    counts["%s of %s" % ("SIGKILL" if code == -signal.SIGKILL else "end", command[0])] += 1
    for other in others:
        if other.wait():
            raise Failure("%s beside a killed one ends with %d:\n%s" % (command[0], other.process.returncode, other.text()))
        counts["two at once"] += 1
