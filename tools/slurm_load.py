#!/usr/bin/env python3
"""Measures the load of a large study on a cluster: `slurm_load.py [WHAT=files,queue] [JOBS=10000] [SECONDS=600] [CPUS=64]`

`files` counts, by strace, the system calls of tiny runs on the files of their study: for a run, an epoch, a heartbeat,
and a look at a run that another process holds or that is done. `queue` puts an array of jobs that do nothing through a
Slurm of one node, which this starts, for at most that many seconds.

Invariant: nothing of it is left. The calls that are counted are those that name a path below the work folder, or a file
that was opened there.
"""

import collections
import fcntl
import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import outcome
import settings
import slurm_cluster
import stop
from place import experiment, generate, sweep
from run import ROOT, build_all, program

DEFAULTS = {"WHAT": "files,queue", "JOBS": "10000", "SECONDS": "600", "CPUS": "64"}
CALLS = {"open": "openat open creat", "write": "write pwrite64 ftruncate", "flush": "fsync fdatasync",
         "rename": "rename renameat renameat2",
         "make": "mkdir mkdirat", "remove": "unlink unlinkat rmdir",
         "look": "stat lstat fstat newfstatat statx access faccessat2 readlink readlinkat",
         "list": "getdents64", "lock": "flock"}
KINDS = {call: kind for kind, calls in CALLS.items() for call in calls.split()}
# Everything except requests on an open handle goes to the metadata server; so does the flush of a directory, which is
# counted separately.
METADATA = ("open", "rename", "make", "remove", "look", "list", "lock")
FEW, MANY, RUNS = 10, 60, 40


class Study:
    """Images and an experiment of tiny runs in a folder of their own."""

    def __init__(self, root, name, epochs, seeds):
        self.work, self.path = os.path.join(root, name), os.path.join(root, name + ".toml")
        self.runs = os.path.join(self.work, "runs")
        with open(self.path, "w") as file:
            file.write(experiment(name, [2], ["original"], epochs, seeds))
        generate(self.work)

    def command(self):
        return [program("trainer"), *sweep(self.path), "--work=" + self.work]

    def sweep(self):
        ended(subprocess.run(self.command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120).returncode, self.command())

    def traced(self, *words, meanwhile=None, beats=False):
        """The calls of a sweep by kind; with `meanwhile`, the sweep is suspended in its first run until that is done."""
        trace = self.work + ".trace"
        command = ["strace", "-f", "-y", "-s", "0", "-o", trace, "-e", "trace=" + ",".join("?" + call for call in KINDS), *self.command(),
                   *words]
        environment = {**os.environ, "RANKSCALE_CLAIM_SECONDS": "1" if beats else "3600"}
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
        if meanwhile:
            slurm_cluster.until(lambda: glob.glob(os.path.join(self.runs, "*", ".claim")), 60, "no run begins")
            with open("/proc/%d/task/%d/children" % (process.pid, process.pid)) as file:
                trainer = int(file.read().split()[0])
            os.kill(trainer, signal.SIGSTOP)
            meanwhile()
            os.kill(trainer, signal.SIGCONT)
        ended(process.wait(120), command)
        with open(trace, errors="replace") as file:
            return counted(file, os.path.join(self.runs, "*", ".claim", "*", "beat") if beats else self.runs)


def ended(code, command):
    """Refuses to count what a sweep did that failed. 75 says that other processes hold runs."""
    if code not in (0, 75):
        raise OSError("%s ends with %d" % (" ".join(command), code))


def counted(lines, below):
    """Calls by kind that name a path with this prefix. A request on an open handle does not reach a server."""
    found, begins = collections.Counter(), re.compile(re.escape(below).replace("\\*", "[^/]+"))
    for line in lines:
        # A call that another thread interrupts appears twice, with its path in the first line.
        call = re.match(r"\d+ +(\w+)\((.*)", line)
        if not call or call.group(1) not in KINDS or not begins.search(call.group(2)):
            continue
        is_of_handle = re.match(r'\d+<[^>]*>(, ""|[,)])', call.group(2))
        if KINDS[call.group(1)] != "look" or not is_of_handle:
            found[KINDS[call.group(1)]] += 1
    return found


