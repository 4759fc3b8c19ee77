"""Damages files and runs the programs that read them: the part `damage` of `torture.py`, and its table (`FLIPS=2600`).

A bit is flipped, a file is truncated, a part of it is zeroed, or it is swapped with another of its kind. The program
that reads it next must name it, or give the same result as on the undamaged file; otherwise damage would have been used
silently. Then what the message advises is done, and the study must be complete again.

Invariant: nothing here depends on how a file is checked.
"""

import collections
import json
import os
import shutil

from place import Failure, checkpoints, contents

WAYS = ("flip", "flip", "flip", "cut", "zeroes", "swap")
# The words with which a program says that it sets something aside and continues.
SAID = ("set aside", "cannot be used")


class Silent(Exception):
    """Damage that was used silently, or advice that does not help."""


class Panic(Exception):
    """A reader that panicked on what it read."""


def images(place, work):
    """Images are read by a sweep that has nothing left to train; if it reports nothing, it must train on them as before."""
    said = heard(place.trainer(work, "sweep"))
    if said is None:
        shutil.rmtree(runs(work)[0])
        place.finish(work)
        place.compare(work)
    return said


def tables(place, work):
    """The tables of runs are read by an analysis. Its ledger names what it sets aside, and the report shows the ledger."""
    said = unless_another(work, "analysis", lambda: place.program(work, "analysis"))
    if said is not None and "see the ledger" in said and place.program(work, "report").returncode == 0:
        with open(os.path.join(work, "report", "report.md")) as file:
            said += file.read()
    return said


def weights(place, work):
    """Weights are read by a repair, which counts what it sets aside, even if that is nothing; its exit code reports
    damaged ones."""
    before = [contents(folder) for folder in runs(work)]
    ended = place.trainer(work, "repair")
    ended.stdout = ended.stdout.replace(" 0 set aside", "")
    said = heard(ended)
    if said is None and any(is_weights(name) and whole_of(place, folder, name) != found
                            for folder, files in zip(runs(work), before) for name, found in files.items()):
        raise Silent("weights differ, and nothing is reported")
    return said


def is_weights(name):
    return os.path.basename(name) == "model.safetensors"


def whole_of(place, folder, name):
    """The file as it is in the untouched study."""
    with open(os.path.join(place.whole, "runs", os.path.basename(folder), name), "rb") as file:
        return file.read()


def taken_up(place, work):
    """The file is read by a sweep that resumes the run."""
    said = heard(place.trainer(work, "sweep"))
    if said is None:
        place.compare(work)
    return said


def analyses(place, work):
    return unless_another(work, "report", lambda: place.program(work, "report"))


def unless_another(work, name, read):
    """What a reader reports; if it reports nothing, what it writes must equal what was there."""
    before = contents(os.path.join(work, name))
    said = heard(read())
    if said is None and contents(os.path.join(work, name)) != before:
        raise Silent("the %s differs, and nothing is reported" % name)
    return said


def of_each_run(name):
    return lambda work: [os.path.join(folder, name) for folder in runs(work)]


def at(*names):
    return lambda work: [os.path.join(work, *name.split("/")) for name in names]


def analysed(work):
    """The tables of an analysis, as its summary names them."""
    folder = os.path.join(work, "analysis")
    with open(os.path.join(folder, "summary.json")) as file:
        names = json.load(file)["sealed"]["files"]
    return [os.path.join(folder, name) for name in sorted(names) if name.endswith(".parquet")]


def plans(name):
    """The newest plan is that of the only experiment that there is."""
    return lambda work: [os.path.join(work, "plan.json") if name == "plan.json" else os.path.join(work, "plans", "tiny", name)]


# Each kind of file: where such files are, and which program reads them next.
KINDS = {
    "images": (at("data/cifar10/train.parquet", "data/cifar10/test.parquet"), images),
    "epochs": (of_each_run("epochs.parquet"), tables),
    "layers": (of_each_run("layers.parquet"), tables),
    "predictions": (of_each_run("predictions.parquet"), tables),
    "run.json": (of_each_run("run.json"), tables),
    "plan.json": (plans("plan.json"), tables),
    "plan.lock": (plans("plan.lock"), tables),
    "model": (of_each_run("model.safetensors"), weights),
    "checkpoint": (checkpoints, taken_up),
    "summary.json": (at("analysis/summary.json"), analyses),
    "analysis": (analysed, analyses),
}
OF_A_RUN = ("epochs", "layers", "predictions", "run.json")


def damage(place, work, draw, counts):
    """Damages one file for each reader, each in a copy of a finished study."""
    for kind in ("images", draw.choice(OF_A_RUN), draw.choice(("plan.json", "plan.lock")), "model", "checkpoint",
                 draw.choice(("summary.json", "analysis"))):
        ready(place, work, kind)
        there = KINDS[kind][0](work)
        if not there:
            continue
        way, path = harm(draw, there, draw.choice(WAYS))
        try:
            said = told(place, work, kind, path)
            mend(place, work, kind, path)
        except (Silent, Panic, Failure) as failure:
            raise Failure("%s of %s: %s" % (way, os.path.relpath(path, work), failure))
        counts["%s of %s, %s" % (way, kind, "harmless" if said is None else "named")] += 1
    place.finished(work)


