#!/usr/bin/env python3
"""Checks what the trainer does on a GPU: `gpu_check.py KEY=VALUE...`, with one JSON file as the result.

It checks in turn: versions; a short run in each precision; the parity tests on the device, without TF32; a run that is
stopped and resumed, compared with an undisturbed one and with a repetition of that one; runs one after the other and
side by side; throughput in images per second and memory, beside PyTorch's where PYTHON has torch.

    DEVICE=cuda:0  OUT=gpu-check.json  PYTHON=python3  PRECISIONS=float32,bf16,fp16
    RANKSCALES=8,0  STEPS=30  VARIANTS=channels_last  CHANNELS=64,128,256,512  IMAGES=10240  BATCH=512

CHANNELS, IMAGES and BATCH are those of the short runs; speed is measured on the whole network. With DEVICE=cpu
everything runs on a CPU.

Invariant: a check that fails is recorded in the file and does not end the others; the file is written after each check;
the exit code is 1 if one of them failed.
"""

import array
import contextlib
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import machine
import outcome
import settings
import stop
from outcome import note, say
from run import ROOT, binary, build, invoked_from, set_up, spoken

DEFAULTS = {
    "DEVICE": "cuda:0", "OUT": "gpu-check.json", "PYTHON": "python3", "PRECISIONS": "float32,bf16,fp16", "RANKSCALES": "8,0", "STEPS": "30",
    "VARIANTS": "channels_last", "CHANNELS": "64,128,256,512", "IMAGES": "10240", "BATCH": "512",
}
FORMAT = 1
EPOCHS = 8
AT_ONCE = 3
# The limit for one command; a GPU that hangs must not hang the check.
PATIENCE_SECONDS = 600
# How much of the end of a failed command's output is kept.
SHOWN = 1500


class Failed(Exception):
    """A check that failed, and why."""


def main(words):
    try:
        chosen = {**DEFAULTS, **settings.parse(words, list(DEFAULTS))}
        settings.forms(chosen)
        # PyTorch beside the trainer, and the parity tests, run on one device.
        chosen["DEVICE"] = "cuda:0" if chosen["DEVICE"] == "cuda" else chosen["DEVICE"]
        if chosen["DEVICE"] in ("auto", "cuda:all"):
            raise settings.SettingsError("DEVICE=%s: name one device, as in DEVICE=cuda:0." % chosen["DEVICE"])
        located = settings.located(chosen, invoked_from())
        out, chosen["PYTHON"] = located["OUT"], located["PYTHON"]
        settings.whole_numbers(chosen, "RANKSCALES", 0, 512)
        settings.whole_numbers(chosen, "CHANNELS", 1, 4096)
        for key in ("STEPS", "IMAGES", "BATCH"):
            settings.whole_number(chosen, key, 1, 1_000_000)
        unknown = set(chosen["PRECISIONS"].split(",")) - {"float32", "bf16", "fp16"}
        if unknown:
            raise settings.SettingsError("PRECISIONS=%s: must be of float32, bf16, fp16." % chosen["PRECISIONS"])
    except settings.SettingsError as error:
        sys.exit("just gpu-check: %s" % error)
    os.chdir(ROOT)
    stop.listen()
    for command in (["tools/ready"], *set_up(chosen), build("trainer", True), build("data-prep", True)):
        if stop.call(command):
            sys.exit("just gpu-check: failed: %s" % " ".join(command))
    parity = built_parity()
    found = {"format": FORMAT, "settings": chosen, "versions": versions(chosen["PYTHON"])}

    began = time.monotonic()
    work = tempfile.mkdtemp(prefix="gpu-check-")
    try:
        check = Check(chosen, work, parity)
        for _ in check.all():
            found.update({"checks": check.checks, "speed": check.speed, "seconds": round(time.monotonic() - began, 1)})
            write(found, out)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    failed = [one["check"] for one in check.checks if not one["ok"]]
    note("%s of %d checks failed; %s in %s" % (len(failed) or "none", len(check.checks), spoken(found["seconds"]), out))
    return 1 if failed else 0


def write(found, out):
    with open(out + ".new", "w") as file:
        json.dump(found, file, indent=1)
        file.write("\n")
    os.replace(out + ".new", out)


def built_parity():
    """Builds the program of the parity tests now, so that the build does not count as time on the device."""
    command = ["cargo", "test", "--release", "--package", "trainer", "--test", "parity", "--no-run", "--message-format=json",
               "--target-dir=" + machine.target_dir()]
    program = stop.Program(command, captured=True)
    if stop.join(program):
        sys.exit("just gpu-check: failed: %s" % " ".join(command))
    messages = [json.loads(line) for line in program.said if line.startswith("{")]
    return [message["executable"] for message in messages if message.get("executable") and message["target"]["name"] == "parity"][-1]


