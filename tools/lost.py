"""Enumerates what a power cut may leave of a sweep, on a file system that guarantees no more order than it must: the part
`lost` of `torture.py`.

The system calls of a sweep are recorded (strace). The power may fail at any one of them. Then the bytes of each file
since its last flush are there, in half, or not at all, and the changes of each directory since its last flush are there
up to any one of them, independently of other directories. From each such state, running the same command again must
give the result of an undisturbed sweep, under the seal of the first.

Invariant: nothing that was flushed is lost, and nothing is there that was not written.
"""

import hashlib
import itertools
import json
import os
import re
import shutil

from place import Failure

CALLS = "openat,write,fsync,fdatasync,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,ftruncate,pwrite64"
LINE = re.compile(r"^(\d+) +(?:<\.\.\. (\w+) resumed>|(\w+)\()(.*)$")
STAGED = re.compile(r"/\.claim[^/]*/[^/]+/(?!owner\.json|beat)")
# A lock file and a claim carry no information by themselves: what counts is which process holds them, and after a power
# cut none does.
OF_NOBODY = re.compile(r"(^trace|(^|/)\.lock|(^|/)\.claim[^/]*(/[^/]+(/(owner\.json|beat)[^/]*)?)?)$")
STRING, DESCRIPTOR = r'"((?:\\x[0-9a-f]{2})*)"', r"\d+<((?:\\x[0-9a-f]{2})+)>"


def lost(place, work, draw, counts):
    operations = record(place, work)
    found = list(states(operations))
    for state in draw.sample(found, min(len(found), 8)):
        go_on(place, work, state)
        counts["tried"] += 1
    put(place, work, {})


def record(place, work):
    """What an undisturbed sweep does to files below `work`, in order."""
    trace = os.path.join(work, "trace")
    sweep = place.sweep(work, jobs=1, before=["strace", "-f", "-y", "-xx", "-s", "100000000", "-o", trace, "-e", "trace=" + CALLS])
    if sweep.wait():
        raise Failure("a sweep under strace ends with %d:\n%s" % (sweep.process.returncode, sweep.text()))
    with open(trace) as file:
        operations = list(parsed(file, work))
    os.remove(trace)
    if not operations:
        raise Failure("nothing was recorded")
    return operations


def parsed(lines, work):
    """(kind, name below `work`, bytes or a second name) of each call that succeeded, when it returned."""
    begun = {}
    for line in lines:
        match = LINE.match(line)
        if not match:
            continue
        process, resumed, call, rest = match.groups()
        if rest.endswith("<unfinished ...>"):
            begun[process] = rest[:-len("<unfinished ...>")]
            continue
        call, rest = (resumed, begun.pop(process, "") + rest) if resumed else (call, rest)
        if re.search(r"\) += -", rest):
            continue
        strings = [bytes.fromhex(text.replace("\\x", "")) for text in re.findall(STRING, rest)]
        opened = [bytes.fromhex(text.replace("\\x", "")).decode() for text in re.findall(DESCRIPTOR, rest)]
        operation = meant(call, rest, strings, opened)
        if operation and (operation[1] + os.sep).startswith(work + os.sep):
            names = [beside(os.path.relpath(part, work)) if isinstance(part, str) else part for part in operation[1:]]
            if not names[0].startswith("data" + os.sep) and not OF_NOBODY.search(names[0]):
                yield (operation[0], *names)


def beside(name):
    """The name of a file that is staged in a claim, as if it was written beside its final name: a process that takes the
    claim over removes it, as it does those."""
    return STAGED.sub("/", name)


def meant(call, rest, strings, opened):
    paths = [string.decode(errors="replace") for string in strings] if call != "write" else []
    if call == "openat" and "O_CREAT" in rest:
        return "create", paths[0], b""
    if call == "write" and opened:
        return "write", opened[0], strings[0]
    if call in ("fsync", "fdatasync"):
        return "flush", opened[0], b""
    if call in ("rename", "renameat", "renameat2"):
        return "rename", paths[0], paths[1]
    if call in ("link", "linkat"):
        return "name", paths[0], paths[1]
    if call in ("unlink", "unlinkat"):
        return "remove", paths[0], b""
    if call in ("mkdir", "mkdirat"):
        return "mkdir", paths[0], b""
    if call in ("ftruncate", "pwrite64"):
        raise Failure("%s is not understood here" % call)
    return None


