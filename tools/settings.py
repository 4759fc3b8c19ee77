"""Handles `KEY=VALUE` words, as people type them after a recipe's name: parses them, checks them, and turns them into a
program's flags.
"""

import difflib
import glob
import math
import os
import re
import shutil


# From data-prep: what SOURCE may be besides a path and a URL.
NAMED_SOURCES = ("auto", "huggingface", "authors")


# From data-prep and trainer: what DATASET may be, the default first.
DATASETS = ("cifar10", "cifar100")


# From trainer: numbers of jobs and threads. How many are too many on a CPU, it knows better.
POSITIVE = "0*[1-9][0-9]{0,5}"
MOST_PER_GPU = 31


class SettingsError(Exception):
    """A word that the recipe does not understand; the message names the keys that it does."""


def parse(words, keys):
    """The settings as a dictionary. Every word must be one of the `keys`, once, with a value; anything else is an error."""
    settings = {}
    for word in words:
        key, equals, value = word.partition("=")
        if key not in keys:
            close = difflib.get_close_matches(key.upper(), keys, n=1)
            hint = " Did you mean %s=%s?" % (close[0], value or "...") if close else ""
            what = "unknown key %s." % key if equals else "`%s` is not KEY=VALUE." % word
            raise SettingsError("%s%s %s" % (what, hint, known(keys)))
        if not value:
            raise SettingsError("%s has no value. %s" % (key, known(keys)))
        if key in settings:
            raise SettingsError("%s is given twice." % key)
        settings[key] = value
    return settings


def number(settings, key, low, high):
    """A setting as a number between two inclusive bounds; the error message names key, value and rule."""
    try:
        found = float(settings[key])
    except ValueError:
        found = math.nan
    # A comparison with nan is never true.
    if not low <= found <= high:
        raise SettingsError("%s=%s: must be a number between %s and %s." % (key, settings[key], low, high))
    return found


def whole_number(settings, key, low, high):
    return whole(key, settings[key], low, high)


def whole_numbers(settings, key, low, high):
    """As in THREADS=1,2."""
    return [whole(key, word, low, high) for word in settings[key].split(",")]


def whole(key, word, low, high):
    if not (word.isascii() and word.isdigit() and len(word) < 20 and low <= int(word) <= high):
        raise SettingsError("%s=%s: must be a whole number between %d and %d." % (key, word, low, high))
    return int(word)


def known(keys):
    return "The keys are: %s." % ", ".join(keys)


def located(settings, invoked_from):
    """The settings with every path made absolute, relative to where the user typed the command."""
    located = dict(settings)
    for key in ("WORK", "SOURCE", "EXPERIMENT", "A", "B", "JSON", "FIGURE", "OUT", "PYTHON"):
        path = os.path.join(invoked_from, os.path.expanduser(settings.get(key, "")))
        is_path = {
            "WORK": True,
            "SOURCE": os.path.exists(path),  # else it is a URL or a source's name
            "EXPERIMENT": path.endswith(".toml"),  # else it is the name of one in experiments/
            "A": os.path.isdir(path), "B": os.path.isdir(path),  # else it is the name of a study in results/
            "JSON": True, "FIGURE": True, "OUT": True,
            "PYTHON": os.sep in settings.get(key, ""),  # else it is looked for on PATH
        }
        if key in settings and is_path[key]:
            located[key] = os.path.abspath(path)
    source = located.get("SOURCE", "auto")
    if not (os.path.isabs(source) and os.path.exists(source)) and source not in NAMED_SOURCES and "://" not in source:
        raise SettingsError("SOURCE=%s: no such file or directory, no URL, and none of %s." % (source, ", ".join(NAMED_SOURCES)))
    python = located.get("PYTHON", "none")
    if python != "none" and not shutil.which(python):
        raise SettingsError("PYTHON=%s: there is no such program; PYTHON=none leaves out what needs one." % python)
    return located


