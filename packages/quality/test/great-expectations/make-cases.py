"""
Computes cases.json: what Great Expectations itself answers for every expectation of its core.

    python3 -m venv /tmp/gx
    /tmp/gx/bin/pip install great_expectations==1.24.1 pandas==3.1.1 numpy==2.4.6 scipy==1.17.1 sqlalchemy==2.1.9
    /tmp/gx/bin/pip install python-dateutil==4.0.0 jsonschema==4.26.0
    /tmp/gx/bin/python make-cases.py        # writes cases.json beside this file; twice gives the same bytes

Great Expectations is Apache-2.0 (https://github.com/great-expectations/great_expectations); nothing of it is copied
here, only the numbers it computes. What takes SQL (LIKE patterns, queries, another table) runs on SQLite, the rest on
pandas.

A case is { expectation, case, kwargs, table: { columns, rows }, results: { BOOLEAN_ONLY, BASIC, SUMMARY, COMPLETE } }.
`engine: 'sqlite'` and `others` (more tables of the same database) are there where SQL ran. Where GX raises in all
formats, `exception` (its message) stands in place of `results`, with `raisedAt`: 'construction' or 'validation'.
A column has the name, our `type`, and the `dtype` it had in pandas or SQLite. Values that JSON lacks are written
{ "$number": "NaN" | "Infinity" | "-Infinity" }, { "$date": "2024-01-31" } and { "$datetime": "2024-01-31T12:00:00" }.
Results are GX's own JSON: dates there are strings, NaN is null. Lists that come out of a Python set are sorted.
"""

import os
import sys

if os.environ.get("PYTHONHASHSEED") != "0":  # GX lists sets, in the order of their hashes
    os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "PYTHONHASHSEED": "0"})
os.environ["GX_ANALYTICS_ENABLED"] = "false"

import contextlib
import datetime
import json
import logging
import math
import pathlib
import sqlite3
import tempfile
import warnings

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

import great_expectations as gx
import pandas as pd
from great_expectations.expectations.registry import get_expectation_impl, list_registered_expectation_implementations

FORMATS = ["BOOLEAN_ONLY", "BASIC", "SUMMARY", "COMPLETE"]
NAN, INF = float("nan"), float("inf")
D, DT = datetime.date.fromisoformat, datetime.datetime.fromisoformat

# --- tables -----------------------------------------------------------------------------------------------------------

DTYPES = {"number": "float64", "integer": "int64", "string": "str", "boolean": "bool", "datetime": "datetime64[ns]"}
SQLITE = {"number": "REAL", "integer": "INTEGER", "string": "TEXT", "boolean": "BOOLEAN", "datetime": "DATETIME"}


class Table:
    """Columns as `name:type = values`; an integer column with nulls is what pandas makes of it, float64."""

    def __init__(self, columns):
        self.columns = []
        for key, values in columns.items():
            name, _, kind = key.partition(":")
            kind = kind or "number"
            dtype = DTYPES.get(kind, "object")
            if None in values and kind in ("integer", "boolean"):
                dtype = "float64" if kind == "integer" else "object"
            self.columns.append((name, kind, dtype, list(values)))

    def frame(self):
        return pd.DataFrame({name: pd.Series(values, dtype=dtype) for name, _, dtype, values in self.columns})

    def into(self, connection, name):
        declared = ", ".join(f'"{column}" {SQLITE.get(kind, "")}' for column, kind, _, _ in self.columns)
        connection.execute(f'CREATE TABLE "{name}" ({declared})')
        rows = list(zip(*(values for *_, values in self.columns)))
        connection.executemany(f'INSERT INTO "{name}" VALUES ({", ".join("?" * len(self.columns))})', rows)

    def json(self, sqlite=False):
        return {
            "columns": [
                {"name": name, "type": kind, "dtype": SQLITE.get(kind, "") if sqlite else dtype}
                for name, kind, dtype, _ in self.columns
            ],
            "rows": [list(row) for row in zip(*(values for *_, values in self.columns))],
        }


def x(kind, values):
    return Table({f"x:{kind}": values})


def ab(kind_a, a, kind_b, b):
    return Table({f"a:{kind_a}": a, f"b:{kind_b}": b})


# --- the cases --------------------------------------------------------------------------------------------------------

CASES = []


def add(expectation, case, table, engine="pandas", others=None, **kwargs):
    CASES.append((expectation, case, table, engine, others or {}, kwargs))


def column_map(expectation, kind, good, bad, engine="pandas", **kwargs):
    """The common cases of a column map expectation; `good` holds three values or more that pass."""

    def case(name, values, **more):
        add(expectation, name, x(kind, values), engine, column="x", **{**kwargs, **more})

    case("passing", good)
    case("passing, with nulls", [None, *good, None])
    case("failing, with nulls", [good[0], None, bad[0], good[1], None, bad[-1]])
    case("all null", [None, None, None])
    case("empty", [])
    case("mostly, exactly at", [good[0], good[1], None, good[2], bad[0]], mostly=0.75)
    case("mostly, just below", [good[0], good[1], None, good[2], bad[0]], mostly=0.7500001)
    case("mostly 0, none passes", [bad[0], None], mostly=0)


def aggregate(expectation, low, high, kind="number", values=(1, 2, None, 6, 3), **kwargs):
    """The common cases of a column aggregate with bounds; the observed value of `values` is inside (low, high)."""

    def case(name, values, **more):
        add(expectation, name, x(kind, values), column="x", **{**kwargs, **more})

    values = list(values)
    case("passing, with nulls", values, min_value=low, max_value=high)
    case("failing, below the lower bound", values, min_value=high, max_value=high + 1)
    case("failing, above the upper bound", values, min_value=low - 1, max_value=low)
    case("lower bound alone", values, min_value=low)
    case("upper bound alone", values, max_value=high)
    case("no bounds", values)
    case("all null", [None, None], min_value=low, max_value=high)
    case("all null, no bounds", [None, None])
    case("all null, from zero", [None, None], min_value=0)
    case("empty", [], min_value=low, max_value=high)
    case("empty, from zero", [], min_value=0)


def bounds_at(expectation, observed, kind="number", values=(1, 2, None, 6, 3), **kwargs):
    """Bounds exactly at the observed value."""
    for strict_min, strict_max in ((False, False), (True, False), (False, True)):
        name = f"both bounds at the value, strict_min {strict_min}, strict_max {strict_max}".lower()
        add(expectation, name, x(kind, list(values)), column="x", min_value=observed, max_value=observed,
            strict_min=strict_min, strict_max=strict_max, **kwargs)


# column map: sets, nulls, uniqueness

E = "expect_column_values_to_be_null"
add(E, "passing", x("number", [None, None]), column="x")
add(E, "NaN is null", x("number", [None, NAN]), column="x")
add(E, "failing", x("number", [None, 1, None, 2, 2]), column="x")
add(E, "failing, strings", x("string", ["", None, "a"]), column="x")
add(E, "all null", x("string", [None, None, None]), column="x")
add(E, "empty", x("number", []), column="x")
add(E, "mostly, exactly at", x("number", [None, None, None, 1]), column="x", mostly=0.75)
add(E, "mostly, just below", x("number", [None, None, None, 1]), column="x", mostly=0.7500001)
add(E, "with a row condition", Table({"x": [None, 1, None], "k:string": ["a", "b", "a"]}), column="x",
    row_condition={"type": "comparison", "column": {"name": "k"}, "operator": "==", "parameter": "a"})

E = "expect_column_values_to_not_be_null"
add(E, "passing", x("number", [1, 2]), column="x")
add(E, "passing: empty strings and zero are values", x("mixed", ["", 0, False]), column="x")
add(E, "failing", x("number", [1, None, 2, None]), column="x")
add(E, "NaN is null", x("number", [1, NAN]), column="x")
add(E, "Infinity is a value", x("number", [1, INF, -INF]), column="x")
add(E, "all null", x("number", [None, None]), column="x")
add(E, "empty", x("number", []), column="x")
add(E, "mostly, exactly at", x("number", [1, 2, 3, None]), column="x", mostly=0.75)
add(E, "mostly, just below", x("number", [1, 2, 3, None]), column="x", mostly=0.7500001)
add(E, "mostly 1/3", x("number", [1, None, None]), column="x", mostly=1 / 3)
add(E, "mostly 0, all null", x("number", [None, None]), column="x", mostly=0)
add(E, "mostly above 1", x("number", [1]), column="x", mostly=1.1)
add(E, "no such column", x("number", [1]), column="y")
add(E, "strings, with nulls", x("string", ["a", None, "b"]), column="x")
add(E, "with a row condition", Table({"x": [1, None, None], "k": [1, 2, 3]}), column="x",
    row_condition={"type": "comparison", "column": {"name": "k"}, "operator": ">=", "parameter": 2})

E = "expect_column_values_to_be_unique"
add(E, "passing", x("string", ["a", "b", "c"]), column="x")
add(E, "passing, with nulls: nulls are no duplicates", x("string", [None, "a", "b", None]), column="x")
add(E, "failing, with nulls", x("string", ["a", None, "z", "b", None, "z"]), column="x")
add(E, "all null", x("string", [None, None, None]), column="x")
add(E, "empty", x("string", []), column="x")
add(E, "duplicates, all of them unexpected", x("number", [1, 2, 2, 3, 3, 3, None, None]), column="x")
add(E, "mostly, exactly at: both duplicates count", x("number", [1, 2, 3, 3, None]), column="x", mostly=0.5)
add(E, "mostly, just below: both duplicates count", x("number", [1, 2, 3, 3, None]), column="x", mostly=0.51)
add(E, "case and spaces matter", x("string", ["a", "A", "a "]), column="x")
add(E, "0 and -0", x("number", [0.0, -0.0, 1]), column="x")
add(E, "1 and '1' and true in one column", x("mixed", [1, "1", True]), column="x")
add(E, "datetimes", x("datetime", [DT("2024-01-01T00:00:00"), DT("2024-01-01T00:00:00"), None]), column="x")
add(E, "integers without nulls", x("integer", [1, 2, 3, 1]), column="x")

