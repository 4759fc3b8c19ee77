import glob
import json
import os
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

import equipped
import export
import run
import settings
import test_run

ROWS = [
    {"run": "r08-original-s0-e172532e", "status": "done", "rankscale": 8, "epoch": 1, "train_loss": 2.0, "test_accuracy": 0.3},
    {"run": "r08-original-s0-e172532e", "status": "done", "rankscale": 8, "epoch": 2, "train_loss": None, "test_accuracy": 0.4},
    {"run": "r31-original-s0-208c877c", "status": "diverged", "rankscale": 31, "epoch": 1, "train_loss": 2.0, "test_accuracy": 0.1},
]
# A stand-in for the real package, which does what tools/wandb_folder.py asks of it and records the calls.
STAND_IN = '''
import json, os

class Settings:
    silent = console = host = None
    def __init__(self, **known):
        self.known = known

def init(mode, dir, project, id, name, settings, config):
    assert mode == "offline" and set(settings.known) == {"silent", "console", "host"}, settings.known
    folder = os.path.join(dir, "wandb", "offline-run-20260101_000000-" + id)
    os.makedirs(folder)
    return Run(folder, config)

class Run:
    def __init__(self, folder, config):
        self.folder, self.said = folder, [config]
    def log(self, row, step):
        self.said.append([step, row])
    def finish(self, exit_code):
        with open(os.path.join(self.folder, "run.wandb"), "w") as file:
            json.dump(self.said + [exit_code], file)
'''


class Place(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, name, text=""):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
        return path


class Settings(Place):
    def export(self, *words):
        command = [os.path.join(run.ROOT, "tools", "export.py"), "export", "analysis EXPERIMENT WORK", "report export FORMAT OUT WORK",
                   "--", *words]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def test_what_is_not_understood_is_named_before_anything_is_built(self):
        for words, said in ((["FORMAT=xlsx"], "FORMAT=xlsx: must be one of csv, jsonl, tensorboard, wandb."),
                            ([], "FORMAT=: must be one of"),
                            (["FORMAT=csv", "STUDY=none"], "no runs of a study none"), (["FORMT=csv"], "Did you mean FORMAT=csv?")):
            answer = self.export(*words)
            self.assertEqual(answer.returncode, 1, answer.stdout)
            self.assertTrue(answer.stdout.startswith("just export: ") and said in answer.stdout, answer.stdout)

    def test_a_missing_package_is_named_with_what_to_do_and_nothing_is_built(self):
        python = self.write("python", "#!/bin/sh\nexit 1\n")
        os.chmod(python, 0o755)
        for name, said in ((python, "`pip install wandb`"), (python + "3", "python3: there is no such program")):
            answer = self.export("FORMAT=wandb", "STUDY=seeds", "OUT=" + self.folder, "PYTHON=" + name)
            self.assertEqual(answer.returncode, 1)
            self.assertIn(said, answer.stdout)
            self.assertNotIn("cargo", answer.stdout)


class Whole(test_run.Place):
    def test_the_rows_of_the_study_go_to_the_package_and_to_the_work_folder(self):
        work, python = self.environment["WORK"], os.path.join(self.tools, "python")
        with open(os.path.join(work, "wandb.py"), "w") as file:
            file.write(STAND_IN)
        self.program(python, '#!/bin/sh\nPYTHONPATH="%s" exec "%s" "$@"\n' % (work, sys.executable))
        with open(os.path.join(work, "rows"), "w") as file:
            file.writelines(json.dumps(row) + "\n" for row in ROWS)
        self.program(os.path.join(self.release, "report"),
                     '#!/bin/sh\necho "$*" >>"$EVENTS"\nmkdir "${3#--out=}" && cp "$WORK/rows" "${3#--out=}/epochs.jsonl"\n')
        command = [os.path.join(run.ROOT, "tools", "export.py"), "export", "report export FORMAT OUT WORK", "--", "FORMAT=wandb",
                   "PYTHON=" + python]
        answer = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=self.environment)
        self.assertEqual(answer.returncode, 0, answer.stdout)
        out = os.path.join(work, "export", "wandb")
        self.assertEqual(len(glob.glob(os.path.join(out, "offline-run-*", "run.wandb"))), 2)
        self.assertIn("`wandb sync %s/offline-run-*` sends them" % out, answer.stdout)
        with open(self.environment["EVENTS"]) as file:
            self.assertRegex(file.read(), r"(?m)^export --format=jsonl --out=\S+/rows --work=%s$" % work)