def experiment(name_or_path, directory, work):
    """Checks that there is such an experiment, or a plan of it in `work`; the programs would report it only after they are
    built."""
    named = {entry[:-5] for entry in os.listdir(directory) if entry.endswith(".toml")}
    plans = glob.glob(os.path.join(glob.escape(work), "plans", "*", "plan.json"))
    named = sorted(named | {os.path.basename(os.path.dirname(plan)) for plan in plans})
    if name_or_path not in named and not os.path.isfile(name_or_path):
        raise SettingsError("EXPERIMENT=%s: no such file, and none of %s." % (name_or_path, ", ".join(named)))


def dataset(name_or_path, directory, work):
    """The data set that an experiment trains on, according to its file or its plan; the default if that does not say."""
    found = re.search(r"""^\s*"?dataset"?\s*[=:]\s*["'](\w+)["']""", text_of(name_or_path, directory, work), re.MULTILINE)
    return found.group(1) if found else DATASETS[0]


def is_for_libtorch(name_or_path, directory, work):
    """Whether an experiment has runs that only libtorch can train: of the dense network, or in half precision."""
    text = text_of(name_or_path, directory, work)
    ranks = re.findall(r"""^\s*"?rankscale"?\s*[=:]\s*(\[[^\]]*\]|\d+)""", text, re.MULTILINE)
    return any(re.search(r"\b0\b", rank) for rank in ranks) or bool(
        re.search(r"""^\s*"?precision"?\s*[=:]\s*["'](bf16|fp16)["']""", text, re.MULTILINE))


def text_of(name_or_path, directory, work):
    """The text of an experiment's file or, if there is none, of its plan in `work`; empty if neither can be read: the
    program that reads it knows more."""
    path = name_or_path if name_or_path.endswith(".toml") else os.path.join(directory, name_or_path + ".toml")
    if not os.path.exists(path):
        path = os.path.join(work, "plans", name_or_path, "plan.json")
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError):
        return ""


def forms(settings):
    """Checks the form of values from a fixed list, for the same reason."""
    for key, form, rule in (("DEVICE", "auto|cpu|cuda(:[0-9]{1,4}|:all)?", "auto, cpu, cuda, cuda:N or cuda:all"),
                            ("ENGINE", "auto|fused|tch", "auto, fused or tch"),
                            ("JOBS", "auto|" + POSITIVE, "auto or a whole number from 1"),
                            ("THREADS", POSITIVE, "a whole number from 1"),
                            ("WAIT", "0|1", "0 or 1"), ("DATASET", "|".join(DATASETS), " or ".join(DATASETS))):
        if key in settings and not re.fullmatch(form, settings[key]):
            raise SettingsError("%s=%s: must be %s." % (key, settings[key], rule))
    if "JOBS_PER_DEVICE" in settings:
        whole_number(settings, "JOBS_PER_DEVICE", 1, MOST_PER_GPU)


def study(name, results):
    """The place of a study whose runs are kept with the source. Another name is an error that lists the valid ones."""
    kept = sorted(entry for entry in os.listdir(results) if os.path.isdir(os.path.join(results, entry, "runs")))
    if name not in kept:
        raise SettingsError("no runs of a study %s in results/. There are those of: %s." % (name, ", ".join(kept)))
    return os.path.join(results, name)


def shown(value):
    """The value in a form for people to read: a URL without its password and without the values of its query."""
    if "://" not in value:
        return value
    address, mark, query = value.partition("#")[0].partition("?")
    address = re.sub("://[^/]*@", "://***@", address)
    # Only whole words match: if the pattern could start at every letter of a long word, the search would take minutes.
    return address + mark + re.sub("(?<![^&=])[^&=]+(?![^&])", "***", query)


def flags(settings, keys):
    """`{"SEED": "-1"}` as `["--seed=-1"]`, one word each, for those of the `keys` that are set: a value may begin with a hyphen."""
    return ["%s=%s" % (flag(key), settings[key]) for key in keys if key in settings]


def flag(key):
    return "--" + key.lower().replace("_", "-")
