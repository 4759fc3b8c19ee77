"""Tests of what is found of a machine, and of what the doctor says of its driver."""

import contextlib
import io
import os
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

import doctor
import machine
import run

# A driver that counts so many GPUs, or that does not start.
CUDA = "int cuInit(unsigned flags) { return %d; }\nint cuDeviceGetCount(int *count) { *count = %d; return %d; }\n"


def program(path, text):
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, 0o755)
    return path


class Packages(unittest.TestCase):
    def test_a_package_is_looked_for_and_not_imported(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "fails.py"), "w") as file:
                file.write("raise SystemError")
            python = program(os.path.join(folder, "python"), '#!/bin/sh\nPYTHONPATH="%s" exec "%s" "$@"\n' % (folder, sys.executable))
            self.assertEqual(machine.missing(python, ("fails", "json", "is_not_there")), ["is_not_there"])
            self.assertEqual(machine.missing(python, ("fails", "json", "is_not_there"), imported=True), ["fails", "is_not_there"])

    def test_a_python_that_does_not_start_lacks_everything(self):
        self.assertEqual(machine.missing("none", ("json", "os")), ["json", "os"])


class Disk(unittest.TestCase):
    def test_the_space_of_a_folder_that_is_still_to_come_is_that_of_the_one_above(self):
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(machine.shutil, "disk_usage") as asked:
            machine.free_bytes(os.path.join(folder, "is", "not", "there"))
            asked.assert_called_once_with(folder)


class Driver(unittest.TestCase):
    def test_a_library_of_cuda_is_no_gpu(self):
        for numbers, gpus in (((0, 0, 0), 0), ((100, 1, 0), 0), ((0, 1, 3), 0), ((0, 2, 0), 2)):
            with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, {"LD_LIBRARY_PATH": folder}):
                library = os.path.join(folder, "libcuda.so.1")
                subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-o", library, "-"], input=CUDA % numbers, text=True, check=True)
                machine.gpus.cache_clear()
                self.addCleanup(machine.gpus.cache_clear)
                self.assertEqual(machine.gpus(), gpus, numbers)

    def advised(self, folder, gpus, driver=None):
        """What the doctor advises where the driver counts so many GPUs, and nvidia-smi names this driver or is missing."""
        if driver:
            program(os.path.join(folder, "nvidia-smi"), "#!/bin/sh\necho 'A GPU, 81559 MiB, %s'\n" % driver)
        said = io.StringIO()
        with contextlib.redirect_stdout(said), mock.patch.object(machine, "has_driver", lambda: True), \
                mock.patch.object(machine, "gpus", lambda: gpus), mock.patch.dict(os.environ, {"PATH": folder}):
            return doctor.driver(), said.getvalue()

    def test_a_driver_that_does_not_answer_is_installed_again_or_the_cpu_trains(self):
        with tempfile.TemporaryDirectory() as folder:
            advice, said = self.advised(folder, 0)
            self.assertIn("does not answer: reinstall it, or leave training to the CPU", advice)
            self.assertIn("a driver that does not answer: networks train on the CPU", said)
            self.assertEqual(self.advised(folder, 1)[0], None)
            self.assertEqual(self.advised(folder, 1, "580.65.06")[0], None)

    def test_a_gpu_that_no_program_sees_does_not_train(self):
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(machine, "gpus", lambda: 0), \
                mock.patch.object(os.path, "exists", lambda path: path == "/dev/nvidiactl"), mock.patch.dict(os.environ):
            advice, said = self.advised(folder, 0, "580.65.06")
            self.assertIn("unset CUDA_VISIBLE_DEVICES", advice)
            self.assertIn("which CUDA does not find: networks train on the CPU", said)
            os.environ.pop("LIBTORCH", None)
            self.assertEqual((machine.has_driver(), machine.has_gpu(), run.needs_libtorch({})), (True, False, False))
            self.assertEqual(run.with_defaults({}, [run.Step("trainer sweep EXPERIMENT DEVICE WORK")])["EXPERIMENT"], "quick")

    def test_a_driver_is_too_old_for_a_cuda_and_not_for_another(self):
        for major, fits in ((None, False), ("13", False), ("12", True)):
            with tempfile.TemporaryDirectory() as folder, mock.patch.object(doctor.libtorch, "cuda_major", lambda place: major):
                advice, _ = self.advised(folder, 1, "570.86.10")
                if fits:
                    self.assertIsNone(advice)
                else:
                    self.assertIn("is 570, and CUDA 13 needs 580 or later: update it, or point LIBTORCH at", advice)


if __name__ == "__main__":
    unittest.main()
