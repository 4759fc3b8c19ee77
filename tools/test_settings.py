import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

import doctor
import libtorch
import reach
import run
import settings

KEYS = ["RANKSCALE", "TRAIN_IMAGES", "WORK"]


class Parsing(unittest.TestCase):
    def test_words_become_flags_in_the_order_of_the_keys(self):
        chosen = settings.parse(["TRAIN_IMAGES=100", "RANKSCALE=8"], KEYS)
        self.assertEqual(settings.flags(chosen, KEYS), ["--rankscale=8", "--train-images=100"])

    def test_a_value_may_hold_blanks_and_equals_signs(self):
        self.assertEqual(settings.parse(["WORK=a b=c"], KEYS), {"WORK": "a b=c"})

    def test_what_is_not_understood_names_the_keys(self):
        for word in ("RANKSCAL=8", "rankscale=8", "RANKSCALE", "8", "--rankscale", "=8", "RANKSCALE="):
            with self.assertRaisesRegex(settings.SettingsError, "RANKSCALE, TRAIN_IMAGES, WORK", msg=word):
                settings.parse([word], KEYS)

    def test_a_key_given_twice_is_an_error(self):
        with self.assertRaisesRegex(settings.SettingsError, "twice"):
            settings.parse(["RANKSCALE=8", "RANKSCALE=9"], KEYS)


class Locating(unittest.TestCase):
    def test_paths_are_seen_from_where_the_command_was_typed(self):
        with tempfile.TemporaryDirectory() as folder:
            open(os.path.join(folder, "archive.tar.gz"), "w").close()
            located = settings.located({"WORK": "w", "SOURCE": "archive.tar.gz", "EXPERIMENT": "../own.toml"}, folder)
            self.assertEqual(located["WORK"], os.path.join(folder, "w"))
            self.assertEqual(located["SOURCE"], os.path.join(folder, "archive.tar.gz"))
            self.assertEqual(located["EXPERIMENT"], os.path.join(os.path.dirname(folder), "own.toml"))

    def test_names_and_addresses_stay_as_they_are(self):
        names = {"SOURCE": "http://127.0.0.1:8000/cifar.tar.gz", "EXPERIMENT": "quick"}
        self.assertEqual(settings.located(names, "/somewhere"), names)

    def test_a_source_that_is_nothing_is_an_error_before_anything_is_built(self):
        with self.assertRaisesRegex(settings.SettingsError, "SOURCE=cifar.tgz: no such file .*auto, huggingface, authors"):
            settings.located({"SOURCE": "cifar.tgz"}, "/somewhere")
        for name in settings.NAMED_SOURCES:
            self.assertEqual(settings.located({"SOURCE": name}, "/somewhere")["SOURCE"], name)

    def test_a_python_is_seen_from_there_as_well_and_must_be_one_that_starts(self):
        with tempfile.TemporaryDirectory() as folder:
            os.symlink(sys.executable, os.path.join(folder, "python"))
            self.assertEqual(settings.located({"PYTHON": "./python"}, folder)["PYTHON"], os.path.join(folder, "python"))
            with unittest.mock.patch.dict(os.environ, {"HOME": folder}):
                self.assertEqual(settings.located({"PYTHON": "~/python"}, "/")["PYTHON"], os.path.join(folder, "python"))
            for name in ("python3", "none"):
                self.assertEqual(settings.located({"PYTHON": name}, folder)["PYTHON"], name)
            for name in ("python-that-is-not-there", "./python3"):
                with self.assertRaisesRegex(settings.SettingsError, "there is no such program; PYTHON=none"):
                    settings.located({"PYTHON": name}, folder)

    def test_an_address_is_shown_without_its_secrets(self):
        shown = settings.shown("https://me:secret@h/a?token=secret&secret#secret")
        self.assertEqual(shown, "https://***@h/a?token=***&***")
        self.assertEqual(settings.shown("/data/a@b?c=d"), "/data/a@b?c=d")


class Figure(unittest.TestCase):
    def test_what_is_written_lies_where_the_user_typed_it(self):
        for key in ("JSON", "FIGURE", "OUT"):
            self.assertEqual(settings.located({key: "a.svg"}, "/somewhere"), {key: "/somewhere/a.svg"})

    def test_a_figure_is_a_step_of_its_own_with_its_numbers_beside_it(self):
        steps = [run.Step("analysis compare A B JSON"), run.Step("report compare JSON FIGURE")]
        self.assertEqual([step.name for step in run.wanted(steps, {})], ["analysis compare"])
        for given, numbers in (({}, "/a/b.json"), ({"JSON": "/c.json"}, "/c.json")):
            chosen = {"FIGURE": "/a/b.svg", **given}
            self.assertEqual(run.wanted(steps, chosen), steps)
            self.assertEqual(chosen["JSON"], numbers)


