"""Signals to a program that runs others: each is passed on, and ends this program when the one it runs has ended.

A terminal or a batch system may have sent it to the whole process group, so that the other program has it already; the trainer takes
the same signal within two seconds for the same wish (trainer/src/stop.rs).

*Invariant:* after a signal the exit code is 128 and its number, whatever the program that was stopped made of it: 129, 130, 143.
"""

import signal
import subprocess
import sys
import threading

import outcome

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


def pass_on(lines):
    for line in lines:
        outcome.say(line.decode(errors="replace").rstrip("\n"))


def call(command, through_us=False):
    """Runs a command to its end and returns its exit code as shells have it; ends this program if it was asked to stop.

    What it says goes `through_us` to standard error if it is a program, like cargo or pip, that fails where it cannot write.
    """
    global running, starting
    starting = True
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT} if through_us else {}
    try:
        running = subprocess.Popen(command, **streams)
    finally:
        starting = False
    # It came while the command was being started, and had nobody to go to.
    if asked:
        running.send_signal(asked)
    if through_us:
        relay = threading.Thread(target=pass_on, args=(running.stdout,), daemon=True)
        relay.start()
    code = running.wait()
    running = None
    if through_us:
        # Not for ever: what it started may outlive it and hold its end of the pipe.
        relay.join(5)
    if asked:
        sys.exit(128 + asked)
    return code if code >= 0 else 128 - code
