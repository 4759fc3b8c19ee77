"""Makes a small disk of its own, which fills up or loses its power: the parts `full` and `power` of `torture.py`.

The disk is a file that holds an ext4 file system. A power cut is simulated by the file system itself
(`EXT4_IOC_SHUTDOWN` without a flush of its log): from that instant on nothing reaches the disk, and what had not been
flushed is gone when the disk is mounted again. Bytes are not written before a rename of their file unless the program
flushes them (`noauto_da_alloc`).

Invariant: nothing stays mounted.
"""

import errno
import fcntl
import os
import shutil
import signal
import struct
import subprocess
import tempfile
import time

import answers
from damage import heard, Panic
from place import GENERATE, Failure, contents, succeeded, sweep

# _IOR('X', 125, u32), and the flag for "without a flush of the log".
SHUTDOWN, WITHOUT_LOG = 0x8004587D, 2
MEGABYTES = 48
NO_SPACE = ("No space left", "os error 28", "free")
# The folder that each step writes.
WRITTEN = {"report": "report", "analysis": "analysis", "sweep": "runs", "data-prep": "data"}


class Disk:
    """A disk that is mounted over a directory. The directory is empty before, and afterwards holds what the disk held."""

    def __init__(self, at):
        self.at = at

    def __enter__(self):
        self.root = tempfile.mkdtemp(prefix="torture-disk-")
        self.image = os.path.join(self.root, "image")
        try:
            with open(self.image, "wb") as file:
                file.truncate(MEGABYTES << 20)
            subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", self.image], check=True, stdout=subprocess.DEVNULL)
            shutil.rmtree(self.at, ignore_errors=True)
            os.mkdir(self.at)
            self.mount()
        except BaseException:
            shutil.rmtree(self.root)
            raise
        os.rmdir(os.path.join(self.at, "lost+found"))
        return self

    def __exit__(self, failure, *_):
        kept = os.path.join(self.root, "kept")
        try:
            shutil.copytree(self.at, kept)
        except shutil.Error:
            # A disk without power can no longer be read; the earlier failure says why.
            if not failure:
                raise
        self.unmount("--lazy")
        shutil.copytree(kept, self.at, dirs_exist_ok=True)
        shutil.rmtree(self.root)

    def mount(self):
        subprocess.run(["mount", "-o", "loop,noauto_da_alloc", self.image, self.at], check=True, stderr=subprocess.DEVNULL)

    def unmount(self, *how):
        # Another process on this machine that scans all files may hold the disk for a moment.
        for left in reversed(range(50)):
            if subprocess.run(["umount", *how, self.at], stderr=None if left == 0 else subprocess.DEVNULL).returncode == 0:
                return
            time.sleep(0.2)
        raise Failure("%s cannot be unmounted" % self.at)

    def cut(self):
        """Cuts the power."""
        directory = os.open(self.at, os.O_RDONLY)
        fcntl.ioctl(directory, SHUTDOWN, struct.pack("I", WITHOUT_LOG))
        os.close(directory)

    def fill(self, left_bytes):
        """Fills the disk until about that many bytes are left."""
        self.filler = os.path.join(self.at, ".filler")
        there = os.statvfs(self.at)
        with open(self.filler, "wb") as file:
            try:
                os.posix_fallocate(file.fileno(), 0, max(1, there.f_bavail * there.f_frsize - left_bytes))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise

    def make_room(self):
        os.remove(self.filler)


def can_mount():
    try:
        with tempfile.TemporaryDirectory() as root, Disk(os.path.join(root, "at")):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


def full(place, work, draw, counts):
    """On a full disk, each step must say so in a line or two and end with an error; when there is space again, it must
    succeed."""
    with Disk(work) as disk:
        copy(place.whole, work)
        reports = answers.both(place, work)
        place.answer(work, *answers.OLDER)
        room = {step: sum(map(len, contents(os.path.join(work, directory)).values())) for step, directory in WRITTEN.items()}
        for step in WRITTEN:
            if step == "sweep":
                shutil.rmtree(os.path.join(work, "runs"))
            if step == "data-prep":
                shutil.rmtree(os.path.join(work, "data"))
            elif step == "report":
                finish(place, work, "analysis")
            before = contents(os.path.join(work, "report"))
            disk.fill(draw.randrange(room[step]))
            ended = take(place, work, step)
            if ended.returncode == 0:
                counts["%s: room enough" % step] += 1
            elif not any(word in ended.stdout for word in NO_SPACE):
                raise Failure("%s does not say that there is no space:\n%s" % (step, ended.stdout))
            else:
                counts["%s: no space" % step] += 1
            if contents(os.path.join(work, "report")) not in (before, reports[1]):
                raise Failure("%s: the report is neither the older nor the newer" % step)
            disk.make_room()
            finish(place, work, step)
            if step == "analysis":
                finish(place, work, "report")
                answers.hold(work, reports[1])
        place.compare(work)


def power(place, work, draw, counts):
    """Cuts the power at a random instant of a sweep, an analysis or a report; then the disk is mounted again, and the step
    must run to its end."""
    with Disk(work) as disk:
        copy(place.whole, work)
        reports = answers.both(place, work)
        # Networks that are trained again take a different time, which the report shows.
        for step in ["analysis", "report"] + ["sweep"] * draw.randint(1, 3):
            if step == "sweep":
                shutil.rmtree(os.path.join(work, "runs"))
            subprocess.run(["sync", "-f", work], check=True)
            for _ in range(draw.randint(1, 3)):
                under_way = place.start(work, *words(place, step), *answers.OLDER * (step == "analysis"))
                time.sleep(draw.uniform(0, place.seconds if step == "sweep" else 0.3))
                disk.cut()
                under_way.send(signal.SIGKILL)
                under_way.wait()
                disk.unmount()
                disk.mount()
                counts["power cuts in " + step] += 1
                if step == "analysis":
                    answers.judge(place, work, reports, counts)
                elif step == "report" and contents(os.path.join(work, "report")) not in reports:
                    raise Failure("the report is a mixture of two")
            finish(place, work, step)
            if step != "sweep":
                place.answer(work)
                answers.hold(work, reports[1])
        place.compare(work)


def words(place, step):
    return {"sweep": ["trainer", *sweep(place.experiment)], "data-prep": ["data-prep", *GENERATE]}.get(step, [step])


def take(place, work, step):
    ended = place.program(work, *words(place, step))
    try:
        heard(ended)
    except Panic as panic:
        raise Failure("%s: %s" % (step, panic))
    return ended


def finish(place, work, step):
    succeeded(step, take(place, work, step))


def copy(whole, work):
    shutil.copytree(whole, work, dirs_exist_ok=True)