E = "expect_column_values_to_be_in_set"
column_map(E, "string", ["a", "b", "c"], ["z", "y"], value_set=["a", "b", "c"])
add(E, "numbers", x("number", [1, 2, None, 4]), column="x", value_set=[1, 2, 3])
add(E, "empty set", x("number", [1, None]), column="x", value_set=[])
add(E, "null in the set", x("number", [1, None]), column="x", value_set=[1, None])
add(E, "numbers as strings in the set", x("number", [1, 2]), column="x", value_set=["1", "2"])
add(E, "numbers in the set, strings in the column", x("string", ["1", "2"]), column="x", value_set=[1, 2])
add(E, "true and 1", x("boolean", [True, False]), column="x", value_set=[1, 0])
add(E, "datetimes, set of strings", x("datetime", [DT("2024-01-01T00:00:00"), DT("2024-01-02T00:00:00")]), column="x",
    value_set=["2024-01-01", "2024-01-03"])
add(E, "case matters", x("string", ["A"]), column="x", value_set=["a"])
add(E, "Infinity", x("number", [INF, -INF]), column="x", value_set=[INF])
add(E, "failing, repeated values", x("string", ["q", "p", "q", "a", None, "p", "q"]), column="x", value_set=["a"])
add(E, "failing, unlike types", x("mixed", ["q", 1, "q", None]), column="x", value_set=["a"])

E = "expect_column_values_to_not_be_in_set"
column_map(E, "string", ["a", "b", "c"], ["z", "y"], value_set=["y", "z"])
add(E, "numbers", x("number", [1, 2, None, 4]), column="x", value_set=[4, 5])
add(E, "empty set", x("number", [1, None]), column="x", value_set=[])
add(E, "null in the set", x("number", [1, None]), column="x", value_set=[None])
add(E, "datetimes, set of strings", x("datetime", [DT("2024-01-01T00:00:00"), DT("2024-01-02T00:00:00")]), column="x",
    value_set=["2024-01-01", "2024-01-03"])

for bad, mostly in ((1, 0.9), (3, 0.7), (4, 0.6), (7, 0.3)):
    add("expect_column_values_to_be_in_set", f"mostly {mostly} of 10, exactly at: not 1 - mostly, which is less",
        x("number", [0] * bad + [1] * (10 - bad)), column="x", value_set=[1], mostly=mostly)
add("expect_column_values_to_be_unique", "with a row condition: unique among the rows it takes",
    Table({"x": [1, 1, 2], "k": [1, 2, 2]}), column="x",
    row_condition={"type": "comparison", "column": {"name": "k"}, "operator": "==", "parameter": 2})

# column map: order and ranges

E = "expect_column_values_to_be_between"
column_map(E, "number", [1, 2, 3], [9, -9], min_value=1, max_value=3)
for strict_min, strict_max in ((True, False), (False, True), (True, True)):
    add(E, f"strict_min {strict_min}, strict_max {strict_max}".lower(), x("number", [1, 2, 3, None]), column="x",
        min_value=1, max_value=3, strict_min=strict_min, strict_max=strict_max)
add(E, "lower bound alone", x("number", [0, 1, None]), column="x", min_value=1)
add(E, "upper bound alone, strict", x("number", [0, 1, None]), column="x", max_value=1, strict_max=True)
add(E, "strict without its bound", x("number", [0, 1]), column="x", max_value=1, strict_min=True)
add(E, "no bounds", x("number", [1]), column="x")
add(E, "bounds crossed", x("number", [1]), column="x", min_value=3, max_value=1)
add(E, "Infinity is out of finite bounds", x("number", [1, INF, -INF]), column="x", min_value=0, max_value=5)
add(E, "infinite bound", x("number", [1, INF]), column="x", min_value=0, max_value=INF)
add(E, "strings in the column", x("string", ["1", "2"]), column="x", min_value=0, max_value=5)
add(E, "one string among numbers", x("mixed", [1, "2", None]), column="x", min_value=0, max_value=5)
add(E, "string bounds", x("string", ["b", "c"]), column="x", min_value="a", max_value="d")
add(E, "booleans", x("boolean", [True, False]), column="x", min_value=0, max_value=0.5)
add(E, "integers", x("integer", [1, 2, 5]), column="x", min_value=1, max_value=4)
DAYS = [DT("2024-01-01T00:00:00"), DT("2024-01-02T12:00:00"), None, DT("2024-01-05T00:00:00")]
add(E, "datetimes, bounds as datetimes", x("datetime", DAYS), column="x", min_value=DT("2024-01-01T00:00:00"),
    max_value=DT("2024-01-02T12:00:00"))
add(E, "datetimes, bounds as ISO datetimes", x("datetime", DAYS), column="x", min_value="2024-01-01T00:00:00",
    max_value="2024-01-02T12:00:00")
add(
    E, "datetimes, bounds as ISO dates", x("datetime", DAYS), column="x", min_value="2024-01-01", max_value="2024-01-03"
)
add(E, "dates, bounds as dates", x("date", [D("2024-01-01"), D("2024-01-09"), None]), column="x",
    min_value=D("2024-01-01"), max_value=D("2024-01-05"))
add(E, "ISO dates as strings", x("string", ["2024-01-01", "2024-01-09"]), column="x", min_value="2024-01-01",
    max_value="2024-01-05")
add(E, "with a row condition", Table({"x": [1, 9, 9, None], "k": [1, 2, 3, 1]}), column="x", min_value=0, max_value=5,
    row_condition={"type": "comparison", "column": {"name": "k"}, "operator": "<", "parameter": 3})
add(E, "with a row condition that takes no row", Table({"x": [1, 9], "k": [1, 2]}), column="x", min_value=0,
    max_value=5, row_condition={"type": "comparison", "column": {"name": "k"}, "operator": ">", "parameter": 3})
CONDITION_TABLE = {"x": [1, 9, 9, 9, 2], "k:string": ["a", "b", None, "a", "c"], "n": [1, 2, 3, None, 5]}
for name, condition in {
    "and": {
        "type": "and",
        "conditions": [
            {"type": "comparison", "column": {"name": "k"}, "operator": "!=", "parameter": "b"},
            {"type": "comparison", "column": {"name": "n"}, "operator": "<=", "parameter": 3},
        ],
    },
    "or": {
        "type": "or",
        "conditions": [
            {"type": "comparison", "column": {"name": "k"}, "operator": "==", "parameter": "b"},
            {"type": "comparison", "column": {"name": "n"}, "operator": ">", "parameter": 3},
        ],
    },
    "or of ands": {
        "type": "or",
        "conditions": [
            {
                "type": "and",
                "conditions": [
                    {"type": "comparison", "column": {"name": "k"}, "operator": "==", "parameter": "a"},
                    {"type": "nullity", "column": {"name": "n"}, "is_null": False},
                ],
            },
            {"type": "comparison", "column": {"name": "n"}, "operator": "==", "parameter": 2},
        ],
    },
    "or within and": {
        "type": "and",
        "conditions": [
            {
                "type": "or",
                "conditions": [{"type": "comparison", "column": {"name": "n"}, "operator": "==", "parameter": 2}],
            },
            {"type": "nullity", "column": {"name": "n"}, "is_null": False},
        ],
    },
    "in": {"type": "comparison", "column": {"name": "k"}, "operator": "IN", "parameter": ["a", "c"]},
    "not in, nulls pass": {
        "type": "comparison",
        "column": {"name": "k"},
        "operator": "NOT_IN",
        "parameter": ["a", "b"],
    },
    "not equal, nulls pass": {"type": "comparison", "column": {"name": "n"}, "operator": "!=", "parameter": 1},
    "is null": {"type": "nullity", "column": {"name": "n"}, "is_null": True},
    "is not null": {"type": "nullity", "column": {"name": "n"}, "is_null": False},
}.items():
    add(E, f"row condition: {name}", Table(CONDITION_TABLE), column="x", min_value=0, max_value=5,
        row_condition=condition)
for text in ('col("k") == "a"', 'col("n") > 1.5', 'col("k").notnull()', 'col("n") > 1 and col("n") < 3'):
    add(E, f"row condition of the old grammar: {text}", Table(CONDITION_TABLE), column="x", min_value=0, max_value=5,
        row_condition=text, condition_parser="great_expectations")
add(E, "row condition: pandas query", Table(CONDITION_TABLE), column="x", min_value=0, max_value=5,
    row_condition="n > 1 and k != 'c'", condition_parser="pandas")

for E, up in (("expect_column_values_to_be_increasing", True), ("expect_column_values_to_be_decreasing", False)):

    def turned(values):
        return [None if value is None else value if up else -value for value in values]

    for name, values, kwargs in [
        ("passing", [1, 2, 3], {}),
        ("passing, equal neighbours", [1, 1, 2], {}),
        ("passing, with nulls: neighbours are those without nulls", [1, None, 2, None, 3], {}),
        ("failing, with nulls", [1, 3, None, 2, 4], {}),
        ("failing: one fall, measured from the neighbour only", [1, 9, 2, 3, 4], {}),
        ("strictly, passing", [1, 2, 3], {"strictly": True}),
        ("strictly, equal neighbours", [1, 1, 2], {"strictly": True}),
        ("all null", [None, None], {}),
        ("empty", [], {}),
        ("one value", [5], {"strictly": True}),
        ("mostly, exactly at", [1, 2, 1, None, 5], {"mostly": 0.75}),
        ("mostly, just below", [1, 2, 1, None, 5], {"mostly": 0.76}),
        ("Infinity", [-INF, 0, INF, INF], {}),
    ]:
        add(E, name, x("number", turned(values)), column="x", **kwargs)
    ordered = [DT("2024-01-01T00:00:00"), DT("2024-01-02T00:00:00"), DT("2024-01-02T00:00:00")]
    add(E, "datetimes", x("datetime", ordered if up else ordered[::-1]), column="x")
    add(E, "datetimes, strictly", x("datetime", ordered if up else ordered[::-1]), column="x", strictly=True)
    add(E, "strings", x("string", ["a", "b"]), column="x")
    add(E, "integers", x("integer", turned([1, 2, 1])), column="x")

