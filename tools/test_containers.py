import os
import re
import unittest

import run

PROGRAMS = ("data-prep", "trainer", "analysis", "report")


class Recipes(unittest.TestCase):
    """The two recipes for containers build what `just` builds, with the compiler that is pinned."""

    def setUp(self):
        with open(os.path.join(run.ROOT, "rust-toolchain.toml")) as file:
            self.version = re.search(r'channel = "(.*)"', file.read()).group(1)
        self.recipes = {}
        for name in ("Dockerfile", "rankscale.def"):
            with open(os.path.join(run.ROOT, "containers", name)) as file:
                self.recipes[name] = re.sub(r"\\\n\s*", "", file.read())

    def test_the_compiler_is_the_pinned_one(self):
        for name, text in self.recipes.items():
            self.assertRegex(text, r"(?im)^from:? rust:%s-" % re.escape(self.version), name)
            self.assertIn("RUSTUP_TOOLCHAIN=%s\n" % self.version, text, name)

    def test_all_programs_are_built_as_just_builds_them_and_taken_along(self):
        # The folder of a build is the user's affair; in a container it is cargo's own.
        *build, _, _, features, _ = run.build("trainer", True)
        command = " ".join([*build, features, *("--bin " + program for program in PROGRAMS)])
        for name, text in self.recipes.items():
            self.assertIn(command, text, name)
            self.assertIn("cp %s programs/" % " ".join("target/release/" + program for program in PROGRAMS), text, name)

    def test_both_install_the_same_packages(self):
        packages = {name: re.findall(r"apt-get install --yes --no-install-recommends ([^&\n]*[^&\s])", text)
                    for name, text in self.recipes.items()}
        self.assertEqual(len(packages["Dockerfile"]), 2)
        self.assertEqual(packages["Dockerfile"], packages["rankscale.def"])


if __name__ == "__main__":
    unittest.main()
