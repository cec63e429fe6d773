"""What the list's queries read: bounded, whatever is filtered. Rows and plans, no seconds."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runs.projections.run_filter import RunFilter
from runs.projections.run_list import run_list
from tests.benchmarks.run_list import SEARCHES, fill

RUNS = 12_000
# As many rows may be read and left out: far from all of them, as a look through the table would.
MOST_LEFT_OUT = 5_000


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


@pytest.mark.django_db
def test_no_filter_reads_the_table_of_runs_and_none_takes_more_than_three_queries(
    now: datetime,
) -> None:
    fill(RUNS, now)
    for search in SEARCHES:
        with CaptureQueriesContext(connection) as asked:
            page = run_list(RunFilter.of(search), now)
        assert len(asked) <= 3, search
        assert len(page.rows) <= 25
        left_out = 0
        for query in asked.captured_queries:
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON, TIMING OFF) " + query["sql"])
                told = cursor.fetchone()[0]
            plan = (json.loads(told) if isinstance(told, str) else told)[0]["Plan"]
            for node in nodes(plan):
                if node.get("Relation Name") == "runs_run":
                    left_out += node.get("Rows Removed by Filter", 0) * node["Actual Loops"]
        assert left_out < MOST_LEFT_OUT, (search, left_out)