E = "expect_column_value_z_scores_to_be_less_than"
SPREAD = [1, 2, 3, 2, 1, 2, 3, 2, None, 20]
add(E, "passing", x("number", [1, 2, 3, None]), column="x", threshold=2, double_sided=True)
add(E, "failing, with nulls", x("number", SPREAD), column="x", threshold=2, double_sided=True)
add(E, "mostly, exactly at", x("number", SPREAD), column="x", threshold=2, double_sided=True, mostly=8 / 9)
add(E, "mostly, just below", x("number", SPREAD), column="x", threshold=2, double_sided=True, mostly=0.89)
add(E, "a low outlier, double sided", x("number", [-20, 2, 3, 2, 1, 2, 3, 2]), column="x", threshold=2,
    double_sided=True)
add(E, "a low outlier, one sided", x("number", [-20, 2, 3, 2, 1, 2, 3, 2]), column="x", threshold=2, double_sided=False)
add(E, "score exactly at the threshold", x("number", [1, 2, 3]), column="x", threshold=1, double_sided=True)
add(E, "negative threshold, double sided", x("number", [1, 2, 3]), column="x", threshold=-2, double_sided=True)
add(E, "negative threshold, one sided", x("number", [1, 2, 3]), column="x", threshold=-2, double_sided=False)
add(E, "no spread", x("number", [2, 2, 2]), column="x", threshold=1, double_sided=True)
add(E, "one value", x("number", [2]), column="x", threshold=1, double_sided=True)
add(E, "all null", x("number", [None, None]), column="x", threshold=1, double_sided=True)
add(E, "empty", x("number", []), column="x", threshold=1, double_sided=True)
add(E, "strings", x("string", ["a", "b"]), column="x", threshold=1, double_sided=True)
add(E, "Infinity", x("number", [1, 2, INF]), column="x", threshold=1, double_sided=True)

E = "expect_column_values_to_not_be_outliers"
OUTLIER = [1, 2, 3, 4, 5, None, 100]
add(E, "passing", x("number", [1, 2, 3, 4, None]), column="x")
add(E, "failing, with nulls (iqr)", x("number", OUTLIER), column="x")
add(E, "failing, with nulls (std)", x("number", OUTLIER), column="x", method="std", multiplier=2)
add(E, "mostly, exactly at", x("number", OUTLIER), column="x", mostly=5 / 6)
add(E, "mostly, just below", x("number", OUTLIER), column="x", mostly=0.84)
add(E, "iqr: exactly at the fence is in", x("number", [0, 1, 2, 3, 6]), column="x")
add(E, "iqr: just past the fence is out", x("number", [0, 1, 2, 3, 6.001]), column="x")
add(E, "iqr: quartiles are interpolated", x("number", [1, 2, 3, 10]), column="x", multiplier=1)
add(E, "iqr: multiplier 0", x("number", [1, 2, 3, 4, 5]), column="x", multiplier=0)
add(E, "std: exactly at the threshold is out", x("number", [1, 2, 3]), column="x", method="std", multiplier=1)
add(E, "std: no spread", x("number", [2, 2, 2]), column="x", method="std")
add(E, "iqr: no spread", x("number", [2, 2, 2, 2, 9]), column="x")
add(E, "one value (std)", x("number", [2]), column="x", method="std")
add(E, "one value (iqr)", x("number", [2]), column="x")
add(E, "all null", x("number", [None, None]), column="x")
add(E, "empty", x("number", []), column="x")
add(E, "negative multiplier", x("number", [1]), column="x", multiplier=-1)
add(E, "Infinity (iqr)", x("number", [1, 2, 3, 4, INF]), column="x")
add(E, "Infinity (std)", x("number", [1, 2, 3, 4, INF]), column="x", method="std")
add(E, "strings", x("string", ["a", "b"]), column="x")

# column map: strings

E = "expect_column_value_lengths_to_be_between"
column_map(E, "string", ["ab", "abc", "abcd"], ["a", "abcde"], min_value=2, max_value=4)
for strict_min, strict_max in ((True, False), (False, True), (True, True)):
    add(E, f"strict_min {strict_min}, strict_max {strict_max}".lower(), x("string", ["ab", "abc", "abcd", None]),
        column="x", min_value=2, max_value=4, strict_min=strict_min, strict_max=strict_max)
add(E, "lower bound alone", x("string", ["", "a"]), column="x", min_value=1)
add(E, "upper bound alone, strict", x("string", ["", "a"]), column="x", max_value=1, strict_max=True)
add(E, "no bounds", x("string", ["a"]), column="x")
add(E, "lengths are code points", x("string", ["😀", "e\u0301", "é", "👩‍👩‍👧"]), column="x", min_value=1, max_value=1)
add(E, "integers: the length of their text", x("integer", [7, 42, -42]), column="x", min_value=2, max_value=2)
add(E, "numbers: the length of their text", x("number", [7, 42.5]), column="x", min_value=3, max_value=3)
add(E, "booleans: the length of their text", x("boolean", [True, False]), column="x", min_value=4, max_value=4)

E = "expect_column_value_lengths_to_equal"
column_map(E, "string", ["abc", "bcd", "cde"], ["a", "abcde"], value=3)
add(E, "lengths are code points", x("string", ["😀", "e\u0301", "é"]), column="x", value=1)
add(E, "a length that is no integer", x("string", ["abc"]), column="x", value=2.5)
add(E, "integers: the length of their text", x("integer", [7, 42]), column="x", value=2)

E = "expect_column_values_to_match_regex"
column_map(E, "string", ["abc", "abd", "xab"], ["zzz", "yyy"], regex="ab")
add(E, "anywhere in the value, unless anchored", x("string", ["xab", "abx"]), column="x", regex="^ab")
add(E, "the default regex", x("string", ["", "a\nb", None]), column="x")
add(E, "$ before a last newline", x("string", ["ab\n", "ab"]), column="x", regex="b$")
add(E, "dot and newlines", x("string", ["a\nb"]), column="x", regex="a.b")
add(E, "an empty string", x("string", ["", "a"]), column="x", regex="^$")
add(E, "case matters", x("string", ["AB", "ab"]), column="x", regex="ab")
add(E, "inline flag", x("string", ["AB", "ab"]), column="x", regex="(?i)ab")
add(E, "digits of other scripts are digits", x("string", ["١", "1"]), column="x", regex=r"^\d$")
add(E, "numbers: their text", x("integer", [12, 3]), column="x", regex="^1")
add(E, "no regex at all", x("string", ["("]), column="x", regex="(")

E = "expect_column_values_to_not_match_regex"
column_map(E, "string", ["abc", "abd", "xab"], ["zzz", "yyy"], regex="z|y")
add(E, "anchored", x("string", ["xab", "abx"]), column="x", regex="^ab")
add(E, "numbers: their text", x("integer", [12, 3]), column="x", regex="^1")

E = "expect_column_values_to_match_regex_list"
column_map(E, "string", ["abc", "xyz", "xab"], ["zzz", "qqq"], regex_list=["ab", "^x"])
for match_on in ("any", "all"):
    add(E, f"match_on {match_on}", x("string", ["ab", "bc", "abc", None, "q"]), column="x", regex_list=["ab", "bc"],
        match_on=match_on)
add(E, "no regex in the list", x("string", ["a"]), column="x", regex_list=[])

E = "expect_column_values_to_not_match_regex_list"
column_map(E, "string", ["abc", "xyz", "xab"], ["qqq", "ppp"], regex_list=["q", "^p"])
add(E, "one of two matches", x("string", ["ab", "bc", "abc", None, "q"]), column="x", regex_list=["ab", "bc"])
add(E, "no regex in the list", x("string", ["a"]), column="x", regex_list=[])

LIKE = {"engine": "sqlite"}
E = "expect_column_values_to_match_like_pattern"
column_map(E, "string", ["abc", "abd", "xab"], ["zzz", "yyy"], like_pattern="%ab%", **LIKE)
add(E, "the whole value", x("string", ["ab", "abc", "xab"]), column="x", like_pattern="ab", **LIKE)
add(E, "_ is one character", x("string", ["ab", "a", "abc", "a😀"]), column="x", like_pattern="a_", **LIKE)
add(E, "% matches nothing too", x("string", ["", "a\nb"]), column="x", like_pattern="%", **LIKE)
add(
    E, "a backslash is no escape unless asked for", x("string", ["a%", "a\\b"]), column="x", like_pattern="a\\%", **LIKE
)
add(E, "escape", x("string", ["a%", "ab", "a!%"]), column="x", like_pattern="a!%", escape="!", **LIKE)
add(E, "escape of two characters", x("string", ["a%"]), column="x", like_pattern="a!%", escape="!!", **LIKE)
add(E, "SQLite's LIKE: ASCII letters without case", x("string", ["AB", "ab"]), column="x", like_pattern="ab", **LIKE)
add(E, "pandas has no LIKE", x("string", ["ab"]), column="x", like_pattern="ab")

E = "expect_column_values_to_not_match_like_pattern"
column_map(E, "string", ["abc", "abd", "xab"], ["zzz", "zyy"], like_pattern="z%", **LIKE)
add(E, "escape", x("string", ["a%", "ab", "a!%"]), column="x", like_pattern="a!%", escape="!", **LIKE)

E = "expect_column_values_to_match_like_pattern_list"
column_map(E, "string", ["abc", "xyz", "xab"], ["zzz", "qqq"], like_pattern_list=["ab%", "x%"], **LIKE)
for match_on in ("any", "all"):
    add(E, f"match_on {match_on}", x("string", ["ab", "bc", "abc", None, "q"]), column="x",
        like_pattern_list=["%ab%", "%bc%"], match_on=match_on, **LIKE)
add(E, "no pattern in the list", x("string", ["a"]), column="x", like_pattern_list=[], **LIKE)

