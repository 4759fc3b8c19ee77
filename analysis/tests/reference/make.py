#!/usr/bin/env python3
"""Numbers of scipy and statsmodels that the estimators are held to.

    pip install scipy==1.17.1 statsmodels==0.15.0
    python3 analysis/tests/reference/make.py > analysis/tests/reference/expected.json
"""

import json

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import integrate, stats
from statsmodels.formula.api import ols
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

differences = [0.0021, -0.0004, 0.0033, 0.0017, 0.0008]
t = stats.ttest_1samp(differences, 0.0)
low, high = t.confidence_interval(0.95)

x = [1.2, 1.2, 1.2, 3.4, 3.4, 3.4, 4.9, 4.9, 4.9]
y = [0.001, -0.002, 0.0005, 0.002, 0.0035, 0.001, 0.004, 0.0025, 0.0031]
line = stats.linregress(x, y)
reach = stats.t.ppf(0.975, len(x) - 2) * line.stderr

p = [0.01, 0.04, 0.03, 0.5, 0.005]
cells = [[0.911, 0.914, 0.909], [0.871, 0.8745, 0.8702, 0.8733]]
pooled = np.sqrt(sum((len(c) - 1) * np.var(c, ddof=1) for c in cells) / sum(len(c) - 1 for c in cells))

# The mean of a cell, with its own standard deviation.
values = [[0.911, 0.914, 0.909], [0.871, 0.8745, 0.8702, 0.8733]]
cell_intervals = [list(stats.ttest_1samp(v, 0.0).confidence_interval(0.95)) for v in values]

# The endpoint: three rankscales, which count the same however many pairs they have. Student's t with Satterthwaite's degrees of freedom.
strata = [[0.0021, -0.0004, 0.0033, 0.0017, 0.0008], [0.0012, 0.0035, -0.0011, 0.0009], [-0.0007, 0.0019, 0.0004, 0.0026, -0.0002]]
contributions = np.concatenate([np.array(s) / (len(s) * len(strata)) for s in strata])
flips = stats.permutation_test((contributions,), np.sum, permutation_type="samples", n_resamples=np.inf)
squared_errors = np.array([np.var(s, ddof=1) / len(s) for s in strata])
mean, error = float(np.sum(contributions)), float(np.sqrt(np.sum(squared_errors)) / len(strata))
satterthwaite = float(np.sum(squared_errors) ** 2 / np.sum(squared_errors**2 / (np.array([len(s) for s in strata]) - 1)))
student = stats.t(satterthwaite)
margin = 0.001
one_sided = [student.sf((margin - mean) / error), student.sf((mean + margin) / error)]

# Two strata, one with its sign turned, are Welch's test of two samples.
welch_strata = [[0.3, 0.1, 0.45, 0.2], [-0.05, -0.4, -0.21, -0.33, -0.3]]
welch = stats.ttest_ind(welch_strata[0], [-v for v in welch_strata[1]], equal_var=False)

# Whether rankscales have one mean.
heterogeneity = [
    {"strata": lists, "f": float(found.statistic), "p": float(found.pvalue)}
    for lists in [strata, [[0.5, 0.52, 0.47], [-0.5, -0.49, -0.53], [0.1, 0.12]]]
    for found in [stats.f_oneway(*lists)]
]

# ICC(3,1) from a linear model with an indicator for each seed and each rankscale.
rows = [[0.2, 0.5, 0.1], [0.4, 0.7, 0.45], [-0.1, 0.3, 0.2], [0.3, 0.2, 0.25]]
frame = pd.DataFrame(
    [{"seed": s, "rankscale": r, "value": v} for s, row in enumerate(rows) for r, v in enumerate(row)])
anova = sm.stats.anova_lm(ols("value ~ C(seed) + C(rankscale)", frame).fit())
f_seeds = anova.loc["C(seed)", "F"]
k, freedoms = len(rows[0]), [len(rows) - 1, (len(rows) - 1) * (len(rows[0]) - 1)]
f_bounds = [f_seeds / stats.f.ppf(0.975, *freedoms), f_seeds * stats.f.ppf(0.975, *freedoms[::-1])]


