"""Files that are damaged, and the programs that read them: the part `damage` of `torture.py`.

A bit is flipped, a file is cut, a part of it is zeroed, or it is swapped with its like. Whoever reads it next must name it, or give what it
gives undamaged: anything else would have been used without a word. Of a run, what the message says to do is then done, and the study must be whole again.

Invariant: nothing here knows how a file is checked.
"""

import os
import shutil

WAYS = ("flip", "flip", "flip", "cut", "zeroes", "swap")
# How a program says that it sets something aside and goes on.
SAID = ("set aside", "cannot be used")
IMAGES = ("train.parquet", "test.parquet")
OF_A_RUN = ("epochs.parquet", "layers.parquet", "predictions.parquet", "run.json")
OF_THE_ANALYSIS = ("summary.json", "runs.parquet", "cells.parquet", "comparisons.parquet", "epochs.parquet", "layers.parquet")


class Silent(Exception):
    """Damage that was used without a word, or advice that does not help."""


def images(place, work, draw):
    """Read by a sweep that has nothing left to train."""
    what = harm(draw, [os.path.join(work, "data", "cifar10", name) for name in IMAGES])
    return what, "harmless" if heard(place.trainer(work, "sweep")) is None else "named"


def tables(place, work, draw):
    """Read by the analysis; what is named is repaired, or set aside and trained anew."""
    place.program(work, "analysis")
    before = content(os.path.join(work, "analysis"))
    kind = draw.choice(OF_A_RUN)
    what = harm(draw, [os.path.join(folder, kind) for folder in runs(work)])
    named = heard(place.program(work, "analysis"))
    if named is None and content(os.path.join(work, "analysis")) != before:
        raise Silent("%s: the analysis is another, and says nothing" % what)
    shutil.rmtree(os.path.join(work, "analysis"))
    place.trainer(work, "repair", "--retrain")
    shutil.rmtree(os.path.join(work, "aside"), ignore_errors=True)
    place.finish(work)
    # From weights, layers are known after the last epoch alone.
    place.compare(work, but=("layers.parquet", "run.json") if kind == "layers.parquet" else ())
    if heard(place.program(work, "analysis")):
        raise Silent("%s: repaired, and set aside still" % what)
    return what, "harmless" if named is None else "named"


def weights(place, work, draw):
    """Read by a repair."""
    what = harm(draw, [os.path.join(folder, "model.safetensors") for folder in runs(work)])
    return what, "harmless" if heard(place.trainer(work, "repair")) is None else "named"


def checkpoints(place, work, draw):
    """Read by a sweep that takes the run up."""
    there = place.interrupted(work)
    if not there:
        return "no checkpoint", "harmless"
    what = harm(draw, there)
    if heard(place.trainer(work, "sweep")):
        return what, "named"
    place.compare(work)
    return what, "harmless"


def analyses(place, work, draw):
    """Read by the report."""
    place.program(work, "analysis")
    place.program(work, "report")
    before = content(os.path.join(work, "report"))
    what = harm(draw, [os.path.join(work, "analysis", draw.choice(OF_THE_ANALYSIS))])
    if heard(place.program(work, "report")):
        return what, "named"
    if content(os.path.join(work, "report")) != before:
        raise Silent("%s: the report is another, and says nothing" % what)
    return what, "harmless"


READERS = (images, tables, weights, checkpoints, analyses)


def damage(place, work, draw, counts):
    """One file of each reader, each in a copy of a finished study."""
    for reader in READERS:
        shutil.rmtree(work)
        shutil.copytree(place.whole, work)
        what, found = reader(place, work, draw)
        counts[what.split()[0] + ", " + found] += 1
    shutil.rmtree(work)
    shutil.copytree(place.whole, work)


def harm(draw, paths):
    """Damages one of the files, and says how."""
    path = draw.choice(paths)
    others = [other for other in paths if other != path]
    with open(path, "rb") as file:
        before = file.read()
    way = draw.choice(WAYS)
    if way == "swap" and others:
        with open(draw.choice(others), "rb") as file:
            after = file.read()
    elif way == "cut":
        after = before[:draw.randrange(len(before))]
    elif way == "zeroes":
        at = draw.randrange(len(before))
        end = min(len(before), at + 4096)
        after = before[:at] + bytes(end - at) + before[end:]
    else:
        way, at = "flip", draw.randrange(len(before))
        after = before[:at] + bytes([before[at] ^ 1 << draw.randrange(8)]) + before[at + 1:]
    with open(path, "wb") as file:
        file.write(after)
    return "%s of %s" % (way, os.path.join(*path.split(os.sep)[-2:]))


def heard(ended):
    """What a program says of the damage; none where it ends well and says nothing of it."""
    if ended.returncode in (101, 134, 139) or ended.returncode < 0 or "panicked at" in ended.stdout:
        raise Silent("a panic:\n%s" % ended.stdout)
    return ended.stdout or "it failed" if ended.returncode or any(word in ended.stdout for word in SAID) else None


def runs(work):
    return [os.path.join(work, "runs", name) for name in sorted(os.listdir(os.path.join(work, "runs")))]


def content(directory):
    """Every file below it."""
    found = {}
    for folder, _, names in os.walk(directory):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, directory)] = file.read()
    return found
