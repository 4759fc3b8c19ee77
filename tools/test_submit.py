import json
import os
import subprocess
import sys
import unittest
import unittest.mock

import run
import settings
import slurm_script
import submit
import test_run

# A trainer that answers like the real one, and records the calls.
TRAINER = """#!/bin/sh
echo "trainer $*" >>"$EVENTS"
case "$1" in
sweep) echo '{"runs": 20, "left": '"${LEFT:-18}"', "seconds": 36000.0, "longest_seconds": 2500.0}' ;;
status) echo '{"experiment": "notebook", "runs": ['"$RUNS"']}' ;;
esac
"""
# An sbatch that gives the next ID to each job, and refuses where REFUSES says so.
SBATCH = """#!/bin/sh
echo "sbatch $*" >>"$EVENTS"
[ -z "$NOTIFY" ] || echo "notifies $*" >>"$EVENTS"
[ "$(grep -c ^sbatch "$EVENTS")" != "${REFUSES:-0}" ] || { printf 'sbatch: error: %s\\n' "invalid partition specified: nope" \
    "Batch job submission failed: Invalid ${REASON:-partition name specified}" >&2; exit 1; }
echo "4$(grep -c ^sbatch "$EVENTS");lo"
"""


class Submission(test_run.Place):
    def setUp(self):
        super().setUp()
        self.program(os.path.join(self.release, "trainer"), TRAINER)
        self.program(os.path.join(self.tools, "sbatch"), SBATCH)
        self.environment["RUNS"] = ""
        self.work = self.environment["WORK"]

    def submit(self, *words):
        command = [sys.executable, os.path.join(run.ROOT, "tools", "submit.py"), "EXPERIMENT=quick", *words]
        return subprocess.run(command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)

    def events(self, program):
        with open(self.environment["EVENTS"]) as file:
            return [line for line in file.read().splitlines() if line.startswith(program + " ") or line == program]

    def script(self, name="quick.sh"):
        with open(os.path.join(self.work, "slurm", name)) as file:
            return file.read()

    def test_one_array_goes_into_the_queue_and_its_report_behind_it(self):
        found = self.submit("GPUS=0", "PARTITION=cpu", "TIME=1-00:00:00", "MAX_JOBS=5", "RUNS_PER_JOB=6",
                            "SBATCH=--nice=10 --comment='a b'")
        self.assertEqual(found.returncode, 0, found.stderr)
        slurm = os.path.join(self.work, "slurm")
        self.assertEqual(self.events("sbatch"), ["sbatch --parsable %s/quick.sh" % slurm,
                                                 "sbatch --parsable --dependency=afterany:41 %s/quick-report.sh" % slurm])
        self.assertIn("array 41 of 3 jobs, and 42 for its report", found.stdout)
        self.assertIn("20 runs, 18 of them to go; about 33 min 20 s a run, 3.3 hours a job", found.stdout)
        script = self.script()
        for directive in ("--array=0-2", "--requeue", "--open-mode=append", "--signal=B:TERM@120", "--time=1-00:00:00", "--partition=cpu",
                          "--nice=10",
                          "'--comment=a b'", "--output=%s/quick-%%A_%%a.log" % slurm):
            self.assertIn("#SBATCH %s\n" % directive, script)
        self.assertNotIn("--gpus", script)
        self.assertIn("#SBATCH --partition=cpu\n", self.script("quick-report.sh"))
        with open(os.path.join(slurm, "submitted.jsonl")) as file:
            self.assertEqual([json.loads(line) for line in file],
                             [{"experiment": "quick", "array": "41", "jobs": 3, "report": report} for report in (None, "42")])
        # Images were looked for here, and not in a job.
        self.assertEqual(self.events("data-prep"), ["data-prep"])

    def test_a_job_becomes_the_trainer_and_only_the_first_one_waits(self):
        self.submit("GPUS=0", "CPUS=3")
        for task, wait in (("0", "1"), ("7", "0")):
            os.remove(self.environment["EVENTS"])
            environment = {**self.environment, "SLURM_JOB_ID": "9", "SLURM_ARRAY_TASK_ID": task}
            # The shell's process ID is that of the trainer: there is no process between it and a signal.
            self.program(os.path.join(self.release, "trainer"), TRAINER + 'echo "number $$" >>"$EVENTS"\n')
            job = subprocess.Popen(["sh", os.path.join(self.work, "slurm", "quick.sh")], env=environment, stdout=subprocess.DEVNULL)
            self.assertEqual(job.wait(30), 0)
            self.assertEqual(self.events("number"), ["number %d" % job.pid])
            self.assertEqual(self.events("trainer"), [
                "trainer sweep --experiment=quick --work={0} --device=cpu --jobs=3 --threads=1 --wait={1} --slurm={0}/slurm"
                .format(self.work, wait)])

    def test_the_last_job_tells_of_the_end_by_its_environment_alone(self):
        told, report = os.path.join(self.work, "told"), os.path.join(self.work, "slurm", "quick-report.sh")
        command = 'cat >"%s"; echo "$RANKSCALE_ANSWER" >>"%s"; : secret' % (told, told)
        found = self.submit("GPUS=0", "NOTIFY=" + command)
        self.assertEqual(found.returncode, 0, found.stderr)
        self.assertEqual(self.events("notifies"), ["notifies --parsable --dependency=afterany:41 --export=ALL " + report])
        for name in ("quick.sh", "quick-report.sh", "submitted.jsonl"):
            self.assertNotIn("secret", self.script(name))
        for ends, outcome in (("0", "done"), ("1", "failed")):
            self.program(os.path.join(self.release, "report"), "#!/bin/sh\nexit %s\n" % ends)
            job = subprocess.run(["sh", report], env={**self.environment, "NOTIFY": command}, stdout=subprocess.DEVNULL)
            with open(told) as file:
                summary, answer = file.read().splitlines()
            summary = json.loads(summary)
            self.assertEqual((str(job.returncode), summary["outcome"], summary["recipe"]), (ends, outcome, "submit"))
            self.assertEqual((summary["experiment"], summary["work"]), ("quick", self.work))
            self.assertIn("just submit EXPERIMENT=quick %s" % ("is done" if ends == "0" else "failed"), answer)
        # Without the variable there is no notification, and the exit code is that of the report.
        os.remove(told)
        self.assertEqual(subprocess.run(["sh", report], env=self.environment, stdout=subprocess.DEVNULL).returncode, 1)
        self.assertFalse(os.path.exists(told))

    def test_a_job_says_what_its_node_does_not_see(self):
        self.submit("GPUS=0")
        script = self.script().replace("[ -d %s ]" % self.work, "[ -d /nowhere ]")
        found = subprocess.run(["sh", "-c", script], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.assertEqual((found.returncode, found.stderr.count("\n")), (1, 1), found.stderr)
        self.assertIn("is not there (node ", found.stderr)

    def test_a_dry_run_shows_the_script_and_submits_nothing(self):
        found = self.submit("GPUS=0", "DRY_RUN=1")
        self.assertIn("#SBATCH --array=0-3\n", found.stdout)
        self.assertIn("afterany", found.stdout)
        self.assertEqual(self.events("sbatch"), [])
        self.assertFalse(os.path.exists(os.path.join(self.work, "slurm")))

    def test_what_has_ended_is_not_submitted(self):
        self.environment["LEFT"] = "0"
        found = self.submit("GPUS=0")
        self.assertIn("all 20 runs have ended", found.stdout)
        self.assertEqual(self.events("sbatch"), [])

    def test_what_slurm_refuses_is_one_line_that_says_what_stands(self):
        for refuses, stands in (("1", "Nothing was submitted."), ("2", "stop it: scancel 41\n")):
            self.environment["REFUSES"] = refuses
            found = self.submit("GPUS=0", "PARTITION=nope")
            # The lines before are those of builds.
            said = found.stderr.replace("building\n", "")
            self.assertEqual((found.returncode, said.count("\n")), (1, 1), said)
            for words in ("Invalid partition name specified", "PARTITION=nope", stands):
                self.assertIn(words, said)
            os.remove(self.environment["EVENTS"])
        # The array that is in the queue is known to `just status`.
        self.assertEqual(json.loads(self.script("submitted.jsonl"))["array"], "41")

    def test_an_array_that_is_too_large_says_which_key_makes_it_smaller(self):
        self.environment.update(REFUSES="1", REASON="job array specification")
        found = self.submit("GPUS=0", "MAX_JOBS=2000")
        self.assertEqual(found.returncode, 1)
        for words in ("Invalid job array specification", "MAX_JOBS=1000", "MaxArraySize", "MAX_JOBS=2000", "Nothing was submitted."):
            self.assertIn(words, found.stderr)

    def test_without_sbatch_nothing_is_built(self):
        os.remove(os.path.join(self.tools, "sbatch"))
        self.environment["PATH"] = self.tools
        found = self.submit("GPUS=0")
        self.assertEqual((found.returncode, found.stderr.count("\n")), (1, 1), found.stderr)
        self.assertIn("sbatch is not installed here", found.stderr)
        self.assertFalse(os.path.exists(self.environment["EVENTS"]))


class Words(unittest.TestCase):
    def test_what_is_not_understood_names_key_and_rule(self):
        for word, rule in (("PARTITON=gpu", "PARTITION=gpu.*The keys are: EXPERIMENT, PARTITION"),
                           ("GPUS=-1", "GPUS=-1: must be a whole number"),
                           ("JOBS_PER_DEVICE=32", "JOBS_PER_DEVICE=32: must be a whole number between 1 and 31"),
                           ("TIME=soon", "TIME=soon: must be a time limit as Slurm writes it"), ("TIME=0", "TIME=0: must be"),
                           ("MEM=1 G", "MEM=1 G: must be one word"),
                           ("SBATCH=--a='", "SBATCH=--a=': No closing"), ("DRY_RUN=yes", "must be 0 or 1"),
                           ("EXPERIMENT=quik", "no such file"),
                           ("RUNS_PER_JOB=many", "RUNS_PER_JOB=many: must be"), ("ENGINE=fused", "GPUS=0")):
            with self.assertRaisesRegex(settings.SettingsError, rule):
                submit.understood([word])

    def test_a_setting_is_one_line_and_a_password_is_not_in_the_script(self):
        for word in ("SBATCH=--comment='a\nrm -r x'", "WORK=a\n"):
            with self.assertRaisesRegex(settings.SettingsError, "must be one line"):
                submit.understood(["GPUS=0", word])
        words = ["GPUS=0", "SOURCE=https://me:secret@host/a?key=secret", "NOTIFY=mail\nsecret"]
        chosen = submit.understood(words)
        for script in (slurm_script.training(chosen, 1, words), slurm_script.reporting(chosen, words)):
            self.assertNotIn("secret", script)
            self.assertIn("SOURCE=https://***@host", script)

    def test_times_are_read_as_slurm_reads_them(self):
        for text, expected in (("90", 5400), ("1:30", 90), ("4:00:00", 14400), ("1-12", 129600), ("1-12:30", 131400),
                               ("2-00:00:01", 172801),
                               ("0", None), ("", None), ("1:2:3:4", None), ("4h", None)):
            self.assertEqual(slurm_script.seconds(text), expected, text)

    def test_a_short_job_is_warned_late_enough_to_have_worked(self):
        self.assertEqual([slurm_script.warning({"TIME": time}) for time in ("1", "2", "4:00:00")], [15, 30, 120])

    def test_on_gpus_so_many_runs_go_on_each(self):
        with unittest.mock.patch.object(run.machine, "has_gpu", return_value=False):
            chosen = submit.understood(["GPUS=2", "JOBS_PER_DEVICE=2"])
        self.assertEqual((chosen["EXPERIMENT"], chosen["CPUS"], submit.at_once(chosen)), ("notebook", "8", 4))
        self.assertEqual(slurm_script.side_by_side(chosen), ["--device=cuda:all", "--jobs-per-device=2", "--threads=2"])
        script = slurm_script.training(chosen, 4, [])
        self.assertIn("#SBATCH --gpus=2\n", script)
        # Without a GPU that is an error, and the networks are not trained on the CPU.
        self.assertIn(" --device=cuda:all ", script)
        self.assertEqual(slurm_script.side_by_side(submit.understood([]))[0], "--device=cuda:0")

    def test_where_no_gpu_is_here_a_run_takes_as_long_as_those_that_were_trained_on_one(self):
        def found(name, epochs_done, pace):
            return {"status": name, "epochs": 6, "epochs_done": epochs_done, "epoch_seconds": pace}

        ended = [found("done", 6, 10.0), found("diverged", 3, 20.0)]
        left = [found("stopped", 2, None), found("waiting", 0, None)]
        with unittest.mock.patch.object(run.machine, "has_gpu", return_value=False):
            chosen = submit.understood(["GPUS=1"])
            for runs, seconds, longest in ((ended + left, 150.0, 90.0), (left, None, None)):
                with unittest.mock.patch.object(submit, "asked", return_value={"runs": runs}) as asked:
                    self.assertEqual(submit.plan(chosen),
                                     {"runs": len(runs), "left": 2, "seconds": seconds, "longest_seconds": longest})
        self.assertEqual(asked.call_args.args[0][1:4], ["status", "--json", "--engine=tch"])

    def test_jobs_on_gpus_get_a_libtorch_with_cuda_and_jobs_on_cpus_none(self):
        def prepared(*words):
            with unittest.mock.patch.object(run.machine, "has_gpu", return_value=False), \
                    unittest.mock.patch.object(run.libtorch, "serves", lambda kind: kind == "cpu"), \
                    unittest.mock.patch.object(run, "has_images", return_value=True), \
                    unittest.mock.patch.object(run, "needs_libtorch", return_value=False), \
                    unittest.mock.patch.object(run.Steps, "run") as ran:
                submit.prepare(submit.understood([*words]))
            return [(call.args[1], call.args[0][-1]) for call in ran.call_args_list if "libtorch" in call.args[1]], \
                [call.args[0] for call in ran.call_args_list if call.args[1] == "build trainer"][0]

        found, build = prepared("GPUS=1")
        self.assertEqual(found, [("set up libtorch", "--cuda")])
        self.assertIn("--features=trainer/tch", build)
        found, build = prepared("GPUS=0")
        self.assertEqual(found, [])
        self.assertNotIn("--features=trainer/tch", build)

    def test_what_a_run_takes_is_said_where_it_is_known(self):
        chosen = submit.understood(["GPUS=2"])
        look = {"runs": 20, "left": 10, "seconds": None, "longest_seconds": None}
        self.assertIn("10 of them to go; how long a run takes is not known here", submit.what_it_takes(chosen, look, 5))
        look.update(seconds=72000.0, longest_seconds=7200.0)
        # Ten GPUs share twenty hours, or four; the longest run takes two.
        for jobs, job in ((5, "2.0"), (2, "5.0")):
            self.assertIn("; about 2.0 hours a run, %s hours a job" % job, submit.what_it_takes(chosen, look, jobs))

    def test_the_number_of_jobs_follows_what_is_known_of_the_time(self):
        chosen = submit.understood(["GPUS=1"])
        look = {"left": 120, "seconds": None}
        self.assertEqual(submit.size(chosen, look), 100)
        # An hour each: three in four hours, of which a fifth stays free.
        self.assertEqual(submit.size(chosen, {"left": 120, "seconds": 120 * 3600}), 40)
        # Two at once on a GPU share it.
        shared = submit.understood(["GPUS=1", "JOBS_PER_DEVICE=2"])
        self.assertEqual(submit.size(shared, {"left": 120, "seconds": 120 * 3600}), 40)
        self.assertEqual(submit.size({**chosen, "RUNS_PER_JOB": "50"}, look), 3)
        self.assertEqual(submit.size({**chosen, "MAX_JOBS": "2"}, look), 2)


if __name__ == "__main__":
    unittest.main()