class Disk:
    """What was flushed, and what was done since."""

    def __init__(self):
        self.written, self.flushed = [], []  # bytes of each file that ever existed
        self.now, self.kept = {}, {}  # names, and the file that each refers to; None for a directory
        self.changes = {}  # changes of each directory since its last flush

    def do(self, what, name, other):
        if what == "create" and name not in self.now:
            self.written.append(b"")
            self.flushed.append(b"")
            self.change(name, ("link", name, len(self.written) - 1))
        elif what == "mkdir":
            self.change(name, ("link", name, None))
        elif what == "write" and name in self.now:
            self.written[self.now[name]] += other
        elif what == "rename":
            self.change(name, ("rename", name, other))
        elif what == "name" and name in self.now:
            self.change(other, ("link", other, self.now[name]))
        elif what == "remove":
            self.change(name, ("remove", name, None))
        elif what == "flush" and self.now.get(name) is not None:
            self.flushed[self.now[name]] = self.written[self.now[name]]
        elif what == "flush":
            for change in self.changes.pop(name, []):
                apply(self.kept, change)

    def change(self, name, change):
        apply(self.now, change)
        self.changes.setdefault(os.path.dirname(name) or ".", []).append(change)

    def left(self):
        """Every state that a power cut may leave: names with their bytes, or None for a directory."""
        directories = list(self.changes)
        for reached in itertools.product(*(range(len(self.changes[directory]) + 1) for directory in directories)):
            names = dict(self.kept)
            for directory, count in zip(directories, reached):
                for change in self.changes[directory][:count]:
                    apply(names, change)
            unsure = sorted({file for file in names.values() if file is not None and self.written[file] != self.flushed[file]})
            for amounts in itertools.product((0, 1, 2), repeat=len(unsure)):
                contents = list(self.flushed)
                for file, amount in zip(unsure, amounts):
                    more = self.written[file][len(self.flushed[file]):]
                    contents[file] += more[:len(more) * amount // 2]
                yield {name: None if file is None else contents[file] for name, file in names.items()}


def apply(names, change):
    what, name, other = change
    if what == "link":
        names[name] = other
    elif what == "remove":
        names.pop(name, None)
    elif name in names:
        names[other] = names.pop(name)


def states(operations):
    """Every distinct state, once."""
    disk, seen = Disk(), set()
    for operation in [None, *operations]:
        if operation:
            disk.do(*operation)
        for state in disk.left():
            key = hashlib.sha256(repr(sorted(state.items())).encode()).digest()
            if key not in seen:
                seen.add(key)
                yield state


def go_on(place, work, state):
    put(place, work, state)
    try:
        place.finish(work)
        place.compare(work)
        sealed_first(place, work)
    except Failure as failure:
        names = ", ".join("%s (%s)" % (name, "a directory" if bytes is None else len(bytes)) for name, bytes in sorted(state.items()))
        raise Failure("after a power cut that leaves %s: %s" % (names, failure))


def sealed_first(place, work):
    """Checks that the seal was written before the first run, or together with it, and not anew beside runs that were kept."""
    name, _ = os.path.splitext(os.path.basename(place.experiment))
    with open(os.path.join(work, "plans", name, "plan.lock")) as file:
        if json.load(file)["runs_before"] > 0:
            raise Failure("the seal was lost while runs were kept")


def put(place, work, state):
    """Writes the state, with the images; a file in a directory that does not exist is left out."""
    shutil.rmtree(work)
    place.fresh()
    for name, bytes in sorted(state.items()):
        path = os.path.join(work, name)
        if not os.path.isdir(os.path.dirname(path)):
            continue
        if bytes is None:
            os.mkdir(path)
        else:
            with open(path, "wb") as file:
                file.write(bytes)
