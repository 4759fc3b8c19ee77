#!/usr/bin/env python3
"""Prints what the machine has and, for each thing that it lacks, what to do. It works before anything is built."""

import glob
import os
import platform
import shutil
import subprocess

import libtorch
import machine
import outcome
import run
import settings

ROOT = libtorch.ROOT
TRAINER = run.program("trainer")
# CUDA starts within seconds, or not at all.
PATIENCE_SECONDS = 60


def main():
    os.chdir(ROOT)
    problems = [line() for line in (
        processor, memory, disk, rust, cxx, cc, python, just, torch, driver, data,
    )]
    if os.path.exists(TRAINER):
        outcome.show("\nThe built trainer says:")
        try:
            if subprocess.run([TRAINER, "doctor"], timeout=PATIENCE_SECONDS).returncode != 0:
                problems.append("the built trainer does not run: see its message above")
        except subprocess.TimeoutExpired:
            problems.append("the built trainer does not answer: does nvidia-smi? A GPU's driver may hang")
    problems = [problem for problem in problems if problem]
    outcome.show("\n" + "\n".join("- " + problem for problem in problems) if problems else "\nNothing is missing.")


def say(what, found):
    outcome.show("%-10s %s" % (what, found))


def processor():
    flags, model = set(), platform.machine()
    for line in lines_of("/proc/cpuinfo"):
        key, _, value = line.partition(":")
        if key.strip() in ("flags", "Features"):
            flags = set(value.split())
        elif key.strip() == "model name":
            model = value.strip()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    notable = [flag for flag in ("avx2", "fma", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "bf16") if flag in flags]
    say("CPU", "%s, %d cores to use, %s" % (model, cores, " ".join(notable) or "no vector extensions found"))
    if platform.machine() == "x86_64" and flags and not {"avx2", "fma"} <= flags:
        return "the CPU has no AVX2 with FMA: training works, but slowly"
    return None


def memory():
    fields = dict(line.split(":", 1) for line in lines_of("/proc/meminfo") if ":" in line)
    if "MemAvailable" not in fields:
        return say("memory", "unknown")
    total_gb, free_gb = (int(fields[key].split()[0]) / 1e6 for key in ("MemTotal", "MemAvailable"))
    say("memory", "%.1f GB, %.1f GB available" % (total_gb, free_gb))
    return "less than 4 GB of memory is available: building and training may fail" if free_gb < 4 else None


def disk():
    free_gb = machine.free_bytes(ROOT) / 1e9
    say("disk", "%.0f GB free at %s" % (free_gb, ROOT))
    return "less than 10 GB of disk is free: the build takes 4 GB, libtorch 1 GB (5 GB with CUDA)" if free_gb < 10 else None


def rust():
    version = machine.first_line(["cargo", "--version"])
    silent = version is None and shutil.which("cargo")
    say("Rust", version or ("%s, which does not answer" % silent if silent else "missing"))
    if silent:
        return ("cargo is here but does not answer: run `cargo --version` in %s, which first downloads the compiler of"
                " rust-toolchain.toml, or says what hinders it" % ROOT)
    return None if version else "install Rust with rustup; rust-toolchain.toml then picks the version"


def cxx():
    return compiler("C++", os.environ.get("CXX") or "c++", "a C++ compiler: apt install g++, or dnf install gcc-c++")


def cc():
    return compiler("C", "cc", "a C compiler, with which Rust links: apt install gcc, or dnf install gcc")


def compiler(language, command, advice):
    version = machine.first_line([*command.split(), "--version"])
    say(language, version or "missing (%s)" % command)
    return None if version else "install " + advice


def python():
    pip = machine.pip()
    say("Python", "%s, %s" % (platform.python_version(), machine.first_line(pip + ["--version"]) if pip else "without pip"))
    return None if pip else "install pip, which brings libtorch: apt install python3-pip, or python3 -m ensurepip"


def just():
    brought = sorted(glob.glob(os.path.join(glob.escape(ROOT), ".tools", "just-*", "bin", "just")))
    found = machine.first_line([brought[-1] if brought else "just", "--version"])
    say("just", found + (" in .tools/" if brought else "") if found else "missing")
    return None if found else "run ./justw, which brings it"


def torch():
    place = os.environ.get("LIBTORCH") or libtorch.CURRENT
    version = libtorch.version_of(place)
    if version is None:
        say("libtorch", "none at %s: only a GPU, half precision, the dense network and the tests need it" % place)
        needed = machine.has_gpu() or os.environ.get("LIBTORCH")
        return "run ./justw setup, which brings libtorch %s" % libtorch.VERSION if needed else None
    kind = libtorch.linked_kind(place)
    unset = "unset LIBTORCH, and " if os.environ.get("LIBTORCH") else ""
    where_from = "LIBTORCH=" + place if os.environ.get("LIBTORCH") else libtorch.origin()
    say("libtorch", "%s (%s) from %s" % (version, kind, where_from))
    if not libtorch.compiles(version):
        return "libtorch is %s, needed is %s: %srun ./justw setup" % (version, libtorch.VERSION, unset)
    if machine.has_gpu() and kind == "cpu":
        return "there is a GPU, but libtorch has no CUDA: %srun ./justw setup --cuda" % unset
    if os.environ.get("LIBTORCH") and libtorch.lacks_functions(place):
        return "libtorch %s lacks functions that the binding names: run ./justw setup, which adds them, then unset LIBTORCH" % version
    if kind == "cuda" and libtorch.cuda_headers(place) is None:
        return ("the headers of CUDA, which the build needs, lie neither beside libtorch nor in CUDA_HOME: "
                "run ./justw setup --cuda, which brings them")
    return libtorch.untested(version)


def driver():
    """A driver that does not answer is a fault; one without a GPU may be meant so."""
    if not (machine.has_gpu() or machine.has_driver()):
        return say("CUDA", "no NVIDIA GPU with a driver: networks train on the CPU")
    gpu = machine.first_line(["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"])
    if not machine.has_gpu():
        say("CUDA", (gpu + ", which CUDA does not find" if gpu else "a driver that does not answer") + ": networks train on the CPU")
        return ("CUDA finds no GPU: if one is to train, unset CUDA_VISIBLE_DEVICES, and see that the driver's libcuda.so.1 can be loaded"
                if gpu else "the NVIDIA driver does not answer: reinstall it, or leave training to the CPU")
    say("CUDA", gpu or "%d GPUs, but nvidia-smi, which names them, does not answer" % machine.gpus())
    # Without a libtorch with CUDA, the wheel is what will be installed.
    return libtorch.unusable() or (None if libtorch.serves("cuda") else libtorch.too_new(libtorch.WHEEL_CUDA))


def data():
    work = settings.located({"WORK": run.default_work()}, run.invoked_from())["WORK"]
    there = [name for name in settings.DATASETS if run.has_images(work, name)]
    say("data", "%s in %s" % (" and ".join(there) or "no data set", work))
    return None if there else "run ./justw data (or ./justw all), which fetches CIFAR-10; SOURCE= takes a copy you have"


def lines_of(path):
    try:
        with open(path) as file:
            return file.read().splitlines()
    except OSError:
        return []


if __name__ == "__main__":
    outcome.of(main)
