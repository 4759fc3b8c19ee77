import collections
import os
import random
import shutil
import tempfile
import unittest
from unittest import mock

import equipped
import kills
import lost
from place import Place

NEW = [("create", ".partial-a", b""), ("write", ".partial-a", b"whole")]
RENAMED = ("rename", ".partial-a", "file")
FLUSHED = ("flush", ".partial-a", b"")
OLD = [("create", "file", b""), ("write", "file", b"old"), ("flush", "file", b""), ("flush", ".", b"")]


class States(unittest.TestCase):
    def left(self, *operations):
        """What may be under the final name once everything was done."""
        disk = lost.Disk()
        for operation in operations:
            disk.do(*operation)
        return {state.get("file") for state in disk.left()}

    def test_what_was_flushed_before_it_got_its_name_is_whole_or_the_older_one(self):
        self.assertEqual(self.left(*OLD, *NEW, FLUSHED, RENAMED), {b"old", b"whole"})
        self.assertEqual(self.left(*OLD, *NEW, FLUSHED, RENAMED, ("flush", ".", b"")), {b"whole"})

    def test_what_was_not_may_be_empty_or_in_half(self):
        self.assertEqual(self.left(*OLD, *NEW, RENAMED), {b"old", b"", b"wh", b"whole"})

    def test_a_name_that_was_not_flushed_may_be_gone_and_a_removed_one_there(self):
        self.assertEqual(self.left(*NEW, FLUSHED, RENAMED), {None, b"whole"})
        self.assertEqual(self.left(*OLD, ("remove", "file", b"")), {None, b"old"})
        self.assertEqual(self.left(*OLD, ("remove", "file", b""), ("flush", ".", b"")), {None})

    def test_a_second_name_of_a_flushed_file_is_whole_or_missing(self):
        self.assertEqual(self.left(*NEW, FLUSHED, ("name", ".partial-a", "file")), {None, b"whole"})

    def test_each_instant_is_tried_and_each_state_once(self):
        found = list(lost.states([*OLD, *NEW, FLUSHED, RENAMED]))
        self.assertIn({}, found)
        self.assertIn({"file": b"old", ".partial-a": b"wh"}, found)
        self.assertIn({"file": b"whole"}, found)
        self.assertEqual(len(found), len({repr(sorted(state.items())) for state in found}))


class Recording(unittest.TestCase):
    def test_calls_are_read_whoever_was_between_them(self):
        def hidden(text):
            return "".join("\\x%02x" % ord(letter) for letter in text)

        work, file = "/w", hidden("/w/a")
        lines = ['7 openat(AT_FDCWD</c>, "%s", O_WRONLY|O_CREAT, 0666) = 3<%s>' % (file, file),
                 '7 write(3<%s>, "%s", 2 <unfinished ...>' % (file, hidden("ab")),
                 '8 fsync(4<%s>) = 0' % hidden("/elsewhere"),
                 '7 <... write resumed>) = 2',
                 '7 rename("%s", "%s") = -1 ENOENT (No such file or directory)' % (file, file),
                 '7 fsync(5<%s>) = 0' % hidden("/w")]
        self.assertEqual(list(lost.parsed(lines, work)), [("create", "a", b""), ("write", "a", b"ab"), ("flush", ".", b"")])

    def test_a_second_name_is_read(self):
        one, other = ("".join("\\x%02x" % ord(letter) for letter in name) for name in ("/w/a", "/w/b"))
        lines = ['7 linkat(AT_FDCWD</c>, "%s", AT_FDCWD</c>, "%s", 0) = 0' % (one, other)]
        self.assertEqual(list(lost.parsed(lines, "/w")), [("name", "a", "b")])

    def test_a_seal_that_was_written_anew_beside_kept_runs_is_a_failure(self):
        work = tempfile.mkdtemp(prefix="lost-test-")
        self.addCleanup(shutil.rmtree, work)
        place = mock.Mock(experiment=os.path.join(work, "tiny.toml"))
        os.makedirs(os.path.join(work, "plans", "tiny"))
        for before in (0, 1):
            with open(os.path.join(work, "plans", "tiny", "plan.lock"), "w") as file:
                file.write('{"runs_before": %d}' % before)
            if before == 0:
                lost.sealed_first(place, work)
        with self.assertRaisesRegex(lost.Failure, "the seal was lost while runs were kept"):
            lost.sealed_first(place, work)

    def test_what_is_staged_in_a_claim_is_read_as_if_it_was_beside_its_place_and_the_claim_not_at_all(self):
        def opens(name):
            hidden = "".join("\\x%02x" % ord(letter) for letter in name)
            return '7 openat(AT_FDCWD</c>, "%s", O_WRONLY|O_CREAT, 0666) = 3<%s>' % (hidden, hidden)

        lines = [opens("/w/r/" + name)
                 for name in (".claim/7-ab/.partial-x", ".claim-new-7-ab/7-ab/owner.json", ".claim/7-ab/beat", ".lock", "a")]
        self.assertEqual([name for _, name, _ in lost.parsed(lines, "/w")], ["r/.partial-x", "r/a"])

    def test_a_sweep_comes_to_its_end_from_what_the_power_left_and_not_from_what_was_never_written(self):
        if not kills.can_trace():
            equipped.skip("strace is missing or may not trace programs")
        root = tempfile.mkdtemp(prefix="lost-test-")
        self.addCleanup(shutil.rmtree, root)
        place = Place(root)
        work = place.fresh()
        states = list(lost.states(lost.record(place, work)))
        # More states are tried with `STATES=1000 python3 -m unittest test_lost`.
        draw, counts = random.Random(1), collections.Counter()
        for state in draw.sample(states, min(len(states), int(os.environ.get("STATES", "6")))):
            lost.go_on(place, work, state)
            counts["tried"] += 1
        self.assertGreaterEqual(counts["tried"], 6)
        stray = {**states[-1], "runs/stray": b"never written"}
        with self.assertRaisesRegex(lost.Failure, "stray"):
            lost.go_on(place, work, stray)


if __name__ == "__main__":
    unittest.main()
