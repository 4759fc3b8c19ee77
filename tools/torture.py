#!/usr/bin/env python3
"""Injects faults into sweeps and files, again and again, and compares the result with an undisturbed sweep: `torture.py
[SEED=0] [MINUTES=10]`; or makes one table of damaged files: `torture.py FLIPS=2600 [SEED=0]`

Each round takes a fresh place with generated images, does to a sweep of tiny networks what one of the `PARTS` draws (it
kills it, stops it, makes it fail, or damages its files), and then runs the same command to its end. It must end with
exit code 0, and leave exactly what the undisturbed sweep left, bit for bit, with no file too many.

A round is drawn from the seed and its number. What happens at a system call is repeated exactly; what happens at an
instant, approximately.

Invariant: everything is in a directory of its own, which is kept if a round failed.
"""

import collections
import os
import random
import shutil
import sys
import tempfile
import time

import answers
import damage
import disk
import everything
import kills
import lost
import outcome
import run
import settings
import stop
from place import Failure, Place, all_ended

WEEK = 7 * 24 * 60
# Each part is given a place, a work directory of its own, its random draws, and its counters; the round then finishes
# and compares.
PARTS = {"instants": kills.instants, "crowd": kills.crowd, "calls": kills.calls, "answers": answers.answers, "damage": damage.damage,
         "full": disk.full, "power": disk.power, "lost": lost.lost, "all": everything.everything}


def parts_here():
    """The parts that this machine allows; those that it does not are printed."""
    parts = dict(PARTS)
    if not kills.can_trace():
        outcome.note("not tried here: failing system calls and lost flushes: strace is missing or may not trace programs")
        del parts["calls"], parts["lost"]
    if not disk.can_mount():
        outcome.note("not tried here: full disks and power cuts: no disk can be mounted")
        del parts["full"], parts["power"]
    return parts


def one(place, seed, number, parts, totals):
    """Runs one round: which part it is, and what it does, are drawn from the seed and its number alone."""
    draw = random.Random("%d/%d" % (seed, number))
    name = sorted(parts)[number % len(parts)]
    work = place.fresh()
    try:
        parts[name](place, work, draw, totals[name])
        place.finish(work)
        place.compare(work)
        place.retrain(work, draw.choice(sorted(os.listdir(os.path.join(work, "runs")))))
    except Failure as failure:
        raise Failure("round %d, %s: %s\nIt stays in %s; `just torture SEED=%d MINUTES=...` comes to it again, where the same "
                      "parts can run (%s)." % (number, name, failure, work, seed, ", ".join(sorted(parts))))
    totals[name]["rounds"] += 1
    shutil.rmtree(work)


def summary(seed, totals, seconds):
    lines = ["torture SEED=%d, %s:" % (seed, run.spoken(seconds))]
    for name, counts in totals.items():
        lines.append("  %-9s %s" % (name, ", ".join("%d %s" % (count, what) for what, count in counts.most_common())))
    return "\n".join(lines)


def main(words):
    try:
        chosen = {"SEED": "0", "MINUTES": "10", "FLIPS": "0", **settings.parse(words, ["SEED", "MINUTES", "FLIPS"])}
        seed = settings.whole_number(chosen, "SEED", 0, 2 ** 63)
        minutes = settings.number(chosen, "MINUTES", 0, WEEK)
        flips = settings.whole_number(chosen, "FLIPS", 0, 10 ** 6)
    except settings.SettingsError as error:
        sys.exit("just torture: %s" % error)
    os.chdir(run.ROOT)
    stop.listen()
    run.build_all("data-prep", "trainer", "analysis", "report")
    root, began = tempfile.mkdtemp(prefix="torture-"), time.monotonic()
    try:
        with all_ended():
            place = Place(root)
            if flips:
                table(place, seed, flips)
            else:
                rounds(place, seed, began + 60 * minutes)
    except Failure as failure:
        sys.exit("just torture: %s" % failure)
    except BaseException:
        shutil.rmtree(root, ignore_errors=True)
        raise
    shutil.rmtree(root)


def rounds(place, seed, until):
    """Runs each part once, and more of them until the time is over."""
    parts, began, number = parts_here(), time.monotonic(), 0
    totals = {name: collections.Counter() for name in parts}
    try:
        while number < len(parts) or time.monotonic() < until:
            one(place, seed, number, parts, totals)
            number += 1
    finally:
        outcome.note(summary(seed, totals, time.monotonic() - began))
    outcome.note("  nothing lost, nothing differs")


def table(place, seed, flips):
    found = damage.table(place, os.path.join(place.root, "work"), random.Random(seed), flips)
    outcome.note("\n".join(damage.lines(found)))
    if any(counts["silently used"] or counts["panics"] for counts in found.values()):
        raise Failure("damage was used silently, or caused a panic; `just torture FLIPS=%d SEED=%d` repeats it" % (flips, seed))


if __name__ == "__main__":
    outcome.of(main, sys.argv[1:])