E = "expect_column_values_to_not_match_like_pattern_list"
column_map(E, "string", ["abc", "xyz", "xab"], ["qqq", "ppp"], like_pattern_list=["q%", "p%"], **LIKE)
add(E, "one of two matches", x("string", ["ab", "bc", "abc", None, "q"]), column="x",
    like_pattern_list=["%ab%", "%bc%"], **LIKE)
add(E, "no pattern in the list", x("string", ["a"]), column="x", like_pattern_list=[], **LIKE)

E = "expect_column_values_to_match_strftime_format"
column_map(
    E, "string", ["2024-01-31", "2024-02-29", "1999-12-01"], ["2024-02-30", "31.1.2024"], strftime_format="%Y-%m-%d"
)
add(E, "leading zeros are optional", x("string", ["2024-1-2", "2024-01-02", "24-01-02"]), column="x",
    strftime_format="%Y-%m-%d")
add(E, "the whole value", x("string", ["2024-01-02 ", "2024-01-02T00:00", " 2024-01-02"]), column="x",
    strftime_format="%Y-%m-%d")
add(E, "time and zone", x("string", ["2024-01-02 23:59:60 +0100", "2024-01-02 24:00:00 +0100"]), column="x",
    strftime_format="%Y-%m-%d %H:%M:%S %z")
add(E, "names of months, without case", x("string", ["2 Jan 2024", "2 JAN 2024", "2 January 2024"]), column="x",
    strftime_format="%d %b %Y")
add(E, "a directive that is none", x("string", ["a"]), column="x", strftime_format="%Q")
add(E, "numbers in the column", x("integer", [2024]), column="x", strftime_format="%Y")

E = "expect_column_values_to_be_dateutil_parseable"
column_map(E, "string", ["2024-01-31", "31 Jan 2024", "10:30"], ["nope", "2024-13-45"])
add(E, "what dateutil takes", x("string", ["2024", "1", "Monday", "1/2/3", "20240131T101112Z", "12pm"]), column="x")
add(E, "what dateutil does not take", x("string", ["", " ", "2024-02-30", "25:00", "99999999999999999999"]), column="x")
add(E, "numbers in the column", x("integer", [2024]), column="x")
add(E, "datetimes in the column", x("datetime", DAYS), column="x")

E = "expect_column_values_to_be_json_parseable"
column_map(E, "string", ['{"a": 1}', "[1]", "null"], ["{a: 1}", "nope"])
add(E, "scalars", x("string", ["1", '"a"', "true", " 1 "]), column="x")
add(E, "not JSON by its RFC, but Python takes it", x("string", ["NaN", "-Infinity", '{"a": NaN}']), column="x")
add(E, "not JSON", x("string", ["", "01", "'a'", "[1,]", "True", "\ufeff1"]), column="x")
add(E, "values that are no strings", x("integer", [1, 2]), column="x")

E = "expect_column_values_to_match_json_schema"
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer", "minimum": 0}}, "required": ["a"]}
column_map(E, "string", ['{"a": 1}', '{"a": 2, "b": 3}', '{"a": 1.0}'], ['{"a": -1}', '{"b": 1}'], json_schema=SCHEMA)
add(E, "a value that is no JSON", x("string", ['{"a": 1}', "nope"]), column="x", json_schema=SCHEMA)
add(E, "the empty schema", x("string", ["1", "null"]), column="x", json_schema={})
add(E, "a schema that is none", x("string", ["1"]), column="x", json_schema={"type": "nope"})
add(E, "formats are not checked", x("string", ['"nope"']), column="x", json_schema={"type": "string", "format": "date"})
JSONS = ["1", "1.0", "1.5", "-0", "1e3", "true", "null", '"a"', '"\U0001f600"', '"ab"', "[]", "[1]", '[1, "a"]', "[1, 1]",
         "[1, 1.0]", "[0, false]", "{}", '{"a": 1}', '{"a": 1, "b": {"a": "x"}}', '{"b": null}', '{"ab": 1}',
         "123456789012345678"]
DRAFT = "http://json-schema.org/draft-0%d/schema#"
RECURSIVE = {"properties": {"b": {"$ref": "#/$defs/a"}, "a": {"type": "integer"}}}
for name, schema in {
    "type": {"type": ["integer", "null"]},
    "number": {"type": "number", "exclusiveMinimum": 0, "maximum": 1.5},
    "multipleOf": {"multipleOf": 0.5},
    "enum and const": {"anyOf": [{"enum": [1, "a", [], None]}, {"const": {"a": 1}}]},
    "lengths are of code points": {"minLength": 1, "maxLength": 1},
    "pattern": {"pattern": "^a"},
    "items": {"items": {"type": "integer"}, "minItems": 1},
    "prefixItems": {"prefixItems": [{"const": 1}, {"type": "string"}], "items": False},
    "draft 7 items": {"$schema": DRAFT % 7, "items": [{"const": 1}], "additionalItems": False},
    "draft 4 exclusiveMinimum": {"$schema": DRAFT % 4, "minimum": 1, "exclusiveMinimum": True},
    "uniqueItems": {"uniqueItems": True},
    "contains": {"contains": {"const": 1}, "maxContains": 1},
    "properties": {"properties": {"a": {"type": "integer"}}, "additionalProperties": False},
    "patternProperties": {"patternProperties": {"^a": {"type": "string"}}, "propertyNames": {"maxLength": 1}},
    "required and dependentRequired": {"dependentRequired": {"b": ["a"]}, "maxProperties": 1},
    "a reference, again and again": {"$ref": "#/$defs/a", "$defs": {"a": RECURSIVE}},
    "if, then, else": {"if": {"type": "number"}, "then": {"minimum": 1}, "else": {"type": ["string", "object"]}},
    "oneOf and not": {"oneOf": [{"type": "number"}, {"minimum": 1}], "not": {"const": 1.5}},
    "unevaluatedProperties": {"allOf": [{"properties": {"a": True}}], "unevaluatedProperties": False},
}.items():
    add(E, f"keywords: {name}", x("string", JSONS), column="x", json_schema=schema)

# types: on pandas a column's dtype, unless that is object

E = "expect_column_values_to_be_of_type"
for type_ in ("float64", "float", "float_", "FLOAT", "int64", "number"):
    add(E, f"numbers: {type_}", x("number", [1.5, None]), column="x", type_=type_)
for type_ in ("int64", "int", "float64"):
    add(E, f"integers: {type_}", x("integer", [1, 2]), column="x", type_=type_)
for type_ in ("str", "object", "string", "StringDtype"):
    add(E, f"strings: {type_}", x("string", ["a", None]), column="x", type_=type_)
for type_ in ("bool", "int"):
    add(E, f"booleans: {type_}", x("boolean", [True, False]), column="x", type_=type_)
for type_ in ("datetime64", "datetime64[ns]", "Timestamp"):
    add(E, f"datetimes: {type_}", x("datetime", DAYS), column="x", type_=type_)
for type_ in ("str", "int", "bool", "object", "list"):
    add(E, f"mixed: {type_}", x("mixed", ["a", 1, True, None, "b"]), column="x", type_=type_)
add(E, "mixed, mostly, exactly at", x("mixed", ["a", "b", "c", None, 1]), column="x", type_="str", mostly=0.75)
add(E, "mixed, mostly, just below", x("mixed", ["a", "b", "c", None, 1]), column="x", type_="str", mostly=0.76)
add(E, "mixed, all null", x("mixed", [None, None]), column="x", type_="str")
add(E, "mixed, empty", x("mixed", []), column="x", type_="str")
add(E, "number, empty", x("number", []), column="x", type_="float64")

E = "expect_column_values_to_be_in_type_list"
for types in (["int64", "float64"], ["str", "int"], ["float"], ["nope"]):
    add(E, f"numbers: {', '.join(types)}", x("number", [1.5, None]), column="x", type_list=types)
add(E, "strings", x("string", ["a", None]), column="x", type_list=["str"])
add(E, "no list", x("number", [1]), column="x", type_list=None)
add(E, "empty list", x("number", [1]), column="x", type_list=[])
for types in (["str", "int"], ["str"], ["nope"]):
    add(E, f"mixed: {', '.join(types)}", x("mixed", ["a", 1, 1.5, None, True]), column="x", type_list=types)
add(E, "mixed, mostly, exactly at", x("mixed", ["a", 1, "c", None, 1.5]), column="x", type_list=["str", "int"],
    mostly=0.75)
add(E, "mixed, mostly, just below", x("mixed", ["a", 1, "c", None, 1.5]), column="x", type_list=["str", "int"],
    mostly=0.76)
add(E, "mixed, all null", x("mixed", [None, None]), column="x", type_list=["str"])
add(E, "mixed, empty", x("mixed", []), column="x", type_list=["str"])

E = "expect_column_type_to_be"
for kind, values, types in [
    ("number", [1.5, None], ("float64", "float", "int64", "nope")),
    ("integer", [1, 2], ("int64", "int", "float64")),
    ("integer", [1, None], ("int64", "float64")),
    ("string", ["a", None], ("str", "object", "string")),
    ("boolean", [True], ("bool",)),
    ("boolean", [True, None], ("bool", "object")),
    ("datetime", DAYS, ("datetime64[ns]", "datetime64", "datetime64[us]")),
    ("mixed", ["a", 1], ("object", "str")),
    ("number", [None], ("float64",)),
    ("number", [], ("float64",)),
]:
    nulls = (
        "empty" if not values else "all null" if values == [None] else "with nulls" if None in values else "no nulls"
    )
    for type_ in types:
        add(E, f"{kind}, {nulls}: {type_}", x(kind, values), column="x", type_=type_)
add(E, "no such column", x("number", [1]), column="y", type_="float64")

# column aggregates

