import collections
import os
import random
import shutil
import signal
import subprocess
import tempfile
import unittest
from unittest import mock

import answers
import damage
import disk
import equipped
import kills
import place
import torture
from place import Failure, Place, contents
from run import ROOT


class Words(unittest.TestCase):
    def test_a_tiny_experiment_has_what_is_asked(self):
        for line in ('title = "many"', "epochs = 7", "rankscale = [2]", 'decay = ["original"]', "seed = [0, 1, 2]"):
            self.assertIn(line + "\n", place.experiment("many", [2], ["original"], 7, 3))

    def test_the_tables_of_an_analysis_are_those_that_it_names(self):
        study = os.path.join(ROOT, "results", "seeds")
        tables = [os.path.join(study, "analysis", name) for name in sorted(os.listdir(os.path.join(study, "analysis")))
                  if name.endswith(".parquet")]
        self.assertEqual(damage.analysed(study), tables)


class Comparison(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.mkdtemp(prefix="torture-test-")
        cls.addClassCleanup(shutil.rmtree, cls.root)
        cls.place = Place(cls.root)

    def work(self):
        work = os.path.join(self.root, "work")
        shutil.copytree(self.place.whole, work)
        self.addCleanup(shutil.rmtree, work)
        return work, os.path.join(work, "runs", sorted(os.listdir(os.path.join(work, "runs")))[0])

    def test_what_is_the_same_passes_and_a_bit_does_not(self):
        work, folder = self.work()
        self.place.compare(work)
        for name in ("model.safetensors", "layers.parquet", "predictions.parquet"):
            path = os.path.join(folder, name)
            with open(path, "rb+") as file:
                before = file.read()
                file.seek(len(before) // 2)
                file.write(bytes([before[len(before) // 2] ^ 1]))
            with self.assertRaisesRegex(Failure, name):
                self.place.compare(work)
            with open(path, "wb") as file:
                file.write(before)
        self.place.compare(work)

    def test_a_file_too_many_a_file_too_few_and_one_outside_are_named(self):
        work, folder = self.work()
        stray = os.path.join(folder, "checkpoint.safetensors")
        open(stray, "w").close()
        with self.assertRaisesRegex(Failure, "checkpoint.safetensors"):
            self.place.compare(work)
        os.remove(stray)
        outside = os.path.join(self.root, "stray")
        open(outside, "w").close()
        with self.assertRaisesRegex(Failure, "outside of the work directory: stray"):
            self.place.compare(work)
        os.remove(outside)
        os.remove(os.path.join(folder, "model.safetensors"))
        with self.assertRaisesRegex(Failure, "model.safetensors"):
            self.place.compare(work)

    def test_a_round_of_each_part_holds(self):
        totals = collections.defaultdict(collections.Counter)
        # `just all` would build programs, perhaps with other features.
        parts = {name: part for name, part in torture.parts_here().items() if name != "all"}
        for number in range(len(parts)):
            torture.one(self.place, 0, number, parts, totals)
        self.assertEqual({name: counts["rounds"] for name, counts in totals.items()}, dict.fromkeys(parts, 1))

    def test_a_table_of_damage_counts_each_kind(self):
        self.addCleanup(shutil.rmtree, os.path.join(self.root, "work"), ignore_errors=True)
        found = damage.table(self.place, os.path.join(self.root, "work"), random.Random(3), 22)
        self.assertEqual(set(found), set(damage.KINDS))
        for counts in found.values():
            self.assertEqual((counts["flips"], counts["others"], counts["named"] + counts["harmless"]), (2, 1, 3))
        self.assertEqual(damage.lines(found)[-1].split(" | ")[:3], ["| all", "22", "11"])

    def test_a_mixture_of_two_reports_is_a_failure(self):
        work, _ = self.work()
        reports = answers.both(self.place, work)
        counts = collections.Counter()
        answers.judge(self.place, work, reports, counts)
        os.rename(os.path.join(work, "report", "report.md"), os.path.join(work, "older.md"))
        with open(os.path.join(work, "report", "report.md"), "wb") as file:
            file.write(reports[0]["report.md"] + reports[1]["report.md"])
        # A program that writes nothing leaves what is there unchanged.
        silent = type("Silent", (), {"program": lambda *_: subprocess.CompletedProcess([], 0, "")})()
        with self.assertRaisesRegex(Failure, "a mixture"):
            answers.judge(silent, work, reports, counts)

    def test_what_was_not_flushed_is_gone_when_the_power_fails_and_what_was_stays(self):
        if not disk.can_mount():
            equipped.skip("no disk can be mounted")
        with tempfile.TemporaryDirectory() as root, disk.Disk(os.path.join(root, "at")) as small:
            for name in ("kept", "gone"):
                with open(os.path.join(small.at, name), "w") as file:
                    file.write(name)
                    file.flush()
                    if name == "kept":
                        os.fsync(file.fileno())
            small.cut()
            small.unmount()
            small.mount()
            self.assertEqual(contents(small.at), {"kept": b"kept"})

    def test_a_full_disk_has_no_room_and_then_has(self):
        if not disk.can_mount():
            equipped.skip("no disk can be mounted")
        with tempfile.TemporaryDirectory() as root, disk.Disk(os.path.join(root, "at")) as small:
            small.fill(50_000)
            path = os.path.join(small.at, "file")
            with self.assertRaisesRegex(OSError, "No space left"), open(path, "wb") as file:
                file.write(bytes(200_000))
            small.make_room()
            with open(path, "wb") as file:
                file.write(bytes(200_000))

    def test_damage_that_nobody_names_is_a_failure(self):
        class Deaf(Place):
            """Programs that report nothing, and an analysis that always differs, whatever it reads."""

            def __init__(self, whole, root):
                self.whole, self.root, self.asked = whole, root, 0

            def program(self, work, name, *_words):
                self.asked += 1
                os.makedirs(os.path.join(work, name), exist_ok=True)
                with open(os.path.join(work, name, "summary.json"), "w") as file:
                    file.write(str(self.asked))
                return subprocess.CompletedProcess([], 0, "")

        work, _ = self.work()
        deaf = Deaf(self.place.whole, self.root)
        for reader, other in ((damage.tables, "the analysis differs"), (damage.analyses, "the report differs")):
            with self.assertRaisesRegex(damage.Silent, other):
                reader(deaf, work)
        with self.assertRaisesRegex(damage.Panic, "a panic"):
            damage.heard(subprocess.CompletedProcess([], 101, "thread panicked at"))

    def test_a_part_that_loses_something_fails_with_its_round_and_seed(self):
        def loses(place, work, draw, counts):
            place.finish(work)
            run = os.path.join(work, "runs", draw.choice(sorted(os.listdir(os.path.join(work, "runs")))))
            open(os.path.join(run, "stray"), "w").close()

        self.addCleanup(shutil.rmtree, os.path.join(self.root, "work"))
        with self.assertRaisesRegex(Failure, "round 3, loses: files too many.*(?s:.)*SEED=7"):
            torture.one(self.place, 7, 3, {"loses": loses}, {"loses": collections.Counter()})


class Ends(unittest.TestCase):
    def test_what_is_started_has_ended_whatever_ends_the_torture(self):
        with self.assertRaises(SystemExit), place.all_ended():
            sleeps = place.start(["sleep", "60"])
            raise SystemExit(143)
        self.assertEqual((sleeps.process.returncode, sleeps.text()), (-signal.SIGKILL, ""))
        with mock.patch.object(torture.stop, "listen") as listen, mock.patch.object(torture.run, "build_all", side_effect=SystemExit), \
                self.assertRaises(SystemExit):
            torture.main([])
        listen.assert_called_once_with()

    def test_a_disk_that_cannot_be_made_or_mounted_leaves_nothing(self):
        for fails in ("mkfs.ext4", "mount"):
            def run(command, **_how):
                if command[0] == fails:
                    raise subprocess.CalledProcessError(1, command)

            with tempfile.TemporaryDirectory() as folder, mock.patch.object(tempfile, "tempdir", folder), \
                    mock.patch.object(disk.subprocess, "run", run):
                self.assertFalse(disk.can_mount())
                self.assertEqual(os.listdir(folder), [])


class Draws(unittest.TestCase):
    def test_a_seed_draws_the_same_again(self):
        class Still:
            seconds = 0.0

            def __init__(self):
                self.asked = []

            def sweep(self, _work, jobs, before):
                # The file of the trace is another one each time.
                self.asked.append((jobs, [word for word in before if not os.path.isabs(word)]))
                return self

            def wait(self):
                return 0

            def text(self):
                return ""

        asked = []
        for _ in range(2):
            still = Still()
            kills.calls(still, "work", random.Random("5/2"), collections.Counter())
            asked.append(still.asked)
        self.assertEqual(asked[0], asked[1])


if __name__ == "__main__":
    unittest.main()
