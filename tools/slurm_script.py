"""Writes the batch scripts of `just submit`: one for the jobs of an array that train, one for the job that makes the
report.

A script ends by replacing itself with the trainer (`exec`), so that Slurm's signals reach it. Its `#SBATCH` lines
contain all options, so that it can be submitted by hand.
"""

import os
import re
import shlex

import run
import settings

# A job is warned this long before its limit; Slurm may do so a minute earlier.
WARNING_SECONDS = 120
REPORT_TIME = "1:00:00"

TRAINING = """#!/bin/sh
{directives}
# Written by: just submit {words}
# A job takes runs off the plan until none is free. Stopped before its end, it goes back into the queue and on from what is saved.
fail() {{ echo "$* (node $(hostname)): it must lie on a file system that all nodes share" >&2; exit 1; }}
[ -x {trainer} ] || fail {trainer} is not there
[ -d {work} ] || fail {work} is not there
cd {root} || exit 1
echo "job ${{SLURM_ARRAY_JOB_ID:-$SLURM_JOB_ID}}_${{SLURM_ARRAY_TASK_ID:-0}} on $(hostname), start ${{SLURM_RESTART_COUNT:-0}}"
# The first element waits for what the others train, and takes up what they leave.
wait=0
[ "${{SLURM_ARRAY_TASK_ID:-0}}" != 0 ] || wait=1
exec {command} --wait="$wait" --slurm={folder}
"""

REPORTING = """#!/bin/sh
{directives}
# Written by: just submit {words}
cd {root} || exit 1
began=$(date +%s)
{analyse} && {report}
code=$?
# NOTIFY, if it was given, is in the environment and not here.
[ -z "${{NOTIFY:-}}" ] || {notify} "$code" "$(($(date +%s) - began))"
exit "$code"
"""


def training(chosen, jobs, words):
    gpus = int(chosen["GPUS"])
    directives = common(chosen, name(chosen), "%A_%a", chosen["TIME"], chosen["CPUS"])
    directives += ["--array=0-%d" % (jobs - 1), "--requeue", "--signal=B:TERM@%d" % warning(chosen)]
    directives += ["--gpus=%d" % gpus] * bool(gpus) + named(chosen, "MEM") + shlex.split(chosen["SBATCH"])
    trainer = run.program("trainer")
    command = [trainer, "sweep", *settings.flags(chosen, ["EXPERIMENT", "ENGINE", "WORK"]), *side_by_side(chosen)]
    return TRAINING.format(directives=lines(directives), words=shlex.join(open_words(words)), trainer=shlex.quote(trainer),
                           work=shlex.quote(chosen["WORK"]), root=shlex.quote(run.ROOT), command=shlex.join(command),
                           folder=shlex.quote(folder(chosen)))


def reporting(chosen, words):
    directives = common(chosen, name(chosen) + "-report", "%j", REPORT_TIME, "1")
    analyse = [run.program("analysis"), *settings.flags(chosen, ["EXPERIMENT", "WORK"])]
    report = [run.program("report"), *settings.flags(chosen, ["WORK"])]
    notify = ["python3", os.path.join(run.ROOT, "tools", "notify.py"), *("%s=%s" % (key, chosen[key]) for key in ("EXPERIMENT", "WORK"))]
    return REPORTING.format(directives=lines(directives), words=shlex.join(open_words(words)), root=shlex.quote(run.ROOT),
                            analyse=shlex.join(analyse), report=shlex.join(report), notify=shlex.join(notify))


def open_words(words):
    """The settings, as anybody may read them."""
    return [settings.shown(word) for word in words if not word.startswith("NOTIFY=")]


def common(chosen, job_name, number, time, cpus):
    """The options of both kinds of jobs. Output is appended, so that a requeued job does not lose what it printed before."""
    directives = ["--job-name=" + job_name, "--output=" + os.path.join(folder(chosen), "%s-%s.log" % (job_name, number)),
                  "--open-mode=append", "--nodes=1", "--ntasks=1", "--cpus-per-task=" + cpus, "--time=" + time]
    return directives + named(chosen, "PARTITION", "ACCOUNT", "QOS")


def named(chosen, *keys):
    return ["--%s=%s" % (key.lower(), chosen[key]) for key in keys if key in chosen]


def side_by_side(chosen):
    """On CPUs, one run per core with one thread; on GPUs, that many on each."""
    gpus, cpus, each = int(chosen["GPUS"]), int(chosen["CPUS"]), int(chosen["JOBS_PER_DEVICE"])
    if gpus == 0:
        return ["--device=cpu", "--jobs=%d" % cpus, "--threads=1"]
    device = "cuda:0" if gpus == 1 else "cuda:all"
    return ["--device=" + device, "--jobs-per-device=%d" % each, "--threads=%d" % max(1, cpus // (gpus * each))]


def warning(chosen):
    """The seconds before the limit at which a job is warned; for a short job a quarter of it."""
    return min(WARNING_SECONDS, seconds(chosen["TIME"]) // 4)


def seconds(text):
    """A time limit as Slurm reads it: minutes, minutes:seconds, hours:minutes:seconds, days-hours[:minutes[:seconds]];
    None of anything else."""
    found = re.fullmatch(r"(?:(\d{1,4})-)?(\d{1,6})(?::(\d{1,2}))?(?::(\d{1,2}))?", text)
    if not found:
        return None
    days, first, second, third = (int(part or 0) for part in found.groups())
    if found.group(1) is None:
        first, second, third = (0, first, second) if found.group(4) is None else (first, second, third)
    return (((days * 24 + first) * 60 + second) * 60 + third) or None


def lines(directives):
    # Slurm removes quotes as a shell does.
    return "\n".join("#SBATCH " + (word if re.fullmatch(r"[\w@%+=:,./~^-]+", word) else shlex.quote(word)) for word in directives)


def folder(chosen):
    return os.path.join(chosen["WORK"], "slurm")


def name(chosen):
    """The experiment's name, even if it was given as a file."""
    return os.path.splitext(os.path.basename(chosen["EXPERIMENT"]))[0]