E = "expect_column_min_to_be_between"
aggregate(E, 0, 5)
bounds_at(E, 1)
add(E, "Infinity", x("number", [INF, -INF, 1]), column="x", max_value=0)
add(E, "strings", x("string", ["b", "a", None]), column="x", min_value=0)
add(E, "strings, no bounds", x("string", ["b", "a", None]), column="x")
add(E, "booleans", x("boolean", [True, True]), column="x", min_value=1, max_value=1)
E = "expect_column_max_to_be_between"
aggregate(E, 5, 7)
bounds_at(E, 6)
add(E, "Infinity", x("number", [INF, -INF, 1]), column="x", max_value=9)
add(E, "with a row condition", Table({"x": [1, 9, None], "k": [1, 2, 1]}), column="x", max_value=5,
    row_condition={"type": "comparison", "column": {"name": "k"}, "operator": "==", "parameter": 1})
for E in ("expect_column_min_to_be_between", "expect_column_max_to_be_between"):
    add(E, "datetimes, bounds as datetimes", x("datetime", DAYS), column="x", min_value=DT("2024-01-01T00:00:00"),
        max_value=DT("2024-01-05T00:00:00"))
    add(E, "datetimes, bounds as ISO datetimes", x("datetime", DAYS), column="x", min_value="2024-01-01T00:00:00",
        max_value="2024-01-02T00:00:00")
    add(E, "datetimes, bounds as ISO dates", x("datetime", DAYS), column="x", min_value="2024-01-01")
    add(E, "dates, bounds as dates", x("date", [D("2024-01-01"), D("2024-01-09")]), column="x",
        min_value=D("2024-01-01"), max_value=D("2024-01-05"))
    add(E, "no such column", x("number", [1]), column="y", min_value=0)

E = "expect_column_mean_to_be_between"
aggregate(E, 2, 4)
bounds_at(E, 3)
add(E, "booleans", x("boolean", [True, False]), column="x", min_value=0.5, max_value=0.5)
add(E, "Infinity", x("number", [INF, -INF, 1]), column="x", min_value=0)
add(E, "strings", x("string", ["a", "b"]), column="x", min_value=0)
add(E, "integers", x("integer", [1, 2]), column="x", min_value=1.5, max_value=1.5)
add(E, "cancellation", x("number", [1e16, 1, -1e16]), column="x", min_value=0)

E = "expect_column_median_to_be_between"
aggregate(E, 2, 4)
bounds_at(E, 2.5)
add(E, "an odd number of values", x("number", [5, 1, None, 3]), column="x", min_value=3, max_value=3)
add(E, "strings", x("string", ["a", "b"]), column="x", min_value=0)

E = "expect_column_sum_to_be_between"
aggregate(E, 10, 13)
bounds_at(E, 12)
add(E, "booleans", x("boolean", [True, True, False]), column="x", min_value=2, max_value=2)
add(E, "0.1 ten times", x("number", [0.1] * 10), column="x", min_value=1, max_value=1)
add(E, "Infinity and -Infinity", x("number", [INF, -INF]), column="x", min_value=0)
add(E, "strings", x("string", ["a", "b"]), column="x", min_value=0)

E = "expect_column_stdev_to_be_between"
aggregate(E, 1, 3)
bounds_at(E, 1, values=(1, 2, None, 3))
add(E, "one value", x("number", [5]), column="x", min_value=0)
add(E, "one value beside nulls", x("number", [5, None]), column="x", min_value=0)
add(E, "no spread", x("number", [5, 5]), column="x", min_value=0, max_value=0)
add(E, "strings", x("string", ["a", "b"]), column="x", min_value=0)

E = "expect_column_unique_value_count_to_be_between"
aggregate(E, 3, 5)
bounds_at(E, 4)
add(E, "strings", x("string", ["a", "a", "b", None]), column="x", min_value=2, max_value=2)
add(E, "1 and '1' and true in one column", x("mixed", [1, "1", True, None]), column="x", min_value=1)

E = "expect_column_proportion_of_unique_values_to_be_between"
aggregate(E, 0.5, 0.9, values=(1, 2, None, 2, 3))
bounds_at(E, 0.75, values=(1, 2, None, 2, 3))
add(E, "strings", x("string", ["a", "a", "b", None]), column="x", min_value=0.6, max_value=0.7)

E = "expect_column_proportion_of_non_null_values_to_be_between"
aggregate(E, 0.5, 0.9, values=(1, 2, None, 2))
bounds_at(E, 0.75, values=(1, 2, None, 2))
add(E, "NaN is null", x("number", [1, NAN]), column="x", min_value=0.5, max_value=0.5)
add(E, "with a row condition", Table({"x": [1, None, None, None], "k": [1, 1, 2, 2]}), column="x", min_value=0.5,
    max_value=0.5, row_condition={"type": "comparison", "column": {"name": "k"}, "operator": "==", "parameter": 1})

E = "expect_column_most_common_value_to_be_in_set"
add(E, "passing", x("string", ["a", "a", "b", None, None, None]), column="x", value_set=["a"])
add(E, "failing, with nulls", x("string", ["a", "a", "b", None]), column="x", value_set=["b"])
for ties_okay in (None, False, True):
    add(E, f"a tie, both in the set, ties_okay {ties_okay}".lower(), x("string", ["b", "a", "c", "b", "a"]), column="x",
        value_set=["a", "b"], **({} if ties_okay is None else {"ties_okay": ties_okay}))
    add(E, f"a tie, one in the set, ties_okay {ties_okay}".lower(), x("string", ["b", "a", "c", "b", "a"]), column="x",
        value_set=["a"], **({} if ties_okay is None else {"ties_okay": ties_okay}))
add(E, "a tie, none in the set, ties_okay true", x("string", ["b", "a"]), column="x", value_set=["z"], ties_okay=True)
add(E, "numbers", x("number", [1, 1, 2, None]), column="x", value_set=[1, 3])
add(E, "all null", x("string", [None, None]), column="x", value_set=["a"])
add(E, "all null, ties_okay true", x("string", [None, None]), column="x", value_set=["a"], ties_okay=True)
add(E, "empty", x("string", []), column="x", value_set=["a"])
add(E, "empty set", x("string", ["a"]), column="x", value_set=[])

for E, good, less, more in [
    ("expect_column_distinct_values_to_be_in_set", ["a", "b"], ["a"], ["a", "b", "c"]),
    ("expect_column_distinct_values_to_contain_set", ["a", "b"], ["a"], ["a", "b", "d", "c"]),
    ("expect_column_distinct_values_to_equal_set", ["a", "b"], ["a"], ["a", "b", "d", "c"]),
]:
    values = ["b", "a", None, "a"]
    add(E, "the set exactly, with nulls", x("string", values), column="x", value_set=good)
    add(E, "less in the set", x("string", values), column="x", value_set=less)
    add(E, "more in the set", x("string", values), column="x", value_set=more)
    add(E, "the set apart", x("string", values), column="x", value_set=["z"])
    add(E, "all null", x("string", [None, None]), column="x", value_set=good)
    add(E, "empty", x("string", []), column="x", value_set=good)
    add(E, "empty set", x("string", values), column="x", value_set=[])
    add(E, "empty set, empty column", x("string", []), column="x", value_set=[])
    add(E, "numbers", x("number", [1, 2, None, 2.0]), column="x", value_set=[1, 2])
    add(E, "numbers as strings in the set", x("number", [1, 2]), column="x", value_set=["1", "2"])
    add(E, "null in the set", x("number", [1, None]), column="x", value_set=[1, None])
    add(E, "datetimes, set of strings", x("datetime", [DT("2024-01-01T00:00:00"), None]), column="x",
        value_set=["2024-01-01"])

E = "expect_column_quantile_values_to_be_between"


def quantiles(case, values, qs, ranges, **more):
    add(E, case, x("number", values), column="x", quantile_ranges={"quantiles": qs, "value_ranges": ranges}, **more)


TEN = [10, 1, 2, 3, None, 4, 5, 6, 7, 8, 9]
quantiles("passing, with nulls", TEN, [0, 0.5, 1], [[1, 1], [5, 6], [10, 10]])
quantiles("failing, with nulls", TEN, [0.1, 0.9], [[5, 6], [9, 10]])
quantiles("nearest by default, halves", [1, 2, 3, 4], [0.5], [[None, None]])
quantiles("nearest by default, an even half", [1, 2, 3, 4, 5, 6], [0.5, 0.1, 0.3], [[None, None]] * 3)
for interpolation in ("linear", "lower", "higher", "midpoint", "nearest"):
    quantiles(f"interpolation {interpolation}", [1, 2, 4, 8], [0.25, 0.5, 0.6], [[0, 9]] * 3,
        allow_relative_error=interpolation)
quantiles("allow_relative_error true", [1, 2], [0.5], [[0, 9]], allow_relative_error=True)
quantiles("an interpolation that is none", [1, 2], [0.5], [[0, 9]], allow_relative_error="nope")
quantiles("no lower bound, no upper bound", TEN, [0.5, 0.5], [[None, 6], [6, None]])
quantiles(
    "within 0.01% of a bound is in it", [10000, 10000], [0.5, 0.5, 0.5], [[10001, 20000], [10001.1, 20000], [0, 9999]]
)
quantiles("bounds crossed", TEN, [0.5], [[6, 5]])
quantiles("more quantiles than ranges", TEN, [0.5, 0.6], [[1, 5]])
quantiles("a quantile above 1", TEN, [1.5], [[1, 5]])
quantiles("one value", [3], [0, 0.5, 1], [[3, 3]] * 3)
quantiles("all null", [None, None], [0.5], [[0, 1]])
quantiles("empty", [], [0.5], [[0, 1]])
quantiles("empty, no bounds", [], [0.5], [[None, None]])
add(E, "strings", x("string", ["a", "b"]), column="x", quantile_ranges={"quantiles": [0.5], "value_ranges": [[0, 1]]})

E = "expect_column_kl_divergence_to_be_less_than"


def divergence(case, kind, values, partition, threshold, **more):
    add(E, case, x(kind, values), column="x", partition_object=partition, threshold=threshold, **more)


