import filecmp
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

import bless
from run import ROOT


class Bless(unittest.TestCase):
    def test_the_counts_made_anew_are_those_that_are_kept(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, "-B", os.path.join(ROOT, "reference", "make.py"), "counts", "--into", folder], check=True)
            self.assertTrue(filecmp.cmp(os.path.join(folder, "counts.json"), os.path.join(ROOT, "reference", "counts.json"), shallow=False))

    def test_the_reference_has_the_arms_of_the_kept_case(self):
        with open(os.path.join(ROOT, "reference", "reference.py")) as file:
            table = re.search(r"^ARMS = \{\n(.*?)^\}", file.read(), re.DOTALL | re.MULTILINE).group(1)
        with open(os.path.join(ROOT, "reference", "parity", "meta.json")) as file:
            self.assertEqual(re.findall(r'^    "([a-z-]+)":', table, re.MULTILINE), list(json.load(file)["losses"]))

    def test_the_study_of_the_readme_is_published_last(self):
        with tempfile.TemporaryDirectory() as root:
            for study in ("a/analysis", "b/analysis", "c/analysis", "under-way/runs"):
                os.makedirs(os.path.join(root, "results", study))
            with open(os.path.join(root, "README.md"), "w") as file:
                file.write("<!-- answer of `report publish` -->\n[The whole report](results/b/report/report.md)\n")
            self.assertEqual(bless.studies(root), ["a", "c", "b"])
            os.rmdir(os.path.join(root, "results", "b", "analysis"))
            with self.assertRaisesRegex(SystemExit, "gives the answer of no study that is kept"):
                bless.studies(root)

    def test_what_changed_is_said(self):
        with tempfile.TemporaryDirectory() as root:
            def git(*words):
                subprocess.run(["git", "-c", "user.name=n", "-c", "user.email=e@e", *words], cwd=root, check=True,
                               stdout=subprocess.DEVNULL)

            git("init", "--quiet")
            for name in ("kept", "other"):
                with open(os.path.join(root, name), "w") as file:
                    file.write("1\n")
            git("add", ".")
            git("commit", "--quiet", "--message", "m")
            self.assertEqual(bless.changes(root, ["kept", "new"]), "nothing changed")
            for name in ("kept", "other", "new"):
                with open(os.path.join(root, name), "w") as file:
                    file.write("2\n")
            said = bless.changes(root, ["kept", "new"])
            self.assertRegex(said, r"kept \| 2 ")
            self.assertIn("new: new", said)
            self.assertNotIn("other", said)

    def test_what_cannot_be_made_is_said_with_what_to_do(self):
        tool = os.path.join(ROOT, "tools", "bless.py")
        said = subprocess.run([tool, "WHAT=parity", "PYTHON=none"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual(said.returncode, 1)
        self.assertIn("not made: parity: none lacks torch, numpy, safetensors; `pip install -r reference/requirements.txt`",
                      said.stderr)
        said = subprocess.run([tool, "WHAT=everything"], stderr=subprocess.PIPE, text=True)
        self.assertIn("counts, parity, goldens, studies", said.stderr)


if __name__ == "__main__":
    unittest.main()
