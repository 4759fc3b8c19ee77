"""Runs other programs, one or two at a time, and passes signals on to them.

Each signal is passed on to all of them, and ends this program when they have ended. A terminal or a batch system may
have sent the signal to the whole process group, so that the other programs have it already; the trainer treats the same
signal within two seconds as the same request (`stop.rs` of the trainer).

Invariant: after a signal the exit code is 128 plus its number, whatever the exit codes of the stopped programs: 129,
130, 143.
"""

import signal
import subprocess
import sys
import threading
import time

import outcome

HEARD = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# Seconds between two polls of two programs; a single one is waited for without polling.
LOOK_SECONDS = 0.1

asked = None  # the first signal
running = []  # the running programs
starting = False


def listen():
    """Installs the handlers. A signal that was ignored when this program started (`nohup`, a background job of a script)
    stays ignored, here and in the programs."""
    for number in HEARD:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, heard)


def heard(number, _frame):
    global asked
    asked = asked or number
    for program in running:
        program.process.send_signal(number)
    if not running and not starting:
        sys.exit(128 + number)


class Program:
    """A running program. Its output goes `through_us` to standard error if it would fail where it cannot write, as cargo
    and pip do, or if another program draws a bar on the terminal meanwhile. Its output is kept, and not shown, if it is
    `captured`."""

    def __init__(self, command, through_us=False, captured=False, environment=None):
        global starting
        self.began, self.seconds, self.said = time.monotonic(), None, []
        streams = {"stdout": subprocess.PIPE} if captured else {}
        if through_us:
            streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        starting = True
        try:
            self.process = subprocess.Popen(command, env=environment, **streams)
            running.append(self)
        finally:
            starting = False
        # The signal came while the program was being started, and could not be passed on.
        if asked:
            self.process.send_signal(asked)
        self.reader = None
        if streams:
            take = self.said.append if captured else pass_on
            self.reader = threading.Thread(target=read_lines, args=(self.process.stdout, take), daemon=True)
            self.reader.start()

    def has_ended(self, wait_seconds):
        """Whether it ends within that many seconds; with None, waits until it has ended."""
        try:
            self.process.wait(wait_seconds)
        except subprocess.TimeoutExpired:
            return False
        if self in running:
            running.remove(self)
            self.seconds = time.monotonic() - self.began
            if self.reader:
                # With a limit: a process that it started may outlive it and hold its end of the pipe.
                self.reader.join(5)
        return True

    def end(self):
        """Stops it, if it runs, and waits until it has ended."""
        self.process.terminate()
        self.has_ended(None)

    def code(self):
        """Its exit code as shells report it."""
        code = self.process.returncode
        return code if code >= 0 else 128 - code


def read_lines(stream, take):
    for line in stream:
        take(line.decode(errors="replace").rstrip("\n"))


def pass_on(line):
    # Overwrites what is left of another program's bar.
    outcome.say("\r\033[K" + line if sys.stderr and sys.stderr.isatty() else line)


def join(program, beside=None):
    """Waits until a program has ended and returns its exit code.

    If what runs `beside` it fails meanwhile, the program is stopped and that exit code returned; if the program fails, what runs beside
    it is stopped. Ends this program, when both have ended, if it was asked to stop.
    """
    failure = 0
    if beside:
        while not program.has_ended(LOOK_SECONDS):
            if beside.has_ended(0) and beside.code() and not asked:
                program.end()
                failure = beside.code()
    program.has_ended(None)
    failure = failure or program.code()
    if beside and (failure or asked):
        beside.end()
    if asked:
        sys.exit(128 + asked)
    return failure


def call(command, through_us=False):
    """Runs a command to its end and returns its exit code."""
    return join(Program(command, through_us))
