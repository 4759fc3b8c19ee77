import os
import re
import tempfile
import unittest
from unittest import mock

import clean
from run import ROOT

# What a work folder holds, and what of it no request deletes.
THERE = ("data/cifar10/train.parquet", "runs/r1/run.json", "aside/r2/run.json", "slurm/1.log", "analysis/summary.json",
         "report/report.md", "export/csv/epochs.csv")
KEPT = ("plan.json", "plans/quick/plan.json", "plans/quick/plan.lock", "mine.txt")


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
        self.assertEqual(self.left(), set(THERE[:4] + KEPT))
        self.assertEqual(self.left("WHAT=report"), set(THERE[:4] + KEPT))
        self.assertEqual(self.left("WHAT=runs"), set(THERE + KEPT) - {"runs/r1/run.json"})
        self.assertEqual(self.left("WHAT=data"), set(THERE + KEPT) - {"data/cifar10/train.parquet"})

    def test_plans_seals_and_what_others_put_there_stay(self):
        self.assertEqual(self.left("WHAT=all"), set(KEPT))

    def test_its_folders_are_those_of_the_programs(self):
        with open(os.path.join(ROOT, "artifacts", "src", "layout.rs")) as file, \
             open(os.path.join(ROOT, "trainer", "src", "run", "repair.rs")) as repair:
            named = set(re.findall(r'join\("([\w-]+)"\)', file.read() + repair.read()))
        self.assertLessEqual(set(clean.FOLDERS["all"]) - {"slurm"}, named)


if __name__ == "__main__":
    unittest.main()
