#!/usr/bin/env python3
"""Puts libtorch where the build looks for it: `.libtorch/current`, with `lib/` and `include/` inside.

The sources are, in this order: $LIBTORCH; the torch of a Python on PATH, preferably of this version, else of another
one that compiles; the wheel, downloaded with pip. The wheel is unpacked with its own layout, because its libraries find
each other by relative paths. If a libtorch lacks functions that the binding names, `current` is a tree of links to it
that adds them to its headers. A libtorch with CUDA gets the headers of CUDA in `.libtorch/cuda-MAJOR/include`, unless
they are beside it or in $CUDA_HOME: pip installs only a part of them with torch.

Invariant: `.libtorch/current` is absent or complete.
"""

import argparse
import contextlib
import errno
import fcntl
import glob
import os
import re
import shutil
import subprocess
import sys

import machine
import outcome
import stop
import wheels

# The version that the binding is made for and that the tests run on, which is that of the wheel; and the oldest and the
# newest version against which the binding compiles.
VERSION = "2.13.0"
OLDEST, NEWEST = (2, 11), (2, 13)
# The CUDA for which the wheel is built.
WHEEL_CUDA = 13
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HOME = os.path.join(ROOT, ".libtorch")
CURRENT = os.path.join(HOME, "current")
# This file is touched whenever `current` changes, so that cargo links again (trainer/build.rs watches it).
ORIGIN = os.path.join(HOME, "current.origin")
# A header that declares what libtorch lacks before this version.
ABSENT, WHOLE = os.path.join(ROOT, "tools", "torch-2.11.h"), (2, 13)

# The wheels, pip's copy of them and the unpacked tree need space at the same time for a while.
NEEDED_GB = {"cpu": 2, "cuda": 8}
# The errors of a file system that has no locks.
WITHOUT_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)
# If both are there, so is everything that trainer/src/engine/torch/*.cpp include; pip has them in different packages.
HEADERS = ("cuda_runtime_api.h", os.path.join("crt", "host_config.h"))


def main():
    arguments = argparse.ArgumentParser(prog="just setup", description="Set up libtorch %s." % VERSION)
    kind = arguments.add_mutually_exclusive_group()
    kind.add_argument("--cpu", dest="kind", action="store_const", const="cpu", help="the CPU slice, GPU or not")
    kind.add_argument("--cuda", dest="kind", action="store_const", const="cuda", help="with CUDA, GPU or not")
    kind.add_argument("--for", dest="work", choices=("cpu", "cuda"), help="whatever does this work; one with CUDA does both")
    words = arguments.parse_args()
    asked, kind = words.kind, words.kind or words.work or ("cuda" if machine.has_gpu() else "cpu")
    stop.listen()

    os.makedirs(HOME, exist_ok=True)
    with open(os.path.join(HOME, "lock"), "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
        except OSError as error:
            # A file system without locks: whoever comes at the same time does the same work, under names of its own.
            if error.errno not in WITHOUT_LOCKS:
                raise
        else:
            for leftover in glob.glob(os.path.join(glob.escape(HOME), "*.unfinished-%s-*" % glob.escape(wheels.HOST))):
                shutil.rmtree(leftover, ignore_errors=True)
        given = os.environ.get("LIBTORCH")
        if given and os.path.abspath(given) != CURRENT:
            choose(whole(checked(given, asked)), "LIBTORCH=" + given)
        elif not is_set_up(kind) and not (words.work and is_set_up("cuda")):
            installed = None if asked == "cpu" else installed_torch(kind)
            if installed:
                choose(whole(installed), "Python's torch in " + installed)
            else:
                if kind == "cuda" and asked is None and too_new(WHEEL_CUDA):
                    sys.exit("just setup: %s. For the tests, ./justw setup --cpu is enough." % too_new(WHEEL_CUDA))
                choose(unpacked(kind), "the wheel of torch, " + kind)
        if linked_kind(CURRENT) == "cuda":
            bring_headers(CURRENT)
    version = version_of(CURRENT)
    outcome.note("libtorch %s (%s) from %s" % (version, linked_kind(CURRENT), origin()))
    if untested(version):
        outcome.note(untested(version))


def is_set_up(kind):
    return compiles(version_of(CURRENT)) and linked_kind(CURRENT) == kind


def serves(kind):
    """Whether there is a libtorch for a CPU or for a GPU: one that the user names, or one that is set up. One with CUDA
    serves a CPU too."""
    return bool(os.environ.get("LIBTORCH")) or is_set_up("cuda") or kind == "cpu" and is_set_up("cpu")


def too_new(cuda):
    """What to do where the driver runs no program of this CUDA, or None."""
    newest = machine.newest_cuda()
    if not 0 < newest < cuda:
        return None
    return ("the NVIDIA driver runs CUDA %d, and libtorch needs CUDA %d: update the driver%s, or point LIBTORCH at a libtorch with CUDA "
            "%d, or train with DEVICE=cpu" % (newest, cuda, " (to 580 or later)" if cuda == WHEEL_CUDA else "", newest))


def unfit(libtorch):
    """What to do where the driver is too old for a libtorch, or None."""
    major = cuda_major(libtorch)
    return too_new(int(major)) if major else None


def unusable():
    """The same of the libtorch that is there."""
    return unfit(os.environ.get("LIBTORCH") or CURRENT)


def compiles(version):
    """Whether the binding compiles against a libtorch of this version, as in `2.11.0` or `2.12.1+cu130`."""
    return version is not None and OLDEST <= numbers(version)[:2] <= NEWEST


def numbers(version):
    """`2.11.0+cu130` as (2, 11, 0); the suffix of an unreleased version is ignored."""
    found = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)(\+\w+)?", version)
    return tuple(int(part) for part in found.groups()[:3]) if found else (0, 0, 0)


