"""Downloads the wheels that this project pins, and takes from them what a build against libtorch needs.

Invariant: a tree that is made of wheels is absent or complete: it is built under another name and renamed.
"""

import contextlib
import fnmatch
import glob
import os
import platform
import re
import shutil
import socket
import sys
import zipfile

import machine
import stop

HERE = os.path.dirname(os.path.abspath(__file__))
HOST = socket.gethostname()
WANTED = {
    "cpu": ["torch/include/*", "torch/lib/*", "nvidia/*/lib/libcudart.so.*", "nvidia/*/lib/libcupti.so.*"],
    "cuda": ["torch/include/*", "torch/lib/*", "nvidia/*/lib/*"],
}
UNWANTED = {
    "cpu": ["*/libtorch_cuda*", "*/libc10_cuda*", "*/libcaffe2_nvrtc*", "*/libtorch_nvshmem*",
            "*/libtorch_python*", "*/libshm*"],
    "cuda": ["*/libtorch_python*", "*/libshm*"],
}


@contextlib.contextmanager
def built_beside(tree):
    """Gives a folder that becomes the tree, in place of what is there, or that vanishes if it cannot be built. Where there
    are no locks, another process may build the same tree; then the first one stays."""
    shutil.rmtree(tree, ignore_errors=True)
    unfinished = "%s.unfinished-%s-%d" % (tree, HOST, os.getpid())
    try:
        yield unfinished
        try:
            os.rename(unfinished, tree)
        except OSError:
            if not os.path.isdir(tree):
                raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def fetch(pinned, what, needed_gb, into, otherwise):
    """Downloads the wheels that `PINNED.txt` pins, whichever Python runs this, and returns their paths."""
    if platform.system() != "Linux" or platform.machine() not in ("x86_64", "aarch64"):
        sys.exit("No wheel is pinned of %s for %s on %s: %s." % (what, platform.system(), platform.machine(), otherwise))
    pip = machine.pip()
    if pip is None:
        sys.exit("pip is missing: install it for %s (Debian, Ubuntu: apt install python3-pip; Fedora: dnf install "
                 "python3-pip;\nelsewhere: python3 -m ensurepip)." % sys.executable)
    free_gb = machine.free_bytes(into) / 1e9
    home = os.path.dirname(os.path.dirname(into))
    if free_gb < needed_gb:
        sys.exit("%s has %.1f GB free; %s needs %.2g GB while it is being unpacked. Free some, or %s."
                 % (home, free_gb, what, needed_gb, otherwise))
    # The libraries do not depend on the Python version, so one set of wheels serves every Python.
    command = pip + ["download", "--disable-pip-version-check", "--no-deps", "--require-hashes",
                     "--only-binary=:all:", "--implementation=cp", "--python-version=3.11", "--abi=cp311"]
    glibc = ["manylinux_2_%d" % minor for minor in range(28, 4, -1)] + ["manylinux2014", "manylinux2010", "manylinux1"]
    command += ["--platform=%s_%s" % (tag, platform.machine()) for tag in glibc]
    command += ["--dest", into, "--requirement", os.path.join(HERE, pinned + ".txt")]
    if stop.join(stop.Program(command, environment={**os.environ, **machine.PIP_SETTINGS})) != 0:
        sys.exit("pip could not download %s: see its message above. A pip older than 21 does not know these options\n"
                 "(python3 -m pip install --upgrade pip). Without a network, %s." % (what, otherwise))
    return sorted(glob.glob(os.path.join(glob.escape(into), "*.whl")))


def unpack(wheel, kind, into):
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            wanted = any(fnmatch.fnmatchcase(name, pattern) for pattern in WANTED[kind])
            if wanted and not any(fnmatch.fnmatchcase(name, pattern) for pattern in UNWANTED[kind]):
                archive.extract(name, into)


def unpack_headers(wheel, into):
    """Collects the headers of all packages in one folder, wherever under nvidia/ the wheel has them."""
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            header = re.fullmatch(r"nvidia/\w+/include/(.*[^/])", name)
            if header:
                path = os.path.join(into, header.group(1))
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "wb") as file:
                    file.write(archive.read(name))


def forget_cuda(libtorch):
    """Replaces the wheel's libtorch.so, which has no code but needs libtorch_cuda.so, by a linker script without CUDA; GNU
    ld would make every program need CUDA too."""
    with open(os.path.join(libtorch, "lib", "libtorch.so"), "w") as file:
        file.write("INPUT(-ltorch_cpu)\n")
