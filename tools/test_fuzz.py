"""Words after a recipe's name that nobody would type: they must give settings, or an error that names the key."""

import os
import random
import tempfile
import time
import unittest

import settings

KEYS = ["RANKSCALE", "DECAY", "SEED", "EPOCHS", "WORK", "SOURCE", "EXPERIMENT", "DEVICE", "ENGINE", "THREADS", "WAIT"]
VALID = ["RANKSCALE=8", "DECAY=appropriate", "SEED=0", "WORK=work/x", "SOURCE=https://a:b@host/x?key=value", "EXPERIMENT=quick",
         "DEVICE=cuda:1", "ENGINE=fused", "THREADS=1,2", "WAIT=1"]
PIECES = ["", "=", "==", "-", "--", "~", "~root/", "/", "\\", "..", " ", "\n", "\t", "\u00e9", "\ud800", "\u0661", "nan", "inf", "-1",
          "1e999", "1_0", "9" * 400,
          "://", "?", "&", "#", "@", "a" * 5000, "A=" * 500, "%s", "%", "{}", "\x7f", "\u202e"]
# The number of cases; the tests of the programs use the same variable.
CASES = int(os.environ.get("PROPTEST_CASES", "3000"))


def mutated(dice, word):
    for _ in range(dice.randint(1, 3)):
        at, to = sorted((dice.randint(0, len(word)), dice.randint(0, len(word))))
        word = dice.choice([word[:at] + dice.choice(PIECES) + word[at:], word[:at] + word[to:], word[:to] + word[at:],
                            word[:at] + dice.choice(PIECES) + word[to:],
                            word.swapcase(), word[:at] + chr(dice.randint(1, 0x10ffff)) + word[at:]])
    return word


class Fuzz(unittest.TestCase):
    def test_any_words_are_settings_or_an_error_that_names_the_key(self):
        dice = random.Random(12)
        with tempfile.TemporaryDirectory() as folder:
            open(os.path.join(folder, "quick.toml"), "w").close()
            for case in range(CASES):
                words = [mutated(dice, word) if dice.random() < 0.7 else word for word in dice.sample(VALID, dice.randint(1, 4))]
                with self.subTest(case=case, words=words):
                    start = time.monotonic()
                    self.one(words, folder)
                    self.assertLess(time.monotonic() - start, 2)

    def one(self, words, folder):
        try:
            chosen = settings.parse(words, KEYS)
            self.assertEqual([word for word in words if word], ["%s=%s" % pair for pair in chosen.items()])
            chosen = settings.located(chosen, folder)
            settings.experiment(chosen.get("EXPERIMENT", "quick"), folder, folder)
            settings.forms(chosen)
            for key, value in chosen.items():
                settings.shown(value)
            if "SEED" in chosen:
                self.assertTrue(0 <= settings.whole_number(chosen, "SEED", 0, 9) <= 9)
                self.assertTrue(0 <= settings.number(chosen, "SEED", 0, 9) <= 9)
            if "THREADS" in chosen:
                self.assertTrue(all(1 <= count <= 64 for count in settings.whole_numbers(chosen, "THREADS", 1, 64)))
            for flag, (key, value) in zip(settings.flags(chosen, KEYS), sorted(chosen.items(), key=lambda pair: KEYS.index(pair[0]))):
                self.assertEqual(flag, "--%s=%s" % (key.lower(), value))
        except settings.SettingsError as error:
            self.assertTrue(any(key in str(error) for key in KEYS), str(error))

    def test_a_long_address_is_shown_at_once(self):
        start = time.monotonic()
        self.assertEqual(settings.shown("https://h/?" + "a" * 100000 + "=secret&b=c"), "https://h/?" + "a" * 100000 + "=***&b=***")
        self.assertLess(time.monotonic() - start, 2)


if __name__ == "__main__":
    unittest.main()