def is_tested(version):
    return numbers(version) == numbers(VERSION)


def untested(version):
    """A warning about a version that is used but that no test of this project has run on, or None."""
    if version is None or is_tested(version):
        return None
    return ("libtorch %s compiles here, but this project is tested on %s only: run `just test parity` once. To have %s instead,"
            " delete .libtorch/current and run `just setup` where no Python on PATH has torch" % (version, VERSION, VERSION))


def version_of(libtorch):
    """The version in its header, or None if this is not libtorch."""
    if not glob.glob(os.path.join(glob.escape(libtorch), "lib", "libtorch_cpu.*")):
        return None
    # The first file states the version in this release, the second did in earlier ones.
    for header in ("torch/headeronly/version.h", "torch/csrc/api/include/torch/version.h"):
        with contextlib.suppress(OSError), open(os.path.join(libtorch, "include", header)) as file:
            stated = re.search(r'#define TORCH_VERSION\b[\s\\]*"([^"]+)"', file.read())
            if stated:
                return stated.group(1)
    return None


def linked_kind(libtorch):
    return "cuda" if os.path.exists(os.path.join(libtorch, "lib", "libtorch_cuda.so")) else "cpu"


def origin():
    try:
        with open(ORIGIN) as file:
            return file.read().strip()
    except OSError:
        return CURRENT


def checked(libtorch, asked):
    """The absolute path of a libtorch that the user named, which must have CUDA if that was requested."""
    found = version_of(libtorch)
    if asked == "cuda" and found and linked_kind(libtorch) == "cpu":
        sys.exit("LIBTORCH=%s: has no CUDA. Point LIBTORCH at one that has it, or unset it." % libtorch)
    if not compiles(found):
        sys.exit("LIBTORCH=%s: %s; this project needs libtorch %s, or another from %d.%d to %d.%d.\n"
                 "Point LIBTORCH at one (the directory that holds lib/ and include/), or unset it."
                 % (libtorch, "holds libtorch " + found if found else "holds no libtorch", VERSION, *OLDEST, *NEWEST))
    return os.path.realpath(libtorch)