AB = {"values": ["a", "b"], "weights": [0.5, 0.5]}
divergence("categories, passing", "string", ["a", "b", None], AB, 0)
divergence("categories, failing, with nulls", "string", ["a", "a", "a", "b", None], AB, 0.1)
divergence("categories, threshold exactly at", "string", ["a", "a"], AB, math.log(2))
divergence("categories, one unknown", "string", ["a", "b", "c", "b"], AB, 9)
divergence(
    "categories, one unknown, tail_weight_holdout", "string", ["a", "b", "c", "b"], AB, 9, tail_weight_holdout=0.1
)
divergence("categories, two unknown share tail_weight_holdout", "string", ["a", "d", "c", "b"], AB, 0.4,
    tail_weight_holdout=0.2)
divergence("categories, one not seen", "string", ["a", "a"], AB, 0.7)
divergence("categories, internal_weight_holdout", "string", ["a"], AB, 1, internal_weight_holdout=0.1)
divergence("categories, all null", "string", [None, None], AB, 1)
divergence("categories, empty", "string", [], AB, 1)
divergence("categories, no threshold", "string", ["a", "a"], AB, None)
divergence("categories, no partition", "string", ["a", "a", "b"], None, 0, bucketize_data=False)
divergence("weights that do not sum to 1", "string", ["a"], {"values": ["a", "b"], "weights": [0.5, 0.4]}, 1)
BINS = {"bins": [0, 1, 2, 3], "weights": [0.25, 0.5, 0.25]}
HOLE = {"bins": [0, 1, 2, 3], "weights": [0.5, 0, 0.5]}
NUMBERS = [0.5, 1.5, 1.7, 2.5, None]
divergence("bins, passing, with nulls", "number", NUMBERS, BINS, 0)
divergence("bins, failing", "number", [0.5, 0.6, 0.7, 2.5], BINS, 0.1)
divergence("bins, edges: closed below, the last closed above", "number", [0, 1, 2, 3], BINS, 1)
divergence("bins, a value outside", "number", [0.5, 1.5, 2.5, 9], BINS, 9)
divergence("bins, a value outside, tail_weight_holdout", "number", [0.5, 1.5, 2.5, 9], BINS, 1, tail_weight_holdout=0.1)
divergence("bins, tail_weights", "number", [-1, 0.5, 1.5, 9],
    {"bins": [0, 1, 2], "weights": [0.4, 0.4], "tail_weights": [0.1, 0.1]}, 1)
divergence("bins, tail_weights and tail_weight_holdout", "number", [0.5],
    {"bins": [0, 1, 2], "weights": [0.4, 0.4], "tail_weights": [0.1, 0.1]}, 1, tail_weight_holdout=0.1)
divergence("bins, a hole", "number", NUMBERS, HOLE, 9)
divergence("bins, a hole, internal_weight_holdout", "number", NUMBERS, HOLE, 9, internal_weight_holdout=0.2)
divergence("bins, infinite on both sides", "number", [-5, 0.5, 9, 0.6],
    {"bins": [-INF, 0, 1, INF], "weights": [0.25, 0.5, 0.25]}, 0)
divergence("bins, infinite below", "number", [-5, 0.5, 9], {"bins": [-INF, 0, 1], "weights": [0.5, 0.5]}, 1,
    tail_weight_holdout=0.1)
divergence("bins, infinite above", "number", [-5, 0.5, 9], {"bins": [0, 1, INF], "weights": [0.5, 0.5]}, 1,
    tail_weight_holdout=0.1)
divergence("bins, bucketize_data false", "number", NUMBERS, BINS, 1, bucketize_data=False)
divergence("bins, no partition", "number", [1, 2, 3, 4, 10], None, 0)
divergence("bins, all null", "number", [None, None], BINS, 1)
divergence("bins, empty", "number", [], BINS, 1)

# pairs

PAIR_IGNORES = ("both_values_are_missing", "either_value_is_missing", "neither")
E = "expect_column_pair_values_to_be_equal"
add(E, "passing", ab("number", [1, 2], "number", [1, 2]), column_A="a", column_B="b")
add(E, "failing, with nulls", ab("number", [1, 2, None, 4, None], "number", [1, 3, 3, None, None]), column_A="a",
    column_B="b")
for ignore in PAIR_IGNORES:
    add(E, f"ignore_row_if {ignore}", ab("number", [1, 2, None, 4, None], "number", [1, 3, 3, None, None]),
        column_A="a", column_B="b", ignore_row_if=ignore)
add(E, "strings", ab("string", ["a", "b", None], "string", ["a", "B", None]), column_A="a", column_B="b")
add(E, "numbers and strings", ab("number", [1, 2], "string", ["1", "2"]), column_A="a", column_B="b")
add(E, "all null", ab("number", [None, None], "number", [None, None]), column_A="a", column_B="b")
add(E, "all null, neither", ab("number", [None], "number", [None]), column_A="a", column_B="b", ignore_row_if="neither")
add(E, "empty", ab("number", [], "number", []), column_A="a", column_B="b")
add(E, "mostly, exactly at", ab("number", [1, 2, 3, 4, None], "number", [1, 2, 3, 9, None]), column_A="a", column_B="b",
    mostly=0.75)
add(E, "mostly, just below", ab("number", [1, 2, 3, 4, None], "number", [1, 2, 3, 9, None]), column_A="a", column_B="b",
    mostly=0.7500001)
add(E, "an ignore_row_if that is none", ab("number", [1], "number", [1]), column_A="a", column_B="b",
    ignore_row_if="never")
add(E, "with a row condition", Table({"a": [1, 2, 3], "b": [1, 9, 9], "k": [1, 1, 2]}), column_A="a", column_B="b",
    row_condition={"type": "comparison", "column": {"name": "k"}, "operator": "==", "parameter": 1})
add(E, "no such column", ab("number", [1], "number", [1]), column_A="a", column_B="c")

E = "expect_column_pair_values_a_to_be_greater_than_b"
add(E, "passing", ab("number", [2, 3], "number", [1, 2]), column_A="a", column_B="b")
add(
    E, "failing, with nulls", ab("number", [2, 1, None, 4, 3], "number", [1, 3, 3, None, 3]), column_A="a", column_B="b"
)
for or_equal in (False, True):
    add(E, f"or_equal {or_equal}".lower(), ab("number", [1, 2], "number", [1, 1]), column_A="a", column_B="b",
        or_equal=or_equal)
for ignore in PAIR_IGNORES:
    add(E, f"ignore_row_if {ignore}", ab("number", [2, 1, None, 4, None], "number", [1, 3, 3, None, None]),
        column_A="a", column_B="b", ignore_row_if=ignore)
add(E, "datetimes", ab("datetime", DAYS[:2], "datetime", [DT("2023-01-01T00:00:00"), DT("2024-06-01T00:00:00")]),
    column_A="a", column_B="b")
add(E, "strings", ab("string", ["b", "a"], "string", ["a", "b"]), column_A="a", column_B="b")
add(E, "numbers and strings", ab("number", [1], "string", ["a"]), column_A="a", column_B="b")
add(E, "all null", ab("number", [None, None], "number", [None, None]), column_A="a", column_B="b")
add(E, "empty", ab("number", [], "number", []), column_A="a", column_B="b")
add(E, "mostly, exactly at", ab("number", [2, 2, 3, 4, None], "number", [1, 1, 1, 9, None]), column_A="a", column_B="b",
    mostly=0.75)
add(E, "mostly, just below", ab("number", [2, 2, 3, 4, None], "number", [1, 1, 1, 9, None]), column_A="a", column_B="b",
    mostly=0.7500001)

E = "expect_column_pair_values_to_be_in_set"
PAIRS = [["x", 1], ["y", 2]]
add(E, "passing", ab("string", ["x", "y"], "number", [1, 2]), column_A="a", column_B="b", value_pairs_set=PAIRS)
add(E, "failing, with nulls", ab("string", ["x", "x", None, "y", None], "number", [1, 2, 1, None, None]), column_A="a",
    column_B="b", value_pairs_set=PAIRS)
for ignore in PAIR_IGNORES:
    add(E, f"ignore_row_if {ignore}", ab("string", ["x", "x", None, "y", None], "number", [1, 2, 1, None, None]),
        column_A="a", column_B="b", value_pairs_set=PAIRS, ignore_row_if=ignore)
add(E, "null in the set", ab("string", ["x", None, "x"], "number", [1, 2, None]), column_A="a", column_B="b",
    value_pairs_set=[["x", 1], [None, 2], ["x", None]])
add(E, "the order of a pair matters", ab("number", [1, 2], "number", [2, 1]), column_A="a", column_B="b",
    value_pairs_set=[[1, 2]])
add(E, "empty set", ab("number", [1], "number", [2]), column_A="a", column_B="b", value_pairs_set=[])
add(E, "all null", ab("number", [None, None], "number", [None, None]), column_A="a", column_B="b",
    value_pairs_set=[[1, 2]])
add(E, "empty", ab("number", [], "number", []), column_A="a", column_B="b", value_pairs_set=[[1, 2]])
add(E, "mostly, exactly at", ab("string", ["x", "x", "y", "y", None], "number", [1, 1, 2, 9, None]), column_A="a",
    column_B="b", value_pairs_set=PAIRS, mostly=0.75)
add(E, "mostly, just below", ab("string", ["x", "x", "y", "y", None], "number", [1, 1, 2, 9, None]), column_A="a",
    column_B="b", value_pairs_set=PAIRS, mostly=0.7500001)

add(E, "with a row condition: a bug of GX, it asks all rows and counts those taken",
    Table({"a:string": ["x", "q"], "b": [1, 1], "k": [1, 2]}), column_A="a", column_B="b", value_pairs_set=PAIRS,
    row_condition={"type": "comparison", "column": {"name": "k"}, "operator": "==", "parameter": 1})

# several columns

IGNORES = ("all_values_are_missing", "any_value_is_missing", "never")


def abc(*rows, kind="number"):
    return Table({f"{name}:{kind}": [row[index] for row in rows] for index, name in enumerate("abc")})


