"""Runs the blocks of docs/cookbook.md, one after the other, in a copy of the repository's root on generated images."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import equipped
import run

# Modules that the repository itself provides to a block.
OF_THE_REPOSITORY = {"reference"}
# A stand-in for ./justw: its programs are built and its images are prepared, so it builds and downloads nothing.
JUSTW = """#!%s
import os, re, sys
sys.path.insert(0, %r)
import outcome, run, test_justfile
steps = re.search(r"tools/(?:run|export)\\.py " + sys.argv[1] + r" (.*) -- ", test_justfile.justfile()).group(1)
steps = [test_justfile.variables()[name] for name in re.findall(r"\\{\\{(\\w+)\\}\\}", steps)]
run.ROOT = os.path.dirname(os.path.abspath(__file__))
run.Steps.build = lambda *_: None
words = sys.argv[2:]
if sys.argv[1] == "compare":
    words[:2] = ["A=" + words[0], "B=" + words[1]]
outcome.of(run.main, [sys.argv[1], *(step for step in steps if not step.startswith("data-prep")), "--", *words])
"""
SQL = "import duckdb, sys; print(duckdb.sql(sys.stdin.read()))"


def blocks():
    """Each block with its language and the heading above it."""
    with open(os.path.join(run.ROOT, "docs", "cookbook.md")) as file:
        page = file.read()
    for section in page.split("\n## ")[1:]:
        for language, text in re.findall(r"^```(\w+)\n(.*?)^```$", section, re.MULTILINE | re.DOTALL):
            yield section.splitlines()[0], language, text


class Cookbook(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.root = os.path.join(folder.name, "rankscale")
        os.mkdir(cls.root)
        # Studies that are analysed are written, so these are copied; the rest is only read.
        for name in ("experiments", "reference", "target", "justfile"):
            if os.path.exists(os.path.join(run.ROOT, name)):
                os.symlink(os.path.join(run.ROOT, name), os.path.join(cls.root, name))
        for name in ("seeds", "gpu"):
            shutil.copytree(os.path.join(run.ROOT, "results", name), os.path.join(cls.root, "results", name))
        with open(os.path.join(cls.root, "justw"), "w") as file:
            file.write(JUSTW % (sys.executable, os.path.join(run.ROOT, "tools")))
        os.chmod(os.path.join(cls.root, "justw"), 0o755)
        subprocess.run([run.program("data-prep"), "generate", "--images", "2048", "--test-images", "1000"], cwd=cls.root, check=True,
                       env=cls.environment(), stdout=subprocess.DEVNULL)

    @classmethod
    def environment(cls):
        kept = {key: value for key, value in os.environ.items() if key not in ("WORK", "INVOKED_FROM", "PYTHONPATH")}
        return {**kept, "INVOKED_FROM": cls.root, "PYTHONDONTWRITEBYTECODE": "1"}

    def test_every_recipe_does_what_it_says(self):
        tried = []
        for title, language, text in blocks():
            with self.subTest(title, language=language):
                try:
                    getattr(self, language)(text)
                    tried.append(language)
                except unittest.SkipTest as reason:
                    raise unittest.SkipTest("docs/cookbook.md, %s: %s" % (title, reason))
        self.assertLessEqual({"sh", "toml"}, set(tried))

    def done(self, command, said=""):
        answer = subprocess.run(command, input=said, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=self.root,
                                env=self.environment(), timeout=900)
        self.assertEqual(answer.returncode, 0, answer.stdout)
        self.assertTrue(answer.stdout.strip(), "it says nothing")
        return answer.stdout

    def python(self, text):
        named = {name.split(".")[0] for name in re.findall(r"^(?:import|from) ([\w.]+)", text, re.MULTILINE)} - OF_THE_REPOSITORY
        # The package with which pandas reads parquet.
        named |= {"pyarrow"} & {"pyarrow" if "pandas" in named else ""}
        self.done([equipped.python_with(*sorted(named)), "-"], text)

    def sql(self, text):
        self.done([equipped.python_with("duckdb"), "-c", SQL], text)

    def r(self, text):
        script = equipped.program("Rscript")
        if "library(jsonlite)" in text and subprocess.run([script, "-e", "library(jsonlite)"], stderr=subprocess.DEVNULL).returncode:
            equipped.skip("R has no package jsonlite")
        self.assertIn("appropriate weight decay is relevantly worse than original", self.done([script, "-e", text]))

    def sh(self, text):
        self.done(["bash", "-euo", "pipefail", "-c", text])

    def toml(self, text):
        name = re.match(r"# ([\w.]+)\n", text).group(1)
        with open(os.path.join(self.root, name), "w") as file:
            file.write(text)


class Page(unittest.TestCase):
    def test_each_language_has_a_way_to_be_run(self):
        languages = {language for _, language, _ in blocks()}
        self.assertEqual(languages, {"python", "sql", "r", "sh", "toml"})
        self.assertGreater(len(list(blocks())), 10)


if __name__ == "__main__":
    unittest.main()