def installed_torch(kind):
    """The torch package of a Python on PATH that compiles and, if requested, has a CUDA that the driver runs: the first of
    this version, else the newest."""
    seen, found = set(), []
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        python = os.path.join(folder, "python3")
        if not os.access(python, os.X_OK) or os.path.realpath(folder) in seen:
            continue
        seen.add(os.path.realpath(folder))
        # Finding the package does not import it, which would take seconds.
        package = machine.first_line(
            [python, "-c", "from importlib.util import find_spec; print(find_spec('torch').submodule_search_locations[0])"])
        version = version_of(package) if package else None
        if compiles(version) and (kind == "cpu" or linked_kind(package) == "cuda" and not unfit(package)):
            found.append((is_tested(version), numbers(version), package))
    # Among equal versions the first is taken, which is the one that `python3` starts.
    return max(found, key=lambda each: each[:2])[2] if found else None


def lacks_functions(libtorch):
    """Whether the binding names functions that this libtorch lacks and that nothing here adds to its headers."""
    added = os.path.exists(os.path.join(libtorch, "include", "torch", "torch.h"))
    return numbers(version_of(libtorch)) < WHOLE and not added


def whole(libtorch):
    """The libtorch itself, or, if it lacks functions that the binding names, links to it with a header that adds them."""
    if not lacks_functions(libtorch):
        return libtorch
    version = version_of(libtorch)
    tree = os.path.join(HOME, "links-%s" % version)
    with wheels.built_beside(tree) as unfinished:
        headers = os.path.join(libtorch, "include")
        link_all(headers, os.path.join(unfinished, "include"), but="torch")
        link_all(os.path.join(headers, "torch"), os.path.join(unfinished, "include", "torch"), but="torch.h")
        # This header is found before libtorch's own, which is deeper and later in the search path.
        own = os.path.join(headers, "torch", "csrc", "api", "include", "torch", "torch.h")
        with open(os.path.join(unfinished, "include", "torch", "torch.h"), "w") as file:
            file.write('#pragma once\n#include "%s"\n#include "%s"\n' % (own, ABSENT))
        os.symlink(os.path.join(libtorch, "lib"), os.path.join(unfinished, "lib"))
    return tree


def link_all(folder, into, but):
    """Makes a folder of links to everything in another folder except one entry."""
    os.makedirs(into, exist_ok=True)
    for name in os.listdir(folder):
        if name != but:
            os.symlink(os.path.join(folder, name), os.path.join(into, name))


def unpacked(kind):
    """The directory of libtorch inside the unpacked wheels; downloads them if they are missing."""
    tree = os.path.join(HOME, "torch-%s-%s" % (VERSION, kind))
    if not os.path.isdir(tree):
        with wheels.built_beside(tree) as unfinished:
            fetched = wheels.fetch("libtorch-" + kind, "libtorch (%s)" % kind, NEEDED_GB[kind], os.path.join(unfinished, "wheels"),
                                   "set LIBTORCH to a libtorch %s" % VERSION)
            for wheel in fetched:
                outcome.note("unpacking %s" % os.path.basename(wheel))
                wheels.unpack(wheel, kind, unfinished)
            shutil.rmtree(os.path.join(unfinished, "wheels"))
            if kind == "cpu":
                wheels.forget_cuda(os.path.join(unfinished, "torch"))
            try_to_load(os.path.join(unfinished, "torch"))
    return os.path.join(tree, "torch")


