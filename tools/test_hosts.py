import os
import shutil
import subprocess
import tempfile
import unittest
from unittest import mock

import equipped
import apart
import hosts
from place import Failure


class Command(unittest.TestCase):
    def test_programs_are_built_first_and_no_folder_is_left(self):
        before = os.getcwd()
        self.addCleanup(os.chdir, before)
        root = tempfile.mkdtemp(prefix="hosts-test-")
        built = mock.Mock()
        with mock.patch.object(hosts.apart, "possible", lambda: True), mock.patch.object(hosts.stop, "listen"), \
                mock.patch.object(hosts, "build_all", built), mock.patch.object(hosts.tempfile, "mkdtemp", return_value=root), \
                mock.patch.object(hosts, "tried", side_effect=KeyboardInterrupt), self.assertRaises(KeyboardInterrupt):
            hosts.main([])
        built.assert_called_once_with("data-prep", "trainer")
        self.assertFalse(os.path.exists(root))


class Crowd(unittest.TestCase):
    def setUp(self):
        if not apart.possible():
            equipped.skip("machines of their own need root on Linux (unshare --pid) and a C compiler")
        self.root = tempfile.mkdtemp(prefix="hosts-test-")
        self.addCleanup(shutil.rmtree, self.root)

    def test_trainers_that_see_nothing_of_each_other_train_every_run_whatever_flock_says(self):
        overtaken = 0
        for locks, counts in hosts.tried(self.root, runs=16, trainers=4, seconds=3, seed=1):
            self.assertEqual(counts["runs"], 16, locks)
            self.assertGreater(counts["killed"], 0, locks)
            overtaken += counts["taken over alive"]
        # Of four trainers that were suspended and resumed, at least one was in the middle of a run, and noticed.
        self.assertGreater(overtaken, 0)

    def test_the_libraries_answer_for_flock(self):
        for locks, code in (("fails", 1), ("lies", 0)):
            library = apart.build(self.root, locks)
            # Only a lying library grants a second lock on the same file.
            held = "import ctypes, sys; lib = ctypes.CDLL(None); a, b = open(sys.argv[1]), open(sys.argv[1]); "
            held += "sys.exit(0 if lib.flock(a.fileno(), 6) == lib.flock(b.fileno(), 6) == 0 else 1)"
            found = subprocess.run(["python3", "-c", held, library], env={**os.environ, "LD_PRELOAD": library})
            self.assertEqual(found.returncode, code, locks)

    def test_a_run_that_differs_is_named(self):
        whole, work = (os.path.join(self.root, name) for name in ("a", "b"))
        for place, text in ((whole, "1"), (work, "2")):
            os.makedirs(os.path.join(place, "runs", "r"))
            with open(os.path.join(place, "runs", "r", "model.safetensors"), "w") as file:
                file.write(text)
        with self.assertRaisesRegex(Failure, "model.safetensors: differs"):
            hosts.same(whole, work)


if __name__ == "__main__":
    unittest.main()
