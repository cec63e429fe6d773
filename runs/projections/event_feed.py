"""A run's journal behind a number. A reader who has seen n misses nothing by asking for n."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runs.errors import UnknownRun
from runs.models import Event, Run
from runs.models.run import NEWEST_FIRST
from runs.states import RUN_OVER, RunStatus


@dataclass(frozen=True, slots=True)
class EventFacts:
    """One entry of a run's journal."""

    seq: int
    kind: str
    execution_id: str | None
    path: str | None
    data: dict[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class EventPage:
    """Some entries in order, the number to go on from, and whether more can follow."""

    items: tuple[EventFacts, ...]
    last_seq: int
    status: str  # of the run
    over: bool  # the run has ended and nothing follows `last_seq`


@dataclass(frozen=True, slots=True)
class Head:
    """How far a run is."""

    seq: int
    status: str

    @property
    def over(self) -> bool:
        return self.status in RUN_OVER


def read_events(run_id: str, after: int = 0, limit: int = 500) -> EventPage:
    """The entries with a number above ``after``. Raises UnknownRun."""
    # The head first: what it counts is committed by then, so the events up to it are all seen.
    head = read_heads([run_id]).get(run_id)
    if head is None:
        raise UnknownRun(f"There is no run {run_id!r}.")
    rows = (
        Event.objects.filter(run_id=run_id, seq__gt=after)
        .order_by("seq")
        .values_list("seq", "kind", "execution_id", "path", "data", "at")[:limit]
    )
    items = tuple(
        EventFacts(seq, kind, execution_id or None, path or None, data, at)
        for seq, kind, execution_id, path, data, at in rows
    )
    last = items[-1].seq if items else after
    over = head.over and len(items) < limit
    return EventPage(items, last, head.status, over)


def read_heads(run_ids: Iterable[str]) -> dict[str, Head]:
    """How far each of the runs is; unknown ones are left out. One query."""
    rows = Run.objects.filter(pk__in=list(run_ids)).values_list("id", "event_seq", "status")
    return {run_id: Head(seq, status) for run_id, seq, status in rows.order_by()}


def newest_run_ids(count: int = 20) -> list[str]:
    """The ids of the newest runs, newest first."""
    return list(Run.objects.order_by(*NEWEST_FIRST).values_list("id", flat=True)[:count])


def open_counts(most: int = 1000) -> dict[str, int]:
    """How many runs stand in each status that is not the last, of the newest ``most`` of them.

    A run that begins, parks or ends changes one of these, wherever it stands in the list.
    """
    # By name, as the index of the open runs says it.
    open_ = [status.value for status in RunStatus if status not in RUN_OVER]
    found = Run.objects.filter(status__in=open_).order_by(*NEWEST_FIRST)
    return dict(Counter(found.values_list("status", flat=True)[:most]))
