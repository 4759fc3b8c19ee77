import json
import os
import re
import subprocess
import tempfile
import unittest

import bench_line
from run import ROOT, binary

KINDS = {"Ours": bench_line.OURS, "Peer": bench_line.PEER}


def measured(fields):
    """A made-up measurement with these fields."""
    words = {"engine": "fused" if fields is bench_line.OURS else "pytorch", "device": "cpu", "version": "2", "variant": "contiguous",
             "precision": "float32"}
    return {field: words.get(field, 8) for field in fields if field != "pages_kept"}


class Lines(unittest.TestCase):
    def test_the_fields_are_those_of_the_programs(self):
        with open(os.path.join(ROOT, "artifacts", "src", "bench.rs")) as file:
            source = file.read()
        for kind, fields in KINDS.items():
            body = re.search(r"^pub struct %s \{\n(.*?)^\}" % kind, source, re.DOTALL | re.MULTILINE).group(1)
            self.assertEqual(tuple(re.findall(r"^    pub (\w+):", body, re.MULTILINE)), fields)

    def test_the_fields_are_those_of_the_lines_that_are_kept(self):
        with open(os.path.join(ROOT, "docs", "bench.jsonl")) as file:
            for text in file:
                kept = json.loads(text)
                self.assertEqual(tuple(kept), ("round", *(bench_line.PEER if "variant" in kept else bench_line.OURS)))

    def test_a_field_too_few_or_too_many_is_named(self):
        for change in ({"speed": 1}, {"steps": None}):
            wrong = {**measured(bench_line.OURS), **change}
            wrong = {field: value for field, value in wrong.items() if value is not None}
            with self.assertRaisesRegex(bench_line.LineError, list(change)[0]):
                bench_line.line(1, wrong, False)

    def test_the_report_takes_the_lines_that_are_made_here(self):
        with tempfile.TemporaryDirectory() as folder:
            lines, page, figure = (os.path.join(folder, name) for name in ("lines", "page.md", "figure.svg"))
            with open(lines, "w") as file:
                for fields in KINDS.values():
                    file.write(json.dumps(bench_line.line(1, measured(fields), True)) + "\n")
            with open(page, "w") as file:
                file.write("<!-- table of `report bench` -->\n<!-- end of the table -->\n")
            subprocess.run([os.path.join(ROOT, binary("report")), "bench", lines, "--figure", figure, "--page", page], check=True)
            with open(page) as file:
                self.assertIn("| 8 | 8 | `fused` | 8 | 8 | 100 % | 8 | – | – | 8 (1.0x) |", file.read())


if __name__ == "__main__":
    unittest.main()
