#!/usr/bin/env python3
"""Runs steps of the pipeline in order: `run.py RECIPE STEP... -- KEY=VALUE...`

A step is a program, its subcommand, and the settings that it takes: `"trainer sweep EXPERIMENT DEVICE WORK"`. The
recipe takes the settings of all its steps. A recipe that reads WORK and trains nothing takes STUDY, a study in
results/, in its place. With `--repeat` the steps run again every EVERY seconds, until interrupted. A recipe that trains
takes NOTIFY, a command that is run at its end.

A step's program is built when its turn comes. Images are downloaded while the next program is built, so that a user
without a network and without a copy of the images is told soon.

Invariant: nothing is built or run before every word is understood.
"""

import os
import sys
import time

import libtorch
import machine
import notify
import outcome
import settings
import stop

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# A target that the user sets for cargo would put programs into a folder of its own.
os.environ.pop("CARGO_BUILD_TARGET", None)
# Features are unified over the whole workspace whichever program is built, so nothing is compiled twice.
BUILD = ["cargo", "build", "--release", "--workspace", "--no-default-features"]
# What a program cannot do without, with a value for example; of several in one line, one is enough.
NEEDED = {"trainer train": ["RANKSCALE=8"], "trainer retrain": ["STUDY=desktop", "RUN=r31-..."], "analysis publish": ["NAME=seeds"],
          "analysis simulate": ["EXPERIMENT=desktop or DESIGN=3x9"]}
LOOKING = {"analysis", "report", "top"}
WEEK = 7 * 24 * 3600
# What only libtorch can do; our own kernels do everything else on the CPU.
ONLY_LIBTORCH = {"ENGINE": ["tch"], "RANKSCALE": ["0"], "PRECISION": ["bf16", "fp16"]}


def main(arguments):
    cut = arguments.index("--")
    (recipe, *steps), words = arguments[:cut], arguments[cut + 1:]
    repeat = "--repeat" in steps
    steps = [Step(step) for step in steps if step != "--repeat"]
    looks = {step.program for step in steps} <= LOOKING
    keys = list(dict.fromkeys(key for step in steps for key in step.keys))
    keys += ["STUDY"] * (looks and "WORK" in keys and "NAME" not in keys) + ["EVERY"] * repeat
    keys += ["NOTIFY"] * any(step.trains for step in steps)
    try:
        chosen = settings.parse(words, keys)
        pause_seconds = settings.number({"EVERY": 60, **chosen}, "EVERY", 0, WEEK)
        steps = wanted(steps, chosen)
        chosen = with_defaults(chosen, steps)
    except settings.SettingsError as error:
        sys.exit("just %s: %s" % (recipe, error))
    os.chdir(ROOT)
    if len(steps) > 1:
        outcome.note(overview(recipe, steps, chosen))
    stop.listen()

    began, took, code = time.monotonic(), Steps(chosen), 1
    try:
        took.all(steps, pause_seconds if repeat else None)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else code
        raise
    finally:
        if "NOTIFY" in chosen:
            notify.send(chosen["NOTIFY"], notify.summary(recipe, chosen, code, time.monotonic() - began, took.seconds))
    if len(steps) > 1:
        outcome.note("\n" + "\n".join("%-17s %s" % (name, spoken(seconds)) for name, seconds in took.seconds))
    if steps[-1].name == "report":
        outcome.note("report: %s" % os.path.join(chosen["WORK"], "report", "report.md"))


