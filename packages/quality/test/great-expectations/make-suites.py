"""
Computes suites.json: what Great Expectations makes of a suite that toExpectationSuite wrote, and a suite of its own with
its verdicts, for fromExpectationSuite to read. In the environment of make-cases.py, with Node 24 on the path:

    /tmp/gx/bin/python make-suites.py       # writes suites.json beside this file; twice gives the same bytes

The rows are those of contract.ts; write-suite.ts prints them and its suite. Ids are left out, as they are random.
"""

import json
import logging
import os
import pathlib
import subprocess
import warnings

os.environ["GX_ANALYTICS_ENABLED"] = "false"
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd
from great_expectations.expectations.row_conditions import Column

here = pathlib.Path(__file__).parent
node = ["node", "--conditions", "@dataenginex/source", str(here / "write-suite.ts")]
written = json.loads(subprocess.run(node, check=True, capture_output=True).stdout)

context = gx.get_context(mode="ephemeral")
frame = pd.DataFrame(written["rows"])
asset = context.data_sources.add_pandas("pandas").add_dataframe_asset("days")
batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})


def plain(suite):
    """The suite's own JSON, without what differs from run to run."""
    result = suite.to_json_dict()
    for item in [result, *result["expectations"]]:
        item.pop("id", None)
    return result


def verdicts(suite, key, **options):
    """Whether each holds, by what its meta calls it; the message where it cannot be judged. Results have their own order."""
    found = {}
    for result in batch.validate(suite, result_format="BASIC", **options).results:
        info = result.exception_info
        raised = [info] if "raised_exception" in info else list(info.values())
        message = next((each["exception_message"] for each in raised if each["raised_exception"]), None)
        found[result.expectation_config.meta[key]] = bool(result.success) if message is None else message
    return dict(sorted(found.items()))


ours = gx.ExpectationSuite(**json.loads(json.dumps(written["suite"])))
context.suites.add(ours)

own = gx.ExpectationSuite(
    "orders",
    meta={"owner": "data"},
    notes="Kept by the data team.",
    suite_parameters={"most": 60},
    expectations=[
        gxe.ExpectColumnValuesToNotBeNull(column="date", meta={"tags": ["key"]}, notes=["Key.", "Always."]),
        gxe.ExpectColumnValuesToBeBetween(
            column="tempMax", min_value=-60, max_value={"$PARAMETER": "most"}, strict_max=True, mostly=0.99,
            severity="warning",
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="weather", value_set=["sun", "rain"], row_condition=Column("tempMin") > 3, condition_parser="great_expectations",
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="station", value_set=["SEA"],
            row_condition=(Column("weather") == "sun") & Column("tempMax").is_not_null(),
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="station", value_set=["JFK"], row_condition=(Column("weather") == "rain") | (Column("weather") == "fog"),
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="station", regex="^[A-Z]{3}$", row_condition="weather == 'rain' and tempMin < 5", condition_parser="pandas",
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="tempMin", max_value=8, row_condition='col("station") == "JFK"', condition_parser="great_expectations",
        ),
        gxe.ExpectColumnMeanToBeBetween(
            column="tempMin", min_value=3, max_value=5, description="Not too warm", row_condition="tempMax.notnull() & weather != 'fog'",
            condition_parser="pandas",
        ),
        gxe.ExpectColumnQuantileValuesToBeBetween(
            column="tempMax", quantile_ranges={"quantiles": [0.05, 0.5], "value_ranges": [[None, 0], [5, 25]]},
        ),
        gxe.ExpectCompoundColumnsToBeUnique(column_list=["station", "date"], ignore_row_if="any_value_is_missing"),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="tempMax", column_B="tempMin", or_equal=True, ignore_row_if="either_value_is_missing",
        ),
        gxe.ExpectTableColumnsToMatchSet(column_set=["date", "station"], exact_match=False),
        gxe.ExpectTableRowCountToBeBetween(min_value=1, max_value=30, row_condition=Column("station").is_in(["SEA"])),
        gxe.ExpectColumnValuesToBeOfType(column="tempMax", type_="float64"),
        gxe.ExpectColumnValuesToBeInTypeList(column="rainyHours", type_list=["int64", "float64"]),
        gxe.ExpectColumnToExist(column="code", column_index=6),
        gxe.ExpectColumnMedianToBeBetween(
            column="tempMin", row_condition=(Column("weather") == "rain") | (Column("tempMin") > 3), max_value=9,
        ),
    ],
)

for at, expectation in enumerate(own.expectations):
    expectation.meta = {**(expectation.meta or {}), "place": f"{at:02}"}

suites = {
    "greatExpectations": gx.__version__,
    "written": {"suite": written["suite"], "loaded": plain(ours), "verdicts": verdicts(ours, "dex_id")},
    "own": {"suite": plain(own), "verdicts": verdicts(own, "place", expectation_parameters={"most": 60})},
}
(here / "suites.json").write_text(json.dumps(suites, indent=2) + "\n")
