import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import run

# Says that it runs, and leaves cleanly a moment after the first signal, as the trainer does. The second within that moment is none.
TRAINER = """#!%s
import os, signal, sys, time
here = os.path.dirname(os.path.abspath(__file__))
asked = []
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    if signal.getsignal(number) != signal.SIG_IGN:
        signal.signal(number, lambda number, frame: asked.append(number))
open(os.path.join(here, "began"), "w").write(" ".join(sys.argv[1:]))
for _ in range(int(os.environ.get("TENTHS", "200"))):
    if asked:
        time.sleep(0.3)
        open(os.path.join(here, "stopped"), "w").close()
        sys.exit(128 + asked[0])
    time.sleep(0.1)
""" % sys.executable


class Place(unittest.TestCase):
    """A place with programs that stand in for the built ones, for cargo and for compilers."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.release = os.path.join(folder.name, "target", "release")
        os.makedirs(self.release)
        tools = os.path.join(folder.name, "bin")
        os.makedirs(tools)
        for name in ("cargo", "cc", "c++"):
            # As cargo does, fails where it cannot say what it does.
            self.program(os.path.join(tools, name), "#!/bin/sh\necho building >&2 || exit 101\n")
        for name in ("data-prep", "analysis", "report"):
            self.program(os.path.join(self.release, name), "#!/bin/sh\ntouch \"$0\".began\n")
        self.program(os.path.join(self.release, "trainer"), TRAINER)
        self.environment = {**os.environ, "PATH": tools + os.pathsep + os.environ["PATH"], "WORK": folder.name,
                            "CARGO_TARGET_DIR": os.path.join(folder.name, "target")}

    def program(self, path, text):
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, 0o755)

    def start(self, *words, **how):
        how.setdefault("stderr", subprocess.DEVNULL)
        how.setdefault("stdout", subprocess.DEVNULL)
        started = subprocess.Popen([os.path.join(run.ROOT, "tools", "run.py"), *words], env=self.environment,
                                   start_new_session=True, **how)
        self.addCleanup(lambda: started.poll() is None and os.killpg(started.pid, signal.SIGKILL))
        return started

    def sweep(self, **how):
        return self.start("sweep", "trainer sweep EXPERIMENT DEVICE", "--", "EXPERIMENT=smoke", "DEVICE=cpu", **how)

    def await_file(self, name):
        for _ in range(300):
            if os.path.exists(os.path.join(self.release, name)):
                return
            time.sleep(0.1)
        self.fail("%s did not come" % name)


class Signals(Place):
    def test_a_signal_to_the_group_is_heard_by_both_and_its_code_comes_through(self):
        for number, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)):
            with self.subTest(number):
                started = self.sweep()
                self.await_file("began")
                os.killpg(started.pid, number)
                self.assertEqual(started.wait(30), code)
                self.assertTrue(os.path.exists(os.path.join(self.release, "stopped")))
                for name in ("began", "stopped"):
                    os.remove(os.path.join(self.release, name))

    def test_a_signal_to_this_program_alone_is_passed_on(self):
        for number, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)):
            with self.subTest(number):
                started = self.sweep()
                self.await_file("began")
                os.kill(started.pid, number)
                self.assertEqual(started.wait(30), code)
                self.await_file("stopped")
                for name in ("began", "stopped"):
                    os.remove(os.path.join(self.release, name))

    def test_a_hangup_that_is_ignored_stays_ignored(self):
        self.environment["TENTHS"] = "10"
        started = self.sweep(preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        self.await_file("began")
        os.killpg(started.pid, signal.SIGHUP)
        self.assertEqual(started.wait(30), 0)

    def test_it_is_heard_between_two_rounds_as_well(self):
        started = self.start("watch", "--repeat", "report WORK", "--", "EVERY=600")
        self.await_file("report.began")
        time.sleep(0.5)
        os.kill(started.pid, signal.SIGTERM)
        self.assertEqual(started.wait(30), 143)


class Unwritable(Place):
    def test_no_stream_that_cannot_be_written_ends_the_work(self):
        self.environment["TENTHS"] = "0"
        reader, closed = os.pipe()
        os.close(reader)
        for name, stream in (("full", os.open("/dev/full", os.O_WRONLY)), ("closed", closed)):
            for which in ("stdout", "stderr"):
                with self.subTest(name, which=which):
                    steps = ("data-prep SOURCE", "trainer sweep EXPERIMENT DEVICE", "report WORK")
                    started = self.start("all", *steps, "--", "EXPERIMENT=smoke", "DEVICE=cpu", **{which: stream})
                    self.assertEqual(started.wait(30), 0)
                    self.await_file("report.began")
                    os.remove(os.path.join(self.release, "report.began"))
            os.close(stream)

    def test_a_listing_ends_quietly_where_its_reader_has_gone(self):
        doctor = [sys.executable, os.path.join(run.ROOT, "tools", "doctor.py")]
        reader, closed = os.pipe()
        os.close(reader)
        found = subprocess.run(doctor, stdout=closed, stderr=subprocess.PIPE, env=self.environment)
        os.close(closed)
        self.assertEqual((found.returncode, found.stderr), (0, b""))
        with open("/dev/full", "w") as full:
            found = subprocess.run(doctor, stdout=full, stderr=subprocess.PIPE, env=self.environment)
        self.assertEqual((found.returncode, found.stderr.count(b"\n")), (1, 1), found.stderr)


class Numbers(Place):
    def test_what_is_no_number_of_seconds_is_an_error_of_one_line(self):
        for value in ("nan", "-1", "inf", "1e300", "soon", "604801"):
            started = self.start("watch", "--repeat", "report WORK", "--", "EVERY=" + value, stderr=subprocess.PIPE)
            said = started.communicate(timeout=30)[1].decode()
            self.assertEqual((started.returncode, said.count("\n")), (1, 1), said)
            self.assertIn("EVERY=%s: must be a number between 0 and 604800." % value, said)

    def test_a_benchmark_says_the_same(self):
        bench = [sys.executable, os.path.join(run.ROOT, "tools", "bench.py")]
        for word in ("ROUNDS=0", "STEPS=-1", "THREADS=1,0", "RANKSCALES=2,x", "EPOCH_UPDATES=1e9"):
            found = subprocess.run(bench + [word], stderr=subprocess.PIPE, text=True, env=self.environment)
            self.assertEqual((found.returncode, found.stderr.count("\n")), (1, 1), found.stderr)
            self.assertIn("must be a whole number between", found.stderr)


if __name__ == "__main__":
    unittest.main()
