"""The run list: filtered rows a page at a time, and what stands around them. Three queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import QuerySet

from runs.models import Run
from runs.models.run import NEWEST_FIRST
from runs.projections.run_counts import Numbers, capped, numbers
from runs.projections.run_filter import RunFilter
from runs.projections.run_order import newer_than, older_than
from runs.projections.run_query import Names, matching, names_of
from runs.projections.run_rows import RunRow, rows_of

PAGE = 25
NEW_TO = 99  # beyond it "99+ new runs"


@dataclass(frozen=True, slots=True)
class Hint:
    """When nothing matches: which filter is in the way."""

    key: str
    value: str
    without: str
    number: str


@dataclass(frozen=True, slots=True)
class RunPage:
    """A page of the run list."""

    filter: RunFilter
    rows: tuple[RunRow, ...]
    numbers: Numbers
    older: str  # query strings, "" when there is nothing
    newer: str
    hint: Hint | None

    @property
    def total(self) -> str:
        """How many the filter finds, for the line under the table and the navigation."""
        return self.numbers.total.text

    @property
    def golden(self) -> str:
        """How many golden runs there are, for the navigation."""
        return self.numbers.golden

    @property
    def newest(self) -> str:
        """The newest run of the page: what comes after it is new."""
        return self.rows[0].id if self.rows else ""


def run_list(asked: RunFilter, now: datetime, me: str = "") -> RunPage:
    """The page that ``asked`` names, for somebody called ``me``."""
    names = names_of(asked.terms, asked.text)
    found = matching(asked.terms, asked.text, now=now, me=me, status=False, names=names)
    rows, older, newer = _rows(asked, _with_status(asked, found), now)
    looser = {} if rows else _looser(asked)
    told = numbers(
        asked, found, now, {n: _all_of(one, now, me, names) for n, one in looser.items()}
    )
    return RunPage(asked, rows, told, older, newer, _hint(asked, told.hidden))


def ids_of(asked: RunFilter, limit: int, now: datetime, me: str = "") -> list[str]:
    """The ids of all runs that the filter finds, whatever page is shown; the newest first."""
    runs = _all_of(asked, now, me)
    if runs is None:
        return []
    return list(runs.order_by(*NEWEST_FIRST).values_list("id", flat=True)[:limit])


def rows_by_id(ids: Sequence[str], now: datetime) -> tuple[RunRow, ...]:
    """The named runs' rows, for a list that is open in a browser."""
    return rows_of(Run.objects.filter(pk__in=list(ids)[:100]).order_by(*NEWEST_FIRST), now, 100)


@dataclass(frozen=True, slots=True)
class News:
    """What happened above an open list."""

    numbers: Numbers
    new: str  # how many runs it lacks; "" for none


def news(asked: RunFilter, newest: str, had: int | None, now: datetime, me: str = "") -> News:
    """The numbers as they are now, and how many runs are newer than ``newest``, if it is named.

    A run may come into a list below its newest, when it fails at last for example; ``had`` is how
    many the filter found when the list was drawn.

    Nothing is put into the list by itself: rows that move are pressed by mistake.
    """
    names = names_of(asked.terms, asked.text)
    found = matching(asked.terms, asked.text, now=now, me=me, status=False, names=names)
    told = numbers(asked, found, now)
    runs = _with_status(asked, found)
    new = 0
    if runs is not None and newest:
        # In their order: without it the whole table would be read for the few that are new.
        new = newer_than(runs, newest).values("id")[: NEW_TO + 1].count()
    if runs is not None and had is not None:
        new = max(new, told.total.number - had)
    return News(told, f"{NEW_TO}+" if new > NEW_TO else str(new or ""))


def _with_status(asked: RunFilter, found: QuerySet[Run] | None) -> QuerySet[Run] | None:
    if found is None or asked.no_status:
        return None
    statuses = asked.statuses
    if not statuses:
        return found
    # One status by "=": then the index gives the rows in the order of the list.
    one = len(statuses) == 1
    return found.filter(status=statuses[0]) if one else found.filter(status__in=statuses)


def _all_of(
    asked: RunFilter, now: datetime, me: str, names: Names | None = None
) -> QuerySet[Run] | None:
    # Everything the filter names except the status, which the counts split by; then the status.
    found = matching(asked.terms, asked.text, now=now, me=me, status=False, names=names)
    return _with_status(asked, found)


def _rows(
    asked: RunFilter, runs: QuerySet[Run] | None, now: datetime
) -> tuple[tuple[RunRow, ...], str, str]:
    if runs is None:
        return (), "", ""
    backwards = bool(asked.after) and not asked.before
    found = list(rows_of(_in_order(asked, runs, backwards), now, PAGE + 1))
    more = len(found) > PAGE
    found = found[:PAGE]
    if backwards:
        found.reverse()
    older = newer = ""
    if found:
        if backwards or more:
            older = asked.query(before=found[-1].id)
        if asked.before or (backwards and more):
            newer = asked.query(after=found[0].id)
    elif asked.before or asked.after:
        newer = asked.query()
    return tuple(found), older, newer


def _in_order(asked: RunFilter, runs: QuerySet[Run], backwards: bool) -> QuerySet[Run]:
    """The runs from the page's mark on, newest first; backwards from the mark for newer ones."""
    if backwards:
        return newer_than(runs, asked.after)
    return older_than(runs, asked.before) if asked.before else runs.order_by(*NEWEST_FIRST)


def _looser(asked: RunFilter) -> dict[int, RunFilter]:
    """The filter with one thing dropped, for each."""
    made = [asked.but(term) for term in asked.terms]
    if asked.text:
        made.append(replace(asked, text=""))
    return dict(enumerate(made[:8]))


def _hint(asked: RunFilter, hidden: Mapping[int, int]) -> Hint | None:
    """The one filter without which the most runs would be shown."""
    place = max(hidden, key=lambda one: hidden[one], default=None)
    if place is None or not hidden[place]:
        return None
    active = asked.filters[place]
    return Hint(active.key, active.value, active.without, capped(hidden[place]))
