#!/usr/bin/env python3
"""Submits an experiment as a Slurm job array, followed by a job for its report: `submit.py [EXPERIMENT=notebook]
[PARTITION=...] [TIME=4:00:00] ...`

Everything that jobs need is made here, on the login node: programs, images, libtorch. A job takes runs off the plan as
any sweep does, so no run belongs to an element of the array, and submitting once more is always safe. The first element
waits for the runs that others train, and takes over what they leave; the others end when nothing is free.

Invariant: nothing is submitted before every word is understood and everything is made; with DRY_RUN=1, nothing is
submitted.
"""

import json
import math
import os
import re
import shlex
import shutil
import subprocess
import sys

import libtorch
import machine
import outcome
import run
import settings
import slurm_script
import status
import stop

KEYS = ("EXPERIMENT", "PARTITION", "ACCOUNT", "QOS", "GPUS", "CPUS", "MEM", "TIME", "MAX_JOBS", "RUNS_PER_JOB", "JOBS_PER_DEVICE", "SBATCH",
        "ENGINE", "SOURCE", "WORK", "NOTIFY", "DRY_RUN")
DEFAULTS = {"EXPERIMENT": "notebook", "GPUS": "1", "TIME": "4:00:00", "MAX_JOBS": "100", "RUNS_PER_JOB": "auto", "JOBS_PER_DEVICE": "1",
            "DRY_RUN": "0", "SBATCH": ""}
# CPU cores that draw batches for one GPU.
CPUS_PER_GPU = 4
# The part of its time limit for which work is planned for a job; what it does not finish continues after it is
# requeued.
SHARE = 0.8
# Without munge, Slurm's programs wait for ever.
PATIENCE_SECONDS = 60
DATA, TRAIN, ANALYSE, REPORT = (run.Step(words) for words in
                                ("data-prep DATASET SOURCE WORK", "trainer sweep EXPERIMENT ENGINE WORK", "analysis EXPERIMENT WORK",
                                 "report WORK"))


def main(words):
    try:
        chosen = understood(words)
    except settings.SettingsError as error:
        sys.exit("just submit: %s" % error)
    dry = chosen["DRY_RUN"] == "1"
    if not dry and not shutil.which("sbatch"):
        sys.exit("just submit: sbatch is not installed here: run this on a login node of a Slurm cluster (DRY_RUN=1 shows the script)")
    os.chdir(run.ROOT)
    stop.listen()
    prepare(chosen)
    look = plan(chosen)
    if look["left"] == 0:
        return outcome.note("%s: all %d runs have ended; `just report` makes the report" % (chosen["EXPERIMENT"], look["runs"]))
    jobs = size(chosen, look)
    script, report = slurm_script.training(chosen, jobs, words), slurm_script.reporting(chosen, words)
    if dry:
        return outcome.show("%s\n# and behind it, by --dependency=afterany:\n%s" % (script, report.rstrip("\n")))
    submit(chosen, jobs, script, report)
    outcome.note(what_it_takes(chosen, look, jobs))
    return None


