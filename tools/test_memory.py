import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from run import program

MEBIBYTE = 2**20
IMAGES, TEST_IMAGES, BYTES = 1024, 1000, 3 * 32 * 32 + 1
RECIPE = """title = "What a run takes"
[recipe]
epochs = 2
batch = %d
[[grid]]
rankscale = %s
decay = ["original"]
seed = [0]
"""


@unittest.skipUnless(sys.platform == "linux", "the peak of a program that has ended is in other units elsewhere")
class Planned(unittest.TestCase):
    """The memory that a sweep plans for its runs, against the peak of its process less that of an idle process and the
    images, which its runs share."""

    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="memory-test-")
        self.addCleanup(shutil.rmtree, self.root)
        images = ["--images=%d" % IMAGES, "--test-images=%d" % TEST_IMAGES, "--work=" + self.root]
        subprocess.run([program("data-prep"), "generate", *images], check=True, stderr=subprocess.DEVNULL)
        self.shared = peak([program("trainer"), "doctor"])[0] + (IMAGES + TEST_IMAGES) * BYTES / MEBIBYTE

    def test_a_sweep_takes_what_it_plans_and_a_tenth_less_at_the_very_least(self):
        # One run, of large and of small batches; runs in turn, of other sizes than the three that were timed before them;
        # two side by side.
        for rankscales, batch, jobs in (([31], 512, 1), ([31], 128, 1), ([8], 128, 1), ([8, 31, 16], 512, 1), ([16, 31], 512, 2)):
            experiment = os.path.join(self.root, "memory.toml")
            with open(experiment, "w") as file:
                file.write(RECIPE % (batch, rankscales))
            options = ["--device=cpu", "--engine=fused", "--jobs=%d" % jobs, "--threads=1", "--work", self.root]
            found, said = peak([program("trainer"), "sweep", "--experiment", experiment, *options])
            plans = sorted((int(plan) for plan in re.findall(r"^  r\d\d-\S+ .* (\d+) MiB", said, re.MULTILINE)), reverse=True)
            self.assertEqual(len(plans), len(rankscales), said)
            planned, taken = sum(plans[:jobs]), found - self.shared
            self.assertLess(taken, planned, "%s, batches of %d, %d at once" % (rankscales, batch, jobs))
            self.assertLess(planned, 1.1 * taken, "%s, batches of %d, %d at once" % (rankscales, batch, jobs))
            shutil.rmtree(os.path.join(self.root, "runs"))


# A program's peak is at least that of the process that starts it, whose memory it has for a moment. So this one, of 10 MiB,
# starts it, and not the process of the tests, which has grown.
STARTER = """import os, sys
_, status, used = os.wait4(os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ), 0)
print(used.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))"""


def peak(command):
    """Runs a command, and returns its peak memory in MiB and what it said."""
    ended = subprocess.run([sys.executable, "-IS", "-c", STARTER, *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if ended.returncode:
        raise AssertionError("exit code %d: %s" % (ended.returncode, ended.stdout))
    return int(ended.stdout.splitlines()[-1]) / 1024, ended.stdout


if __name__ == "__main__":
    unittest.main()
