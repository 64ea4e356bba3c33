"""A peer in a process of its own: `python great-expectations.py` reads a line of JSON with how many rows there are and a
contract's rules, and then for each line with a number judges them that often. It answers each line with one: how many values
are unexpected, and the CPU time and peak memory of this process so far."""

import json
import os
import resource
import sys

os.environ["GX_ANALYTICS_ENABLED"] = "false"

import great_expectations as gx
import pandas as pd

answers = sys.stdout
sys.stdout = sys.stderr


def answer(unexpected: int) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu_us = (used.ru_utime + used.ru_stime) * 1e6
    print(json.dumps({"unexpected": unexpected, "cpuUs": cpu_us, "peakRssBytes": used.ru_maxrss * 1024}), file=answers)
    answers.flush()


given = json.loads(sys.stdin.readline())
indexes = range(given["rows"])
cities = ["Seattle", "New York", "Berlin", "Paris", "Oslo"]
frame = pd.DataFrame(
    {
        "id": list(indexes),
        "station": [f"ST-{1000 + i % 9000}" for i in indexes],
        "city": [cities[i % 5] for i in indexes],
        "date": [f"2024-0{1 + i % 9}-1{i % 10}" for i in indexes],
        "email": [f"user{i}@example.org" for i in indexes],
        "tempMax": [99.0 if i % 1000 == 7 else 10 + (i % 400) / 10 for i in indexes],
        "tempMin": [None if i % 50 == 3 else (i % 300) / 10 - 5 for i in indexes],
        "wind": [(i % 200) / 10 for i in indexes],
        "humidity": [i % 101 for i in indexes],
        "ok": [i % 2 == 0 for i in indexes],
    }
)

# Types are those of pandas' columns here.
dtypes = {"object": "str", "str": "str"}
configurations = []
for rule in given["rules"]:
    kwargs = {name: value for name, value in rule["kwargs"].items() if value is not None}
    if "type_" in kwargs:
        dtype = str(frame[kwargs["column"]].dtype)
        kwargs["type_"] = dtypes.get(dtype, dtype)
    configurations.append({"type": rule["expectation"], "kwargs": kwargs})

context = gx.get_context(mode="ephemeral")
context.variables.progress_bars = {"globally": False}
asset = context.data_sources.add_pandas("pandas").add_dataframe_asset("rows")
batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
suite = gx.ExpectationSuite(name="rows", expectations=configurations)
answer(0)

for line in sys.stdin:
    unexpected = 0
    for _ in range(int(line)):
        validation = batch.validate(suite, result_format="SUMMARY")
        failed = [each.exception_info for each in validation.results if each.exception_info.get("raised_exception")]
        if failed:
            raise RuntimeError(failed)
        unexpected += sum(each.result.get("unexpected_count", 0) for each in validation.results)
    answer(unexpected)
