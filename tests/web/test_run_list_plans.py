"""What the list's queries read: bounded, whatever is filtered. Rows and plans, no seconds."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runs.projections.api_runs import RunFilter as Asked
from runs.projections.api_runs import list_runs
from runs.projections.run_filter import RunFilter
from runs.projections.run_list import news, run_list
from runs.projections.run_terms import parse
from tests.benchmarks.run_list import SEARCHES, fill

RUNS = 12_000
# As many rows may be read and left out: far from all of them, as a look through the table would.
MOST_LEFT_OUT = 5_000
# For a page from the middle. PostgreSQL may walk along the time and leave out the runs of others
# instead of the index by person, when by its statistics of the moment that touches fewer pages: a
# page times the number of people, and not a part of the table.
MOST_READ = 1_000


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


def looks(queries: list[dict[str, str]]) -> Iterator[dict[str, Any]]:
    """Every part of the plans of these queries that reads runs."""
    for query in queries:
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON, TIMING OFF) " + query["sql"])
            told = cursor.fetchone()[0]
        plan = (json.loads(told) if isinstance(told, str) else told)[0]["Plan"]
        yield from (one for one in nodes(plan) if one.get("Relation Name") == "runs_run")


def left_out(look: dict[str, Any]) -> int:
    return int(look.get("Rows Removed by Filter", 0) * look["Actual Loops"])


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
        assert sum(map(left_out, looks(asked.captured_queries))) < MOST_LEFT_OUT, search
    # From a mark in the middle of the list, both ways; and what is new since the newest but one.
    middle, top = f"run_{RUNS // 2:014}", f"run_{RUNS - 1:014}"
    for search in ("", "status:failed", "workflow:flow-3", "kind:restart", "by:person-3"):
        asked_for = RunFilter.of(search)
        for looked in (
            lambda one=asked_for: run_list(replace(one, before=middle), now),
            lambda one=asked_for: run_list(replace(one, after=middle), now),
            lambda one=asked_for: news(one, top, None, now),
            lambda one=asked_for: list_runs(Asked(search=parse(one.search), before=middle)),
        ):
            with CaptureQueriesContext(connection) as asked:
                looked()
            own = [one for one in asked.captured_queries if "UNION ALL" not in one["sql"]]
            assert len(asked) <= 2, search
            for look in looks(own):
                assert look["Actual Rows"] + left_out(look) < MOST_READ, (search, look)
