import os
import re
import subprocess
import tempfile
import unittest

import completions
import equipped
import run
import test_justfile


class Completions(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def test_each_shell_is_offered_every_verb_and_every_flag(self):
        for shell, name in completions.NAMES.items():
            for program in completions.PROGRAMS:
                completions.write(program, shell, self.folder)
                with open(os.path.join(self.folder, name % program)) as file:
                    text = file.read()
                flags, verbs = test_justfile.flags(program)
                flags = flags.union(*(test_justfile.flags(program, verb)[0] for verb in verbs if verb != "completions"))
                for word in {("-l " if shell == "fish" else "--") + flag for flag in flags} | verbs:
                    self.assertTrue(re.search(r"(?<![\w-])%s(?![\w-])" % word, text), "%s of %s in %s" % (word, program, shell))
        self.assertEqual(len(os.listdir(self.folder)), 12)

    def test_bash_completes_a_flag_a_verb_and_the_flag_of_a_verb(self):
        for words, said in (("trainer train --rank", "--rankscale"), ("trainer compl", "completions"),
                            ("data-prep generate --im", "--images"),
                            ("report export --format tens", "tensorboard"), ("analysis publish --na", "--name")):
            program, *others = words.split()
            completions.write(program, "bash", self.folder)
            ask = 'source "$0"; COMP_WORDS=(%s) COMP_CWORD=%d; _%s %s %s %s; echo "${COMPREPLY[*]}"' % (
                words, len(others), program.replace("-", "__"), program, others[-1], words.split()[-2])
            answer = subprocess.run(["bash", "-c", ask, os.path.join(self.folder, program)], stdout=subprocess.PIPE,
                                    stderr=subprocess.STDOUT, text=True)
            self.assertEqual(answer.stdout.split(), [said], words)

    def test_zsh_and_fish_read_their_files(self):
        for shell in ("zsh", "fish"):
            with self.subTest(shell):
                program = equipped.program(shell)
                for of in completions.PROGRAMS:
                    completions.write(of, shell, self.folder)
                    path = os.path.join(self.folder, completions.NAMES[shell] % of)
                    self.assertEqual(subprocess.run([program, "-n", path]).returncode, 0, path)

    def test_it_says_how_each_shell_loads_them(self):
        for shell, word in (("bash", "`source /c/trainer`"), ("zsh", "`fpath+=(/c)`"), ("fish", "/c/*.fish")):
            self.assertIn(word, completions.LOADED[shell] % "/c")

    def test_another_shell_is_refused(self):
        answer = subprocess.run([os.path.join(run.ROOT, "tools", "completions.py"), "SHELL=tcsh"], stderr=subprocess.PIPE, text=True)
        self.assertEqual((answer.returncode, answer.stderr), (1, "just completions: SHELL=tcsh: must be one of bash, zsh, fish.\n"))


if __name__ == "__main__":
    unittest.main()