class Steps:
    """Runs one step after the other, builds each program before its first step, and keeps how long each took."""

    def __init__(self, chosen):
        self.chosen, self.libtorch = chosen, needs_libtorch(chosen)
        self.built, self.seconds = set(), []
        # On a terminal these programs show progress bars of their own.
        self.through_us = not (sys.stdout and sys.stdout.isatty() and sys.stderr and sys.stderr.isatty())

    def all(self, steps, pause_seconds):
        """Runs the steps in turn, once, or repeatedly with that many seconds between."""
        while True:
            for step, following in zip(steps, steps[1:] + [None]):
                self.take(step, following, keep_going=pause_seconds is not None)
            if pause_seconds is None:
                break
            time.sleep(pause_seconds)

    def take(self, step, following, keep_going):
        network = None
        if step.asks_servers(self.chosen):
            network = stop.Program([sys.executable, os.path.join("tools", "reach.py")], through_us=True)
        self.build(step.program, network)
        if network:
            network.end()
        if step.program != "data-prep" or following is None:
            return self.run(step.command(self.chosen), step.name, keep_going=keep_going)
        images = stop.Program(step.command(self.chosen), through_us=True)
        self.build(following.program, images)
        self.wait(images, step.name)

    def build(self, program, beside=None):
        """Builds a program, if that was not done yet."""
        if program in self.built:
            return
        if not self.built:
            self.run([os.path.join("tools", "ready")], "check tools", beside=beside)
        self.built.add(program)
        if program == "trainer" and self.libtorch:
            for command in set_up(self.chosen):
                self.run(command, "set up libtorch", self.through_us, beside)
        self.run(build(program, self.libtorch), "build " + program, self.through_us, beside)

    def run(self, command, name, through_us=False, beside=None, keep_going=False):
        self.wait(stop.Program(command, through_us), name, beside, keep_going)

    def wait(self, program, name, beside=None, keep_going=False):
        """Waits for its end; its failure, or that of what runs beside it, ends this program with its exit code."""
        code = stop.join(program, beside)
        if code and not keep_going:
            sys.exit(code)
        self.seconds.append((name, program.seconds))


class Step:
    def __init__(self, text):
        words = text.split()
        self.keys = [word for word in words if word.isupper()]
        self.words = [word for word in words if not word.isupper()]
        self.program = self.words[0]
        self.name = " ".join(self.words)
        self.trains = self.words[:2] in (["trainer", "sweep"], ["trainer", "train"]) and "--plan" not in self.words

    def asks_servers(self, chosen):
        """Whether it needs a network, because there are no images yet and no copy of them is given."""
        return (self.program == "data-prep" and not is_smoke(chosen) and chosen.get("SOURCE", "auto") in settings.NAMED_SOURCES
                and not has_images(chosen["WORK"], chosen.get("DATASET", settings.DATASETS[0])))

    def command(self, chosen):
        subcommand = self.words[1:]
        if self.program == "data-prep" and is_smoke(chosen) and "SOURCE" not in chosen:
            subcommand = ["generate"]
        return [binary(self.program)] + subcommand + settings.flags(chosen, self.keys)


def has_images(work, dataset):
    return all(os.path.exists(os.path.join(work, "data", dataset, half + ".parquet")) for half in ("train", "test"))


def binary(program):
    return os.path.join(machine.target_dir(), "release", program)


def program(name):
    """The path of a program, from any directory."""
    return os.path.join(ROOT, binary(name))


def build(program, with_libtorch, *features):
    """The command that builds a program and what it needs."""
    features = ["trainer/tch"] * with_libtorch + list(features)
    return BUILD + ["--bin", program] + ["--features=" + ",".join(features)] * bool(features) + ["--target-dir=" + machine.target_dir()]


def build_all(*programs):
    """Builds programs for a test of them, which trains on the CPU."""
    for name in programs:
        code = stop.call(build(name, needs_libtorch({"DEVICE": "cpu"})))
        if code:
            sys.exit(code)


def wanted(steps, chosen):
    """The steps, without that of a figure if none is requested; its numbers are written beside it if they are not
    requested elsewhere."""
    if "FIGURE" not in chosen:
        return [step for step in steps if "FIGURE" not in step.keys]
    if any("JSON" in step.keys for step in steps):
        chosen.setdefault("JSON", os.path.splitext(chosen["FIGURE"])[0] + ".json")
    return steps


