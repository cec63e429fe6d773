"""The numbers over the run list: by status, over time, and what a filter hides. One query.

Every part is bounded inside the database, so that the page costs the same with a thousand runs and
with a hundred thousand.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from runs.models import Run
from runs.projections import words
from runs.projections.periods import period
from runs.projections.run_filter import RunFilter
from runs.states import RunStatus

COUNT_TO = 2_000  # beyond it a count reads "2,000+"
ACTIVITY_TO = 5_000  # runs that the chart looks at; beyond it the chart says so
BARS = 48
# Bars of the chart: as long as they must be for the time that is shown.
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
BUCKETS = (
    (MINUTE, "minute"),
    (timedelta(minutes=5), "5 min"),
    (timedelta(minutes=30), "30 min"),
    (timedelta(hours=1), "hour"),
    (timedelta(hours=4), "4 h"),
    (timedelta(days=1), "day"),
    (timedelta(days=7), "week"),
)
STATUS_ORDER = (
    RunStatus.RUNNING,
    RunStatus.QUEUED,
    RunStatus.WAITING,
    RunStatus.PAUSED,
    RunStatus.FAILED,
    RunStatus.TIMEOUT,
    RunStatus.CANCELLED,
    RunStatus.SUCCEEDED,
)


@dataclass(frozen=True, slots=True)
class StatusCount:
    """How many runs have a status; ``text`` is capped."""

    status: str  # "" is all
    word: str
    number: int
    text: str
    query: str
    current: bool


@dataclass(frozen=True, slots=True)
class ActivityBar:
    """How many runs started in one span of time."""

    since: datetime
    until: datetime
    good: int
    bad: int
    query: str  # the list of just these

    @property
    def total(self) -> int:
        """All of them."""
        return self.good + self.bad


@dataclass(frozen=True, slots=True)
class Activity:
    """What was started over time; ``bars`` is empty when there is nothing to draw."""

    bars: tuple[ActivityBar, ...]
    every: str  # what one bar stands for, in words
    is_cut: bool  # only the newest runs are counted

    @property
    def failed(self) -> int:
        """How many went wrong."""
        return sum(bar.bad for bar in self.bars)


@dataclass(frozen=True, slots=True)
class Numbers:
    """Everything that is counted for the list."""

    counts: tuple[StatusCount, ...]
    total: StatusCount  # of what the filter finds
    golden: str
    any_run: bool
    activity: Activity
    hidden: Mapping[int, int] = field(default_factory=dict)  # by the number of a looser filter


class Union:
    """Bounded counts, gathered into one query."""

    def __init__(self) -> None:
        self._selects: list[str] = []
        self._params: list[Any] = []

    def count(self, name: str, place: int, runs: QuerySet[Run] | None, most: int) -> None:
        """How many there are, counted no further than ``most``."""
        if runs is not None:
            sql, values = runs.order_by().values("id")[:most].query.sql_with_params()
            counted = f"SELECT %s, %s, count(*) FROM ({sql}) AS part"  # noqa: S608 - Django's SQL
            self.add(counted, name, place, *values)

    def add(self, sql: str, *values: Any) -> None:
        """Another part; it gives a name, a place and a number."""
        self._selects.append(sql)
        self._params.extend(values)

    def fetch(self) -> dict[tuple[str, int], int]:
        """The numbers by name and place."""
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(self._selects), self._params)
            return {(name, place): number for name, place, number in cursor.fetchall()}


def numbers(
    asked: RunFilter,
    found: QuerySet[Run] | None,
    now: datetime,
    looser: Mapping[int, QuerySet[Run] | None] | None = None,
) -> Numbers:
    """Count ``found``, which is the filter without what it says about statuses. One query.

    ``looser``: filters with one part dropped, for when nothing matches.
    """
    union = Union()
    for place, status in enumerate(STATUS_ORDER):
        runs = None if found is None else found.filter(status=status)
        union.count("status", place, runs, COUNT_TO + 1)
    union.count("golden", 0, Run.objects.filter(golden_name__isnull=False), COUNT_TO + 1)
    union.count("any", 0, Run.objects.all(), 1)
    for place, runs in (looser or {}).items():
        union.count("looser", place, runs, COUNT_TO + 1)
    bucket, every, since, until = _window(asked, now)
    if found is not None:
        _add_activity(union, found, since, until, bucket)
    told = union.fetch()
    counts = _counts(asked, told)
    return Numbers(
        counts=counts,
        total=_shown(asked, counts),
        golden=capped(told.get(("golden", 0), 0)),
        any_run=told.get(("any", 0), 0) > 0,
        activity=_activity(asked, told, (since, until), bucket, every),
        hidden={place: number for (name, place), number in told.items() if name == "looser"},
    )


def _counts(asked: RunFilter, told: Mapping[tuple[str, int], int]) -> tuple[StatusCount, ...]:
    by_status = {s: told.get(("status", place), 0) for place, s in enumerate(STATUS_ORDER)}
    total = sum(by_status.values())
    over = any(number > COUNT_TO for number in by_status.values())
    everything = f"{COUNT_TO:,}+" if over else f"{total:,}"
    statuses = asked.statuses
    counts = [
        StatusCount("", "All", total, everything, asked.status_query(""), not statuses),
        *(
            StatusCount(
                status.value,
                words.STATUS_WORDS[status],
                number,
                capped(number),
                asked.status_query(status.value),
                statuses == (status.value,),
            )
            for status, number in by_status.items()
        ),
    ]
    return tuple(counts)


def _shown(asked: RunFilter, counts: tuple[StatusCount, ...]) -> StatusCount:
    """What the filter finds, its statuses included."""
    if not asked.statuses:
        return counts[0]
    wanted = [one for one in counts if one.status in asked.statuses]
    number = sum(one.number for one in wanted)
    text = f"{COUNT_TO:,}+" if any(one.number > COUNT_TO for one in wanted) else f"{number:,}"
    return StatusCount("", "", number, text, asked.query(), True)


def _window(asked: RunFilter, now: datetime) -> tuple[timedelta, str, datetime, datetime]:
    """How long a bar is, in words as well, and from when to when the chart goes.

    The last day, unless the filter says something about the time. Bars begin at whole minutes, as
    the filters that they are say no more: otherwise the newest runs would be in a bar and not in
    the list that it leads to.
    """
    until = _floor(now) + MINUTE
    since = until - DAY
    spans = [period(value, now) for value in asked.values("started")]
    if spans:
        froms = [one for one, _ in spans if one is not None]
        tos = [one for _, one in spans if one is not None]
        until = min([until, *(_floor(one + MINUTE - datetime.resolution) for one in tos)])
        since = max(froms) if froms else until - BARS * BUCKETS[-1][0]
    length = max(until - since, MINUTE)
    # The minute that has begun is there whole: `<24h` has bars of half an hour all the same.
    bucket, every = next(
        (one for one in BUCKETS if length - MINUTE <= one[0] * BARS),
        (MINUTE * -(-length // (MINUTE * BARS)), "bar"),
    )
    return bucket, every, until - bucket * max(1, -(-length // bucket)), until


def _add_activity(
    union: Union, found: QuerySet[Run], since: datetime, until: datetime, bucket: timedelta
) -> None:
    sql, values = (
        found.filter(created_at__gte=since, created_at__lt=until)
        .order_by("-created_at")
        .values("created_at", "status")[:ACTIVITY_TO]
        .query.sql_with_params()
    )
    counted = (
        "SELECT CASE WHEN status IN ('failed', 'timeout') THEN 'bad' ELSE 'good' END, "  # noqa: S608
        f"floor(extract(epoch from (created_at - %s)) / %s)::int, count(*) FROM ({sql}) AS lately "
        "GROUP BY 1, 2"
    )
    union.add(counted, since, bucket.total_seconds(), *values)


def _activity(
    asked: RunFilter,
    told: Mapping[tuple[str, int], int],
    window: tuple[datetime, datetime],
    bucket: timedelta,
    every: str,
) -> Activity:
    since, until = window
    bars = []
    for place in range(-(-(until - since) // bucket)):
        begins = since + bucket * place
        span = f"{_minute(begins)}..{_minute(begins + bucket)}"
        bars.append(
            ActivityBar(
                begins,
                begins + bucket,
                told.get(("good", place), 0),
                told.get(("bad", place), 0),
                asked.only("started", span).query(),
            )
        )
    counted = sum(bar.total for bar in bars)
    return Activity(tuple(bars) if counted else (), every, counted >= ACTIVITY_TO)


def _floor(then: datetime) -> datetime:
    return then.replace(second=0, microsecond=0)


def _minute(then: datetime) -> str:
    return then.isoformat(timespec="minutes")


def capped(number: int) -> str:
    """A count as it is shown."""
    return f"{COUNT_TO:,}+" if number > COUNT_TO else f"{number:,}"
