"""
Computes ranges.json: where NumPy and SciPy expect the next number of a series.

    python3 -m venv /tmp/ranges
    /tmp/ranges/bin/pip install numpy==2.4.6 scipy==1.17.1
    /tmp/ranges/bin/python make-ranges.py        # writes ranges.json beside this file; twice gives the same bytes

A case is { before, method, threshold, center, scale, min, max, next, score }: the numbers before, the method with its
threshold, what it expects, and by how many deviations `next` is off.
"""

import json
import pathlib

import numpy as np
from scipy import stats

random = np.random.default_rng(2012)
series = [
    random.normal(1440, 25, 30),
    random.lognormal(3, 1, 31),
    np.append(random.normal(0, 1, 20), [50, -80]),
    random.integers(0, 4, 24).astype(float),
    np.array([24, 24, 24, 24, 24, 24, 23, 24, 25, 24.0]),
    np.array([1e9 + 0.1, 1e9 + 0.2, 1e9 + 0.3, 1e9 + 0.4]),
    np.array([-3.5, 12.25]),
]


def spread(method, before):
    if method == "zScore":
        return np.mean(before), np.std(before, ddof=1)
    if method == "relativeChange":
        return np.mean(before), abs(np.mean(before))
    if method == "absoluteChange":
        return np.mean(before), 1.0
    center = np.median(before)
    scale = stats.median_abs_deviation(before, scale="normal")
    if scale == 0:  # the mean of the distances, as for a normal distribution
        scale = np.mean(np.abs(before - center)) * np.sqrt(np.pi / 2)
    return center, scale


cases = []
for before in series:
    for method, threshold in [("robustZ", 3.5), ("zScore", 3), ("relativeChange", 0.5), ("absoluteChange", 100)]:
        center, scale = map(float, spread(method, before))
        following = float(center + 2.5 * scale)
        cases.append(
            {
                "before": before.tolist(),
                "method": method,
                "threshold": threshold,
                "center": center,
                "scale": scale,
                "min": center - threshold * scale,
                "max": center + threshold * scale,
                "next": following,
                "score": (following - center) / scale,
            }
        )

path = pathlib.Path(__file__).with_name("ranges.json")
path.write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
