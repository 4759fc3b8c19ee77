import json
import os
import signal
import subprocess
import sys
import unittest

import bench_line
import run
import test_run


class Benchmarks(test_run.Place):
    def bench(self, **how):
        words = [sys.executable, os.path.join(run.ROOT, "tools", "bench.py"), "RANKSCALES=8", "THREADS=1", "ENGINES=fused", "PYTHON=none"]
        started = subprocess.Popen(words, env=self.environment, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   **how)
        self.addCleanup(lambda: started.poll() is None and os.killpg(started.pid, signal.SIGKILL))
        return started

    def test_signals_reach_what_is_measured_and_their_codes_come_through(self):
        for number, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)):
            with self.subTest(number):
                started = self.bench()
                self.await_file("trainer.began")
                os.kill(started.pid, number)
                said = started.communicate(timeout=30)[1].decode()
                self.assertEqual(started.returncode, code)
                self.assertNotIn("Traceback", said)
                for name in ("trainer.began", "trainer.stopped"):
                    os.remove(os.path.join(self.release, name))

    def test_each_program_has_its_line_and_another_network_ends_it(self):
        ours = dict.fromkeys(bench_line.OURS, 1)
        theirs = {field: 1 for field in bench_line.PEER if field != "pages_kept"}
        self.program(os.path.join(self.release, "trainer"), "#!/bin/sh\necho '%s'\n" % json.dumps(ours))
        python = os.path.join(self.tools, "python")
        # The packages that it lacks are none; then it is asked to measure a variant.
        line = json.dumps({**theirs, "variant": "VARIANT"}).replace("VARIANT", "'$3'")
        self.program(python, "#!/bin/sh\n[ \"$1\" = -c ] && echo || echo '%s'\n" % line)
        bench = [sys.executable, os.path.join(run.ROOT, "tools", "bench.py"), "RANKSCALES=8", "THREADS=1", "ENGINES=fused", "ROUNDS=2",
                 "PYTHON=" + python]
        found = subprocess.run(bench, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment)
        self.assertEqual(found.returncode, 0, found.stderr)
        said = [json.loads(text) for text in found.stdout.splitlines()]
        expected = [(None, None), ("contiguous", False), ("channels_last", False), ("channels_last+compile", False),
                    ("channels_last", True)]
        self.assertEqual([(line["round"], line.get("variant"), line.get("pages_kept")) for line in said],
                         [(turn, *each) for turn in (1, 2) for each in expected])
        self.program(os.path.join(self.release, "trainer"), "#!/bin/sh\necho '%s'\n" % json.dumps({**ours, "parameters": 2}))
        found = subprocess.run(bench, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=self.environment)
        self.assertEqual(found.returncode, 1)
        self.assertIn("a different number of parameters from ours", found.stderr)

    def test_it_ends_quietly_where_its_reader_has_gone(self):
        self.program(os.path.join(self.release, "trainer"), "#!/bin/sh\necho '%s'\n" % json.dumps(dict.fromkeys(bench_line.OURS, 1)))
        started = self.bench()
        started.stdout.close()
        started.stdout = None
        said = started.communicate(timeout=30)[1].decode()
        self.assertEqual(started.returncode, 0, said)
        self.assertNotIn("Traceback", said)

    def test_a_peer_ends_at_once_by_signals_and_quietly_without_torch(self):
        folder = os.path.join(self.tools, "torch")
        os.makedirs(folder)
        peer, environment = os.path.join(run.ROOT, "tools", "peer.py"), {**self.environment, "PYTHONPATH": self.tools}
        # An import that takes long, and prints that it has begun.
        with open(os.path.join(folder, "__init__.py"), "w") as file:
            file.write("import time\nprint('importing', flush=True)\ntime.sleep(30)\n")
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            started = subprocess.Popen([sys.executable, peer], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            started.stdout.readline()
            started.send_signal(number)
            said = started.communicate(timeout=15)[1]
            self.assertEqual((started.returncode, said), (-number, b""))
        with open(os.path.join(folder, "__init__.py"), "w") as file:
            file.write("raise ImportError('none')\n")
        found = subprocess.run([sys.executable, peer], env=environment, stderr=subprocess.PIPE, text=True)
        self.assertEqual((found.returncode, found.stderr.count("\n")), (1, 1), found.stderr)
        self.assertIn("PYTHON=", found.stderr)


if __name__ == "__main__":
    unittest.main()
