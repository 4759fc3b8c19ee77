import array
import json
import math
import os
import shutil
import sys
import tempfile
import unittest
from unittest import mock

import gpu_check


class Parts(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.root)

    def safetensors(self, name, values):
        data = array.array("f", values).tobytes()
        header = json.dumps({"__metadata__": {"run": "r"},
                             "a": {"dtype": "F32", "shape": [len(values)], "data_offsets": [0, len(data)]}}).encode()
        path = os.path.join(self.root, name)
        with open(path, "wb") as file:
            file.write(len(header).to_bytes(8, "little") + header + data)
        return path

    def test_models_are_read_and_held_against_each_other(self):
        first, second = (gpu_check.weights(self.safetensors(*model)) for model in (("a", [3, 4]), ("b", [3, 4.5])))
        self.assertEqual(list(first["a"]), [3, 4])
        self.assertEqual(gpu_check.distance(first, first), 0)
        self.assertAlmostEqual(gpu_check.distance(first, second), 0.1)
        self.assertEqual(gpu_check.distance(first, {}), math.inf)

    def test_a_failed_check_is_a_line_and_ends_no_other(self):
        check = gpu_check.Check({**gpu_check.DEFAULTS, "DEVICE": "cpu"}, self.root, "parity")
        with mock.patch.object(gpu_check, "say"):
            check.of("bad", lambda: gpu_check.run([sys.executable, "-c", "import sys; sys.exit('no such GPU')"]))
            check.of("good", lambda: gpu_check.run([sys.executable, "-c", "print('well')"]))
        self.assertEqual([one["ok"] for one in check.checks], [False, True])
        self.assertIn("exit code 1: no such GPU", check.checks[0]["detail"])
        self.assertEqual(check.checks[1]["detail"], "well\n")

    def test_a_program_without_an_end_is_shown_with_what_it_said(self):
        speaks = "import sys, time; print('test parity_none ...', flush=True); time.sleep(60)"
        with self.assertRaises(gpu_check.Failed) as failure, mock.patch.object(gpu_check, "PATIENCE_SECONDS", 1):
            gpu_check.run([sys.executable, "-c", speaks])
        self.assertRegex(str(failure.exception), r"no end after 1 s: .*: test parity_none \.\.\.\n$")

    def test_pytorch_stands_beside_it_only_where_it_computes_on_the_device(self):
        for torch, there in (("", False), ("raise ImportError", False), ("def ones(n, device):\n    raise RuntimeError(device)", False),
                             ("class ones:\n    def __init__(self, n, device): assert device == 'cuda:1'\n    item = print", True)):
            with open(os.path.join(self.root, "torch.py"), "w") as file:
                file.write(torch)
            with mock.patch.dict(os.environ, {"PYTHONPATH": self.root, "PYTHONDONTWRITEBYTECODE": "1"}):
                self.assertEqual(gpu_check.computes(sys.executable, "cuda:1"), there, torch)
        self.assertFalse(gpu_check.computes("none", "cuda:1"))

    def test_parity_is_checked_on_the_device_without_tf32_and_without_threads_that_spin(self):
        program = os.path.join(self.root, "parity")
        with open(program, "w") as file:
            file.write("#!/bin/sh\necho test result: $PARITY_DEVICE $NVIDIA_TF32_OVERRIDE $OMP_WAIT_POLICY\n")
        os.chmod(program, 0o755)
        self.assertEqual(gpu_check.Check(gpu_check.DEFAULTS, self.root, program).is_right(), "test result: cuda:0 0 passive")

    def test_a_resumed_run_may_differ_on_a_gpu_alone_and_must_have_been_stopped(self):
        models = {"first": [3, 4], "again": [3, 4.5], "stopped": [3, 5]}
        paths = {place: [self.safetensors(place, values)] for place, values in models.items()}

        def resumed(device, stopped=True):
            check = gpu_check.Check({**gpu_check.DEFAULTS, "DEVICE": device}, self.root, "parity")
            with mock.patch.object(check, "train"), mock.patch.object(check, "files", lambda place, begins: paths[place]), \
                    mock.patch.object(gpu_check, "run_until", return_value=stopped):
                return check.resumes()

        found = resumed("cuda:0")
        self.assertAlmostEqual(found["resumed"], 0.2)
        self.assertAlmostEqual(found["repeated"], 0.1)
        for arguments, said in ((("cpu",), "the resumed run differs by 2.0e-01, a repetition of the same run by 1.0e-01"),
                                (("cuda:0", False), "ended before it could be stopped")):
            with self.assertRaisesRegex(gpu_check.Failed, said):
                resumed(*arguments)
        paths["stopped"] = [self.safetensors("stopped", [3, math.nan])]
        with self.assertRaisesRegex(gpu_check.Failed, "differs by nan"):
            resumed("cuda:0")

    def test_a_program_is_stopped_when_something_is_there(self):
        mark = os.path.join(self.root, "mark")
        stops = "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(143)); open(%r, 'w'); time.sleep(60)" % mark
        self.assertTrue(gpu_check.run_until([sys.executable, "-c", stops], lambda: os.path.exists(mark)))
        self.assertFalse(gpu_check.run_until([sys.executable, "-c", ""], lambda: False), "it ended by itself")
        with self.assertRaises(gpu_check.Failed) as failure:
            gpu_check.run_until([sys.executable, "-c", "import sys; sys.exit('cannot')"], lambda: False)
        self.assertIn("exit code 1: cannot", str(failure.exception))

    def test_settings_are_refused_before_anything_is_built(self):
        for words, needle in ((["DEVICE=gpu"], "cuda:N"), (["DEVICE=auto"], "name one device"), (["DEVICE=cuda:all"], "name one device"),
                              (["PRECISIONS=int8"], "float32, bf16, fp16"), (["STEPS=0"], "whole number"),
                              (["SPEED=1"], "The keys are: DEVICE")):
            with self.assertRaises(SystemExit) as end, mock.patch.object(gpu_check.stop, "call", side_effect=AssertionError("built")):
                gpu_check.main(words)
            self.assertIn(needle, str(end.exception))


if __name__ == "__main__":
    unittest.main()