class Wandb(Place):
    def rows(self):
        return self.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in ROWS))

    def test_runs_are_written_by_the_package_and_take_the_place_of_older_ones(self):
        self.write("packages/wandb.py", STAND_IN)
        python = self.write("python", '#!/bin/sh\nPYTHONPATH="%s/packages" exec "%s" "$@"\n' % (self.folder, sys.executable))
        os.chmod(python, 0o755)
        out = os.path.join(self.folder, "deep", "out")
        export.check_package(python)
        for _ in range(2):
            export.check_place(out)
            export.convert(python, self.rows(), out)
            # What `wandb sync` leaves beside what it sent is no reason to refuse.
            first = sorted(glob.glob(os.path.join(out, "offline-run-*", "*.wandb")))[0]
            with open(first + export.MARK, "w"):
                pass
        with open(first) as file:
            said = json.load(file)
        self.assertEqual(said, [{"run": ROWS[0]["run"], "status": "done", "rankscale": 8},
                                [1, {"epoch": 1, "train_loss": 2.0, "test_accuracy": 0.3}],
                                [2, {"epoch": 2, "test_accuracy": 0.4}], 0])
        self.assertEqual(len(glob.glob(os.path.join(out, "*"))), 3)
        self.assertEqual(os.listdir(os.path.dirname(out)), ["out"])
        self.write("deep/out/notes", "theirs")
        with self.assertRaisesRegex(settings.SettingsError, "no export wrote notes"):
            export.check_place(out)

    def test_an_export_that_cannot_take_the_place_of_an_older_one_leaves_it_there(self):
        out = self.write("out/export.json", "older")
        rename = os.rename

        def fails(source, target):
            if os.path.basename(source) == "new":
                raise OSError("no room")
            rename(source, target)

        with mock.patch.object(export.stop, "join", return_value=0), mock.patch.object(export.stop, "Program"), \
                mock.patch.object(export.os, "rename", fails), self.assertRaisesRegex(OSError, "no room"):
            export.convert("python", "rows", os.path.dirname(out))
        with open(out) as file:
            self.assertEqual(file.read(), "older")

    def test_an_older_export_stays_where_the_package_fails(self):
        rows, python = self.rows(), self.write("python", "#!/bin/sh\nexit 1\n")
        os.chmod(python, 0o755)
        self.write("out/offline-run-1/run.wandb", "older")
        there = export.files_below(self.folder)
        out = os.path.join(os.path.realpath(self.folder), "out")
        with self.assertRaisesRegex(SystemExit, "could not write the runs; %s is as it was" % out):
            export.convert(python, rows, out)
        self.assertEqual(export.files_below(self.folder), there)

    def test_the_real_package_takes_them(self):
        python = equipped.python_with("wandb")
        out = os.path.join(self.folder, "out")
        export.convert(python, self.rows(), out)
        look = [python, "-m", "wandb", "sync", "--dry-run", *glob.glob(os.path.join(out, "offline-run-*"))]
        answer = subprocess.run(look, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=self.folder)
        self.assertEqual(answer.returncode, 0, answer.stdout)
        self.assertIn("Would sync 2 run(s)", answer.stdout)
        for path in glob.glob(os.path.join(out, "offline-run-*", "*.wandb")):
            with open(path, "rb") as file:
                said = file.read()
            self.assertTrue(b"test_accuracy" in said and b"rankscale" in said)
            self.assertNotIn(os.path.expanduser("~").encode() + b"/", said)

    def test_what_is_there_and_no_export_is_named(self):
        for name, text, said in (("a/notes", "", "no export wrote notes"), ("b/" + export.LIST, "{}", "no export wrote export.json"),
                                 ("c", "", "is a file")):
            self.write(name, text)
            with self.assertRaisesRegex(settings.SettingsError, said):
                export.check_place(os.path.join(self.folder, name.split("/")[0]))
        os.mkdir(os.path.join(self.folder, "empty"))
        export.check_place(os.path.join(self.folder, "empty"))
        export.check_place(os.path.join(self.folder, "missing"))


# Prints the curves that TensorBoard's own reader finds in each folder, and its hyperparameters.
READER = '''
import glob, json, os, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata
found = {}
for folder in glob.glob(os.path.join(sys.argv[1], "*", "")):
    run = EventAccumulator(folder)
    run.Reload()
    start = run.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    values = metadata.parse_session_start_info_plugin_data(start).hparams
    found[os.path.basename(folder[:-1])] = {
        "curves": {tag: [(event.step, event.value) for event in run.Scalars(tag)] for tag in run.Tags()["scalars"]},
        "rankscale": values["rankscale"].number_value, "decay": values["decay"].string_value}
print(json.dumps(found))
'''


class Tensorboard(Place):
    def test_its_own_reader_finds_the_numbers_of_the_tables(self):
        python = equipped.python_with("tensorboard")
        for form in ("jsonl", "tensorboard"):
            out = os.path.join(self.folder, form)
            subprocess.run([run.program("report"), "export", "--format", form, "--work", os.path.join(run.ROOT, "results", "seeds"),
                            "--out", out],
                           check=True, stdout=subprocess.DEVNULL)
        answer = subprocess.run([python, "-c", READER, out], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        found = json.loads(answer.stdout)
        with open(os.path.join(self.folder, "jsonl", "epochs.jsonl")) as file:
            rows = [json.loads(line) for line in file]
        self.assertEqual(len(found), 30)
        for row in rows:
            there = found[row["run"]]
            self.assertEqual((there["rankscale"], there["decay"]), (row["rankscale"], row["decay"]))
            curves = {"accuracy/test": "test_accuracy", "accuracy/train": "train_accuracy", "loss/test": "test_loss",
                      "loss/train": "train_loss",
                      "learning rate": "learning_rate"}
            self.assertEqual(set(there["curves"]), set(curves))
            for tag, key in curves.items():
                step, value = there["curves"][tag][row["epoch"] - 1]
                self.assertEqual(step, row["epoch"])
                self.assertAlmostEqual(value, row[key], places=6)


if __name__ == "__main__":
    unittest.main()
