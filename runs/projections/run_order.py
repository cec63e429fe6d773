"""Runs in the order of time, and what stands behind or above one of them.

A page's mark is the id of the run where it ended. That run's time is asked for inside the query: a
page costs no query more, and a mark goes on being right when the run has been deleted meanwhile, as
an id of ours tells its time itself.
"""

from datetime import datetime, timedelta

from django.db.models import CharField, F, Func, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThan, LessThan
from django.utils import timezone

from runs import ids
from runs.models import Run
from runs.models.run import NEWEST_FIRST

OLDEST_FIRST = tuple(name.removeprefix("-") for name in NEWEST_FIRST)


class _Row(Func):
    """Two columns compared as one. An index gives that as one stretch of it; ``a < x OR (a = x AND
    b < y)`` would be read from the index's beginning."""

    function = "ROW"
    output_field = CharField()


def older_than(runs: QuerySet[Run], mark: str) -> QuerySet[Run]:
    """Those that stand behind the mark in the list, newest first."""
    return runs.filter(LessThan(_PLACE, _place_of(mark))).order_by(*NEWEST_FIRST)


def newer_than(runs: QuerySet[Run], mark: str) -> QuerySet[Run]:
    """Those that stand above the mark, the nearest to it first."""
    return runs.filter(GreaterThan(_PLACE, _place_of(mark))).order_by(*OLDEST_FIRST)


def is_place(mark: str) -> bool:
    """Whether it can be told where the mark stands: not when a run of another's id is gone."""
    return _time_in(mark) is not None or Run.objects.filter(pk=mark).exists()


_PLACE = _Row(F("created_at"), F("id"))


def _place_of(mark: str) -> _Row:
    known = Subquery(Run.objects.filter(pk=mark).order_by().values("created_at")[:1])
    told = _time_in(mark)
    return _Row(known if told is None else Coalesce(known, Value(told)), Value(mark))


def _time_in(mark: str) -> datetime | None:
    told = ids.moment_of(mark)
    # A time that has not come is none of ours: another program's number in the same shape.
    return told if told is not None and told < timezone.now() + timedelta(days=1) else None
