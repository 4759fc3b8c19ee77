#!/usr/bin/env python3
"""Numbers of scipy and statsmodels that the estimators are held to.

    pip install scipy==1.17.1 statsmodels==0.15.0
    python3 analysis/tests/reference/make.py > analysis/tests/reference/expected.json
"""

import json

import numpy as np
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import zt_ind_solve_power
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

# Means of cells with one standard deviation: a linear model with an indicator for each cell.
values = [[0.911, 0.914, 0.909], [0.871, 0.8745, 0.8702, 0.8733], [0.842]]
design = np.repeat(np.eye(len(values)), [len(v) for v in values], axis=0)
model = sm.OLS(np.concatenate(values), design).fit()

# The endpoint: three rankscales, which count the same however many pairs they have.
strata = [[0.0021, -0.0004, 0.0033, 0.0017, 0.0008], [0.0012, 0.0035, -0.0011, 0.0009], [-0.0007, 0.0019, 0.0004, 0.0026, -0.0002]]
contributions = np.concatenate([np.array(s) / (len(s) * len(strata)) for s in strata])
flips = stats.permutation_test((contributions,), np.sum, permutation_type="samples", n_resamples=np.inf)

# Its interval: n - 1 draws of each rankscale's n, a million times, and percentiles as far out as Student's t is wide.
random, resamples = np.random.default_rng(0), 1_000_000
draws = [random.choice(s, size=(resamples, len(s) - 1)).mean(axis=1) for s in strata]
tail = stats.norm.cdf(stats.t.ppf(0.025, sum(len(s) - 1 for s in strata)))
bootstrap = np.percentile(np.mean(draws, axis=0), [100 * tail, 100 - 100 * tail])

# Another study of one pair at each rankscale: the variance of ours and of theirs, with ours' standard deviation.
freedom = sum(len(s) - 1 for s in strata)
sd = np.sqrt(sum((len(s) - 1) * np.var(s, ddof=1) for s in strata) / freedom)
variance = sum(sd**2 / len(s) for s in strata) / len(strata) ** 2 + sd**2 / len(strata)
prediction = stats.t.interval(0.95, freedom, loc=np.mean([np.mean(s) for s in strata]), scale=np.sqrt(variance))

print(json.dumps({
    "endpoint": {"strata": strata, "mean": float(np.sum(contributions)), "p": float(flips.pvalue), "bootstrap": bootstrap.tolist(),
                 "prediction": [float(end) for end in prediction]},
    "t": {"values": differences, "mean": float(np.mean(differences)), "low": low, "high": high, "p": t.pvalue},
    "line": {"x": x, "y": y, "slope": line.slope, "low": line.slope - reach, "high": line.slope + reach, "p": line.pvalue},
    "holm": {"p": p, "adjusted": multipletests(p, method="holm")[1].tolist()},
    "wilson": [
        {"wins": wins, "of": of, "interval": list(proportion_confint(wins, of, method="wilson"))}
        for wins, of in [(9, 15), (0, 9), (15, 15), (7.5, 12)]
    ],
    "cells": {"values": values, "intervals": model.conf_int(0.05).tolist()},
    "pooled_sd": {"cells": cells, "sd": float(pooled)},
    "mcnemar": [
        {"only_arm": b, "only_baseline": c, "p": mcnemar([[9000, b], [c, 500]], exact=True).pvalue}
        for b, c in [(312, 268), (5, 17), (40, 40)]
    ],
    "pairs_needed": [
        {"effect": effect, "pairs": zt_ind_solve_power(effect_size=effect, alpha=0.05, power=0.8, ratio=0)}
        for effect in [0.2, 0.5, 1.0]
    ],
}, indent=1))
