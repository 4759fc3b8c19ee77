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

# A driver that counts so many GPUs, or that does not start, and runs CUDA 12.8.
CUDA = """int cuInit(unsigned flags) { return %d; }
int cuDeviceGetCount(int *count) { *count = %d; return %d; }
int cuDriverGetVersion(int *version) { *version = 12080; return 0; }
"""


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
                machine.asked_of_driver.cache_clear()
                self.addCleanup(machine.asked_of_driver.cache_clear)
                self.assertEqual((machine.gpus(), machine.newest_cuda()), (gpus, 12), numbers)

    def advised(self, folder, gpus, driver=None, cuda=13):
        """What the doctor advises where the driver counts so many GPUs and runs this CUDA, and nvidia-smi names this driver or
        is missing."""
        if driver:
            program(os.path.join(folder, "nvidia-smi"), "#!/bin/sh\necho 'A GPU, 81559 MiB, %s'\n" % driver)
        said = io.StringIO()
        with contextlib.redirect_stdout(said), mock.patch.object(machine, "has_driver", lambda: True), \
                mock.patch.object(machine, "gpus", lambda: gpus), mock.patch.object(machine, "newest_cuda", lambda: cuda), \
                mock.patch.dict(os.environ, {"PATH": folder}):
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
        for major, cuda, named, fits in ((None, 12, False, False), ("13", 12, False, False), ("13", 12, True, False),
                                         ("12", 12, True, True), ("13", 13, False, True), (None, 0, False, True)):
            with tempfile.TemporaryDirectory() as folder, mock.patch.object(doctor.libtorch, "cuda_major", lambda place: major), \
                    mock.patch.object(doctor.libtorch, "is_set_up", lambda kind: False), mock.patch.dict(os.environ):
                os.environ.pop("LIBTORCH", None)
                os.environ.update({"LIBTORCH": folder} if named else {})
                advice, _ = self.advised(folder, 1, "570.86.10", cuda)
                if fits:
                    self.assertIsNone(advice)
                else:
                    self.assertIn("runs CUDA 12, and libtorch needs CUDA 13: update the driver (to 580 or later), or point", advice)

    def test_a_sweep_does_not_fall_back_to_the_cpu_where_the_driver_is_too_old(self):
        sweep = [run.Step("trainer sweep EXPERIMENT DEVICE WORK")]
        with mock.patch.object(doctor.libtorch, "cuda_major", lambda place: "13"), mock.patch.object(machine, "gpus", lambda: 1), \
                mock.patch.object(machine, "newest_cuda", lambda: 12):
            with self.assertRaises(run.settings.SettingsError) as refused:
                run.with_defaults({}, sweep)
            self.assertIn("or train with DEVICE=cpu.", str(refused.exception))
            self.assertEqual(run.with_defaults({"DEVICE": "cpu"}, sweep)["EXPERIMENT"], "quick")
            self.assertEqual(run.with_defaults({}, [run.Step("analysis EXPERIMENT WORK")]).keys(), {"WORK"})


if __name__ == "__main__":
    unittest.main()
