"""No line of a tracked file is wider than its kind allows: Rust comments as in rustfmt.toml, other lines 140 columns.

Exempt are lines that cannot be broken: a Rust line around one string literal, a single word or link, and in Markdown
headings, tables, code blocks, pictures and the generated parts. Kept results, golden files and vendored files are not
read.
"""

import os
import re
import subprocess
import unittest

import equipped
from run import ROOT

WIDTH = 140
GENERATED = ("results/", "report/tests/golden/", "report/vendor/")
SCRIPTS = ("justfile", "justw", ".ci/run", "tools/ready", "tools/deny")
# The tokens of a Rust file that tell where its strings are: comments, strings, raw strings, characters.
RUST = re.compile(r"""//[^\n]*|/\*.*?\*/|r(#*)".*?"\1|"(?:\\.|[^"\\])*"|'(?:\\.[^'\n]*|[^'\\])'""", re.DOTALL)
# What is not broken: code, and links with their text.
ATOM = re.compile(r"`[^`]*`|!?\[[^\]]*\]\([^)]*\)")
MARKER = re.compile(r"\s*(?://[/!]?|#!?|[-*+]|\d+\.|>)?\s*")


def too_wide(name, text, comments):
    """The lines of a file that are too wide, each with its number, its width and the limit."""
    check = rust if name.endswith(".rs") else markdown if name.endswith(".md") else plain
    return [(number, len(line), limit) for number, line, limit in check(text, comments) if len(line) > limit and breaks(line)]


def breaks(line):
    """Whether the line has a space at which it could be broken."""
    return " " in ATOM.sub("atom", MARKER.sub("", line, count=1).rstrip())


def plain(text, _comments):
    for number, line in enumerate(text.splitlines(), 1):
        yield number, line, WIDTH


def rust(text, comments):
    strings = {}
    for token in RUST.finditer(text):
        if token.group().startswith(('"', "r")):
            first = text.count("\n", 0, token.start()) + 1
            for number in range(first, first + token.group().count("\n") + 1):
                strings[number] = strings.get(number, 0) + 1
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("//"):
            yield number, line, comments
        elif strings.get(number) != 1:
            yield number, line, WIDTH


def markdown(text, _comments):
    fenced = made = False
    for number, line in enumerate(text.splitlines(), 1):
        start = line.lstrip()
        if start.startswith("```"):
            fenced = not fenced
        elif start.startswith("<!--"):
            made = not start.startswith("<!-- end of ")
        elif not fenced and not made and not start.startswith(("|", "#", "![")):
            yield number, line, WIDTH


def tracked():
    """The files that are checked, with their text."""
    try:
        listed = subprocess.run(["git", "ls-files"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    except FileNotFoundError:
        equipped.skip("no program git, which says what files there are")
    if listed.returncode:
        equipped.skip("git does not say what files there are: %s" % listed.stderr.strip())
    for name in listed.stdout.splitlines():
        checked = name.endswith((".rs", ".py", ".sh", ".toml", ".md")) or name in SCRIPTS
        if checked and not name.startswith(GENERATED) and os.path.exists(os.path.join(ROOT, name)):
            with open(os.path.join(ROOT, name), encoding="utf-8") as file:
                yield name, file.read()


def comment_width():
    with open(os.path.join(ROOT, "rustfmt.toml")) as file:
        return int(re.search(r"^max_width = (\d+)$", file.read(), re.MULTILINE).group(1))


class Width(unittest.TestCase):
    def test_no_line_is_too_wide(self):
        comments, found, seen = comment_width(), [], 0
        for name, text in tracked():
            seen += 1
            found += ["%s:%d: %d columns, at most %d" % (name, *line) for line in too_wide(name, text, comments)]
        self.assertGreater(seen, 400)
        if found:
            self.fail("%d lines are too wide:\n%s" % (len(found), "\n".join(found)))

    def lines(self, name, text):
        return [number for number, _, _ in too_wide(name, text, 110)]

    def test_rust_comments_are_narrower_than_code_and_a_string_is_not_broken(self):
        word, long = "word " * 24, "word " * 30
        self.assertEqual(self.lines("a.rs", "// %s\n    /// %s\n//! %s\nlet a = 1; // %s\n" % ((word,) * 4)), [1, 2, 3])
        self.assertEqual(self.lines("a.rs", '"%s",\nlet a = f("%s", "b");\nlet b = r#"%s\n%s"#;\n%s\n' % ((long,) * 5)), [2, 5])
        self.assertEqual(self.lines("a.rs", "let quote = ('\"', '\\'');\n%s\n/// <https://a/%s>\n" % (long, "x" * 110)), [2])

    def test_of_markdown_only_prose_is_looked_at(self):
        long = "word " * 30
        exempt = ["# " + long, "| %s |" % long, "```sh\n%s\n```" % long, "- [%s](a.md)" % long,
                  "<!-- answer -->\n%s\n<!-- end of it -->" % long]
        self.assertEqual(self.lines("a.md", "\n".join(exempt)), [])
        self.assertEqual(self.lines("a.md", "\n".join([*exempt, "- " + long, long])), [10, 11])

    def test_the_other_files_have_one_limit(self):
        self.assertEqual(self.lines("a.py", "%s\n# %s\n" % ("a" * 141, "word " * 30)), [2])
        self.assertEqual(self.lines("justfile", "b " * 70 + "\n" + "b " * 71), [2])


if __name__ == "__main__":
    unittest.main()