def correlation(f):
    return float((f - 1) / (f + k - 1))


def power(strata, seeds, sd, effect, alpha, margin):
    """A two-sided t test by the noncentral t; two one-sided tests by integrating over the estimated spread."""
    freedom, error = strata * (seeds - 1), sd / np.sqrt(strata * seeds)
    t = stats.t.ppf(1 - alpha / 2, freedom)
    shift = effect / error
    found = stats.nct.sf(t, freedom, shift) + stats.nct.cdf(-t, freedom, shift)
    one_sided = stats.t.ppf(1 - alpha, freedom)
    within = lambda s: max(0.0, 2 * stats.norm.cdf(margin / error - one_sided * s / np.sqrt(freedom)) - 1) * stats.chi.pdf(s, freedom)
    equivalence = integrate.quad(within, 0, np.sqrt(freedom) + 10, points=[np.sqrt(freedom)], limit=500)[0]
    return {"strata": strata, "seeds": seeds, "sd": sd, "effect": effect, "alpha": alpha, "margin": margin,
            "power": float(found), "half_width": float(t * error), "equivalence": float(equivalence)}


# Another study of one pair at each rankscale: the variance of ours and of theirs, with ours' standard deviation.
freedom = sum(len(s) - 1 for s in strata)
sd = np.sqrt(sum((len(s) - 1) * np.var(s, ddof=1) for s in strata) / freedom)
variance = sum(sd**2 / len(s) for s in strata) / len(strata) ** 2 + sd**2 / len(strata)
prediction = stats.t.interval(0.95, freedom, loc=np.mean([np.mean(s) for s in strata]), scale=np.sqrt(variance))

print(json.dumps({
    "endpoint": {"strata": strata, "mean": mean, "error": error, "freedom": satterthwaite, "p": float(2 * student.sf(abs(mean) / error)),
                 "interval": [float(mean + sign * error * student.ppf((1 + 0.9779) / 2)) for sign in (-1, 1)],
                 "p_equivalence": float(max(one_sided)),
                 "probability_within": float(student.cdf((margin - mean) / error) - student.cdf((-margin - mean) / error)),
                 "sign_flip": float(flips.pvalue), "prediction": [float(end) for end in prediction]},
    "welch": {"strata": welch_strata, "p": float(welch.pvalue), "freedom": float(welch.df)},
    "heterogeneity": heterogeneity,
    "intraclass": {"rows": rows, "correlation": correlation(f_seeds), "interval": [correlation(f) for f in f_bounds]},
    "power": [power(3, 3, 0.0030, 0.002, 0.05, 0.001), power(3, 9, 0.0025, 0.002, 0.05, 0.001), power(9, 5, 0.0030, 0.001, 0.05, 0.001),
              power(3, 10, 0.0030, 0.003, 0.0221, 0.001), power(1, 2, 0.0030, 0.005, 0.05, 0.004)],
    "t": {"values": differences, "mean": float(np.mean(differences)), "low": low, "high": high, "p": t.pvalue},
    "line": {"x": x, "y": y, "slope": line.slope, "low": line.slope - reach, "high": line.slope + reach, "p": line.pvalue},
    "holm": {"p": p, "adjusted": multipletests(p, method="holm")[1].tolist()},
    "wilson": [
        {"wins": wins, "of": of, "interval": list(proportion_confint(wins, of, method="wilson"))}
        for wins, of in [(9, 15), (0, 9), (15, 15), (7.5, 12)]
    ],
    "cells": {"values": values, "intervals": [[float(end) for end in interval] for interval in cell_intervals]},
    "pooled_sd": {"cells": cells, "sd": float(pooled)},
    "mcnemar": [
        {"only_arm": b, "only_baseline": c, "p": mcnemar([[9000, b], [c, 500]], exact=True).pvalue}
        for b, c in [(312, 268), (5, 17), (40, 40)]
    ],
}, indent=1))
