import contextlib
import errno
import io
import os
import shutil
import subprocess
import tempfile
import unittest
import zipfile
from unittest import mock

import doctor
import libtorch
import run
import wheels


class Place(unittest.TestCase):
    """A home for libtorch with no network, and Pythons that have it."""

    def setUp(self):
        self.root = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.root)
        home = os.path.join(self.root, "home")
        os.makedirs(home)
        for name, value in {"HOME": home, "CURRENT": os.path.join(home, "current"), "ORIGIN": os.path.join(home, "current.origin")}.items():
            self.replace(libtorch, name, value)
        self.replace(libtorch.stop, "listen", mock.Mock())
        self.replace(libtorch.machine, "newest_cuda", lambda: 0)
        self.fetched = []
        self.replace(wheels, "fetch", self.wheels_of_headers)

    def replace(self, place, name, value):
        patch = mock.patch.object(place, name, value)
        patch.start()
        self.addCleanup(patch.stop)

    def write(self, text, *path):
        path = os.path.join(self.root, *path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
        return path

    def python(self, name, version, cuda=None):
        """A folder with a python3 that knows where torch is, as far as `find_spec` is asked, and with that torch, perhaps
        built with CUDA."""
        package = os.path.join(self.root, name, "torch")
        for library in ["libtorch_cpu.so"] + ["libtorch_cuda.so"] * (cuda is not None):
            self.write("", package, "lib", library)
        self.write("\0libc10.so\0libcudart.so.%s\0" % cuda, package, "lib", "libc10_cuda.so")
        self.write('#define TORCH_VERSION \\\n  "%s"\n' % version, package, "include", "torch", "headeronly", "version.h")
        self.write("#pragma once\nnamespace at { struct Tensor {}; }\n#include <tuple>\n#define TORCH_CHECK(...) throw 0\n",
                   package, "include", "torch", "csrc", "api", "include", "torch", "torch.h")
        program = self.write("#!/bin/sh\necho %s\n" % package, name, "bin", "python3")
        os.chmod(program, 0o755)
        return package, os.path.dirname(program)

    def cuda_headers(self, *place, version="13000", crt=True):
        for header in ("cuda_runtime_api.h",) + ("crt/host_config.h",) * crt:
            self.write("", *place, header)
        self.write("#define CUDA_VERSION %s\n" % version, *place, "cuda.h")

    def wheels_of_headers(self, pinned, what, needed_gb, into, otherwise):
        """A stand-in for pip: two wheels with NVIDIA's layout."""
        self.fetched.append(pinned)
        runtime, crt = {"cuda-headers-13": ("cu13", "cu13"), "cuda-headers-12": ("cuda_runtime", "cuda_nvcc")}[pinned]
        os.makedirs(into)
        wheels = [os.path.join(into, name) for name in ("runtime.whl", "crt.whl")]
        with zipfile.ZipFile(wheels[0], "w") as archive:
            archive.writestr("nvidia/%s/include/cuda_runtime_api.h" % runtime, "")
            archive.writestr("nvidia/%s/include/cuda.h" % runtime, "#define CUDA_VERSION %s040\n" % pinned[-2:])
            archive.writestr("nvidia/%s/lib/libcudart_static.a" % runtime, "")
        with zipfile.ZipFile(wheels[1], "w") as archive:
            archive.writestr("nvidia/%s/include/crt/host_config.h" % crt, "")
        return wheels

    def set_up(self, folders, kind="cpu", environment=None, words=()):
        said = io.StringIO()
        with contextlib.ExitStack() as stack:
            stack.enter_context(mock.patch.dict(os.environ, {
                "PATH": os.pathsep.join(folders), "CUDA_HOME": os.path.join(self.root, "cuda"), **(environment or {})}))
            if "LIBTORCH" not in (environment or {}):
                os.environ.pop("LIBTORCH", None)
            stack.enter_context(mock.patch.object(libtorch.sys, "argv", ["libtorch.py", *words]))
            stack.enter_context(mock.patch.object(libtorch.machine, "has_gpu", lambda: kind == "cuda"))
            stack.enter_context(contextlib.redirect_stdout(said))
            libtorch.main()
        return said.getvalue()

    def doctor(self, gpu=False, named=None):
        """What the doctor advises for a libtorch that is installed or named."""
        with mock.patch.dict(os.environ, {"CUDA_HOME": os.path.join(self.root, "cuda")}), \
                contextlib.redirect_stdout(io.StringIO()), mock.patch.object(doctor.machine, "has_gpu", lambda: gpu):
            os.environ.pop("LIBTORCH", None)
            os.environ.update({"LIBTORCH": named} if named else {})
            return doctor.torch()


class Setup(Place):
    def test_versions_that_compile(self):
        for version, does in {"2.10.0": False, "2.11.0": True, "2.12.1+cu130": True, "2.13.0+cpu": True, "2.14.0": False,
                              "2.13.0a0+git1": False, "3.11.0": False}.items():
            self.assertEqual(libtorch.compiles(version), does, version)
        self.assertFalse(libtorch.compiles(None))
        self.assertIsNone(libtorch.untested("2.13.0+cu130"))
        self.assertIn("just test parity", libtorch.untested("2.11.0"))

    def test_a_torch_that_python_has_is_taken_before_anything_is_fetched(self):
        package, folder = self.python("a", "2.12.0")
        with mock.patch.object(libtorch, "unpacked", side_effect=AssertionError("fetched")):
            said = self.set_up([folder])
        self.assertIn("libtorch 2.12.0 (cpu) from Python's torch in " + package, said)
        self.assertIn("tested on 2.13.0 only", said)
        self.assertEqual(libtorch.version_of(libtorch.CURRENT), "2.12.0")

    def test_the_tested_version_comes_before_others_and_cuda_where_there_is_a_gpu(self):
        folders = [self.python("old", "2.9.0")[1], self.python("a", "2.11.0", cuda="13")[1], self.python("b", "2.13.0+cu130")[1]]
        self.cuda_headers("a", "nvidia", "cu13", "include")
        said = self.set_up(folders)
        self.assertIn("libtorch 2.13.0+cu130 (cpu)", said)
        self.assertNotIn("tested on", said)
        self.assertIn("libtorch 2.11.0 (cuda)", self.set_up(folders, kind="cuda"))

    def test_without_one_that_compiles_the_wheel_is_fetched(self):
        wheel, _ = self.python("wheel", libtorch.VERSION)
        _, folder = self.python("old", "2.10.0")
        with mock.patch.object(libtorch, "unpacked", return_value=wheel) as fetched:
            self.set_up([folder])
        fetched.assert_called_once_with("cpu")

    def test_what_an_older_one_lacks_is_added_to_its_headers(self):
        package, folder = self.python("a", "2.11.0")
        self.set_up([folder])
        self.assertEqual(os.path.realpath(os.path.join(libtorch.CURRENT, "lib")), os.path.realpath(os.path.join(package, "lib")))
        self.assertTrue(libtorch.lacks_functions(package))
        self.assertFalse(libtorch.lacks_functions(libtorch.CURRENT))
        source = self.write("#include <torch/torch.h>\nat::Tensor absent() { return torch::_philox_normal(1, 2.0); }\n", "use.cpp")
        includes = [os.path.join(libtorch.CURRENT, "include"), os.path.join(libtorch.CURRENT, "include", "torch", "csrc", "api", "include")]
        command = [os.environ.get("CXX", "c++"), "-std=c++17", "-Wall", "-Werror", "-fsyntax-only", '-DTORCH_VERSION="2.11.0"', source]
        compiled = subprocess.run(command + ["-I" + place for place in includes], stderr=subprocess.PIPE, text=True)
        self.assertEqual(compiled.returncode, 0, compiled.stderr)

    def test_a_libtorch_with_cuda_gets_the_headers_of_its_cuda_in_a_folder_of_their_own(self):
        for cuda in ("13", "12"):
            package, folder = self.python("with-" + cuda, "2.11.0", cuda=cuda)
            # What pip installs with torch: everything except crt/.
            beside = {"13": "cu13", "12": "cuda_runtime"}[cuda]
            self.cuda_headers("with-" + cuda, "nvidia", beside, "include", version=cuda + "000", crt=False)
            with contextlib.suppress(OSError):
                os.remove(libtorch.CURRENT)
            said = self.set_up([folder], kind="cuda")
            place = os.path.join(libtorch.HOME, "cuda-" + cuda)
            self.assertIn("the headers of CUDA %s in %s" % (cuda, place), said)
            self.assertEqual(sorted(os.listdir(place)), ["include"])
            self.assertEqual(sorted(os.listdir(os.path.join(place, "include"))), ["crt", "cuda.h", "cuda_runtime_api.h"])
            self.assertEqual(libtorch.cuda_headers(libtorch.CURRENT), os.path.join(place, "include"))
            self.set_up([folder], kind="cuda")
        self.assertEqual(self.fetched, ["cuda-headers-13", "cuda-headers-12"], "each once")
        self.assertFalse(os.path.exists(os.path.join(os.path.dirname(package), "nvidia", "cuda_nvcc")), "beside torch nothing changes")

    def test_headers_that_a_build_finds_are_not_fetched_and_those_of_another_cuda_are_not_taken(self):
        package, _ = self.python("a", "2.13.0", cuda="13")
        named = {"LIBTORCH": package, "CUDA_HOME": os.path.join(self.root, "cuda")}
        self.cuda_headers("cuda", "include", version="11080")
        self.set_up([], kind="cuda", environment=named)
        self.assertEqual(self.fetched, ["cuda-headers-13"])
        shutil.rmtree(os.path.join(libtorch.HOME, "cuda-13"))
        self.cuda_headers("cuda", "include", version="13010")
        self.set_up([], kind="cuda", environment=named)
        self.assertEqual(self.fetched, ["cuda-headers-13"])

    def test_of_a_cuda_without_pinned_headers_the_user_is_told(self):
        package, _ = self.python("a", "2.13.0", cuda="14")
        with self.assertRaises(SystemExit) as end:
            self.set_up([], environment={"LIBTORCH": package})
        self.assertIn("made with CUDA 14, for which no headers are pinned: set CUDA_HOME", str(end.exception))

    def test_headers_that_do_not_come_leave_nothing(self):
        package, folder = self.python("a", "2.13.0", cuda="13")
        with mock.patch.object(wheels, "unpack_headers", side_effect=KeyboardInterrupt), self.assertRaises(KeyboardInterrupt):
            self.set_up([folder], kind="cuda")
        self.assertFalse([name for name in os.listdir(libtorch.HOME) if name.startswith("cuda")])
        self.assertIn("run ./justw setup --cuda", self.doctor())
        self.set_up([folder], kind="cuda")
        self.assertIsNone(self.doctor())

    def test_of_a_wheel_only_what_serves_the_kind_is_kept_and_nothing_of_one_that_does_not_load(self):
        every = ["torch/include/a.h", "torch/lib/libtorch.so", "torch/lib/libtorch_cpu.so", "nvidia/cuda_runtime/lib/libcudart.so.13"]
        cuda = ["torch/lib/libtorch_cuda.so", "nvidia/cublas/lib/libcublas.so.13"]

        def fetched(pinned, what, needed_gb, into, otherwise):
            wheel = os.path.join(into, "torch.whl")
            os.makedirs(into)
            with zipfile.ZipFile(wheel, "w") as archive:
                for name in every + cuda + ["torch/lib/libtorch_python.so", "torch/nn/module.py"]:
                    archive.writestr(name, "")
            return [wheel]

        self.replace(wheels, "fetch", fetched)
        with contextlib.redirect_stdout(io.StringIO()):
            for kind, kept, linked in (("cpu", every, "INPUT(-ltorch_cpu)\n"), ("cuda", every + cuda, "")):
                with mock.patch.object(libtorch, "try_to_load"):
                    place = os.path.dirname(libtorch.unpacked(kind))
                found = [os.path.relpath(os.path.join(folder, name), place) for folder, _, names in os.walk(place) for name in names]
                self.assertEqual(sorted(found), sorted(kept))
                with open(os.path.join(place, "torch", "lib", "libtorch.so")) as file:
                    self.assertEqual(file.read(), linked)
                shutil.rmtree(place)
                with self.assertRaisesRegex(SystemExit, "libtorch_%s.so does not load here" % kind):
                    libtorch.unpacked(kind)
                self.assertEqual(os.listdir(libtorch.HOME), [])

    def test_it_is_set_up_where_files_cannot_be_locked(self):
        _, folder = self.python("a", "2.11.0")
        for number in (errno.ENOSYS, errno.ENOLCK, errno.EIO):
            with mock.patch.object(libtorch.fcntl, "flock", side_effect=OSError(number, "flock")):
                if number == errno.EIO:
                    self.assertRaises(OSError, self.set_up, [folder])
                else:
                    self.assertIn("libtorch 2.11.0 (cpu)", self.set_up([folder]))
                    shutil.rmtree(libtorch.HOME)

    def test_of_two_that_build_the_same_tree_the_first_one_stays(self):
        tree = os.path.join(libtorch.HOME, "tree")
        with wheels.built_beside(tree) as unfinished:
            self.write("second", unfinished, "file")
            self.write("first", tree, "file")
        with open(os.path.join(tree, "file")) as file:
            self.assertEqual(file.read(), "first")
        self.assertEqual(os.listdir(libtorch.HOME), ["tree"])

    def test_what_a_killed_setup_left_is_removed_by_the_next(self):
        ours, others = ("torch.unfinished-%s-1" % host for host in (wheels.HOST, "another"))
        for name in (ours, others):
            os.makedirs(os.path.join(libtorch.HOME, name))
        self.set_up([self.python("a", "2.13.0")[1]])
        self.assertNotIn(ours, os.listdir(libtorch.HOME))
        self.assertIn(others, os.listdir(libtorch.HOME))

    def test_a_folder_with_brackets_in_its_name_is_a_folder_like_any(self):
        package, _ = self.python("a[1]", "2.13.0")
        self.assertEqual(libtorch.version_of(package), "2.13.0")
        self.assertIsNone(libtorch.untested(libtorch.version_of("/nowhere")))

    def test_a_named_one_is_checked(self):
        _, folder = self.python("a", "2.13.0")
        old, _ = self.python("old", "2.10.0")
        with self.assertRaises(SystemExit) as end:
            self.set_up([folder], environment={"LIBTORCH": old})
        self.assertIn("holds libtorch 2.10.0; this project needs libtorch 2.13.0, or another from 2.11 to 2.13", str(end.exception))

    def test_work_on_the_cpu_of_a_machine_with_a_gpu_brings_no_cuda(self):
        wheel, _ = self.python("wheel", libtorch.VERSION)
        with mock.patch.object(run.machine, "has_gpu", lambda: True), mock.patch.dict(os.environ):
            os.environ.pop("LIBTORCH", None)
            (command,), (other,) = run.set_up({"DEVICE": "cpu"}), run.set_up({})
        with mock.patch.object(libtorch, "unpacked", return_value=wheel) as fetched:
            self.set_up([], kind="cuda", words=command[2:])
            fetched.assert_called_once_with("cpu")
            # One with CUDA does that work too, and stays.
            self.write("", wheel, "lib", "libtorch_cuda.so")
            self.cuda_headers("cuda", "include")
            self.set_up([], kind="cuda", words=command[2:])
            self.assertEqual(fetched.call_count, 1)
        # So does the torch of a Python, whatever it is made with.
        os.remove(libtorch.CURRENT)
        package, folder = self.python("a", "2.13.0")
        self.assertIn("(cpu) from Python's torch in " + package, self.set_up([folder], kind="cuda", words=command[2:]))
        with mock.patch.object(libtorch, "unpacked", return_value=wheel) as fetched:
            self.set_up([folder], kind="cuda", words=other[2:])
            fetched.assert_called_once_with("cuda")

    def test_five_gigabytes_are_not_fetched_for_a_driver_that_cannot_run_them(self):
        wheel, _ = self.python("wheel", libtorch.VERSION)
        with mock.patch.object(libtorch, "unpacked", return_value=wheel) as fetched, \
                mock.patch.object(libtorch.machine, "newest_cuda", lambda: 12):
            with self.assertRaises(SystemExit) as end:
                self.set_up([], kind="cuda", words=["--for=cuda"])
            self.assertIn("runs CUDA 12, and libtorch needs CUDA 13", str(end.exception))
            fetched.assert_not_called()
            # Nor is the torch of a Python taken that the driver cannot run, where another one can be.
            _, newer = self.python("a", "2.13.0", cuda="13")
            with self.assertRaises(SystemExit):
                self.set_up([newer], kind="cuda", words=["--for=cuda"])
            package, older = self.python("b", "2.12.0", cuda="12")
            self.cuda_headers("cuda", "include", version="12080")
            self.assertIn("Python's torch in " + package, self.set_up([newer, older], kind="cuda", words=["--for=cuda"]))
            os.remove(libtorch.CURRENT)
            # Whoever asks for it may mean another machine.
            self.set_up([], words=["--cuda"])
            fetched.assert_called_once_with("cuda")

    def test_the_binding_is_compiled_anew_where_its_libraries_change(self):
        package, folder = self.python("a", "2.13.0")
        said = os.path.join(self.root, "said")
        cargo = self.write('#!/bin/sh\necho "$*" >>"%s"\n' % said, "tools", "cargo")
        os.chmod(cargo, 0o755)

        def cleaned():
            self.set_up([os.path.dirname(cargo)], environment={"LIBTORCH": package})
            self.assertEqual(libtorch.origin(), "LIBTORCH=" + package)
            return os.path.exists(said) and os.stat(said).st_size

        self.assertFalse(cleaned())
        package, _ = self.python("b", "2.13.0")
        self.assertFalse(cleaned(), "of the same version, without CUDA as before")
        package, _ = self.python("c", "2.13.0")
        self.write("", package, "lib", "libtorch_cuda.so")
        self.cuda_headers("cuda", "include")
        first = cleaned()
        self.assertTrue(first)
        package, _ = self.python("d", "2.12.0")
        self.write("", package, "lib", "libtorch_cuda.so")
        self.assertGreater(cleaned(), first)
        with open(said) as file:
            self.assertEqual(file.read().count("clean --quiet --release --package torch-sys"), 2)
        # As the warning about a version that is not tested says, to have another one.
        os.remove(libtorch.CURRENT)
        package, _ = self.python("e", "2.13.0")
        second = os.stat(said).st_size
        self.assertGreater(cleaned(), second)

    def test_a_libtorch_without_cuda_is_not_enough_where_a_gpu_trains(self):
        def brought(chosen, gpu, **environment):
            with mock.patch.dict(os.environ, environment), mock.patch.object(run.machine, "has_gpu", lambda: gpu):
                if not environment:
                    os.environ.pop("LIBTORCH", None)
                steps, ran = run.Steps(chosen), []
                steps.libtorch, steps.run = True, lambda command, name, *_, **how: ran.append(name)
                steps.build("trainer")
                return "set up libtorch" in ran

        self.assertTrue(brought({}, gpu=False), "there is none")
        self.assertFalse(brought({}, gpu=True, LIBTORCH="/named"))
        package, folder = self.python("a", "2.13.0")
        self.set_up([folder])
        for device, gpu, expected in (("auto", True, True), ("cuda:0", True, True), ("cpu", True, False), ("auto", False, False)):
            self.assertEqual(brought({"DEVICE": device}, gpu), expected, (device, gpu))
        self.write("", package, "lib", "libtorch_cuda.so")
        for gpu in (True, False):
            self.assertFalse(brought({}, gpu), "one with CUDA serves both")

    def test_the_doctor_says_what_is_untested(self):
        _, folder = self.python("a", "2.12.0")
        self.set_up([folder])
        said = io.StringIO()
        with mock.patch.dict(os.environ), contextlib.redirect_stdout(said), mock.patch.object(doctor.machine, "has_gpu", lambda: False):
            os.environ.pop("LIBTORCH", None)
            self.assertIn("tested on 2.13.0 only", doctor.torch())
        self.assertIn("2.12.0 (cpu) from Python's torch", said.getvalue())


if __name__ == "__main__":
    unittest.main()
