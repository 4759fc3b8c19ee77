#!/usr/bin/env python3
"""Measures how fast a training step and an epoch are, here and in PyTorch: `bench.py KEY=VALUE...`, one JSON line per
measurement.

Every round measures each program once, one after the other, so that other load on the machine affects all of them.
PyTorch is measured where PYTHON can import torch: with the default allocator, and once more with glibc told to keep the
pages it was given.

    RANKSCALES=0,2,8,31  THREADS=1,2  STEPS=3  EPOCH_UPDATES=3  ROUNDS=3  ENGINES=auto,tch  PYTHON=python3
    VARIANTS=contiguous,channels_last,channels_last+compile

Keep the lines; `report bench FILE` makes the README's table and figure from them.
"""

import json
import os
import sys
import time

import bench_line
import machine
import outcome
import settings
import stop
from outcome import say
from run import ROOT, binary, build, invoked_from, needs_libtorch, spoken

DEFAULTS = {
    "RANKSCALES": "0,2,8,31", "THREADS": "1,2", "STEPS": "3", "EPOCH_UPDATES": "3", "ROUNDS": "3",
    "ENGINES": "auto,tch",
    "PYTHON": "python3", "VARIANTS": "contiguous,channels_last,channels_last+compile",
}
# The same settings as the trainer's for its own allocator.
KEPT = {"GLIBC_TUNABLES": "glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=1099511627776:glibc.malloc.top_pad=67108864"
                          ":glibc.malloc.arena_max=1:glibc.malloc.hugetlb=1"}


def main(words):
    try:
        chosen = settings.located({**DEFAULTS, **settings.parse(words, list(DEFAULTS))}, invoked_from())
        rankscales = settings.whole_numbers(chosen, "RANKSCALES", 0, 512)
        threads = settings.whole_numbers(chosen, "THREADS", 1, 1024)
        steps, epoch, rounds = (settings.whole_number(chosen, key, 1, 10_000) for key in ("STEPS", "EPOCH_UPDATES", "ROUNDS"))
    except settings.SettingsError as error:
        sys.exit("just bench: %s" % error)
    engines = chosen["ENGINES"].split(",")
    os.chdir(ROOT)
    libtorch = needs_libtorch({"DEVICE": "cpu", **({"ENGINE": "tch"} if "tch" in engines or 0 in rankscales else {})})
    stop.listen()
    for command in ([os.path.join("tools", "ready")] + ["--libtorch"] * libtorch, build("trainer", libtorch, "trainer/roofline")):
        if stop.call(command, through_us=True):
            sys.exit("just bench: failed: %s" % " ".join(command))

    peers = [] if machine.missing(chosen["PYTHON"], ("torch",), imported=True) else variants(chosen)
    if not peers:
        say("%s cannot import torch: PyTorch is not measured; PYTHON= names another" % chosen["PYTHON"])
    cases = [(rankscale, count) for rankscale in rankscales for count in threads]
    start, done, total = time.monotonic(), 0, rounds * len(cases)
    for turn in range(1, rounds + 1):
        for rankscale, count in cases:
            case = ["--rankscale", str(rankscale), "--threads", str(count), "--steps", str(steps)]
            # Only libtorch can train the dense network.
            ours = [binary("trainer"), "bench", "--json", "--device", "cpu", "--epoch-updates", str(epoch), "--engine"]
            theirs = [chosen["PYTHON"], os.path.join("tools", "peer.py"), "--variant"]
            lines = [measure(turn, ours + [engine] + case, {}) for engine in (engines if rankscale > 0 else ["tch"])]
            lines += [measure(turn, theirs + [variant] + case, environment) for variant, environment in peers]
            if len({line["parameters"] for line in lines}) > 1:
                sys.exit("just bench: PyTorch's network has a different number of parameters from ours")
            done += 1
            left = (time.monotonic() - start) / done * (total - done)
            say("round %d of %d, rankscale %d, %d thread(s): about %s left" % (turn, rounds, rankscale, count, spoken(left)))


def variants(chosen):
    """What to measure of PyTorch: each variant with the default allocator, and channels_last with pages kept."""
    names = chosen["VARIANTS"].split(",")
    return [(name, {}) for name in names] + [(name, KEPT) for name in names if name == "channels_last"]


def measure(turn, command, environment):
    """Prints and returns the command's line, with the round and with whether the environment kept pages."""
    program = stop.Program(command, captured=True, environment={**os.environ, **environment})
    if stop.join(program):
        sys.exit("just bench: failed: %s" % " ".join(command))
    try:
        line = bench_line.line(turn, json.loads("\n".join(program.said)), bool(environment))
    except bench_line.LineError as error:
        sys.exit("just bench: %s: %s" % (" ".join(command), error))
    outcome.show(json.dumps(line))
    return line


if __name__ == "__main__":
    outcome.of(main, sys.argv[1:])
