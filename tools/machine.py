"""Finds what this machine has: a GPU, a place for builds, pip, disk space. It returns facts only; what follows from them is
decided elsewhere.
"""

import functools
import os
import shutil
import subprocess
import sys


# Prints how many GPUs the driver counts, and the CUDA up to which it runs programs, 12080 for 12.8.
ASKED = """import ctypes
cuda, count, newest = ctypes.CDLL("libcuda.so.1"), ctypes.c_int(0), ctypes.c_int(0)
counted = cuda.cuInit(0) == 0 and cuda.cuDeviceGetCount(ctypes.byref(count)) == 0
cuda.cuDriverGetVersion(ctypes.byref(newest))
print(count.value if counted else 0, newest.value)"""


def has_gpu():
    """Whether a program can use a GPU here: the driver may be there without one, or not answer."""
    return gpus() > 0


def has_driver():
    """Whether the driver is loaded, with or without a GPU. In WSL it has no such device."""
    return os.path.exists("/dev/nvidiactl")


def gpus():
    """How many GPUs the driver counts."""
    return asked_of_driver()[0]


def newest_cuda():
    """The major version of CUDA up to which the driver runs programs; 0 if it does not say."""
    return asked_of_driver()[1] // 1000


@functools.lru_cache(maxsize=None)
def asked_of_driver():
    """What ASKED prints. Another process asks: a driver that is broken cannot harm this one."""
    said = first_line([sys.executable, "-c", ASKED])
    return tuple(int(number) for number in said.split()) if said else (0, 0)


def target_dir():
    """Where cargo builds, from the root of the checkout. Builds name it, because cargo's own configuration may name another."""
    return os.environ.get("CARGO_TARGET_DIR") or os.environ.get("CARGO_BUILD_TARGET_DIR") or "target"


# These settings of a user would clash with `--target`, and with a Python outside of a virtual environment.
PIP_SETTINGS = {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0", "PIP_ROOT_USER_ACTION": "ignore"}


def pip():
    """The command that runs pip, or None."""
    for command in ([sys.executable, "-m", "pip"], ["pip3"], ["pip"]):
        if first_line(command + ["--version"]):
            return command
    return None


def first_line(command):
    """The first line a command prints, or None if it is missing or fails."""
    try:
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60, text=True)
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = run.stdout.splitlines()
    return lines[0] if run.returncode == 0 and lines else None


# Prints the packages, by their import names, that are not there. None is imported, which may take seconds.
MISSING = """import importlib.util, sys
print(*(name for name in sys.argv[1:] if importlib.util.find_spec(name) is None))"""


# The same, of those that are there but cannot be imported, too.
BROKEN = """import importlib, sys
def works(name):
    try:
        return importlib.import_module(name)
    except Exception:
        return None
broken = [name for name in sys.argv[1:] if works(name) is None]
print(*broken)"""


@functools.lru_cache(maxsize=None)
def missing(python, packages, imported=False):
    """Those of the packages (a tuple of import names) that a Python lacks, or, if they are `imported`, cannot import; all of
    them if it does not start."""
    try:
        found = subprocess.run([python, "-c", BROKEN if imported else MISSING, *packages], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True)
    except OSError:
        return list(packages)
    said = found.stdout.splitlines()
    return (said[-1].split() if said else []) if found.returncode == 0 else list(packages)


def free_bytes(path):
    """The free space on the disk that holds `path`, which need not exist yet."""
    while not os.path.isdir(path):
        path = os.path.dirname(os.path.abspath(path))
    return shutil.disk_usage(path).free
