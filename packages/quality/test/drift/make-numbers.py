"""
Computes numbers.json: what SciPy says of pairs of samples, for the tests of drift.

    python3 -m venv /tmp/gx
    /tmp/gx/bin/pip install scipy==1.17.1 numpy==2.4.6
    /tmp/gx/bin/python make-numbers.py       # writes numbers.json beside this file; twice gives the same bytes

Samples are made by formulas, which the tests repeat: a value is `base + spread * f(x)`, where x walks (0, 1) by the
golden ratio from `seed` and f is by the shape: x itself, the logistic quantile ln(x / (1 - x)), floor(levels * x ** 2).
PSI and the binning are as Evidently has them: bins by Sturges over both samples, shares of 0 filled. Nothing is copied.
"""

import json
import math
import pathlib

import numpy as np
from scipy import stats
from scipy.spatial import distance
from scipy.special import kolmogorov

golden = (math.sqrt(5) - 1) / 2


def sample(n, base, spread, shape, seed):
    x = np.array([(seed + (k + 1) * golden) % 1 for k in range(n)])
    if shape == "logistic":
        return base + spread * np.log(x / (1 - x))
    if shape == "levels":
        return base + np.floor(spread * x**2)
    return base + spread * x


def shares(reference, current):
    edges = np.histogram_bin_edges(np.concatenate([reference, current]), bins="sturges")
    return np.histogram(reference, edges)[0], np.histogram(current, edges)[0]


def filled(counts):
    share = counts / counts.sum()
    least = share[share > 0].min()
    return np.where(share > 0, share, least / 1e6 if least <= 0.0001 else 0.0001)


def psi(reference, current):
    p, q = filled(reference), filled(current)
    return float(np.sum((p - q) * np.log(p / q)))


def of_counts(reference, current):
    reference, current = np.array(reference), np.array(current)
    with np.errstate(all="ignore"):
        chi = stats.chisquare(current, reference * (current.sum() / reference.sum()))[1]
    n, m = reference.sum(), current.sum()
    p, q = reference[0] / n, current[0] / m
    both = (reference[0] + current[0]) / (n + m)
    z = (p - q) / math.sqrt(both * (1 - both) * (1 / n + 1 / m)) if 0 < both < 1 else 0.0
    return {
        "chisquare": float(chi),
        "z": float(2 * stats.norm.sf(abs(z))),
        "jensenshannon": float(distance.jensenshannon(reference, current)),
        "psi": psi(reference, current),
        "l_infinity": float(np.max(np.abs(reference / n - current / m))),
    }


def of_samples(a, b):
    reference, current = sample(**a), sample(**b)
    p, q = shares(reference, current)
    ks = stats.ks_2samp(reference, current)
    found = {
        "ks": float(ks.pvalue),
        "ksDistance": float(ks.statistic),
        "wasserstein": float(stats.wasserstein_distance(reference, current) / max(np.std(reference), 0.001)),
        "bins": [p.tolist(), q.tolist()],
        "jensenshannon": float(distance.jensenshannon(p, q)),
        "psi": psi(p, q),
    }
    return {"reference": a, "current": b, **found}


def of(n, base=0.0, spread=1.0, shape="uniform", seed=0.0):
    return {"n": n, "base": base, "spread": spread, "shape": shape, "seed": seed}


samples = [
    (of(10), of(10, seed=0.5)),
    (of(10), of(7, base=2.0)),
    (of(1), of(1, base=1.0)),
    (of(5, shape="levels", spread=3.0), of(9, shape="levels", spread=4.0)),
    (of(100), of(100, base=0.1)),
    (of(100), of(150, base=0.3, shape="logistic")),
    (of(999, shape="logistic"), of(1000, shape="logistic", seed=0.25)),
    (of(1000, shape="logistic"), of(1000, base=0.2, shape="logistic", seed=0.25)),
    (of(1000, shape="logistic"), of(600, base=3.0, shape="logistic", seed=0.25)),
    (of(1000, shape="levels", spread=20.0), of(800, shape="levels", spread=22.0, seed=0.1)),
    (of(300, base=1e6), of(400, base=1e6, spread=1.2, seed=0.7)),
    (of(5000, shape="logistic"), of(7000, base=0.05, shape="logistic", seed=0.3)),
    (of(20000, shape="logistic"), of(20000, base=0.3, shape="logistic", seed=0.3)),
    (of(50000, shape="levels", spread=1000.0), of(30000, shape="levels", spread=1100.0, seed=0.3)),
]
counts = [
    ([50, 50], [55, 45]),
    ([50, 50], [80, 20]),
    ([10, 0], [7, 3]),
    ([1000, 1], [900, 100]),
    ([30, 30, 40], [30, 30, 40]),
    ([30, 30, 40], [33, 28, 39]),
    ([30, 30, 40], [60, 30, 10]),
    ([30, 30, 40, 0], [30, 30, 35, 5]),
    ([30, 30, 40, 5], [300, 300, 400, 0]),
    ([500, 300, 100, 50, 25, 12, 6, 3, 2, 1], [480, 310, 120, 40, 30, 10, 5, 2, 2, 1]),
    ([100000, 3, 0], [100000, 0, 3]),
    (list(range(1, 101)), list(range(100, 0, -1))),
    (list(range(100, 200)), list(range(101, 201))),
]
tails = {
    "chi": [[x, k, float(stats.chi2.sf(x, k))] for k in (1, 2, 3, 5, 10, 50, 99, 500) for x in (0.01, 0.5, 1, 5, 20, 50, 100, 400, 1000)],
    "normal": [[z, float(2 * stats.norm.sf(z))] for z in (0, 1e-3, 0.5, 1, 1.96, 3, 5, 8, 20)],
    "kolmogorov": [[x, float(kolmogorov(x))] for x in (0.1, 0.3, 0.4, 0.5, 0.8, 1, 1.3581, 2, 3, 5)],
}
numbers = {
    "samples": [of_samples(a, b) for a, b in samples],
    "counts": [{"reference": a, "current": b, **of_counts(a, b)} for a, b in counts],
    "tails": tails,
}
text = json.dumps(numbers).replace("Infinity", '"Infinity"')
pathlib.Path(__file__).with_name("numbers.json").write_text(text + "\n")
