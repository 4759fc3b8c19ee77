import unittest

import slurm_check
import slurm_load

# The output of strace, with a path of each kind.
LINES = """7 openat(AT_FDCWD</root>, "/w/runs/a/run.json", O_RDONLY|O_CLOEXEC) = 5</w/runs/a/run.json>
7 newfstatat(5</w/runs/a/run.json>, "", {st_mode=S_IFREG|0644, st_size=1, ...}, AT_EMPTY_PATH) = 0
7 statx(5</w/runs/a/run.json>, "", AT_STATX_SYNC_AS_STAT|AT_EMPTY_PATH, STATX_ALL <unfinished ...>
7 fstat(5</w/runs/a/run.json>, {st_mode=S_IFREG|0644, st_size=1, ...}) = 0
7 statx(AT_FDCWD</root>, "/w/runs/a/.lock", AT_STATX_SYNC_AS_STAT, STATX_ALL, 0x7f) = -1 ENOENT (No such file or directory)
8 fsync(6</w/runs/a/.partial-x> <unfinished ...>
8 <... fsync resumed>) = 0
8 renameat(AT_FDCWD</root>, "/w/runs/a/.partial-x", AT_FDCWD</root>, "/w/runs/a/run.json") = 0
8 openat(AT_FDCWD</root>, "/w/data/cifar10/train.parquet", O_RDONLY|O_CLOEXEC) = 5</w/data/cifar10/train.parquet>
8 write(6</w/runs/a/.claim/t/beat>, ""..., 1) = 1
8 write(2</dev/null>, ""..., 1) = 1
""".splitlines()


class Counts(unittest.TestCase):
    def test_a_call_counts_once_and_only_below_the_folder_and_not_on_a_handle(self):
        self.assertEqual(slurm_load.counted(LINES, "/w/runs"), {"open": 1, "look": 1, "flush": 1, "rename": 1, "write": 1})

    def test_heartbeats_are_told_apart(self):
        self.assertEqual(slurm_load.counted(LINES, "/w/runs/*/.claim/*/beat"), {"write": 1})


class Parts(unittest.TestCase):
    def test_all_parts_or_those_that_are_named(self):
        self.assertEqual(slurm_check.chosen([]), list(slurm_check.PARTS))
        self.assertEqual(slurm_check.chosen(["PARTS=lost,many"]), ["lost", "many"])

    def test_another_part_is_one_line(self):
        with self.assertRaisesRegex(SystemExit, "PARTS=lose: must be of many, limit"):
            slurm_check.chosen(["PARTS=lose"])


if __name__ == "__main__":
    unittest.main()
