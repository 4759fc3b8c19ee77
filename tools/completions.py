#!/usr/bin/env python3
"""Writes shell completions for the programs: `completions.py SHELL=bash|zsh|fish [OUT=work/completions/SHELL]`

Each program prints them itself (`trainer completions bash`), from the same declarations as its `--help`.
"""

import os
import subprocess
import sys

import outcome
import run
import settings
import stop

PROGRAMS = ("data-prep", "trainer", "analysis", "report")
# The file name by which each shell finds a program's completions.
NAMES = {"bash": "%s", "zsh": "_%s", "fish": "%s.fish"}
LOADED = {"bash": "`source %s/trainer` loads one; copies in ~/.local/share/bash-completion/completions are loaded by themselves",
          "zsh": "write `fpath+=(%s)` above compinit in ~/.zshrc",
          "fish": "copies of %s/*.fish in ~/.config/fish/completions are loaded by themselves"}


def main(words):
    try:
        chosen = settings.parse(words, ["SHELL", "OUT"])
        shell = chosen.get("SHELL", "bash")
        if shell not in NAMES:
            raise settings.SettingsError("SHELL=%s: must be one of %s." % (shell, ", ".join(NAMES)))
        chosen.setdefault("OUT", os.path.join(run.ROOT, "work", "completions", shell))
        out = settings.located(chosen, run.invoked_from())["OUT"]
    except settings.SettingsError as error:
        sys.exit("just completions: %s" % error)
    os.chdir(run.ROOT)
    stop.listen()
    if stop.join(stop.Program([os.path.join("tools", "ready")])):
        sys.exit(1)
    os.makedirs(out, exist_ok=True)
    for program in PROGRAMS:
        if stop.join(stop.Program(run.build(program, run.needs_libtorch({"DEVICE": "cpu"}) and program == "trainer"))):
            sys.exit("just completions: %s was not built" % program)
        write(program, shell, out)
    outcome.note("completions of %s in %s\n%s" % (", ".join(PROGRAMS), out, LOADED[shell] % out))


def write(program, shell, out):
    """Writes a program's file atomically."""
    said = subprocess.run([run.program(program), "completions", shell], stdout=subprocess.PIPE, check=True).stdout
    path = os.path.join(out, NAMES[shell] % program)
    with open(path + ".partial", "wb") as file:
        file.write(said)
    os.replace(path + ".partial", path)


if __name__ == "__main__":
    outcome.of(main, sys.argv[1:])
