"""Machines that are one: process namespaces, in which programs see only themselves, and a library that answers for
`flock` as a file system does whose locks fail or lie. This needs Linux, root and a C compiler."""

import os
import shutil
import subprocess

LIBRARY = """#include <errno.h>
int flock(int file, int what) { (void)file; (void)what; %s }
"""
LOCKS = {"fails": "errno = ENOLCK; return -1;", "lies": "return 0;"}
CLAIM_SECONDS = 3
ALONE = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]


def possible():
    """Whether this machine allows such namespaces, and has a compiler."""
    try:
        found = subprocess.run([*ALONE, "true"], stderr=subprocess.DEVNULL)
    except OSError:
        return False
    return found.returncode == 0 and shutil.which("cc") is not None


class Machine:
    """A program in a process namespace of its own."""

    def __init__(self, command, environment, said=subprocess.DEVNULL):
        self.process = subprocess.Popen([*ALONE, *command], env=environment, stdout=subprocess.DEVNULL, stderr=said)

    def inside(self):
        """The process ID of the program itself, as seen from outside; None while it is being started."""
        try:
            with open("/proc/%d/task/%d/children" % (self.process.pid, self.process.pid)) as file:
                return int(file.read().split()[0])
        except (OSError, IndexError):
            return None

    def send(self, number):
        pid = self.inside()
        try:
            if pid:
                os.kill(pid, number)
        except ProcessLookupError:
            pass

    def kill(self):
        # Its child processes die with it.
        self.process.kill()
        self.process.wait()


def environment(library):
    """The environment of a process that uses the library for locks, treats other processes as dead after a short time, and
    prints every epoch."""
    return {"LD_PRELOAD": library, "RANKSCALE_CLAIM_SECONDS": str(CLAIM_SECONDS), "RANKSCALE_LINE_SECONDS": "0"}


def build(root, locks):
    """The library that answers for `flock`."""
    library = os.path.join(root, locks + ".so")
    source = library[:-3] + ".c"
    with open(source, "w") as file:
        file.write(LIBRARY % LOCKS[locks])
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    return library
