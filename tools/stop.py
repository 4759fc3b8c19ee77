"""Signals to a program that runs others: each is passed on, and ends this program when the one it runs has ended.

A terminal or a batch system may have sent it to the whole process group, so that the other program has it already; the trainer takes
the same signal within two seconds for the same wish (trainer/src/stop.rs).

*Invariant:* after a signal the exit code is 128 and its number, whatever the program that was stopped made of it: 129, 130, 143.
"""

import signal
import subprocess
import sys

HEARD = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

asked = None  # the first signal
running = None  # the program under way
starting = False


def listen():
    """What was ignored when this program started (`nohup`, a background job of a script) stays ignored, there as here."""
    for number in HEARD:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, heard)


def heard(number, _frame):
    global asked
    asked = asked or number
    if running is not None:
        running.send_signal(number)
    elif not starting:
        sys.exit(128 + number)


def call(command):
    """Runs a command to its end and returns its exit code as shells have it; ends this program if it was asked to stop."""
    global running, starting
    starting = True
    try:
        running = subprocess.Popen(command)
    finally:
        starting = False
    # It came while the command was being started, and had nobody to go to.
    if asked:
        running.send_signal(asked)
    code = running.wait()
    running = None
    if asked:
        sys.exit(128 + asked)
    return code if code >= 0 else 128 - code
