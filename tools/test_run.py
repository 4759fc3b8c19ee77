import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import run

# A program that prints that it runs, and ends cleanly a moment after the first signal, as the trainer does. A second
# signal within that moment is ignored.
STAND_IN = """#!%s
import os, signal, sys, time
here = os.path.abspath(__file__)
asked = []
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    if signal.getsignal(number) != signal.SIG_IGN:
        signal.signal(number, lambda number, frame: asked.append(number))
open(here + ".began", "w").write(" ".join(sys.argv[1:]))
for _ in range(int(os.environ.get("TENTHS", "200"))):
    if asked:
        time.sleep(0.3)
        open(here + ".stopped", "w").close()
        sys.exit(128 + asked[0])
    time.sleep(0.1)
""" % sys.executable


class Place(unittest.TestCase):
    """A place with stand-ins for the built programs, for cargo and for compilers."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.release = os.path.join(folder.name, "target", "release")
        os.makedirs(self.release)
        self.tools = os.path.join(folder.name, "bin")
        os.makedirs(self.tools)
        for name in ("cargo", "cc", "c++"):
            # Like cargo, this fails where it cannot write its output.
            self.program(os.path.join(self.tools, name), "#!/bin/sh\necho building >&2 || exit 101\necho \"cargo $*\" >>\"$EVENTS\"\n")
        for name in ("data-prep", "analysis", "report"):
            self.program(os.path.join(self.release, name), "#!/bin/sh\ntouch \"$0\".began\necho %s >>\"$EVENTS\"\n" % name)
        self.program(os.path.join(self.release, "trainer"), STAND_IN)
        self.environment = {**os.environ, "PATH": self.tools + os.pathsep + os.environ["PATH"], "WORK": folder.name,
                            "LIBTORCH": folder.name, "CARGO_TARGET_DIR": os.path.join(folder.name, "target"),
                            "EVENTS": os.path.join(folder.name, "events")}

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

    def all(self, **how):
        steps = ("data-prep SOURCE", "trainer sweep EXPERIMENT DEVICE", "report WORK")
        return self.start("all", *steps, "--", "EXPERIMENT=smoke", "DEVICE=cpu", **how)

    def await_file(self, name, folder=None):
        for _ in range(300):
            if os.path.exists(os.path.join(folder or self.release, name)):
                return
            time.sleep(0.1)
        self.fail("%s did not come" % name)


class Signals(Place):
    def test_a_signal_to_the_group_is_heard_by_both_and_its_code_comes_through(self):
        for number, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)):
            with self.subTest(number):
                started = self.sweep()
                self.await_file("trainer.began")
                os.killpg(started.pid, number)
                self.assertEqual(started.wait(30), code)
                self.assertTrue(os.path.exists(os.path.join(self.release, "trainer.stopped")))
                for name in ("trainer.began", "trainer.stopped"):
                    os.remove(os.path.join(self.release, name))

    def test_a_signal_to_this_program_alone_is_passed_on(self):
        for number, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)):
            with self.subTest(number):
                started = self.sweep()
                self.await_file("trainer.began")
                os.kill(started.pid, number)
                self.assertEqual(started.wait(30), code)
                self.await_file("trainer.stopped")
                for name in ("trainer.began", "trainer.stopped"):
                    os.remove(os.path.join(self.release, name))

    def test_a_hangup_that_is_ignored_stays_ignored(self):
        self.environment["TENTHS"] = "10"
        started = self.sweep(preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        self.await_file("trainer.began")
        os.killpg(started.pid, signal.SIGHUP)
        self.assertEqual(started.wait(30), 0)

    def test_it_is_heard_between_two_rounds_as_well(self):
        started = self.start("watch", "--repeat", "report WORK", "--", "EVERY=600")
        self.await_file("report.began")
        time.sleep(0.5)
        os.kill(started.pid, signal.SIGTERM)
        self.assertEqual(started.wait(30), 143)


class Rounds(Place):
    def test_a_step_that_fails_ends_neither_its_round_nor_the_next_one(self):
        text = "#!/bin/sh\n[ -e \"$0\".began ] && touch \"$0\".again\ntouch \"$0\".began\nexit 1\n"
        self.program(os.path.join(self.release, "analysis"), text)
        started = self.start("watch", "--repeat", "analysis run WORK", "report WORK", "--", "EVERY=1")
        for name in ("report.began", "analysis.again"):
            self.await_file(name)
        os.kill(started.pid, signal.SIGTERM)
        self.assertEqual(started.wait(30), 143)


class Beside(Place):
    """Images are downloaded while the trainer is built."""

    # With libtorch installed, its feature comes last and names the trainer as well.
    SLOW_CARGO = "#!/bin/sh\ncase \"$*\" in *'--bin trainer'*) exec \"$0\".build;; esac\n"

    def setUp(self):
        super().setUp()
        self.program(os.path.join(self.tools, "cargo"), self.SLOW_CARGO)
        self.program(os.path.join(self.tools, "cargo.build"), STAND_IN)

    def test_each_program_is_built_when_its_turn_comes(self):
        self.program(os.path.join(self.tools, "cargo"), "#!/bin/sh\nshift 5\necho \"build $1\" >>\"$EVENTS\"\n")
        self.environment["TENTHS"] = "0"
        self.assertEqual(self.all().wait(30), 0)
        with open(self.environment["EVENTS"]) as file:
            events = file.read().splitlines()
        self.assertEqual(events[0], "build data-prep")
        self.assertEqual(sorted(events[1:3]), ["build trainer", "data-prep"])
        self.assertEqual(events[3:], ["build report", "report"])

    def test_what_fails_beside_a_build_ends_it_and_has_the_last_word(self):
        self.program(os.path.join(self.release, "data-prep"), "#!/bin/sh\nsleep 0.5\necho no network >&2\nexit 3\n")
        started = self.all(stderr=subprocess.PIPE)
        said = started.communicate(timeout=15)[1].decode()
        self.assertEqual((started.returncode, said), (3, "no network\n"))
        self.await_file("cargo.build.stopped", self.tools)
        self.assertFalse(os.path.exists(os.path.join(self.release, "trainer.began")))

    def test_whoever_has_no_network_and_no_copy_hears_it_while_the_first_program_is_built(self):
        self.program(os.path.join(self.tools, "cargo"), "#!/bin/sh\nexec \"$0\".build\n")
        # A port on which nobody listens.
        self.environment.update(https_proxy="http://127.0.0.1:9", HTTPS_PROXY="http://127.0.0.1:9", no_proxy="", NO_PROXY="")
        started = self.start("all", "data-prep SOURCE WORK", "trainer sweep EXPERIMENT WORK", "--", "EXPERIMENT=quick",
                             stderr=subprocess.PIPE)
        said = started.communicate(timeout=30)[1].decode()
        self.assertEqual(started.returncode, 1, said)
        for advice in ("SOURCE=", "cifar-10-batches-bin", "https://www.cs.toronto.edu/", "HTTPS_PROXY=", "EXPERIMENT=smoke"):
            self.assertIn(advice, said)
        self.await_file("cargo.build.stopped", self.tools)
        self.assertFalse(os.path.exists(os.path.join(self.release, "data-prep.began")))

    def test_whoever_follows_that_advice_gets_on(self):
        self.program(os.path.join(self.tools, "cargo"), "#!/bin/sh\n")
        self.environment.update(https_proxy="http://127.0.0.1:9", HTTPS_PROXY="http://127.0.0.1:9", no_proxy="", NO_PROXY="", TENTHS="0")
        steps = ("data-prep SOURCE WORK", "trainer sweep EXPERIMENT WORK", "report WORK")
        for word in ("SOURCE=" + self.tools, "EXPERIMENT=smoke"):
            self.assertEqual(self.start("all", *steps, "--", word).wait(30), 0, word)
            for name in ("data-prep.began", "report.began"):
                os.remove(os.path.join(self.release, name))
        # The third way is a server that answers: data-prep judges the rest.
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.environment["HTTPS_PROXY"] = self.environment["https_proxy"] = "http://127.0.0.1:%d" % server.getsockname()[1]
            self.assertEqual(self.start("all", *steps, "--").wait(30), 0)

    def test_a_build_that_fails_ends_what_runs_beside_it(self):
        self.program(os.path.join(self.tools, "cargo.build"), "#!/bin/sh\nsleep 0.5\nexit 101\n")
        self.program(os.path.join(self.release, "data-prep"), STAND_IN)
        self.assertEqual(self.all().wait(15), 101)
        self.await_file("data-prep.stopped")

    def test_a_signal_to_this_program_alone_ends_both(self):
        self.program(os.path.join(self.release, "data-prep"), STAND_IN)
        for number, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)):
            with self.subTest(number):
                started = self.all()
                files = [("data-prep", self.release), ("cargo.build", self.tools)]
                for name, folder in files:
                    self.await_file(name + ".began", folder)
                os.kill(started.pid, number)
                self.assertEqual(started.wait(30), code)
                for name, folder in files:
                    for end in (".began", ".stopped"):
                        os.remove(os.path.join(folder, name + end))


class Setup(Place):
    def test_a_signal_ends_a_download_of_libtorch_and_leaves_no_half_of_it(self):
        home = os.path.join(os.path.dirname(self.tools), "checkout")
        shutil.copytree(os.path.join(run.ROOT, "tools"), os.path.join(home, "tools"))
        self.program(os.path.join(self.tools, "pip"), STAND_IN)
        self.environment.pop("LIBTORCH", None)
        begin = "import sys; sys.path.insert(0, 'tools'); import libtorch, machine, outcome; machine.pip = lambda: [%r];"
        begin += "libtorch.installed_torch = lambda kind: None; sys.argv = ['setup', '--cpu']; outcome.of(libtorch.main)"
        for number, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)):
            with self.subTest(number):
                started = subprocess.Popen([sys.executable, "-c", begin % os.path.join(self.tools, "pip")], cwd=home, env=self.environment,
                                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
                self.await_file("pip.began", self.tools)
                os.kill(started.pid, number)
                self.assertEqual(started.wait(30), code)
                self.await_file("pip.stopped", self.tools)
                self.assertEqual(os.listdir(os.path.join(home, ".libtorch")), ["lock"])
                for name in ("pip.began", "pip.stopped"):
                    os.remove(os.path.join(self.tools, name))


class Unwritable(Place):
    def test_no_stream_that_cannot_be_written_ends_the_work(self):
        self.environment["TENTHS"] = "0"
        reader, closed = os.pipe()
        os.close(reader)
        for name, stream in (("full", os.open("/dev/full", os.O_WRONLY)), ("closed", closed)):
            for which in ("stdout", "stderr"):
                with self.subTest(name, which=which):
                    started = self.all(**{which: stream})
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
