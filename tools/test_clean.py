import os
import re
import tempfile
import unittest
from unittest import mock

import clean
import settings
from run import ROOT

# What a work folder holds, and what of it no request deletes.
THERE = ("data/cifar10/train.parquet", "runs/r1/run.json", "failures.log", "aside/r2/run.json", "slurm/1.log",
         ".retrain-7/runs/r1/run.json", "analysis/summary.json", "report/report.md", "export/csv/epochs.csv")
KEPT = ("plan.json", "plans/quick/plan.json", "plans/quick/plan.lock", "mine.txt", "data/mine.txt")


class Others(unittest.TestCase):
    """A folder that is set as WORK, and in which the pipeline has not worked."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.work = folder.name
        for place in ("report", "analysis", "runs/mine", "data/mine"):
            os.makedirs(os.path.join(self.work, place))

    def refused(self, *words, **environment):
        with mock.patch.dict(os.environ, environment), mock.patch("outcome.note"), self.assertRaises(SystemExit) as end:
            clean.main([*words])
        self.assertEqual(sorted(os.listdir(self.work)), ["analysis", "data", "report", "runs"])
        return str(end.exception)

    def test_nothing_of_it_is_deleted_and_the_message_says_where_work_comes_from(self):
        self.assertIn("WORK=%s (from the environment) holds no plan" % self.work, self.refused(WORK=self.work))
        self.assertIn("WORK=%s (as typed)" % self.work, self.refused("WHAT=all", "WORK=" + self.work, WORK="/elsewhere"))

    def test_where_there_is_nothing_to_delete_there_is_nothing_to_refuse(self):
        with tempfile.TemporaryDirectory() as empty, mock.patch("outcome.note") as noted:
            clean.main(["WHAT=all", "WORK=" + empty])
        self.assertIn("nothing at", str(noted.call_args))

    def test_each_trace_of_the_pipeline_is_enough(self):
        of_images = [mark % name for name in settings.DATASETS for mark in ("data/%s/.lock", "data/%s/train.parquet",
                                                                            "data/downloads/%s/a.part")]
        for name in ["plans/quick/plan.json", "plans/quick/plan.lock", "runs/r1/run.json", "aside/r1/run.json",
                     "analysis/runs.parquet", "export/csv/export.json", *of_images]:
            with tempfile.TemporaryDirectory() as work:
                os.makedirs(os.path.dirname(os.path.join(work, name)))
                open(os.path.join(work, name), "w").close()
                self.assertTrue(clean.is_ours(work), name)
        for study in os.listdir(os.path.join(ROOT, "results")):
            self.assertTrue(clean.is_ours(os.path.join(ROOT, "results", study)), study)

    def test_images_behind_a_link_are_not_deleted(self):
        with tempfile.TemporaryDirectory() as work, mock.patch("outcome.note"):
            for name in ("shared/cifar10", "work/plans/quick"):
                os.makedirs(os.path.join(work, name))
            open(os.path.join(work, "work", "plans", "quick", "plan.json"), "w").close()
            os.symlink(os.path.join(work, "shared"), os.path.join(work, "work", "data"))
            clean.main(["WHAT=all", "WORK=" + os.path.join(work, "work")])
            self.assertEqual(os.listdir(os.path.join(work, "shared")), ["cifar10"])


class Clean(unittest.TestCase):
    def left(self, *words):
        """The files that are left of a work folder."""
        with tempfile.TemporaryDirectory() as root, mock.patch.dict(os.environ, {"INVOKED_FROM": root}), mock.patch("outcome.note"):
            for name in THERE + KEPT:
                path = os.path.join(root, "work", name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                open(path, "w").close()
            clean.main([*words, "WORK=work"])
            found = (os.path.join(folder, name) for folder, _, names in os.walk(root) for name in names)
            return {os.path.relpath(path, os.path.join(root, "work")) for path in found}

    def test_images_and_networks_are_deleted_only_where_they_are_named(self):
        self.assertEqual(self.left(), set(THERE[:6] + KEPT))
        self.assertEqual(self.left("WHAT=report"), set(THERE[:6] + KEPT))
        self.assertEqual(self.left("WHAT=runs"), set(THERE + KEPT) - {"runs/r1/run.json", "failures.log"})
        self.assertEqual(self.left("WHAT=data"), set(THERE + KEPT) - {"data/cifar10/train.parquet"})

    def test_plans_seals_and_what_others_put_there_stay(self):
        self.assertEqual(self.left("WHAT=all"), set(KEPT))

    def test_its_folders_are_those_of_the_programs(self):
        with open(os.path.join(ROOT, "artifacts", "src", "layout.rs")) as file, \
             open(os.path.join(ROOT, "trainer", "src", "run", "repair.rs")) as repair:
            named = set(re.findall(r'join\("([\w.-]+)"\)', file.read() + repair.read()))
            named |= {"data/downloads"} | {"data/" + name for name in settings.DATASETS}
        self.assertLessEqual(set(clean.FOLDERS["all"]) - {"slurm"}, named)


if __name__ == "__main__":
    unittest.main()