def bring_headers(libtorch):
    """Downloads the headers of CUDA into a folder of their own, unless a build with this libtorch already finds them."""
    if cuda_headers(libtorch) is not None:
        return
    major = cuda_major(libtorch)
    if major not in ("12", "13"):
        sys.exit("%s is made with %s, for which no headers are pinned: set CUDA_HOME to a CUDA of that version, which holds\n"
                 "include/cuda_runtime_api.h." % (libtorch, "CUDA " + major if major else "an unknown CUDA"))
    tree = headers_tree(major)
    with wheels.built_beside(tree) as unfinished:
        fetched = wheels.fetch("cuda-headers-" + major, "the headers of CUDA " + major, 0.1, os.path.join(unfinished, "wheels"),
                               "set CUDA_HOME to a CUDA %s, which holds include/cuda_runtime_api.h" % major)
        for wheel in fetched:
            wheels.unpack_headers(wheel, os.path.join(unfinished, "include"))
        shutil.rmtree(os.path.join(unfinished, "wheels"))
    outcome.note("the headers of CUDA %s in %s" % (major, tree))


def headers_tree(major):
    return os.path.join(HOME, "cuda-%s" % major)


def cuda_headers(libtorch):
    """The folder from which trainer/build.rs takes the headers of CUDA, or None: the same places in the same order."""
    major = cuda_major(libtorch)
    beside = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(os.path.join(libtorch, "lib")))), "nvidia")
    places = [os.path.join(headers_tree(major), "include")] if major else []
    places += [os.path.join(beside, package, "include") for package in ("cu13", "cu12", "cuda_runtime")]
    places.append(os.path.join(os.environ.get("CUDA_HOME") or "/usr/local/cuda", "include"))
    for place in places:
        whole_set = all(os.path.isfile(os.path.join(place, header)) for header in HEADERS)
        if whole_set and (major is None or stated_cuda_major(place) == major):
            return place
    return None


def cuda_major(libtorch):
    """`13` for a libtorch that needs libcudart.so.13, or None if the version is unknown."""
    with contextlib.suppress(OSError), open(os.path.join(libtorch, "lib", "libc10_cuda.so"), "rb") as file:
        needed = re.search(rb"libcudart\.so\.(\d+)", file.read())
        return needed.group(1).decode() if needed else None
    return None


def stated_cuda_major(place):
    """`13` if cuda.h states version 13000, or None."""
    with contextlib.suppress(OSError), open(os.path.join(place, "cuda.h"), errors="replace") as file:
        stated = re.search(r"#define CUDA_VERSION (\d+)", file.read())
        return str(int(stated.group(1)) // 1000) if stated else None
    return None


def try_to_load(libtorch):
    """Loads the library, so that a missing dependency is reported now and not by the first program that runs."""
    library = os.path.join(libtorch, "lib", "libtorch_%s.so" % linked_kind(libtorch))
    run = subprocess.run([sys.executable, "-c", "import ctypes, sys; ctypes.CDLL(sys.argv[1])", library],
                         stderr=subprocess.PIPE, text=True)
    if run.returncode != 0:
        sys.exit("%s does not load here: %s" % (os.path.basename(library), run.stderr.strip().splitlines()[-1]))


def choose(libtorch, where_from):
    """Points `current` at a libtorch, atomically."""
    # Whoever deletes `current` to have another one leaves the note of where it came from.
    is_first = not os.path.exists(ORIGIN)
    before = version_of(CURRENT), linked_kind(CURRENT)
    if os.path.realpath(CURRENT) != os.path.realpath(libtorch):
        new = "%s.new-%s-%d" % (CURRENT, wheels.HOST, os.getpid())
        with contextlib.suppress(FileNotFoundError):
            os.remove(new)
        os.symlink(os.path.relpath(libtorch, HOME) if libtorch.startswith(HOME) else libtorch, new)
        os.replace(new, CURRENT)
    if origin() != where_from:
        with open(ORIGIN, "w") as file:
            file.write(where_from + "\n")
    if not is_first and before != (version_of(CURRENT), linked_kind(CURRENT)) and shutil.which("cargo"):
        # The binding was compiled with the previous headers and names the previous libraries; cargo does not see that they changed.
        subprocess.run(["cargo", "clean", "--quiet", "--release", "--package", "torch-sys", "--target-dir=" + machine.target_dir()],
                       cwd=ROOT, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    outcome.of(main)