class DataSets(unittest.TestCase):
    def test_their_names_are_those_of_the_programs(self):
        with open(os.path.join(run.ROOT, "artifacts", "src", "dataset", "task.rs")) as file:
            self.assertEqual(tuple(re.findall(r'^    name: "(\w+)",', file.read(), re.MULTILINE)), settings.DATASETS)

    def planned(self, work, study):
        """A work folder that has the plan of a kept study and nothing else of it."""
        os.makedirs(os.path.join(work, study, "plans", "a-plan"))
        shutil.copy(os.path.join(run.ROOT, "results", study, "plan.json"), os.path.join(work, study, "plans", "a-plan"))
        return os.path.join(work, study)

    def test_an_experiment_says_which_it_is_about(self):
        experiments = os.path.join(run.ROOT, "experiments")
        with tempfile.TemporaryDirectory() as work:
            self.assertEqual(settings.dataset("cifar100", experiments, work), "cifar100")
            self.assertEqual(settings.dataset("quick", experiments, work), "cifar10")
            self.assertEqual(settings.dataset("only-a-plan", experiments, work), "cifar10")
            os.makedirs(os.path.join(work, "plans", "only-a-plan"))
            with open(os.path.join(work, "plans", "only-a-plan", "plan.json"), "w") as plan:
                json.dump({"runs": [{"rankscale": 0, "dataset": "cifar100"}]}, plan, indent=2)
            self.assertEqual(settings.dataset("only-a-plan", experiments, work), "cifar100")
            self.assertTrue(settings.is_for_libtorch("only-a-plan", experiments, work))
            for kept, half in (("gpu", True), ("desktop", False)):
                self.assertEqual(settings.is_for_libtorch("a-plan", experiments, self.planned(work, kept)), half, kept)
        steps = [run.Step("data-prep DATASET SOURCE WORK"), run.Step("trainer sweep EXPERIMENT WORK")]
        self.assertEqual(run.of_one_dataset({"EXPERIMENT": "cifar100"}, steps)["DATASET"], "cifar100")
        with self.assertRaisesRegex(settings.SettingsError, "EXPERIMENT=quick trains on cifar10"):
            run.of_one_dataset({"EXPERIMENT": "quick", "DATASET": "cifar100"}, steps)


class Servers(unittest.TestCase):
    def test_the_servers_that_are_tried_first_are_those_of_data_prep(self):
        with open(os.path.join(run.ROOT, "data-prep", "src", "find", "source.rs")) as file:
            source = file.read()
        for constant, address in (("HUGGING_FACE", reach.HUGGING_FACE), ("AUTHORS", reach.AUTHORS)):
            self.assertIn('const %s: &str = "%s";' % (constant, address), source)
        with open(reach.ADVICE) as file:
            self.assertIn(reach.AUTHORS, file.read())

    def test_an_address_that_is_none_is_left_to_data_prep(self):
        for address in ("https://h:port/", "h", "", "https://me:secret@:/", "https://" + "a" * 70 + "/"):
            self.assertIsNone(reach.hindrance(address), address)

    def test_a_proxy_is_the_gate_unless_it_is_passed_by(self):
        with unittest.mock.patch.dict(os.environ, {"https_proxy": "proxy:3128", "no_proxy": "inside"}, clear=True):
            self.assertEqual(reach.gate("https://outside/x"), ("proxy", 3128))
            self.assertEqual(reach.gate("https://inside/x"), ("inside", 443))
        with unittest.mock.patch.dict(os.environ, {}, clear=True):
            self.assertEqual(reach.gate("http://outside:81"), ("outside", 81))


class Pins(unittest.TestCase):
    def test_a_version_that_is_said_twice_is_one(self):
        with open(os.path.join(run.ROOT, "justw")) as justw, open(os.path.join(run.ROOT, "tools", "just.txt")) as pinned:
            version = re.search(r"^version=([0-9.]+)", justw.read(), re.MULTILINE).group(1)
            self.assertRegex(pinned.read(), r"==%s\b" % re.escape(version))
        for kind in ("cpu", "cuda"):
            with open(os.path.join(run.ROOT, "tools", "libtorch-%s.txt" % kind)) as pinned:
                self.assertRegex(pinned.read(), r"\btorch==%s\b" % re.escape(libtorch.VERSION))

    def test_every_pinned_hash_has_64_digits_and_every_package_a_version(self):
        for name in ("just.txt", "libtorch-cpu.txt", "libtorch-cuda.txt"):
            with open(os.path.join(run.ROOT, "tools", name)) as file:
                lines = [line.strip(" \\\n") for line in file if line.strip() and not line.startswith("#")]
            for line in lines:
                self.assertRegex(line, r"^(--hash=sha256:[0-9a-f]{64}|[a-z0-9-]+==[0-9][0-9a-z.+]*)$", name)


