"""What the panel reads of its step: the row, who did the work, the newest lines of its log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, F, OuterRef, Subquery, When
from django.db.models.functions import JSONObject

from runs.models import Execution, LogChunk
from runs.projections.run_detail import level_of

LOG_LINES = 200


@dataclass(frozen=True, slots=True)
class PanelLine:
    """One line of the step's log."""

    at: datetime
    level: str
    text: str


@dataclass(frozen=True, slots=True)
class Source:
    """Who did the work of a reused step."""

    run_id: str
    path: str
    finished_at: datetime | None
    tries: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class PanelStep:
    """A step that has a row."""

    row: Execution
    source: Source | None  # None: it did its own work, or who did it was deleted
    log: tuple[PanelLine, ...]  # of who did the work; the newest, oldest first
    log_cut: bool

    @property
    def tries(self) -> Sequence[Mapping[str, Any]]:
        """The attempts of who did the work."""
        return self.source.tries if self.source is not None else self.row.tries


_WORKED = Case(
    When(reused_from="", then=F("id")),
    When(origin_execution="", then=F("reused_from")),
    default=F("origin_execution"),
)


def panel_step(run_id: str, path: str) -> PanelStep | None:
    """The step at ``path``; None when it has no row. One query."""
    worked = Execution.objects.filter(pk=OuterRef("worked"))
    chunks = LogChunk.objects.filter(execution_id=OuterRef("worked")).order_by("-id")
    told = JSONObject(run_id="run_id", path="path", finished_at="finished_at", tries="tries")
    line = JSONObject(at="at", level="level", stream="stream", text="text")
    row = (
        Execution.objects.select_related("payload")
        .filter(run_id=run_id, path=path)
        .annotate(worked=_WORKED)
        .annotate(
            source=Subquery(worked.values(told=told)),
            chunks=ArraySubquery(chunks.values(line=line)[: LOG_LINES + 1]),
        )
        .first()
    )
    if row is None:
        return None
    lines = _lines(row.chunks)
    cut = len(lines) > LOG_LINES or len(row.chunks) > LOG_LINES
    source = _source(row.source) if row.reused_from and row.source else None
    return PanelStep(row, source, tuple(lines[-LOG_LINES:]), cut)


def _lines(chunks: Sequence[Mapping[str, str]]) -> list[PanelLine]:
    return [
        PanelLine(
            datetime.fromisoformat(one["at"]), level_of(one["level"], one["stream"]), line[:2000]
        )
        for one in reversed(chunks)
        for line in one["text"].rstrip("\n").split("\n")
    ]


def _source(told: Mapping[str, Any]) -> Source:
    ended = told["finished_at"]
    return Source(
        told["run_id"],
        told["path"],
        datetime.fromisoformat(ended) if ended else None,
        told["tries"] or (),
    )
