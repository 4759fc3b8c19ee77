import json
import os
import signal
import subprocess
import time
import unittest
from unittest import mock

import notify
from test_run import Place

TELLS = "cat >\"$WORK/told\"; printf %s \"$RANKSCALE_ANSWER\" >\"$WORK/answer\""
ANALYSIS = """#!/bin/sh
mkdir -p "$WORK/analysis"
echo '{"endpoints": [{"says": "On average, it is better"}]}' >"$WORK/analysis/summary.json"
"""


class Told(Place):
    def all(self, *words, **how):
        steps = ("data-prep SOURCE", "trainer sweep EXPERIMENT DEVICE", "analysis WORK", "report WORK")
        work = "WORK=" + self.environment["WORK"]
        return self.start("all", *steps, "--", "EXPERIMENT=smoke", "DEVICE=cpu", work, *words, **how)

    def told(self, code, *words, **how):
        self.assertEqual(self.all("NOTIFY=" + TELLS, *words, **how).wait(60), code)
        with open(os.path.join(self.environment["WORK"], "told")) as told, open(os.path.join(self.environment["WORK"], "answer")) as answer:
            return json.load(told), answer.read()

    def test_the_answer_comes_with_the_end(self):
        self.program(os.path.join(self.release, "analysis"), ANALYSIS)
        self.environment["TENTHS"] = "1"
        told, answer = self.told(0)
        self.assertEqual(answer, "On average, it is better.")
        self.assertEqual((told["recipe"], told["outcome"], told["exit_code"], told["experiment"]), ("all", "done", 0, "smoke"))
        self.assertEqual(told["work"], self.environment["WORK"])
        self.assertEqual(told["answer"], answer)
        self.assertIn("trainer sweep", told["steps"])

    def test_a_failure_is_told_with_its_code_which_stays(self):
        self.program(os.path.join(self.release, "trainer"), "#!/bin/sh\nexit 3\n")
        told, answer = self.told(3)
        self.assertEqual((told["outcome"], told["exit_code"], told["answer"]), ("failed", 3, None))
        self.assertEqual(answer, "just all EXPERIMENT=smoke failed (exit code 3).")

    def test_what_others_train_is_no_failure(self):
        self.program(os.path.join(self.release, "trainer"), "#!/bin/sh\nexit 75\n")
        told, answer = self.told(75)
        self.assertEqual(told["outcome"], "elsewhere")
        self.assertIn("left the rest to other processes", answer)

    def test_a_stop_is_told(self):
        started = self.all("NOTIFY=" + TELLS)
        self.await_file("trainer.began")
        os.kill(started.pid, signal.SIGTERM)
        self.assertEqual(started.wait(30), 143)
        with open(os.path.join(self.environment["WORK"], "told")) as told:
            self.assertEqual(json.load(told)["outcome"], "stopped")

    def test_a_command_that_fails_is_named_and_changes_nothing(self):
        self.environment["TENTHS"] = "1"
        started = self.all("NOTIFY=echo no such host; exit 7", stderr=subprocess.PIPE)
        said = started.communicate(timeout=60)[1].decode()
        self.assertEqual(started.returncode, 0)
        self.assertIn("NOTIFY failed with exit code 7: no such host", said)

    def test_what_trains_nothing_takes_none(self):
        started = self.start("plan", "trainer sweep --plan EXPERIMENT", "--", "NOTIFY=true", stderr=subprocess.PIPE)
        said = started.communicate(timeout=60)[1].decode()
        self.assertEqual(started.returncode, 1)
        self.assertIn("unknown key NOTIFY", said)


class Hangs(unittest.TestCase):
    def test_a_command_that_hangs_is_ended_with_all_that_it_started(self):
        told = notify.summary("sweep", {"EXPERIMENT": "smoke"}, 0, 1.0, [])
        # No other test on this machine sleeps for as long.
        seconds = "97.%d" % os.getpid()
        began = time.monotonic()
        with mock.patch.object(notify, "PATIENCE_SECONDS", 0.5), mock.patch.object(notify, "say") as say:
            notify.send("sleep %s & sleep %s" % (seconds, seconds), told)
        self.assertLess(time.monotonic() - began, 30)
        self.assertIn("did not end", say.call_args[0][0])
        running = subprocess.run(["pgrep", "-fx", "sleep " + seconds], stdout=subprocess.PIPE).stdout
        self.assertEqual(running, b"")


if __name__ == "__main__":
    unittest.main()
