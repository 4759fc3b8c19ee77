"""Follows what the messages of the tools advise, and checks that it works."""

import contextlib
import io
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile
from unittest import mock

import doctor
import libtorch
import machine
import run
import settings
import wheels
from test_libtorch import Place

FETCH = wheels.fetch
# A pip that knows its version, and "downloads" by copying, unless it is to be used in a virtual environment alone.
PIP = """#!/bin/sh
[ "$1" = --version ] && { echo pip 25; exit; }
[ "$PIP_REQUIRE_VIRTUALENV" = 0 ] || exit 3
while [ "$1" != --dest ]; do shift; done
/bin/mkdir -p "$2" && /bin/cp %s/*.whl "$2"
"""


def program(path, text):
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, 0o755)


class Libtorch(Place):
    def setUp(self):
        super().setUp()
        self.replace(libtorch, "try_to_load", mock.Mock())
        self.replace(libtorch.machine, "free_bytes", lambda path: 10 ** 11)
        self.bin = os.path.join(self.root, "bin")
        os.makedirs(self.bin)

    def wheels(self, kind):
        """The wheel of torch, as pip would download it."""
        where = os.path.join(self.root, "wheels-" + kind)
        os.makedirs(where)
        with zipfile.ZipFile(os.path.join(where, "torch.whl"), "w") as wheel:
            for library in ["libtorch_cpu.so"] + ["libtorch_cuda.so"] * (kind == "cuda"):
                wheel.writestr("torch/lib/" + library, "")
            wheel.writestr("torch/lib/libc10_cuda.so", "\0libcudart.so.13\0")
            wheel.writestr("torch/include/torch/headeronly/version.h", '#define TORCH_VERSION "%s"\n' % libtorch.VERSION)
        return where

    def pip(self, kind):
        """From now on, pip is there and downloads this wheel; headers come as in the other tests."""
        program(os.path.join(self.bin, "pip3"), PIP % self.wheels(kind))
        self.replace(wheels, "forget_cuda", mock.Mock())
        self.replace(wheels, "fetch", lambda pinned, *rest: (FETCH if "libtorch" in pinned else self.wheels_of_headers)(pinned, *rest))

    def refused(self, *arguments, **how):
        with self.assertRaises(SystemExit) as end:
            self.set_up(*arguments, **how)
        return str(end.exception)

    def test_pip_that_is_missing_is_installed(self):
        self.replace(wheels, "fetch", FETCH)
        program(os.path.join(self.bin, "python3"), "#!/bin/sh\nexit 1\n")
        with mock.patch.object(sys, "executable", os.path.join(self.bin, "python3")):
            self.assertIn("pip is missing: install it", self.refused([self.bin]))
            with mock.patch.dict(os.environ, {"PATH": self.bin}), contextlib.redirect_stdout(io.StringIO()):
                self.assertIn("install pip", doctor.python())
            self.pip("cpu")
            self.assertIn("libtorch %s (cpu) from the wheel" % libtorch.VERSION, self.set_up([self.bin]))
            with mock.patch.dict(os.environ, {"PATH": self.bin}), contextlib.redirect_stdout(io.StringIO()):
                self.assertIsNone(doctor.python())

    def test_room_is_made(self):
        self.pip("cpu")
        self.replace(machine, "pip", lambda: [os.path.join(self.bin, "pip3")])
        with mock.patch.object(libtorch.machine, "free_bytes", lambda path: 10 ** 9):
            self.assertIn("Free some, or set LIBTORCH", self.refused([self.bin]))
            package, _ = self.python("a", libtorch.VERSION)
            self.set_up([self.bin], environment={"LIBTORCH": package})
        os.remove(libtorch.CURRENT)
        self.set_up([self.bin])

    def test_a_gpu_gets_cuda(self):
        self.replace(machine, "pip", lambda: [os.path.join(self.bin, "pip3")])
        package, folder = self.python("a", libtorch.VERSION)
        self.set_up([folder])
        self.assertIn("run ./justw setup --cuda", self.doctor(gpu=True))
        # A libtorch that is named takes precedence, so it is unset.
        self.assertIn("unset LIBTORCH, and run ./justw setup --cuda", self.doctor(gpu=True, named=package))
        said = self.refused([folder], environment={"LIBTORCH": package}, words=["--cuda"])
        self.assertIn("has no CUDA. Point LIBTORCH at one that has it, or unset it", said)
        other, _ = self.python("b", libtorch.VERSION, cuda="13")
        self.set_up([folder], environment={"LIBTORCH": other}, words=["--cuda"])
        self.assertIsNone(self.doctor(gpu=True, named=other))
        os.remove(libtorch.CURRENT)
        self.pip("cuda")
        self.set_up([folder], words=["--cuda"])
        self.assertIsNone(self.doctor(gpu=True))

    def test_one_that_is_too_old_is_replaced(self):
        self.replace(machine, "pip", lambda: [os.path.join(self.bin, "pip3")])
        old, _ = self.python("old", "2.10.0")
        self.assertIn("unset LIBTORCH, and run ./justw setup", self.doctor(named=old))
        self.assertIn("or unset it", self.refused([], environment={"LIBTORCH": old}))
        self.pip("cpu")
        self.set_up([])
        self.assertIsNone(self.doctor())

    def test_one_that_lacks_functions_gets_them(self):
        package, _ = self.python("a", "2.11.0")
        self.assertIn("run ./justw setup, which adds them, then unset LIBTORCH", self.doctor(named=package))
        self.set_up([], environment={"LIBTORCH": package})
        self.assertNotIn("lacks functions", self.doctor())

    def test_one_that_is_untested_gives_way_to_the_wheel(self):
        self.replace(machine, "pip", lambda: [os.path.join(self.bin, "pip3")])
        _, folder = self.python("a", "2.12.0")
        self.assertIn("delete .libtorch/current and run `just setup` where no Python on PATH has torch", self.set_up([folder]))
        os.remove(libtorch.CURRENT)
        self.pip("cpu")
        self.assertNotIn("tested on", self.set_up([self.bin]))
        self.assertIsNone(self.doctor())


