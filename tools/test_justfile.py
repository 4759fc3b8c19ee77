import functools
import os
import re
import subprocess
import unittest

import run
import settings

# Flags that no recipe offers, for developing a study or trying a program by hand.
BY_HAND = {"help", "version", "experiments", "force", "check", "accept-any-content", "keep-downloads", "hf-endpoint", "all-runs",
           "results-arms", "results", "page", "plan", "json", "slurm"}
# Flags of nvidia-smi, git, TensorBoard and `just setup`.
OF_OTHERS = {"query-gpu", "format", "cuda", "porcelain", "untracked-files", "id", "logdir"}
# Recipes that do not take their settings through run.py.
OTHERS = {"bench": "bench", "bless": "bless", "clean": "clean", "completions": "completions", "export": "export", "gpu-check": "gpu_check",
          "slurm-check": "slurm_check", "status": "status", "submit": "submit", "torture": "torture"}


@functools.lru_cache(maxsize=None)
def justfile():
    with open(os.path.join(run.ROOT, "justfile")) as file:
        return file.read()


@functools.lru_cache(maxsize=None)
def flags(*words):
    """The flags of a program, or of its subcommand, and its subcommands, from its own help. The program must have been
    built: nothing is skipped."""
    program = os.path.join(run.ROOT, run.binary(words[0]))
    if not os.path.exists(program):
        raise AssertionError("%s is missing: cargo build --release --workspace --no-default-features" % program)
    found = subprocess.run([program, *words[1:], "--help"], stdout=subprocess.PIPE, text=True, check=True).stdout
    verbs = re.search(r"^Commands:\n((?:  .*\n)+)", found, re.MULTILINE)
    return (set(re.findall(r"^ +(?:-\w, )?--([a-z][a-z-]*)", found, re.MULTILINE)),
            set(re.findall(r"^  ([a-z]+)\b", verbs.group(1), re.MULTILINE)) - {"help"} if verbs else set())


def variables():
    found = {}
    for name, value in re.findall(r"^(\w+) +:= (.*)$", justfile(), re.MULTILINE):
        parts = [part.strip() for part in value.split(" + ")]
        found[name] = "".join(part.strip('"') if part.startswith('"') else found[part] for part in parts)
    return found


def recipes():
    """Each recipe with the settings that it takes."""
    found = {name: set() for name in re.findall(r"^([a-z-]+)(?: \*?\w+)*:(?!=)", justfile(), re.MULTILINE)}
    for name, words in re.findall(r"tools/(?:run|export)\.py (\w+) (.*) -- ", justfile()):
        for variable in re.findall(r"\{\{(\w+)\}\}", words):
            step = run.Step(variables()[variable])
            found[name] |= set(step.keys) | ({"NOTIFY"} if step.trains else set())
        found[name] |= {"STUDY"} if name in ("analyse", "report", "export", "top") else {"EVERY"} if name == "watch" else set()
    for name, tool in OTHERS.items():
        with open(os.path.join(run.ROOT, "tools", tool + ".py")) as file:
            found[name] |= set(re.findall(r'"([A-Z_]{3,})"', file.read()))
    found.update({new: found[old] for new, old in re.findall(r"^alias (\w+) := (\w+)", justfile(), re.MULTILINE)})
    return found


class Keys(unittest.TestCase):
    def steps(self):
        return [run.Step(value) for value in variables().values() if re.match("(data-prep|trainer|analysis|report|top) ", value)]

    def test_each_key_is_an_argument_of_its_program(self):
        self.assertEqual(len(self.steps()), 17)
        for step in self.steps():
            words = [word for word in step.words if not word.startswith("-")]
            for key in step.keys:
                self.assertIn(settings.flag(key)[2:], flags(*words)[0], "%s of `%s`" % (key, step.name))

    def test_each_argument_has_a_key_unless_it_is_for_use_by_hand(self):
        for step in self.steps():
            words = [word for word in step.words if not word.startswith("-")]
            offered = {settings.flag(key)[2:] for key in step.keys}
            # Retraining needs the processor of the kept run, and what belongs to it.
            by_hand = BY_HAND | {"retrain": {"device", "engine"}, "simulate": {"work"}, "compare": {"work"}}.get(words[-1], set())
            # A plan does not wait for other processes.
            by_hand |= {"wait"} if "--plan" in step.words else set()
            self.assertEqual(flags(*words)[0] - offered - by_hand, set(), step.name)

    def test_it_is_analysed_in_either_spelling(self):
        self.assertEqual(recipes()["analyze"], recipes()["analyse"])


class Advice(unittest.TestCase):
    """Every command that a message or a page tells people to type exists."""

    def files(self, *endings):
        listed = subprocess.run(["git", "ls-files"], cwd=run.ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
        for name in listed.splitlines():
            path = os.path.join(run.ROOT, name)
            if name.endswith(endings) and not name.startswith(("results/", "report/vendor/")) and os.path.exists(path):
                with open(path) as file:
                    yield name, file.read()

    def test_recipes_and_keys_that_are_named_are_there(self):
        known, seen = recipes(), 0
        for name, text in self.files(".rs", ".py", ".md", ".txt"):
            for recipe, words in re.findall(r"(?:\./justw|`just) ([a-z-]+)((?: [A-Z_]+=[^\s`]+)*)", text):
                seen += 1
                self.assertIn(recipe, known, name)
                self.assertLessEqual(set(re.findall(r"([A-Z_]+)=", words)), known[recipe], "%s: just %s%s" % (name, recipe, words))
        self.assertGreater(seen, 60)

    def test_flags_that_are_named_are_there(self):
        for program in ("data-prep", "trainer", "analysis", "report", "top"):
            known, verbs = flags(program)
            known = known.union(*(flags(program, verb)[0] for verb in verbs))
            for name, text in self.files(".rs"):
                if not name.startswith(program + "/src/"):
                    continue
                code = "\n".join(line for line in text.split("#[cfg(test)]")[0].splitlines() if not line.strip().startswith("//"))
                for literal in re.findall(r'"(?:[^"\\]|\\.)*"', code):
                    for flag in re.findall(r"(?<![\w-])--([a-z][a-z-]+)", literal):
                        self.assertTrue(flag in known or flag in OF_OTHERS, "%s: --%s" % (name, flag))


if __name__ == "__main__":
    unittest.main()
