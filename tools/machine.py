"""Finds what this machine has: a GPU, pip, disk space. It returns facts only; what follows from them is decided elsewhere.
"""

import ctypes
import os
import shutil
import subprocess
import sys


def has_gpu():
    """Whether there is an NVIDIA driver. `/dev/dxg` with libcuda is a GPU in WSL."""
    if os.path.exists("/dev/nvidiactl"):
        return True
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    return os.path.exists("/dev/dxg") or shutil.which("nvidia-smi") is not None


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