def versions(python):
    """The versions of everything involved, each from its own source; None where there is no answer."""
    query = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total,compute_cap", "--format=csv,noheader"]
    try:
        said = subprocess.run([binary("trainer"), "doctor"], stdout=subprocess.PIPE, text=True, timeout=PATIENCE_SECONDS).stdout
    except subprocess.TimeoutExpired:
        said = ""
    return {
        "revision": machine.first_line(["git", "rev-parse", "HEAD"]), "trainer": said.splitlines(),
        "driver": machine.first_line(query),
        "python": machine.first_line([python, "--version"]), "system": " ".join(os.uname()[0:3:2]),
    }


class Check:
    """Runs one check after the other, and keeps the result of each."""

    def __init__(self, chosen, work, parity):
        self.chosen, self.work, self.parity = chosen, work, parity
        self.device, self.precisions = chosen["DEVICE"], chosen["PRECISIONS"].split(",")
        self.checks, self.speed = [], []

    def all(self):
        """Runs the checks one after the other, in the requested order."""
        yield self.of("images", self.images)
        for precision in self.precisions:
            yield self.of("trains in " + precision, lambda: self.train("trained-" + precision, 1, precision))
        yield self.of("parity", self.is_right)
        yield self.of("stop and resume", self.resumes)
        yield self.of("side by side", self.side_by_side)
        for rankscale in self.chosen["RANKSCALES"].split(","):
            # No CPU that was tried computes fp16 fast: an update of the whole network takes minutes.
            for precision in self.precisions if self.device != "cpu" else [name for name in self.precisions if name != "fp16"]:
                yield self.of("speed of %s at rankscale %s" % (precision, rankscale), lambda: self.measure(rankscale, precision))

    def of(self, name, check):
        began = time.monotonic()
        try:
            ok, detail = True, check()
        except Failed as failure:
            ok, detail = False, str(failure)
        self.checks.append({"check": name, "ok": ok, "seconds": round(time.monotonic() - began, 1), "detail": detail})
        say("%s %s: %s" % ("ok    " if ok else "FAILED", name, detail))

    def images(self):
        count = int(self.chosen["IMAGES"])
        run([binary("data-prep"), "generate", "--images", str(count), "--test-images", str(max(100, count // 5)),
             "--work", self.place("first")])
        for name in ("again", "stopped", "in turn", "at once") + tuple("trained-" + precision for precision in self.precisions):
            shutil.copytree(self.place("first", "data"), self.place(name, "data"))
        return "%d generated" % count

    def place(self, *names):
        return os.path.join(self.work, *names)

    def command(self, place, epochs, precision="float32"):
        return [binary("trainer"), "train", "--rankscale=8", "--engine=tch", "--device=" + self.device, "--precision=" + precision,
                "--channels=" + self.chosen["CHANNELS"], "--batch=" + self.chosen["BATCH"], "--epochs=%d" % epochs,
                "--work=" + self.place(place)]

    def train(self, place, epochs, precision="float32"):
        said = run(self.command(place, epochs, precision))
        return next((line for line in reversed(said.splitlines()) if line.startswith("done")), "it does not say how it ended")

    def is_right(self):
        where = {"PARITY_DEVICE": self.device} if self.device != "cpu" else {}
        # The exact half of the test is computed on the CPU. Threads that spin while they wait for cores that others use
        # would take minutes for it.
        said = run([self.parity, "--test-threads=1"], {"NVIDIA_TF32_OVERRIDE": "0", "OMP_WAIT_POLICY": "passive", **where})
        return next((line for line in said.splitlines() if line.startswith("test result")), "no result")

    def resumes(self):
        """On a CPU every number must be the same. On a GPU the order of sums is not deterministic, so a repetition of the
        same run shows how much that contributes."""
        self.train("first", EPOCHS)
        self.train("again", EPOCHS)
        stopped = run_until(self.command("stopped", EPOCHS), lambda: self.files("stopped", "checkpoint"))
        if not stopped:
            raise Failed("the run ended before it could be stopped: more IMAGES make it longer")
        self.train("stopped", EPOCHS)
        first, again, resumed = (weights(*self.files(place, "model")) for place in ("first", "again", "stopped"))
        repeated, resumed = distance(first, again), distance(first, resumed)
        if not math.isfinite(resumed) or self.device == "cpu" and resumed > 0:
            raise Failed("the resumed run differs by %.1e, a repetition of the same run by %.1e" % (resumed, repeated))
        return {"resumed": resumed, "repeated": repeated}

    def side_by_side(self):
        """Starts runs of two networks at the same moment, each in a place where another run was before."""
        recipe = 'epochs = 3\nbatch = %s\nchannels = [%s]\nprecision = "%s"' % (
            self.chosen["BATCH"], self.chosen["CHANNELS"], self.precisions[0])
        experiment = self.place("side-by-side.toml")
        with open(experiment, "w") as file:
            file.write('title = "Side by side"\n[recipe]\n%s\n' % recipe)
            file.write('[[grid]]\nrankscale = [8, 4]\ndecay = ["original"]\nseed = [1, 2, 3]\n')
        seconds = []
        for place, jobs in (("in turn", 1), ("at once", AT_ONCE)):
            began = time.monotonic()
            run([binary("trainer"), "sweep", "--experiment=" + experiment, "--engine=tch", "--device=" + self.device, "--jobs=%d" % jobs,
                 "--work=" + self.place(place)])
            seconds.append(time.monotonic() - began)
            if len(self.files(place, "model")) != 6:
                raise Failed("%d of 6 runs have ended" % len(self.files(place, "model")))
        return "6 runs took %.1f s one after the other, %.1f s %d at once" % (*seconds, AT_ONCE)

    def files(self, place, begins):
        """The files of the place's runs whose names begin with this."""
        runs = self.place(place, "runs")
        folders = os.listdir(runs) if os.path.isdir(runs) else []
        return [os.path.join(runs, folder, name) for folder in folders for name in os.listdir(os.path.join(runs, folder))
                if name.startswith(begins) and name.endswith(".safetensors")]

    def measure(self, rankscale, precision):
        case = ["--rankscale=" + rankscale, "--steps=" + self.chosen["STEPS"], "--precision=" + precision, "--device=" + self.device]
        lines = []

        def take(line):
            # What is measured stays in the file, whatever fails after it.
            lines.append(json.loads(line))
            self.speed.append(lines[-1])

        take(run([binary("trainer"), "bench", "--json", "--engine=tch", *case]))
        if computes(self.chosen["PYTHON"], self.device):
            for variant in self.chosen["VARIANTS"].split(","):
                take(run([self.chosen["PYTHON"], "tools/peer.py", "--variant=" + variant, *case]).splitlines()[-1])
        return ", ".join("%s %.0f images/s%s" % (" ".join(filter(None, [line["engine"], line.get("variant")])), line["images_per_second"],
                                               " in %.0f MiB" % line["device_memory_mib"] if line["device_memory_mib"] else "")
                         for line in lines)


def computes(python, device):
    """Whether the torch of a Python, if it has one, computes on the device."""
    asked = "import torch; torch.ones(1, device=%r).item()" % device
    try:
        return subprocess.run([python, "-c", asked], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              timeout=PATIENCE_SECONDS).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def run(command, environment=None):
    """The output of a command; of both streams where it fails."""
    try:
        ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=PATIENCE_SECONDS,
                               env={**os.environ, **(environment or {})})
    except subprocess.TimeoutExpired as end:
        said = b"".join(filter(None, [end.stdout, end.stderr])).decode(errors="replace")
        raise Failed("no end after %d s: %s: %s" % (PATIENCE_SECONDS, " ".join(command), said[-SHOWN:]))
    if ended.returncode:
        raise Failed("exit code %d: %s" % (ended.returncode, (ended.stdout + ended.stderr)[-SHOWN:]))
    # The trainer reports its progress on standard error.
    return ended.stdout or ended.stderr


def run_until(command, reached):
    """Stops a command, as a batch system would, once a condition holds. Returns whether it was stopped, rather than having
    ended before."""
    with tempfile.TemporaryFile(mode="w+") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said)
        try:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while process.poll() is None and not reached() and time.monotonic() < deadline:
                time.sleep(0.01)
            process.send_signal(signal.SIGTERM)
            code = process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            raise Failed("it does not react to SIGTERM")
        finally:
            # Nothing of it is left on the GPU, however this ends, unless the driver does not let go of it.
            process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE_SECONDS)
        if code not in (0, 128 + signal.SIGTERM):
            said.seek(0)
            raise Failed("exit code %d: %s" % (code, said.read()[-SHOWN:]))
        return code != 0


def weights(path):
    """The float32 numbers of a safetensors file, by array."""
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        rest = file.read()
    found = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            found[name] = array.array("f", rest[begin:end])
    return found


def distance(first, second):
    """The Euclidean norm of the difference, relative to the norm of the first."""
    if first.keys() != second.keys():
        return math.inf
    squares = sum((a - b) ** 2 for name in first for a, b in zip(first[name], second[name]))
    return math.sqrt(squares / sum(a * a for values in first.values() for a in values))


if __name__ == "__main__":
    outcome.of(main, sys.argv[1:])