class Steps(unittest.TestCase):
    def setUp(self):
        os.environ.pop("WORK", None)

    def test_a_step_gets_only_its_own_keys(self):
        step = run.Step("trainer sweep EXPERIMENT DEVICE WORK")
        command = step.command({"SOURCE": "s", "DEVICE": "cpu", "EXPERIMENT": "pilot", "WORK": "w"})
        self.assertEqual(command[1:], ["sweep", "--experiment=pilot", "--device=cpu", "--work=w"])

    def test_smoke_generates_its_images_in_a_place_of_its_own(self):
        steps = [run.Step("data-prep SOURCE WORK"), run.Step("trainer sweep EXPERIMENT WORK")]
        chosen = run.with_defaults({"EXPERIMENT": "smoke"}, steps)
        self.assertEqual(chosen["WORK"], os.path.join(run.ROOT, "work", "smoke"))
        self.assertEqual(steps[0].command(chosen)[1], "generate")
        with unittest.mock.patch.dict(os.environ, {"WORK": "mine", "INVOKED_FROM": "/somewhere"}):
            self.assertEqual(run.with_defaults({"EXPERIMENT": "smoke"}, steps)["WORK"], "/somewhere/mine/smoke")
            self.assertEqual(run.with_defaults({"EXPERIMENT": "quick"}, steps)["WORK"], "/somewhere/mine")
            self.assertEqual(run.with_defaults({"EXPERIMENT": "smoke", "WORK": "typed"}, steps)["WORK"], "/somewhere/typed")

    def test_the_doctor_looks_for_images_where_a_recipe_would(self):
        said = io.StringIO()
        with unittest.mock.patch.dict(os.environ, {"WORK": "mine", "INVOKED_FROM": "/somewhere"}), contextlib.redirect_stdout(said):
            doctor.data()
        self.assertIn("no data set in /somewhere/mine\n", said.getvalue())

    def test_the_overview_names_steps_and_settings(self):
        steps = [run.Step("data-prep SOURCE WORK"), run.Step("trainer sweep EXPERIMENT WORK")]
        lines = run.overview("all", steps, {"EXPERIMENT": "quick", "WORK": "w"}).splitlines()
        self.assertEqual(lines[0], "just all WORK=w EXPERIMENT=quick")
        self.assertIn("data-prep, trainer sweep", lines[1])
        self.assertIn("images are looked for first", lines[2])

    def test_a_kept_study_is_the_place_where_its_analysis_and_report_are_made(self):
        steps = [run.Step("analysis EXPERIMENT WORK"), run.Step("report WORK")]
        place = os.path.join(run.ROOT, "results", "seeds")
        self.assertEqual(run.with_defaults({"STUDY": "seeds"}, steps)["WORK"], place)
        retrain = [run.Step("trainer retrain STUDY RUN WORK")]
        chosen = run.with_defaults({"STUDY": "seeds", "RUN": "r"}, retrain)
        self.assertEqual((chosen["STUDY"], chosen["WORK"]), (place, os.path.join(run.ROOT, "work")))
        for study in ("seed", "..", "seeds/report"):
            with self.assertRaisesRegex(settings.SettingsError, "There are those of: .*seeds"):
                run.with_defaults({"STUDY": study}, steps)
        with self.assertRaisesRegex(settings.SettingsError, "STUDY and WORK"):
            run.with_defaults({"STUDY": "seeds", "WORK": "w"}, steps)

    def test_one_program_is_built_with_the_features_of_all(self):
        command = run.build("report", False)
        self.assertIn("--workspace", command)
        self.assertEqual(command[-4:-1], ["--no-default-features", "--bin", "report"])
        self.assertEqual(run.build("trainer", True, "trainer/roofline")[-2], "--features=trainer/tch,trainer/roofline")

    def test_a_program_is_built_where_it_is_started(self):
        told = subprocess.run([sys.executable, "-c", "import os, run; print('CARGO_BUILD_TARGET' in os.environ)"], text=True, check=True,
                              cwd=os.path.join(run.ROOT, "tools"), env={**os.environ, "CARGO_BUILD_TARGET": "x"}, stdout=subprocess.PIPE)
        self.assertEqual(told.stdout, "False\n")
        for environment, expected in (({}, "target"), ({"CARGO_BUILD_TARGET_DIR": "/b"}, "/b"),
                                      ({"CARGO_BUILD_TARGET_DIR": "/b", "CARGO_TARGET_DIR": "/c"}, "/c")):
            with unittest.mock.patch.dict(os.environ, environment):
                for key in {"CARGO_BUILD_TARGET_DIR", "CARGO_TARGET_DIR"} - set(environment):
                    os.environ.pop(key, None)
                self.assertEqual(run.build("report", False)[-1], "--target-dir=" + expected)
                self.assertEqual(run.binary("report"), expected + "/release/report")

    def test_libtorch_is_built_in_only_where_something_needs_it(self):
        with tempfile.TemporaryDirectory() as folder, unittest.mock.patch.object(run.machine, "has_gpu") as has_gpu:
            before = os.getcwd()
            self.addCleanup(os.chdir, before)
            os.chdir(folder)
            with unittest.mock.patch.dict(os.environ):
                os.environ.pop("LIBTORCH", None)
                has_gpu.return_value = False
                self.assertFalse(run.needs_libtorch({"RANKSCALE": "8", "ENGINE": "auto"}))
                self.assertTrue(run.needs_libtorch({"RANKSCALE": "8", "ENGINE": "tch"}))
                self.assertTrue(run.needs_libtorch({"RANKSCALE": "0"}))
                for name, needed in (("quick", False), ("decisive", True), ("gpu", True), ("notebook", False), ("a-plan", False)):
                    self.assertEqual(run.needs_libtorch({"EXPERIMENT": name}), needed, name)
                has_gpu.return_value = True
                self.assertTrue(run.needs_libtorch({"RANKSCALE": "8"}))
                self.assertFalse(run.needs_libtorch({"RANKSCALE": "8", "DEVICE": "cpu"}))
                os.makedirs(os.path.join(".libtorch", "current", "lib"))
                self.assertTrue(run.needs_libtorch({"DEVICE": "cpu"}))
            os.chdir(before)

    def test_what_no_program_would_take_is_an_error_before_anything_is_built(self):
        steps = [run.Step("trainer sweep EXPERIMENT DEVICE ENGINE WORK")]
        for key, value, rule in (("EXPERIMENT", "quik", "no such file, and none of .*quick"), ("EXPERIMENT", "mine.toml", "no such file"),
                                 ("DEVICE", "gpu", "must be auto, cpu"), ("DEVICE", "cuda:-1", "must be"),
                                 ("ENGINE", "torch", "must be auto, fused"),
                                 ("JOBS", "two", "must be auto or a whole number"), ("THREADS", "0", "must be a whole number"),
                                 ("JOBS_PER_DEVICE", "0", "must be a whole number"), ("JOBS_PER_DEVICE", "32", "must be .* 1 and 31"),
                                 ("WAIT", "yes", "must be 0 or 1")):
            with self.assertRaisesRegex(settings.SettingsError, "%s=.*%s: %s" % (key, value, rule)):
                run.with_defaults({key: value}, steps)
        with self.assertRaisesRegex(settings.SettingsError, "RANKSCALE is missing: type it, as in RANKSCALE=8"):
            run.with_defaults({}, [run.Step("trainer train RANKSCALE SEED WORK")])
        simulate = [run.Step("analysis simulate EXPERIMENT DESIGN SD")]
        with self.assertRaisesRegex(settings.SettingsError, "EXPERIMENT or DESIGN is missing: type it, as in .* or DESIGN=3x9"):
            run.with_defaults({"SD": "0.2"}, simulate)
        for key, value in (("EXPERIMENT", "pilot"), ("DESIGN", "5x9")):
            self.assertEqual(run.with_defaults({key: value}, simulate)[key], value)
        run.with_defaults({"JOBS": "auto", "THREADS": "12", "EXPERIMENT": "pilot"}, steps)
        for device in ("auto", "cpu", "cuda", "cuda:1"):
            self.assertEqual(run.with_defaults({"DEVICE": device, "EXPERIMENT": "pilot"}, steps)["DEVICE"], device)

    def test_as_many_runs_share_a_gpu_at_most_as_the_trainer_allows(self):
        with open(os.path.join(run.ROOT, "trainer", "src", "sweep", "slots.rs")) as file:
            allowed = re.search(r"const MOST_PER_GPU: usize = (\d+);", file.read())
        self.assertEqual(int(allowed.group(1)), settings.MOST_PER_GPU)

    def test_on_the_cpu_a_sweep_is_quick(self):
        chosen = run.with_defaults({"DEVICE": "cpu"}, [run.Step("trainer sweep EXPERIMENT DEVICE WORK")])
        self.assertEqual(chosen["EXPERIMENT"], "quick")


if __name__ == "__main__":
    unittest.main()