def files(root):
    few, many = (Study(root, "epochs-%d" % epochs, epochs, 1).traced() for epochs in (FEW, MANY))
    epoch = {kind: (many[kind] - few[kind]) / (MANY - FEW) for kind in CALLS}
    show("an epoch", epoch)
    show("a run beside its epochs", {kind: few[kind] - FEW * epoch[kind] for kind in CALLS})
    beats = Study(root, "beats", MANY, 1).traced(beats=True)
    show("a heartbeat", {kind: beats[kind] / beats["write"] for kind in CALLS})
    waiting = Study(root, "waiting", 1, RUNS)
    show("a run nobody began, at the start", per_run(waiting.traced("--plan")))
    one = Study(root, "one", 1, 1).traced()
    walked = waiting.traced(meanwhile=waiting.sweep)
    show("a run that others did meanwhile", {kind: (walked[kind] - one[kind]) / (RUNS - 1) for kind in CALLS})
    show("a run that is done, at the start", per_run(waiting.traced()))
    names, handles = os.listdir(waiting.runs), []
    for name in names:
        folder = os.path.join(waiting.runs, name)
        shutil.rmtree(folder)
        os.makedirs(folder)
        handles.append(open(os.path.join(folder, ".lock"), "w"))
        fcntl.flock(handles[-1], fcntl.LOCK_EX)
    # It visits the run twice: a sweep ends when nothing was free the second time.
    show("a run that is held, twice", per_run(waiting.traced()))
    for handle in handles:
        handle.close()
    for runs in (1, 10 * RUNS):
        study = Study(root, "start-%d" % runs, 1, runs)
        study.sweep()
        began = time.monotonic()
        study.sweep()
        outcome.note("a sweep that finds %d done of %d runs takes %.2f s" % (runs, runs, time.monotonic() - began))


def per_run(found):
    return {kind: count / RUNS for kind, count in found.items()}


def show(what, found):
    kinds = [kind for kind in METADATA if found.get(kind, 0) >= 0.05]
    outcome.note("%-32s %6.1f of metadata, %5.1f writes, %4.1f flushes: %s" % (
        what, sum(found[kind] for kind in kinds), found.get("write", 0), found.get("flush", 0),
        ", ".join("%s %.1f" % (kind, found[kind]) for kind in kinds)))


def queue(root, jobs, seconds, cpus):
    more = "MaxArraySize=%d\nMaxJobCount=%d\nSlurmdParameters=config_overrides\n" % (jobs + 1, 2 * jobs)
    with slurm_cluster.Cluster(os.path.join(root, "cluster"), cpus=cpus, more=more) as cluster:
        controller = cluster.pid("slurmctld.pid")
        began, before = time.monotonic(), spent(controller)
        array = cluster.say("sbatch", "--parsable", "--array=0-%d" % (jobs - 1), "--output=/dev/null", "--wrap=exit 0").strip()
        submitted = time.monotonic() - began
        if not array:
            raise OSError("sbatch refuses an array of %d jobs" % jobs)
        outcome.note("array of %d jobs: submitted in %.2f s" % (jobs, submitted))
        last = time.monotonic()
        left = jobs
        while left and time.monotonic() - began < seconds:
            time.sleep(5)
            asked = time.monotonic()
            left = len(cluster.say("squeue", "--noheader", "--array", "--format=%i", "--states=PD,R,CG").split())
            answered = time.monotonic() - asked
            if time.monotonic() - last > 60:
                last = time.monotonic()
                outcome.note("  after %3.0f s: %d left; squeue takes %.2f s" % (last - began, left, answered))
        taken = time.monotonic() - began
        ended = jobs - left
        outcome.note("%d jobs ended in %.0f s: %.1f a second; slurmctld took %.1f s of a core (%.1f ms a job) and %.0f MiB of memory" % (
            ended, taken, ended / taken, spent(controller) - before, 1000 * (spent(controller) - before) / max(1, ended),
            memory(controller)))
        outcome.note("\n".join(line for line in cluster.say("sdiag").splitlines()
                               if re.search(r"Mean cycle|Max cycle|Last cycle:|queue length mean", line)))


def spent(pid):
    """The CPU time in seconds that a process has used."""
    with open("/proc/%d/stat" % pid) as file:
        words = file.read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid):
    with open("/proc/%d/status" % pid) as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1)) / 1024


def main(words):
    try:
        chosen = {**DEFAULTS, **settings.parse(words, list(DEFAULTS))}
        jobs, seconds, cpus = (settings.whole_number(chosen, key, 1, 1_000_000) for key in ("JOBS", "SECONDS", "CPUS"))
        what = chosen["WHAT"].split(",")
        if not set(what) <= {"files", "queue"}:
            raise settings.SettingsError("WHAT=%s: must be files, queue, or files,queue." % chosen["WHAT"])
    except settings.SettingsError as error:
        sys.exit("slurm_load: %s" % error)
    missing = ["strace"] * ("files" in what and not shutil.which("strace")) + slurm_cluster.missing() * ("queue" in what)
    if missing:
        sys.exit("slurm_load: %s missing: apt install strace slurm-wlm munge" % ", ".join(missing))
    os.chdir(ROOT)
    stop.listen()
    build_all("data-prep", "trainer")
    root = tempfile.mkdtemp(prefix="slurm-load-")
    try:
        if "files" in what:
            files(root)
        if "queue" in what:
            queue(root, jobs, seconds, cpus)
    finally:
        shutil.rmtree(root)


if __name__ == "__main__":
    outcome.of(main, sys.argv[1:])
