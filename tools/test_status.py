import json
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest

import run
import status
import test_run

LOG = """job 7_0 on node1, start 0
experiment quick: title
r02-original-s0-aa: epoch 1/6: train loss 2.1, 800 images/s, 2 minutes left; sweep 2 %, 9 minutes left
r02-original-s0-bb: epoch 3/6: train loss 2.1, 800 images/s, 2 minutes left; sweep 2 %, 9 minutes left
r02-original-s0-bb: failed: disk full
job 7_0 on node2, start 1
r02-original-s0-aa: epoch 2/6: train loss 2.1, 800 images/s, 2 minutes left; sweep 2 %, 9 minutes left
r02-original-s0-cc: done, test accuracy 60.00 %; sweep 3 %
"""


def record(name, status_, done=2, quiet=1.0, pace=10.0):
    return {"name": name, "status": status_, "epochs_done": done, "epochs": 6, "images_per_second": 800.0, "epoch_seconds": pace,
            "quiet_seconds": quiet, "accuracy": 0.5, "host": "laptop", "reason": None}


def standing():
    return {"experiment": "quick", "runs": [record("r02-original-s0-aa", "running"), record("r02-original-s0-bb", "stopped", 3),
                                            record("r02-original-s0-cc", "done", 6),
                                            record("r02-original-s0-dd", "waiting", 0, None, None)]}


class Said(unittest.TestCase):
    def test_the_trainer_and_this_tool_mean_the_same_words(self):
        with open(os.path.join(run.ROOT, "artifacts", "src", "run", "said.rs")) as file:
            said = dict(re.findall(r'pub const (\w+): &str = "(.*)";', file.read()))
        self.assertEqual(said, {"FAILED": status.FAILED, "DONE": status.DONE, "ELSEWHERE": status.ELSEWHERE})


class Joined(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(suffix="[a]")
        self.addCleanup(folder.cleanup)
        with open(os.path.join(folder.name, "quick-7_0.log"), "w") as file:
            file.write(LOG)
        self.said = status.logs(folder.name)

    def test_a_run_under_way_has_not_failed_whatever_an_old_log_says(self):
        now = standing()
        now["runs"][1]["status"] = "running"
        found = status.joined(now, self.said, None)
        self.assertEqual(found["counts"]["running"], 2)
        self.assertNotIn("failed", found["counts"])
        self.assertIsNone(found["runs"][1]["job"], "that job does not train it")

    def test_a_run_has_the_job_and_node_that_last_spoke_of_it(self):
        found = status.joined(standing(), self.said, {"7_0": {"state": "RUNNING"}})
        runs = {each["name"][-2:]: each for each in found["runs"]}
        self.assertEqual((runs["aa"]["status"], runs["aa"]["job"], runs["aa"]["node"]), ("running", "7_0", "node2"))
        self.assertEqual((runs["bb"]["status"], runs["bb"]["reason"]), ("failed", "disk full"))
        self.assertEqual(runs["bb"]["last_lines"][-1], "r02-original-s0-bb: failed: disk full")
        self.assertEqual(runs["cc"]["status"], "done")
        self.assertEqual(found["counts"], {"done": 1, "running": 1, "failed": 1, "waiting": 1})
        # 4 + 3 + 6 epochs, the last at the others' pace, one run at once.
        self.assertEqual(found["seconds_left"], 130.0)
        text = "\n".join(status.lines(found))
        for words in ("2/6 epochs, 800 images/s, 40 s left, job 7_0 on node2", "failed", ": disk full", "2 min 10 s",
                      "quick: 4 runs: 1 done, 1 running"):
            self.assertIn(words, text)

    def test_a_run_whose_job_is_gone_is_stopped_once_it_is_silent_for_long(self):
        for jobs, quiet, expected in (({}, 1000.0, "stopped"), ({}, 100.0, "running"), ({"7_0": {"state": "RUNNING"}}, 1000.0, "running"),
                                      ({"7_0": {"state": "PENDING"}}, 1000.0, "stopped"), (None, 1000.0, "running")):
            runs = {"experiment": "quick", "runs": [record("r02-original-s0-aa", "running", quiet=quiet)]}
            found = status.joined(runs, self.said, jobs)
            self.assertEqual(found["runs"][0]["status"], expected, (jobs, quiet))
            if jobs is None:
                self.assertIn("silent for 16 min 40 s", "\n".join(status.lines(found)))
                self.assertIn("does not answer", "\n".join(status.lines(found)))

    def test_the_newest_log_has_the_last_word_and_who_leaves_a_run_to_another_has_none(self):
        with tempfile.TemporaryDirectory() as folder:
            for age, job, words in ((60, "8_0", "failed: disk full"), (30, "7_1", "epoch 1/6: train loss 2.1"),
                                    (0, "9_0", "another process is training it")):
                path = os.path.join(folder, "quick-%s.log" % job)
                with open(path, "w") as file:
                    file.write("job %s on node1, start 0\nr02-original-s0-aa: %s\n" % (job, words))
                os.utime(path, (time.time() - age,) * 2)
            said = status.logs(folder)["r02-original-s0-aa"]
        self.assertEqual((said["job"], said["said"]), ("7_1", "epoch 1/6: train loss 2.1"))

    def test_a_long_list_is_cut(self):
        runs = [record("r02-original-s%d-aa" % seed, "stopped") for seed in range(100)]
        text = status.lines(status.joined({"experiment": "quick", "runs": runs}, {}, {}))
        self.assertEqual((len(text), text[-2]), (status.LISTED + 2, "and 60 more"))


class Asked(test_run.Place):
    def test_the_queue_is_asked_for_the_jobs_of_this_folder_alone(self):
        self.program(os.path.join(self.release, "trainer"), "#!/bin/sh\necho '%s'\n" % json.dumps(standing()))
        self.program(os.path.join(self.tools, "squeue"),
                     "#!/bin/sh\nprintf '7_0|RUNNING|node2|1:00|2:00|None\\n9|RUNNING|node1|1:00|2:00|None\\n'\n")
        folder = os.path.join(self.environment["WORK"], "slurm")
        os.makedirs(folder)
        with open(os.path.join(folder, "submitted.jsonl"), "w") as file:
            file.write('{"array": "7", "report": null}\n')
        command = [sys.executable, os.path.join(run.ROOT, "tools", "status.py")]
        found = subprocess.run([*command, "--json"], env=self.environment, stdout=subprocess.PIPE, text=True, check=True)
        self.assertEqual(json.loads(found.stdout)["jobs"],
                         [{"id": "7_0", "state": "RUNNING", "node": "node2", "used": "1:00", "limit": "2:00", "reason": "None"}])
        found = subprocess.run(command, env=self.environment, stdout=subprocess.PIPE, text=True, check=True)
        self.assertRegex(found.stdout, r"\nSlurm's queue: 1 jobs? running\n")
        self.program(os.path.join(self.tools, "squeue"), "#!/bin/sh\nexit 1\n")
        found = subprocess.run(command, env=self.environment, stdout=subprocess.PIPE, text=True, check=True)
        self.assertIn("does not answer", found.stdout)
        self.assertIn("quick: 4 runs", found.stdout)


if __name__ == "__main__":
    unittest.main()