def understood(words):
    """The settings, checked, with defaults for everything that was left open."""
    chosen = {**DEFAULTS, **settings.parse(words, KEYS)}
    for key, low, high in (("GPUS", 0, 64), ("MAX_JOBS", 1, 100_000)):
        settings.whole_number(chosen, key, low, high)
    if chosen["RUNS_PER_JOB"] != "auto":
        settings.whole_number(chosen, "RUNS_PER_JOB", 1, 100_000)
    gpus = int(chosen["GPUS"])
    chosen.setdefault("CPUS", str(max(1, CPUS_PER_GPU * gpus)))
    settings.whole_number(chosen, "CPUS", 1, 1024)
    if chosen["DRY_RUN"] not in ("0", "1"):
        raise settings.SettingsError("DRY_RUN=%s: must be 0 or 1." % chosen["DRY_RUN"])
    if slurm_script.seconds(chosen["TIME"]) is None:
        raise settings.SettingsError("TIME=%s: must be a time limit as Slurm writes it: minutes, or 4:00:00, or 1-12:00:00."
                                     % chosen["TIME"])
    for key in ("PARTITION", "ACCOUNT", "QOS", "MEM"):
        if not re.fullmatch(r"[\w.,:@+-]+", chosen.get(key, "-")):
            raise settings.SettingsError("%s=%s: must be one word." % (key, chosen[key]))
    try:
        shlex.split(chosen["SBATCH"])
    except ValueError as error:
        raise settings.SettingsError("SBATCH=%s: %s." % (chosen["SBATCH"], error)) from None
    if gpus and chosen.get("ENGINE") == "fused":
        raise settings.SettingsError("ENGINE=fused: it computes on the CPU; add GPUS=0.")
    chosen["DEVICE"] = "cuda" if gpus else "cpu"
    chosen = run.with_defaults(chosen, [DATA, TRAIN])
    # A line of its own in a batch script would be a command.
    for key in chosen.keys() - {"NOTIFY"}:
        lines = chosen[key].splitlines()
        if "".join(lines) != chosen[key]:
            raise settings.SettingsError("%s=%s: must be one line." % (key, " ".join(lines)))
    return chosen


def prepare(chosen):
    """Makes programs, images and libtorch, as a recipe of the pipeline does."""
    took = run.Steps(chosen)
    if chosen["DEVICE"] == "cuda":
        took.libtorch = True
        if not libtorch.serves("cuda"):
            took.run([sys.executable, os.path.join("tools", "libtorch.py"), "--cuda"], "set up libtorch")
    # The trainer verifies the images' content whenever it starts.
    if "SOURCE" in chosen or not run.has_images(chosen["WORK"], chosen["DATASET"]):
        took.take(DATA, TRAIN, keep_going=False)
    for step in (TRAIN, ANALYSE, REPORT):
        took.build(step.program)


def plan(chosen):
    """The experiment in numbers. If this machine has no GPU, times on a GPU are those of runs that were trained before."""
    place = settings.flags(chosen, ["EXPERIMENT", "WORK"])
    if chosen["DEVICE"] == "cpu":
        engine = settings.flags(chosen, ["ENGINE"])
        return asked([run.binary("trainer"), "sweep", "--plan", "--json", "--device=cpu", "--jobs=1", "--threads=1", *engine, *place])
    if machine.has_gpu():
        return asked([run.binary("trainer"), "sweep", "--plan", "--json", "--device=cuda", *place])
    runs = asked([run.binary("trainer"), "status", "--json", "--engine=tch", *place])["runs"]
    left = [each for each in runs if status.is_left(each)]
    mean = status.mean_pace(runs)
    look = {"runs": len(runs), "left": len(left), "seconds": None, "longest_seconds": None}
    if mean:
        epochs = [each["epochs"] - each["epochs_done"] for each in left]
        look.update(seconds=mean * sum(epochs), longest_seconds=mean * max(epochs, default=0))
    return look


def asked(command):
    program = stop.Program(command, captured=True)
    code = stop.join(program)
    if code:
        sys.exit(code)
    return json.loads(program.said[-1])


def at_once(chosen):
    """The number of concurrent runs in one job."""
    return int(chosen["GPUS"]) * int(chosen["JOBS_PER_DEVICE"]) or int(chosen["CPUS"])


def as_alone(chosen):
    """How many of them are as fast as one alone: runs on one GPU share it, and each is slower for it."""
    return int(chosen["GPUS"]) or int(chosen["CPUS"])


def size(chosen, look):
    """The number of jobs: each works for most of its time limit; if the duration of a run is unknown, each has as many
    runs as it trains at once."""
    side_by_side = at_once(chosen)
    runs_per_job = side_by_side
    if chosen["RUNS_PER_JOB"] != "auto":
        runs_per_job = int(chosen["RUNS_PER_JOB"])
    elif look["seconds"]:
        mean = look["seconds"] / look["left"]
        runs_per_job = max(side_by_side, as_alone(chosen) * int(SHARE * slurm_script.seconds(chosen["TIME"]) / mean))
    return max(1, min(int(chosen["MAX_JOBS"]), math.ceil(look["left"] / runs_per_job)))


