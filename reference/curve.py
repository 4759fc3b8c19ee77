#!/usr/bin/env python3
"""Reads both curves of the 2018 notebook from its picture, and compares them with the digitised ones that the report draws:
`curve.py "Appropriate Weight Decay.ipynb"`. It needs numpy and Pillow; docs/reference-audit.md says where the notebook is.

The grid of the picture gives the scales. Between two rankscales a curve is straight, so its height at a rankscale is that of
the lines through the pixels on either side, continued up to it and averaged.
"""

import base64
import csv
import io
import json
import os
import re
import sys

import numpy
from PIL import Image

CSV = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "artifacts", "src", "data", "notebook_curve.csv")
RANKSCALES = range(2, 32)
# What the picture's axes say at its grid lines, from the left and from the top.
ACROSS, DOWN = [5, 10, 15, 20, 25, 30], [92, 91, 90, 89, 88, 87, 86]
GRID, CURVES = (191, 191, 191), {"original": (252, 79, 48), "appropriate": (48, 162, 218)}
# The legend hides what is right of this rankscale and above this accuracy.
LEGEND = (25.0, 90.9)


def main(path):
    with open(path) as file:
        cells = json.load(file)["cells"]
    outputs = ["".join(output.get("data", {}).get("text/html", "")) for cell in cells for output in cell.get("outputs", [])]
    pictures = re.findall("data:image/png;base64,([A-Za-z0-9+/=]+)", "".join(outputs))
    picture = numpy.array(Image.open(io.BytesIO(base64.b64decode(max(pictures, key=len)))).convert("RGB"), dtype=float)
    with open(CSV) as file:
        digitised = list(csv.DictReader(file))
    curves, pixel = read(picture)
    for arm, heights in curves.items():
        known = [float(row[arm + "_test_accuracy_percent"]) for row in digitised]
        difference = numpy.abs(numpy.array(heights) - known)
        print("%s: at %d rankscales, at most %.3f points from the digitised curve, %.3f on average (one pixel is %.3f)"
              % (arm, len(heights), difference.max(), difference.mean(), pixel))
    difference = numpy.subtract(curves["appropriate"], curves["original"])
    print("appropriate minus original: %.2f points on average, lower at %d of %d"
          % (difference.mean(), (difference < 0).sum(), len(difference)))


def read(picture):
    """Both curves at every rankscale, in per cent, and the height of a pixel."""
    grid = near(picture, GRID, 8)
    slope, offset = numpy.polyfit(middles(grid.sum(axis=1) > picture.shape[1] / 3), DOWN, 1)
    per_rankscale, left = numpy.polyfit(ACROSS, middles(grid.sum(axis=0) > picture.shape[0] / 3), 1)
    curves = {}
    for arm, colour in CURVES.items():
        drawn = near(picture, colour, 60)
        heights = []
        for rankscale in RANKSCALES:
            at, sides = per_rankscale * rankscale + left, []
            for first, last in ((-12, -3), (3, 12)):
                columns = [x for x in range(round(at + first), round(at + last) + 1)
                           if left + 2 * per_rankscale < x < left + 31 * per_rankscale]
                points = [(x, slope * y + offset) for x in columns for y in numpy.flatnonzero(drawn[:, x])]
                points = [(x, y) for x, y in points if x < per_rankscale * LEGEND[0] + left or y < LEGEND[1]]
                if points:
                    sides.append(numpy.polyval(numpy.polyfit(*zip(*points), 1), at))
            heights.append(numpy.mean(sides))
        curves[arm] = heights
    return curves, abs(slope)


def near(picture, colour, distance):
    return numpy.linalg.norm(picture - colour, axis=2) < distance


def middles(marked):
    """The middle of each run of marked lines."""
    at = numpy.flatnonzero(marked)
    return [group.mean() for group in numpy.split(at, numpy.flatnonzero(numpy.diff(at) > 1) + 1)]


if __name__ == "__main__":
    main(*sys.argv[1:])