def multicolumn(expectation, good, bad, holes, kind="number", **kwargs):
    def case(name, rows, **more):
        add(expectation, name, abc(*rows, kind=kind), column_list=["a", "b", "c"], **{**kwargs, **more})

    nothing = (None, None, None)
    case("passing", good)
    case("passing, with rows of nulls", [nothing, *good, nothing])
    case("failing, with nulls", [good[0], nothing, *bad])
    for ignore in IGNORES:
        case(f"ignore_row_if {ignore}", [good[0], nothing, *holes, *bad], ignore_row_if=ignore)
    case("all null", [nothing, nothing])
    case("all null, never", [nothing, nothing], ignore_row_if="never")
    case("empty", [])
    case("an ignore_row_if that is none", [good[0]], ignore_row_if="neither")


E = "expect_compound_columns_to_be_unique"
multicolumn(E, [(1, 1, 1), (1, 1, 2)], [(5, 5, 5), (5, 5, 5)], [(1, None, 1), (1, None, 1)])
add(E, "mostly, exactly at", abc((1, 1, 1), (1, 1, 2), (2, 2, 2), (2, 2, 2)), column_list=["a", "b", "c"], mostly=0.5)
add(E, "mostly, just below", abc((1, 1, 1), (1, 1, 2), (2, 2, 2), (2, 2, 2)), column_list=["a", "b", "c"], mostly=0.51)
add(E, "two columns of three", abc((1, 1, 1), (1, 1, 2)), column_list=["a", "b"])
add(E, "one column", abc((1, 1, 1)), column_list=["a"])
add(E, "strings", abc(("a", "b", "c"), ("a", "b", "c"), ("A", "b", "c"), kind="string"), column_list=["a", "b", "c"])

E = "expect_select_column_values_to_be_unique_within_record"
multicolumn(E, [(1, 2, 3), (4, 5, 6)], [(5, 5, 6), (7, 7, 7)], [(1, None, 2), (1, None, None)])
add(E, "mostly, exactly at", abc((1, 2, 3), (1, 2, 3), (2, 2, 2), (None, None, None), (4, 5, 6)),
    column_list=["a", "b", "c"], mostly=0.75)
add(E, "mostly, just below", abc((1, 2, 3), (1, 2, 3), (2, 2, 2), (None, None, None), (4, 5, 6)),
    column_list=["a", "b", "c"], mostly=0.76)
add(E, "strings", abc(("a", "b", "a"), ("a", "A", "b"), kind="string"), column_list=["a", "b", "c"])
add(E, "numbers and strings", ab("number", [1], "string", ["1"]), column_list=["a", "b"])

E = "expect_multicolumn_values_to_be_equal"
multicolumn(E, [(1, 1, 1), (2, 2, 2)], [(5, 5, 6), (7, 8, 9)], [(1, None, 1), (None, None, 1)])
add(E, "mostly, exactly at", abc((1, 1, 1), (2, 2, 2), (2, 2, 3), (None, None, None), (4, 4, 4)),
    column_list=["a", "b", "c"], mostly=0.75)
add(E, "mostly, just below", abc((1, 1, 1), (2, 2, 2), (2, 2, 3), (None, None, None), (4, 4, 4)),
    column_list=["a", "b", "c"], mostly=0.76)
add(E, "strings", abc(("a", "a", "a"), ("a", "A", "a"), kind="string"), column_list=["a", "b", "c"])
add(E, "numbers and strings", ab("number", [1], "string", ["1"]), column_list=["a", "b"])

E = "expect_multicolumn_sum_to_equal"
multicolumn(E, [(1, 2, 3), (6, 0, 0)], [(5, 5, 6), (7, 7, 7)], [(6, None, 0), (None, None, 6)], sum_total=6)
add(E, "mostly, exactly at", abc((1, 2, 3), (1, 2, 3), (2, 2, 3), (None, None, None), (4, 1, 1)),
    column_list=["a", "b", "c"], mostly=0.75, sum_total=6)
add(E, "mostly, just below", abc((1, 2, 3), (1, 2, 3), (2, 2, 3), (None, None, None), (4, 1, 1)),
    column_list=["a", "b", "c"], mostly=0.76, sum_total=6)
add(E, "with a row condition", Table({"a": [1, 2, 9], "b": [5, 4, 9], "k": [1, 1, 2]}),
    column_list=["a", "b"], sum_total=6,
    row_condition={"type": "comparison", "column": {"name": "k"}, "operator": "==", "parameter": 1})
add(E, "no tolerance", ab("number", [0.1], "number", [0.2]), column_list=["a", "b"], sum_total=0.3)
add(E, "strings", ab("string", ["a"], "string", ["b"]), column_list=["a", "b"], sum_total=1)

# the table

E = "expect_column_to_exist"
WIDE = {"a": [1], "b": [2], "c": [3]}
add(E, "passing", Table(WIDE), column="b")
add(E, "failing", Table(WIDE), column="z")
add(E, "case matters", Table(WIDE), column="B")
add(E, "at its index", Table(WIDE), column="b", column_index=1)
add(E, "at another index", Table(WIDE), column="b", column_index=2)
add(E, "index 0 is not looked at", Table(WIDE), column="b", column_index=0)
add(E, "index past the end", Table(WIDE), column="b", column_index=7)
add(E, "index from the end", Table(WIDE), column="c", column_index=-1)
add(E, "all null", Table({"a": [None, None]}), column="a")
add(E, "empty", Table({"a": []}), column="a")

E = "expect_table_columns_to_match_ordered_list"
add(E, "passing", Table(WIDE), column_list=["a", "b", "c"])
add(E, "failing: another order", Table(WIDE), column_list=["a", "c", "b"])
add(E, "failing: one missing", Table(WIDE), column_list=["a", "b", "c", "d"])
add(E, "failing: one more", Table(WIDE), column_list=["a", "c"])
add(E, "case matters", Table(WIDE), column_list=["A", "b", "c"])
add(E, "no list", Table(WIDE), column_list=None)
add(E, "empty list", Table(WIDE), column_list=[])
add(E, "all null", Table({"a": [None]}), column_list=["a"])
add(E, "empty", Table({"a": [], "b": []}), column_list=["a", "b"])

E = "expect_table_columns_to_match_set"
for exact in (None, True, False):
    kwargs = {} if exact is None else {"exact_match": exact}
    label = "" if exact is None else f", exact_match {exact}".lower()
    add(E, f"in another order{label}", Table(WIDE), column_set=["c", "a", "b"], **kwargs)
    add(E, f"one more in the table{label}", Table(WIDE), column_set=["a", "b"], **kwargs)
    add(E, f"one missing in the table{label}", Table(WIDE), column_set=["a", "b", "c", "d"], **kwargs)
    add(E, f"one more and one missing{label}", Table(WIDE), column_set=["a", "b", "d"], **kwargs)
    add(E, f"no set{label}", Table(WIDE), column_set=None, **kwargs)
add(E, "exact_match null", Table(WIDE), column_set=["a", "b"], exact_match=None)
add(E, "case matters", Table(WIDE), column_set=["A", "b", "c"])
add(E, "all null", Table({"a": [None]}), column_set=["a"])
add(E, "empty", Table({"a": [], "b": []}), column_set=["b", "a"])

E = "expect_table_column_count_to_equal"
add(E, "passing", Table(WIDE), value=3)
add(E, "failing", Table(WIDE), value=2)
add(E, "all null", Table({"a": [None]}), value=1)
add(E, "empty", Table({"a": [], "b": []}), value=2)
add(E, "no columns", Table({}), value=0)

E = "expect_table_column_count_to_be_between"
add(E, "passing", Table(WIDE), min_value=1, max_value=3)
add(E, "at both bounds", Table(WIDE), min_value=3, max_value=3)
add(E, "failing, below", Table(WIDE), min_value=4, max_value=9)
add(E, "failing, above", Table(WIDE), min_value=1, max_value=2)
add(E, "lower bound alone", Table(WIDE), min_value=3, max_value=None)
add(E, "upper bound alone", Table(WIDE), min_value=None, max_value=2)
add(E, "no bounds", Table(WIDE), min_value=None, max_value=None)
add(E, "a bound left out", Table(WIDE), min_value=3)
add(E, "strict_min is not taken", Table(WIDE), min_value=3, max_value=9, strict_min=True)
add(E, "all null", Table({"a": [None]}), min_value=1, max_value=1)
add(E, "empty", Table({"a": [], "b": []}), min_value=1, max_value=2)

E = "expect_table_row_count_to_equal"
add(E, "passing", x("number", [1, None, 3]), value=3)
add(E, "failing", x("number", [1, None, 3]), value=2)
add(E, "all null", x("number", [None, None]), value=2)
add(E, "empty", x("number", []), value=0)
add(E, "with a row condition", x("number", [1, None, 3]), value=2,
    row_condition={"type": "nullity", "column": {"name": "x"}, "is_null": False})
add(E, "a value that is no integer", x("number", [1, 2]), value=1.5)

E = "expect_table_row_count_to_be_between"
THREE = [1, None, 3]
add(E, "passing", x("number", THREE), min_value=1, max_value=5)
add(E, "failing, below", x("number", THREE), min_value=4, max_value=5)
add(E, "failing, above", x("number", THREE), min_value=1, max_value=2)
for strict_min, strict_max in ((False, False), (True, False), (False, True)):
    add(E, f"both bounds at the value, strict_min {strict_min}, strict_max {strict_max}".lower(), x("number", THREE),
        min_value=3, max_value=3, strict_min=strict_min, strict_max=strict_max)
add(E, "lower bound alone", x("number", THREE), min_value=3)
add(E, "upper bound alone", x("number", THREE), max_value=2)
add(E, "no bounds", x("number", THREE))
add(E, "bounds crossed", x("number", THREE), min_value=3, max_value=1)
add(E, "all null", x("number", [None]), min_value=1, max_value=1)
add(E, "empty", x("number", []), min_value=1)
add(E, "empty, from zero", x("number", []), min_value=0, max_value=0)
add(E, "with a row condition", x("number", THREE), min_value=1, max_value=1,
    row_condition={"type": "comparison", "column": {"name": "x"}, "operator": ">", "parameter": 2})

