"""Notifies somebody that the work has ended, by a command of the user's, such as NOTIFY='mail -s "$RANKSCALE_ANSWER"
me@example.org'.

A shell runs the command once. Its standard input is one JSON object (`recipe`, `outcome`: done, failed, stopped, or
elsewhere, which means that other processes train the rest, `exit_code`, `seconds`, `steps` with the seconds of each,
where they are known, `experiment`, `work`, `answer`), and RANKSCALE_ANSWER contains the sentence.

Invariant: whatever the command does, the work's exit code stays what it was; a command that hangs is ended after a
minute.
"""

import json
import os
import signal
import subprocess
import sys

from outcome import ELSEWHERE, say

PATIENCE_SECONDS = 60
# How much of the output of a failed command is shown.
SHOWN = 500


def summary(recipe, chosen, code, seconds, steps):
    """The summary of the work; `steps` are (name, seconds) of those that have succeeded."""
    outcome = "done" if code == 0 else "elsewhere" if code == ELSEWHERE else "stopped" if code > 128 else "failed"
    told = {"recipe": recipe, "outcome": outcome, "exit_code": code, "seconds": round(seconds, 1), "steps": dict(steps),
            "experiment": chosen.get("EXPERIMENT"), "work": chosen.get("WORK")}
    told["answer"] = answer(chosen) if any(name == "analysis" for name, _ in steps) else None
    return told


def answer(chosen):
    """The first sentence of the analysis that was just made; None if it has none."""
    try:
        with open(os.path.join(chosen["WORK"], "analysis", "summary.json"), encoding="utf-8") as file:
            endpoints = json.load(file)["endpoints"]
        return endpoints[0]["says"] + "." if endpoints else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def sentence(told):
    what = "just %s%s" % (told["recipe"], " EXPERIMENT=" + told["experiment"] if told["experiment"] else "")
    endings = {"done": "is done", "elsewhere": "has left the rest to other processes", "stopped": "was stopped", "failed": "failed"}
    ended = endings[told["outcome"]]
    code = " (exit code %d)" % told["exit_code"] if told["exit_code"] else ""
    return told["answer"] or "%s %s%s." % (what, ended, code)


def send(command, told):
    """Runs the command; reports if it fails or does not end."""
    environment = {**os.environ, "RANKSCALE_ANSWER": sentence(told)}
    try:
        process = subprocess.Popen(["sh", "-c", command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   env=environment, start_new_session=True)
    except OSError as error:
        return say("NOTIFY cannot be run: %s" % error)
    try:
        said, _ = process.communicate((json.dumps(told) + "\n").encode(), PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        # The end of its output is not waited for: a process that it started elsewhere may hold that open.
        process.stdout.close()
        process.wait()
        return say("NOTIFY did not end within %d s and was ended: %s" % (PATIENCE_SECONDS, command))
    if process.returncode:
        say("NOTIFY failed with exit code %d: %s" % (process.returncode, said.decode(errors="replace").strip()[-SHOWN:]))


def main(words):
    """Sends the notification of the last job of `just submit`, whose script calls this: `notify.py EXPERIMENT=... WORK=...
    CODE SECONDS`, with NOTIFY in the environment."""
    *settings, code, seconds = words
    chosen = dict(word.split("=", 1) for word in settings)
    # The report comes after all jobs; if it is there, so is the analysis.
    steps = [("analysis", None), ("report", None)] if code == "0" else []
    send(os.environ["NOTIFY"], summary("submit", chosen, int(code), float(seconds), steps))


if __name__ == "__main__":
    main(sys.argv[1:])
