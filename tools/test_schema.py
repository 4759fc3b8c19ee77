import glob
import json
import os
import subprocess
import unittest

import equipped
import run

SCHEMA = os.path.join(run.ROOT, "experiments", "schema.json")
# Checks the schema itself, then files that must pass and texts that must not, as an editor would.
CHECKER = """
import json, jsonschema, sys, tomllib
asked = json.load(sys.stdin)
kind = jsonschema.validators.validator_for(asked["schema"])
kind.check_schema(asked["schema"])
checker = kind(asked["schema"])
for path in asked["right"]:
    with open(path, "rb") as file:
        checker.validate(tomllib.load(file))
print(json.dumps([checker.is_valid(tomllib.loads(text)) for text in asked["wrong"]]))
"""
WHOLE = "title = 't'\n[recipe]\nepochs = 6\n[[grid]]\nrankscale = [2]\ndecay = ['original']\nseed = [0]\n"


class Schema(unittest.TestCase):
    def test_an_independent_checker_agrees(self):
        python = equipped.python_with("jsonschema", "tomllib")
        wrong = [WHOLE.replace(*change) for change in (("epochs = 6", "epoch = 6"), ("epochs = 6", "epochs = 0"), ("seed = [0]", ""),
                                                       ("seed = [0]", "seed = [-1]"),
                                                       ("title = 't'", ""), ("'original'", "'Original'"), ("[[grid]]", "[[grids]]"))]
        with open(SCHEMA) as file:
            asked = {"schema": json.load(file), "right": glob.glob(os.path.join(run.ROOT, "experiments", "*.toml")), "wrong": wrong}
        answer = subprocess.run([python, "-c", CHECKER], input=json.dumps(asked), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertEqual(json.loads(answer.stdout), [False] * len(wrong))
        self.assertGreaterEqual(len(asked["right"]), 10)

    def test_editors_are_told_where_it_is(self):
        with open(os.path.join(run.ROOT, ".taplo.toml")) as file:
            text = file.read()
        self.assertIn('include = ["experiments/*.toml"]', text)
        self.assertIn('path = "experiments/schema.json"', text)


if __name__ == "__main__":
    unittest.main()