E = "expect_table_row_count_to_equal_other_table"
for name, here, there in [
    ("passing", [1, 2], [3, None]),
    ("failing", [1, 2], [3]),
    ("all null", [None], [None]),
    ("empty", [], []),
    ("the other one empty", [1], []),
]:
    add(E, name, x("number", here), "sqlite", {"other": x("number", there)}, other_table_name="other")
add(E, "with a row condition, on this table only", x("number", [1, 5, 9]), "sqlite", {"other": x("number", [1, 2])},
    other_table_name="other",
    row_condition={"type": "comparison", "column": {"name": "x"}, "operator": ">", "parameter": 2})
add(E, "no such table", x("number", [1]), "sqlite", other_table_name="nope")
add(E, "pandas has one table", x("number", [1]), other_table_name="nope")

# queries

E = "unexpected_rows_expectation"
ROWS = Table({"id:integer": [1, 2, 3], "x": [5, -1, None]})
for name, query, extra in [
    ("passing", "SELECT * FROM {batch} WHERE x > 100", {}),
    ("failing", "SELECT * FROM {batch} WHERE x < 0", {}),
    ("failing, with nulls", "SELECT * FROM {batch} WHERE x IS NULL OR x < 0 ORDER BY id", {}),
    ("comparisons with null are not true", "SELECT * FROM {batch} WHERE x <> 5", {}),
    ("a semicolon at the end", "SELECT * FROM {batch} WHERE x < 0;", {}),
    ("without {batch}", "SELECT * FROM t WHERE x < 0", {}),
    (
        "with a row condition",
        "SELECT * FROM {batch} WHERE x < 0",
        {"row_condition": {"type": "comparison", "column": {"name": "id"}, "operator": ">", "parameter": 2}},
    ),
    ("no SQL", "SELEC * FROM {batch}", {}),
    ("a brace that is not closed", "SELECT * FROM {batch", {}),
]:
    add(E, name, ROWS, "sqlite", unexpected_rows_query=query, **extra)
add(E, "all null", x("number", [None, None]), "sqlite", unexpected_rows_query="SELECT * FROM {batch} WHERE x < 0")
add(E, "empty", x("number", []), "sqlite", unexpected_rows_query="SELECT * FROM {batch}")
add(E, "pandas has no SQL", ROWS, unexpected_rows_query="SELECT * FROM {batch}")

E = "expect_query_results_to_match_comparison"


def comparison(name, here, there, base="SELECT x FROM {batch}", other="SELECT x FROM other", **more):
    add(E, name, x("number", here), "sqlite", {"other": x("number", there)}, base_query=base,
        comparison_data_source_name="database", comparison_query=other, **more)


comparison("passing, in another order", [1, 2], [2, 1])
comparison("failing, with nulls", [1, 2, None], [1, 3, None])
comparison("duplicates are counted", [1, 1, 2], [1, 2, 2])
comparison("nulls are equal", [None], [None])
comparison("less here", [1], [1, 2])
comparison("more here", [1, 2], [1])
comparison("all null", [None, None], [None, None])
comparison("empty", [], [])
comparison("empty here", [], [1])
comparison("mostly, exactly at", [1, 2, 3, 4], [1, 2, 3, 9], mostly=0.75)
comparison("mostly, just below", [1, 2, 3, 4], [1, 2, 3, 9], mostly=0.7500001)
comparison("mostly 0.55 of 20 rows, exactly at", list(range(5)), [0, 1, 2, 3],
    base="SELECT x * 4 + y FROM {batch}, (SELECT x AS y FROM other)",
    other="SELECT CASE WHEN v < 11 THEN v ELSE v + 100 END FROM (SELECT t.x * 4 + o.x AS v FROM t, other o)",
    mostly=0.55)
comparison("names of columns do not matter", [1], [1], other="SELECT x AS y FROM other")
comparison("numbers and their text", [1], [1], other="SELECT CAST(CAST(x AS INTEGER) AS TEXT) FROM other")
comparison("another number of columns", [1], [1], other="SELECT x, x FROM other")
comparison("no SQL", [1], [1], other="SELEC")
comparison("an aggregate", [1, 2], [3], base="SELECT SUM(x) FROM {batch}", other="SELECT SUM(x) FROM other")

# --- running them -----------------------------------------------------------------------------------------------------

SETS = {"partial_missing_list", "partial_unexpected_list"}  # of the distinct-values expectations: in the order of a set


def plain(value):
    """JSON values, with a marker for what JSON lacks."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, datetime.datetime):
        return {"$datetime": value.isoformat()}
    if isinstance(value, datetime.date):
        return {"$date": value.isoformat()}
    if isinstance(value, float) and not math.isfinite(value):
        return {"$number": "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"}
    return value


def message(info):
    """The message of an exception_info, without the ids of metrics; of several the first by the alphabet."""
    entries = [entry for entry in (info, *info.values()) if isinstance(entry, dict) and entry.get("raised_exception")]
    return min(
        (entry["exception_message"].strip().splitlines()[0].split("  Traceback")[0] for entry in entries), default=None
    )


def verdict(batch, expectation, name, result_format):
    try:
        answer = batch.validate(expectation, result_format=result_format).to_json_dict()
    except Exception as error:
        return {"exception": str(error).strip().splitlines()[0]}
    raised = message(answer["exception_info"])
    if raised is not None:
        return {"exception": raised}
    result = plain(answer["result"])
    if "_distinct_values_" in name:
        for key in SETS & result.keys():
            result[key].sort(key=lambda value: (str(type(value)), value if value is not None else 0))
    return {"success": bool(answer["success"]), "result": result}


def batches(context):
    """A function from (engine, table, others) to a batch."""
    frames = (
        context.data_sources.add_pandas("frames").add_dataframe_asset("t").add_batch_definition_whole_dataframe("b")
    )

    def open_batch(engine, table, others, directory):
        if engine == "pandas":
            return frames.get_batch({"dataframe": table.frame()})
        path = directory / "cases.db"
        path.unlink(missing_ok=True)
        with sqlite3.connect(path) as connection:
            table.into(connection, "t")
            for name, other in others.items():
                other.into(connection, name)
        connection.close()
        if "database" in context.data_sources.all():
            context.data_sources.delete("database")
        database = context.data_sources.add_sqlite("database", connection_string=f"sqlite:///{path}")
        return database.add_table_asset("t", table_name="t").add_batch_definition_whole_table("b").get_batch()

    return open_batch


def run():
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    open_batch = batches(context)
    out = []
    with tempfile.TemporaryDirectory() as directory:
        order = list(dict.fromkeys(name for name, *_ in CASES))
        for name, case, table, engine, others, kwargs in sorted(CASES, key=lambda entry: order.index(entry[0])):
            entry = {
                "expectation": name,
                "case": case,
                "kwargs": plain(kwargs),
                "table": plain(table.json(engine == "sqlite")),
            }
            if engine == "sqlite":
                entry["engine"] = engine
                entry["others"] = {key: plain(other.json(True)) for key, other in others.items()}
            out.append(entry)
            try:
                expectation = get_expectation_impl(name)(**kwargs)
            except Exception as error:
                errors = error.errors() if hasattr(error, "errors") else []
                entry["exception"] = errors[0]["msg"] if errors else str(error).splitlines()[0]
                entry["raisedAt"] = "construction"
                continue
            batch = open_batch(engine, table, others, pathlib.Path(directory))
            results = {key: verdict(batch, expectation, name, key) for key in FORMATS}
            raised = {answer.get("exception") for answer in results.values()}
            if len(raised) == 1 and raised != {None}:
                entry["exception"] = raised.pop()
                entry["raisedAt"] = "validation"
            else:
                entry["results"] = results
    return out


# --- writing them -----------------------------------------------------------------------------------------------------


def flat(value):
    if isinstance(value, dict) and value:
        return "{ " + ", ".join(f"{json.dumps(key)}: {flat(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(flat, value)) + "]"
    text = json.dumps(value, ensure_ascii=False)
    return text.replace("e+", "e") if isinstance(value, float) else text


def children(value):
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def spreads(value):
    """Whether a value takes several lines however short it is: a list of several lists or objects does."""
    several = isinstance(value, list) and len(value) > 1
    alike = several and any(all(isinstance(item, kind) and len(item) > 1 for item in value) for kind in (dict, list))
    return alike or any(map(spreads, children(value)))


def layout(value, indent=0, lead=0):
    """JSON as the repository's formatter lays it out, so that it has nothing to change."""
    text = flat(value)
    if not children(value) or not (spreads(value) or indent + lead + len(text) + 1 > 120):
        return text
    pad = " " * (indent + 2)
    if isinstance(value, list):
        lines = [layout(item, indent + 2) for item in value]
    else:
        lines = [
            f"{json.dumps(key)}: {layout(item, indent + 2, len(json.dumps(key)) + 2)}" for key, item in value.items()
        ]
    opening, closing = "[]" if isinstance(value, list) else "{}"
    return opening + "\n" + ",\n".join(pad + line for line in lines) + "\n" + " " * indent + closing


def main():
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        cases = run()
    missing = set(list_registered_expectation_implementations()) - {case["expectation"] for case in cases}
    if missing:
        raise SystemExit(f"no case for {', '.join(sorted(missing))}")
    names = [(case["expectation"], case["case"]) for case in cases]
    if len(names) != len(set(names)):
        raise SystemExit(f"a name twice: {sorted(name for name in set(names) if names.count(name) > 1)}")
    document = {"greatExpectations": gx.__version__, "pandas": pd.__version__, "cases": cases}
    target = pathlib.Path(__file__).with_name("cases.json")
    target.write_text(layout(document) + "\n", encoding="utf-8")
    print(f"{len(cases)} cases of {len({case['expectation'] for case in cases})} expectations")


main()
