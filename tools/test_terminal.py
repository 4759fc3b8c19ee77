import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import tempfile
import termios
import time
import unittest

import place
from run import program

PATIENCE_SECONDS = 120
# A sweep of a few seconds, so that bars are drawn.
EXPERIMENT = place.experiment(epochs=30)
BAR = re.compile(r" *\d+ % [=> ]{8} ")
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Sweep(unittest.TestCase):
    """The output of a sweep, on several kinds of terminals and elsewhere."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        experiment = os.path.join(folder.name, "tiny.toml")
        with open(experiment, "w") as file:
            file.write(EXPERIMENT)
        work = os.path.join(folder.name, "work")
        place.generate(work)
        self.command = [program("trainer"), *place.sweep(experiment, 2), "--work=" + work]

    def in_terminal(self, columns, **environment):
        """The exit code, and everything that the program writes to a terminal with that many columns."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", **environment}
        process = subprocess.Popen(self.command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True)
        os.close(theirs)
        said, deadline = b"", time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if select.select([ours], [], [], 0.1)[0]:
                try:
                    said += os.read(ours, 65536)
                except OSError:  # the last program that had it open has ended
                    break
        os.close(ours)
        if process.poll() is None and time.monotonic() >= deadline:
            process.kill()
        return process.wait(PATIENCE_SECONDS), said.decode(errors="replace")

    def test_on_a_terminal_each_run_has_a_bar_and_the_sweep_one_that_says_when_it_ends(self):
        for columns in (100, 40):
            self.setUp()
            code, said = self.in_terminal(columns)
            self.assertEqual(code, 0, said)
            lines = ESCAPES.sub("", said).replace("\r", "\n").split("\n")
            drawn = [line for line in lines if BAR.match(line)]
            # Each bar fills its line to the end, so that the next one begins at the edge: none is wrapped over two
            # lines.
            bars = [line[start:start + columns].rstrip() for line in drawn for start in range(0, len(line), columns)]
            self.assertTrue(all(BAR.match(bar) for bar in bars), bars)
            self.assertTrue(any(re.search(r"sweep ends \d\d:\d\d, ", bar) for bar in bars), bars)
            self.assertTrue(any(re.search(r"r02-original-s0: ", bar) for bar in bars), bars)
            # A run that has ended has its line, and 30 epochs within a few seconds have none.
            self.assertEqual(len(re.findall(r": done, test accuracy", said)), 4)
            self.assertNotIn(": epoch ", said)

    def test_a_terminal_that_only_prints_and_a_pipe_get_plain_lines(self):
        code, said = self.in_terminal(80, TERM="dumb")
        self.assertEqual((code, ESCAPES.findall(said)), (0, []))
        self.assertEqual(said.count(": done, test accuracy"), 4)
        self.setUp()
        found = subprocess.run(self.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env={**os.environ, "RANKSCALE_LINE_SECONDS": "0"})
        self.assertEqual((found.returncode, ESCAPES.findall(found.stderr)), (0, []))
        # Every epoch has a line where that is requested, with the expected time of day of the end.
        lines = [line for line in found.stderr.splitlines() if re.match(r"r\d\d-\S+: epoch \d+/30: ", line)]
        self.assertEqual(len(lines), 4 * 30)
        self.assertRegex(lines[-1], r"; sweep \d+ %, ends \d\d:\d\d, .* left$")

    def test_a_reader_that_goes_early_stops_nothing(self):
        found = subprocess.run(["sh", "-c", '"$@" 2>&1 | head -1; exec "$@" --plan', "sh", *self.command], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
        self.assertIn("4 of them done", found.stderr)


if __name__ == "__main__":
    unittest.main()