def told(place, work, kind, path):
    """What the reader of such files reports about this damaged one, by its name or its run's; None if it reports nothing."""
    said = KINDS[kind][1](place, work)
    folder, name = os.path.split(path)
    names = [name] + [os.path.basename(folder)] * (os.path.dirname(folder) == os.path.join(work, "runs"))
    if said is not None and not any(name in said for name in names):
        raise Silent("it is not named:\n%s" % said)
    return said


def ready(place, work, kind):
    """Makes a finished study with its answer, or, for a checkpoint, one that was interrupted."""
    place.finished(work)
    if kind == "checkpoint":
        place.interrupted(work)
    else:
        place.answer(work)


def mend(place, work, kind, path):
    """Does what the messages advise; then the study must be complete."""
    if kind == "plan.lock":
        os.remove(path)
    if kind in OF_A_RUN:
        place.trainer(work, "repair", "--retrain")
        shutil.rmtree(os.path.join(work, "aside"), ignore_errors=True)
    if kind in OF_A_RUN + ("plan.json", "plan.lock"):
        place.finish(work)
        # From the weights, the layers can be rebuilt for the last epoch only.
        place.compare(work, but=("layers.parquet", "run.json") if kind == "layers" else ())
        if heard(place.program(work, "analysis")):
            raise Silent("mended, and set aside still")


def table(place, work, draw, flips):
    """Tries that many flipped bits, and a twentieth of that many truncations and swaps, distributed equally over all
    kinds; returns the outcomes by kind."""
    found = {kind: collections.Counter() for kind in KINDS}
    each, others = (-(-number // len(KINDS)) for number in (flips, flips // 20))
    for kind, counts in found.items():
        where, _ = KINDS[kind]
        place.fresh()
        ready(place, work, kind)
        before = contents(work)
        unharmed(place, work, kind)
        restore(work, before)
        for number in range(each + others):
            way = "flip" if number < each else ("cut", "swap")[number % 2]
            _, path = harm(draw, where(work), way)
            counts["flips" if way == "flip" else "others"] += 1
            try:
                counts["harmless" if told(place, work, kind, path) is None else "named"] += 1
            except (Silent, Failure):
                counts["silently used"] += 1
            except Panic:
                counts["panics"] += 1
            restore(work, before)
        unharmed(place, work, kind)
        shutil.rmtree(work)
    return found


def unharmed(place, work, kind):
    """Checks that nothing is reported where nothing is damaged."""
    said = KINDS[kind][1](place, work)
    if said:
        raise Failure("%s: named, and not damaged:\n%s" % (kind, said))


def lines(found):
    """The lines of the table, in Markdown."""
    columns = ("flips", "others", "named", "harmless", "silently used", "panics")
    total = sum(found.values(), collections.Counter())
    rows = ["| file | flips | cuts and swaps | named | harmless | silently used | panics |", "| --- |" + " ---: |" * len(columns)]
    return rows + ["| %s | %s |" % (kind, " | ".join("{:,}".format(counts[column]) for column in columns))
                   for kind, counts in [*found.items(), ("all", total)]]


def restore(work, before):
    """Restores every file, and removes all others."""
    now = contents(work)
    for name in now.keys() - before.keys():
        os.remove(os.path.join(work, name))
    for name in before:
        if now.get(name) != before[name]:
            os.makedirs(os.path.dirname(os.path.join(work, name)), exist_ok=True)
            with open(os.path.join(work, name), "wb") as file:
                file.write(before[name])


def harm(draw, paths, way):
    """Damages one of the files and returns how, and which one. The file differs afterwards, whichever way was drawn."""
    path = draw.choice(paths)
    others = [other for other in paths if other != path]
    with open(path, "rb") as file:
        before = file.read()
    after = before
    if way == "swap" and others:
        with open(draw.choice(others), "rb") as file:
            after = file.read()
    elif way in ("cut", "swap"):
        way, after = "cut", before[:draw.randrange(len(before))]
    elif way == "zeroes":
        at = draw.randrange(len(before))
        end = min(len(before), at + 4096)
        after = before[:at] + bytes(end - at) + before[end:]
    if after == before:
        way, at = "flip", draw.randrange(len(before))
        after = before[:at] + bytes([before[at] ^ 1 << draw.randrange(8)]) + before[at + 1:]
    with open(path, "wb") as file:
        file.write(after)
    return way, path


def heard(ended):
    """What a program reports about the damage; None if it succeeds and reports nothing."""
    if ended.returncode in (101, 134, 139) or ended.returncode < 0 or "panicked at" in ended.stdout:
        raise Panic("a panic:\n%s" % ended.stdout)
    return ended.stdout or "it failed" if ended.returncode or any(word in ended.stdout for word in SAID) else None


def runs(work):
    return [os.path.join(work, "runs", name) for name in sorted(os.listdir(os.path.join(work, "runs")))]
