"""The journal of a run as a list that people read: newest first, filtered, page by page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from runs.models import Event
from runs.projections import words

EVENTS_A_PAGE = 200
# Words of the address → the beginnings and ends of kinds.
GROUPS: Mapping[str, str] = {
    "run": "Of the run",
    "started": "Started",
    "succeeded": "Succeeded",
    "trouble": "Failed, retried, interrupted",
    "reused": "Reused",
    "waiting": "Waiting",
}
_TROUBLE = ("failed", "retrying", "interrupted", "timeout", "cancelled", "lost")


@dataclass(frozen=True, slots=True)
class EventRow:
    """One entry."""

    seq: int
    kind: str
    status: str  # of the icon
    path: str
    said: str  # what happened, in words
    about: str  # the reason and whatever else it tells
    data: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class EventList:
    """A page of the journal."""

    rows: tuple[EventRow, ...]
    next_before: int | None


def event_list(
    run_id: str, group: str = "", find: str = "", before: int | None = None
) -> EventList:
    """The entries that fit, newest first. One query."""
    rows = Event.objects.filter(run_id=run_id).filter(_of_group(group))
    if find:
        rows = rows.filter(Q(path__icontains=find) | Q(kind__icontains=find))
    if before is not None:
        rows = rows.filter(seq__lt=before)
    found = list(
        rows.order_by("-seq").values_list("seq", "kind", "path", "data", "at")[: EVENTS_A_PAGE + 1]
    )
    page = found[:EVENTS_A_PAGE]
    return EventList(
        tuple(
            EventRow(seq, kind, status_of(kind), path, said(kind), _about(data), data, at)
            for seq, kind, path, data, at in page
        ),
        page[-1][0] if len(found) > EVENTS_A_PAGE else None,
    )


def said(kind: str) -> str:
    """``step.retrying`` → ``is tried again``; of a run with the word before it."""
    noun, _, verb = kind.partition(".")
    word = _VERBS.get(verb, verb.replace("_", " ").replace("-", " "))
    return f"Run {word}" if noun == "run" else word


def status_of(kind: str) -> str:
    """Which icon stands before it."""
    return _STATUS.get(kind.partition(".")[2], "")


_VERBS: Mapping[str, str] = {
    "retrying": "is tried again",
    "retry": "is tried again now",
    "interrupted": "was interrupted and is taken over",
    "waiting": "waits",
    "called": "was called",
    "golden": "marked golden",
    "ungolden": "no longer golden",
    "noted": "notes written",
    "resumed": "goes on",
}
_STATUS: Mapping[str, str] = {
    "created": "queued",
    "queued": "queued",
    "started": "running",
    "resumed": "running",
    "called": "running",
    "succeeded": "succeeded",
    "approved": "succeeded",
    "failed": "failed",
    "rejected": "failed",
    "timeout": "timeout",
    "interrupted": "timeout",
    "retrying": "waiting",
    "waiting": "waiting",
    "paused": "paused",
    "cancelled": "cancelled",
    "skipped": "skipped",
    "reused": "reused",
}


def _of_group(group: str) -> Q:
    if group == "run":
        return Q(kind__startswith="run.")
    if group == "trouble":
        trouble = Q()
        for word in _TROUBLE:
            trouble |= Q(kind__endswith=f".{word}")
        return trouble
    if group == "waiting":
        return Q(kind__in=["step.waiting", "step.queued", "run.paused"])
    return Q(kind__endswith=f".{group}") if group in GROUPS else Q()


def _about(data: Mapping[str, Any]) -> str:
    """The reason in words, and whatever else is short."""
    parts: list[str] = []
    for name, value in data.items():
        if value in (None, "", [], {}):
            continue
        if name in ("reason", "because"):
            parts.insert(0, words.reason(str(value)))
        elif isinstance(value, str | int | float | bool):
            parts.append(f"{name.replace('_', ' ')} {words.shorten(str(value), 80)}")
    return " · ".join(parts)