def with_defaults(chosen, steps):
    """Adds the defaults for what the words leave open: the experiment of a sweep, and the place for its files. What has no
    default is requested."""
    chosen = dict(chosen)
    for example in (example for step in steps for example in NEEDED.get(step.name, [])):
        needed = [word.split("=")[0] for word in example.split(" or ")]
        if not any(key in chosen for key in needed):
            raise settings.SettingsError("%s is missing: type it, as in %s." % (" or ".join(needed), example))
    if "STUDY" in chosen:
        study = settings.study(chosen["STUDY"], os.path.join(ROOT, "results"))
        reads = any("STUDY" in step.keys for step in steps)
        if "WORK" in chosen and not reads:
            raise settings.SettingsError("STUDY and WORK both name a place; give one of them.")
        # A step with a setting STUDY reads the study there; for the others the study is the work folder.
        chosen["STUDY" if reads else "WORK"] = study
    if any(step.words == ["analysis", "tune"] for step in steps):
        chosen.setdefault("EXPERIMENT", "tune")
    if any(step.words[:2] == ["trainer", "sweep"] for step in steps) and "EXPERIMENT" not in chosen:
        default = "notebook" if may_use_gpu(chosen) else "quick"
        chosen["EXPERIMENT"] = default if chosen.get("DATASET", settings.DATASETS[0]) == settings.DATASETS[0] else chosen["DATASET"]
    # The smoke experiment trains on generated images, which must never pass for the real ones beside them.
    chosen.setdefault("WORK", os.path.join(default_work(), "smoke") if is_smoke(chosen) else default_work())
    chosen = settings.located(chosen, invoked_from())
    if "EXPERIMENT" in chosen:
        settings.experiment(chosen["EXPERIMENT"], os.path.join(ROOT, "experiments"), chosen["WORK"])
    settings.forms(chosen)
    # A libtorch that the driver cannot run finds no GPU, and would train on the CPU.
    if may_use_gpu(chosen) and any("DEVICE" in step.keys for step in steps) and libtorch.unusable():
        raise settings.SettingsError(libtorch.unusable() + ".")
    return of_one_dataset(chosen, steps)


def default_work():
    """The work folder if no WORK is typed: that of the environment, else work/ of the checkout."""
    return os.environ.get("WORK") or os.path.join(ROOT, "work")


def invoked_from():
    """The directory in which the user typed the command."""
    return os.environ.get("INVOKED_FROM", os.getcwd())


def of_one_dataset(chosen, steps):
    """Adds the data set of an experiment, which is prepared for it; another one is an error."""
    if "EXPERIMENT" not in chosen or not any("DATASET" in step.keys for step in steps):
        return chosen
    name = chosen["EXPERIMENT"]
    of_experiment = settings.dataset(name, os.path.join(ROOT, "experiments"), chosen.get("WORK", default_work()))
    if chosen.setdefault("DATASET", of_experiment) != of_experiment:
        raise settings.SettingsError(
            "DATASET=%s: EXPERIMENT=%s trains on %s. One of your own may say dataset = \"%s\" below [recipe]."
            % (chosen["DATASET"], name, of_experiment, chosen["DATASET"]))
    return chosen


def overview(recipe, steps, chosen):
    """Says what a recipe of several steps is about to do, before its first one, which may build for minutes."""
    first_time = "" if os.path.exists(binary(steps[-1].program)) else " (the first time takes minutes)"
    settings_used = ["%s=%s" % (key, settings.shown(chosen[key])) for step in steps for key in step.keys if key in chosen]
    lines = ["just %s %s" % (recipe, " ".join(dict.fromkeys(settings_used))),
             "  each program is built when its turn comes%s: %s" % (first_time, ", ".join(step.name for step in steps))]
    if steps[0].program == "data-prep":
        lines.append("  images are looked for first, while the next program is built")
    if any(step.words[:2] == ["trainer", "sweep"] for step in steps):
        lines.append("  before it trains, the sweep times a few updates and says what it will run and how long that takes")
    return "\n".join(lines)


def needs_libtorch(chosen):
    """Whether to build libtorch in: if it is installed already, if there is a GPU to use, or if only libtorch can do the
    work."""
    if os.environ.get("LIBTORCH") or os.path.exists(os.path.join(".libtorch", "current", "lib")):
        return True
    if may_use_gpu(chosen):
        return True
    return any(chosen.get(key) in values for key, values in ONLY_LIBTORCH.items()) or (
        "EXPERIMENT" in chosen and settings.is_for_libtorch(
            chosen["EXPERIMENT"], os.path.join(ROOT, "experiments"), chosen.get("WORK", default_work())))


def set_up(chosen):
    """The command that brings the libtorch that the work needs, unless there is one. One without CUDA would train on the
    CPU beside an idle GPU."""
    needed = "cuda" if may_use_gpu(chosen) else "cpu"
    return [] if libtorch.serves(needed) else [[sys.executable, os.path.join("tools", "libtorch.py"), "--for=" + needed]]


def may_use_gpu(chosen):
    return chosen.get("DEVICE") != "cpu" and machine.has_gpu()


def is_smoke(chosen):
    return chosen.get("EXPERIMENT") == "smoke"


def spoken(seconds):
    minutes, seconds = divmod(round(seconds), 60)
    return "%d min %02d s" % (minutes, seconds) if minutes else "%d s" % seconds


if __name__ == "__main__":
    outcome.of(main, sys.argv[1:])