# A stand-in for the crate of this name: it accepts every call, and compiles nothing.
CC = """pub struct Build;
impl Build {
    pub fn new() -> Self { Self }
    %s
    pub fn compile(&mut self, _: &str) {}
}""" % "\n    ".join("pub fn %s(&mut self, _: %s) -> &mut Self { self }" % (name, kind) for name, kind in (
    ("cpp", "bool"), ("std", "&str"), ("opt_level", "u32"), ("warnings", "bool"), ("cargo_metadata", "bool"), ("files", "[&str; 2]"),
    ("includes", "[std::path::PathBuf; 3]")))


class Build(unittest.TestCase):
    """The trainer's build script, compiled by itself."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = folder.name
        with open(self.place("cc.rs"), "w") as file:
            file.write(CC)
        source = os.path.join(run.ROOT, "trainer", "build.rs")
        for words in (["--crate-type=rlib", "cc.rs"], ["--cfg=feature=\"tch\"", "--extern=cc=libcc.rlib", "-o", "program", source]):
            made = subprocess.run(["rustc", "--edition=2024", "--cap-lints=allow", *words], cwd=self.root, stderr=subprocess.PIPE,
                                  text=True)
            self.assertEqual(made.returncode, 0, made.stderr)

    def place(self, *names):
        return os.path.join(self.root, *names)

    def says(self, **environment):
        ended = subprocess.run([self.place("program")], cwd=os.path.join(run.ROOT, "trainer"), stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True,
                               env={"PATH": os.environ["PATH"], "CARGO_FEATURE_TCH": "1", "OUT_DIR": self.root, **environment})
        return ended.returncode == 0, ended.stdout

    def test_a_libtorch_that_is_not_there_is_set_up_or_named(self):
        torch = self.place("torch")
        works, said = self.says(LIBTORCH=torch)
        self.assertFalse(works)
        self.assertIn("run `./justw setup`, or set LIBTORCH to a libtorch from", said)
        os.makedirs(os.path.join(torch, "lib"))
        self.assertEqual(self.says(LIBTORCH=torch)[0], True)

    def test_headers_of_cuda_that_are_not_there_are_brought_or_named(self):
        torch, cuda = self.place("torch"), self.place("cuda")
        os.makedirs(os.path.join(torch, "lib"))
        # A version of CUDA that `.libtorch` of this checkout cannot contain.
        for name, text in (("libtorch_cuda.so", ""), ("libc10_cuda.so", "\0libcudart.so.99\0")):
            program(os.path.join(torch, "lib", name), text)
        works, said = self.says(LIBTORCH=torch, CUDA_HOME=cuda)
        self.assertFalse(works)
        self.assertIn("run `./justw setup --cuda`, which brings them, or set CUDA_HOME to a CUDA 99", said)
        os.makedirs(os.path.join(cuda, "include", "crt"))
        for name, text in (("cuda.h", "#define CUDA_VERSION 99000\n"), ("cuda_runtime_api.h", ""), ("crt/host_config.h", "")):
            program(os.path.join(cuda, "include", name), text)
        self.assertEqual(self.says(LIBTORCH=torch, CUDA_HOME=cuda)[0], True)


class Justw(unittest.TestCase):
    def test_what_is_missing_is_installed(self):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(os.path.join(run.ROOT, "justw"), folder)
            tools = os.path.join(folder, "bin")
            os.makedirs(tools)
            for name in ("dirname", "readlink"):
                os.symlink(shutil.which(name), os.path.join(tools, name))
            link = os.path.join(tools, "link")
            os.symlink(os.path.join(folder, "justw"), link)

            def justw(called=os.path.join(folder, "justw")):
                found = subprocess.run([called, "doctor"], env={"PATH": tools, "HOME": folder},
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                return found.stdout + found.stderr
            self.assertIn("python3 is missing: install Python 3 with pip", justw())
            program(os.path.join(tools, "python3"), "#!/bin/sh\n[ $1 != --version ] || echo Python 3.6.15\nexit 1\n")
            self.assertIn("python3 is Python 3.6.15, but 3.8 or later is needed: install one", justw())
            program(os.path.join(tools, "python3"), "#!/bin/sh\n[ $1 = -c ]\n")
            self.assertIn("A `just` 1.40 or later on PATH serves as well", justw())
            program(os.path.join(tools, "just"), "#!/bin/sh\n[ $1 = --version ] && echo just 1.39.9 || echo runs\n")
            self.assertIn("1.40 or later", justw())
            program(os.path.join(tools, "just"), "#!/bin/sh\n[ $1 = --version ] && echo just 1.40.0 || echo runs\n")
            self.assertEqual(justw(), "runs\n")
            program(os.path.join(tools, "just"), "#!/bin/sh\n[ $1 = --version ] && echo just 1.40.0 || echo $2\n")
            self.assertEqual(justw(link), os.path.join(os.path.realpath(folder), "justfile") + "\n")

    def test_a_signal_leaves_nothing_and_gives_its_code(self):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(os.path.join(run.ROOT, "justw"), folder)
            tools = os.path.join(folder, "bin")
            os.makedirs(tools)
            for name in ("cargo", "just"):
                program(os.path.join(tools, name), "#!/bin/sh\nexit 1\n")
            # A pip that is asked to stop, as is the shell that waits for it, and says what it was told of virtual environments.
            program(os.path.join(tools, "python3"),
                    "#!/bin/sh\ncase $* in *install*) echo $PIP_REQUIRE_VIRTUALENV; kill -$NUMBER $PPID; exit 1;; esac\n")
            for number, code in ((1, 129), (2, 130), (15, 143)):
                ended = subprocess.run([os.path.join(folder, "justw")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                       env={**os.environ, "PATH": tools + os.pathsep + os.environ["PATH"], "NUMBER": str(number),
                                            "PIP_REQUIRE_VIRTUALENV": "1"})
                self.assertEqual((ended.returncode, os.listdir(os.path.join(folder, ".tools"))), (code, []), ended.stderr)
                self.assertIn("\n0\n", ended.stderr)


class Ready(unittest.TestCase):
    def test_what_a_build_lacks_is_installed(self):
        with tempfile.TemporaryDirectory() as tools:
            os.symlink(shutil.which("dirname"), os.path.join(tools, "dirname"))
            ready = [os.path.join(run.ROOT, "tools", "ready")]
            for name, advice in (("cargo", "install Rust with rustup"), ("c++", "install a C++ compiler"), ("cc", "install a C compiler")):
                found = subprocess.run(ready, env={"PATH": tools}, stderr=subprocess.PIPE, text=True)
                self.assertIn(advice, found.stderr)
                program(os.path.join(tools, name), "#!/bin/sh\n")
            self.assertEqual(subprocess.run(ready, env={"PATH": tools}).returncode, 0)
            self.assertEqual(subprocess.run(ready, env={"PATH": tools, "CXX": "c++ -O2"}).returncode, 0)

    def test_the_doctor_says_the_same(self):
        with tempfile.TemporaryDirectory() as tools, mock.patch.dict(os.environ, {"PATH": tools, "CXX": "ccache c++"}), \
                contextlib.redirect_stdout(io.StringIO()):
            for name, problem, advice in (("cargo", doctor.rust, "install Rust with rustup"),
                                          ("ccache", doctor.cxx, "install a C++ compiler"), ("cc", doctor.cc, "install a C compiler")):
                self.assertIn(advice, problem())
                program(os.path.join(tools, name), "#!/bin/sh\necho 1.0 $1\n")
                self.assertIsNone(problem())
            # As rustup's cargo without a network, whose compiler is not there yet.
            program(os.path.join(tools, "cargo"), "#!/bin/sh\nexit 1\n")
            self.assertIn("cargo is here but does not answer: run `cargo --version` in " + run.ROOT, doctor.rust())


class Settings(unittest.TestCase):
    def test_a_key_that_is_meant_works(self):
        for word, keys in (("EXPERMENT=quick", ["EXPERIMENT"]), ("work=w", ["WORK"])):
            with self.assertRaises(settings.SettingsError) as error:
                settings.parse([word], keys)
            meant = str(error.exception).split("Did you mean ")[1].split("?")[0]
            self.assertEqual(settings.parse([meant], keys), {keys[0]: word.split("=")[1]})

    def test_one_of_study_and_work_is_given(self):
        steps = [run.Step("analysis EXPERIMENT WORK"), run.Step("report WORK")]
        both = {"STUDY": "seeds", "WORK": "w"}
        with self.assertRaisesRegex(settings.SettingsError, "give one of them"):
            run.with_defaults(both, steps)
        for key in both:
            run.with_defaults({key: both[key]}, steps)

    def test_an_experiment_that_the_work_folder_has_a_plan_of_is_found_by_its_name(self):
        steps = [run.Step("analysis EXPERIMENT WORK"), run.Step("report WORK")]
        with tempfile.TemporaryDirectory() as work:
            with self.assertRaisesRegex(settings.SettingsError, "EXPERIMENT=mine: no such file, and none of cifar100, decisive"):
                run.with_defaults({"EXPERIMENT": "mine", "WORK": work}, steps)
            os.makedirs(os.path.join(work, "plans", "mine"))
            open(os.path.join(work, "plans", "mine", "plan.json"), "w").close()
            self.assertEqual(run.with_defaults({"EXPERIMENT": "mine", "WORK": work}, steps)["EXPERIMENT"], "mine")
            with self.assertRaisesRegex(settings.SettingsError, "none of .*mine, notebook"):
                run.with_defaults({"EXPERIMENT": "mind", "WORK": work}, steps)


if __name__ == "__main__":
    unittest.main()