def submit(chosen, jobs, script, report):
    """Submits both jobs; prints their IDs, and keeps them for `just status`."""
    folder = slurm_script.folder(chosen)
    os.makedirs(folder, exist_ok=True)
    name = slurm_script.name(chosen)
    paths = [os.path.join(folder, name + ending) for ending in (".sh", "-report.sh")]
    for path, text in zip(paths, (script, report)):
        with open(path, "w") as file:
            file.write(text)
    array = sbatch(chosen, [paths[0]], "Nothing was submitted.")
    # At once: whatever happens to the second job, the array is in the queue. The line of both jobs follows it.
    record(folder, name, array, jobs, None)
    # Through the environment, which Slurm passes on: the notification command may contain a password, and the script is
    # readable. SBATCH_EXPORT may be set to hold the environment back.
    told = "NOTIFY" in chosen
    behind = sbatch(chosen, ["--dependency=afterany:" + array, *["--export=ALL"] * told, paths[1]],
                    "The array %s is in the queue; for its report, type `just report` when it has ended, or stop it: scancel %s"
                    % (array, array), {"NOTIFY": chosen["NOTIFY"]} if told else {})
    record(folder, name, array, jobs, behind)
    outcome.note("%s: array %s of %d job%s, and %s for its report" % (name, array, jobs, "s" * (jobs > 1), behind))
    outcome.note("  watch it: just status EXPERIMENT=%s WORK=%s; squeue --jobs=%s,%s; tail -f %s" % (
        chosen["EXPERIMENT"], chosen["WORK"], array, behind, os.path.join(folder, "%s-%s_0.log" % (name, array))))
    outcome.note("  stop it: scancel %s %s; the same command goes on from what is saved" % (array, behind))


def record(folder, name, array, jobs, report):
    with open(os.path.join(folder, "submitted.jsonl"), "a") as file:
        file.write(json.dumps({"experiment": name, "array": array, "jobs": jobs, "report": report}) + "\n")


def sbatch(chosen, words, otherwise, variables=None):
    """The ID of a submitted job; an error of Slurm is one line."""
    try:
        found = subprocess.run(["sbatch", "--parsable", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               timeout=PATIENCE_SECONDS, env={**os.environ, **(variables or {})})
    except subprocess.TimeoutExpired:
        sys.exit("just submit: sbatch has not answered within %d s (is munge running?). %s" % (PATIENCE_SECONDS, otherwise))
    if found.returncode == 0:
        return found.stdout.strip().splitlines()[-1].split(";")[0]
    said = [line.split("error: ")[-1].strip() for line in found.stderr.splitlines() if "error:" in line]
    reason = (said or [found.stderr.strip() or "code %d" % found.returncode])[-1].replace("Batch job submission failed: ", "")
    if "job array" in reason:
        reason += " (MAX_JOBS=1000 is allowed by Slurm's own MaxArraySize; `scontrol show config` has that of this cluster)"
    given = ["%s=%s" % (key, chosen[key]) for key in ("MAX_JOBS", "PARTITION", "ACCOUNT", "QOS", "GPUS", "CPUS", "MEM", "TIME", "SBATCH")
             if chosen.get(key)]
    sys.exit("just submit: sbatch refuses it: %s, with %s. %s" % (reason, " ".join(given), otherwise))


def what_it_takes(chosen, look, jobs):
    text = "  %d runs, %d of them to go" % (look["runs"], look["left"])
    if not look["seconds"]:
        return text + "; how long a run takes is not known here: there is no GPU, and none was trained yet"
    job = max(look["longest_seconds"], look["seconds"] / (jobs * as_alone(chosen)))
    return text + "; about %s a run, %s a job that starts with all the others (limit %s)" % (
        hours(look["seconds"] / look["left"]), hours(job), chosen["TIME"])


def hours(seconds):
    return "%.1f hours" % (seconds / 3600) if seconds >= 3600 else run.spoken(seconds)


if __name__ == "__main__":
    outcome.of(main, sys.argv[1:])
