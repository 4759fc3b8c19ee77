"""Finds what this machine has: a GPU, a place for builds, pip, disk space. It returns facts only; what follows from them is
decided elsewhere.
"""

import functools
import os
import shutil
import subprocess
import sys


# Prints how many GPUs the driver counts.
COUNT = """import ctypes
cuda, count = ctypes.CDLL("libcuda.so.1"), ctypes.c_int(0)
print(count.value if cuda.cuInit(0) == 0 and cuda.cuDeviceGetCount(ctypes.byref(count)) == 0 else 0)"""


def has_gpu():
    """Whether there is an NVIDIA driver with a GPU. In WSL the driver has no `/dev/nvidiactl`."""
    return os.path.exists("/dev/nvidiactl") or gpus() > 0


@functools.lru_cache(maxsize=None)
def gpus():
    """How many GPUs the driver counts. Another process asks it: a driver that is broken cannot harm this one."""
    counted = first_line([sys.executable, "-c", COUNT])
    return int(counted) if counted else 0


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


def free_bytes(path):
    """The free space on the disk that holds `path`, which need not exist yet."""
    while not os.path.isdir(path):
        path = os.path.dirname(os.path.abspath(path))
    return shutil.disk_usage(path).free
