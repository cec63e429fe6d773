"""The runs that a cleaning would take, and the golden ones of that age that stay, as rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, Now

from runs.models import Execution, Run
from runs.projections import words


@dataclass(frozen=True, slots=True)
class OldRun:
    """One run: enough to know it by."""

    id: str
    workflow: str
    status: str
    kind: str
    golden: str  # its name; empty for one that goes
    ended_at: datetime | None
    steps: int
    size: str  # of all its outputs; large ones stay while another run uses them


def would_go(ids: Sequence[str]) -> list[OldRun]:
    """These runs, in the order given. One query."""
    found = {row.id: row for row in _rows(Run.objects.filter(pk__in=ids))}
    return [found[one] for one in ids if one in found]


def golden_that_stay(older_than: timedelta, most: int) -> tuple[list[OldRun], int]:
    """Golden runs that ended longer ago, the oldest first, and how many there are. Two queries at
    most: the first rows are all of them as a rule."""
    old = Run.objects.filter(golden_name__isnull=False, finished_at__lt=Now() - older_than)
    rows = _rows(old.order_by("finished_at", "id")[:most])
    return rows, len(rows) if len(rows) < most else old.count()


def _rows(runs: QuerySet[Run]) -> list[OldRun]:
    outputs = Execution.objects.filter(run=OuterRef("pk")).order_by().values("run")
    size = Coalesce(Subquery(outputs.annotate(total=Sum("output_size")).values("total")), 0)
    fields = ("id", "workflow_name", "status", "kind", "golden_name", "finished_at", "n_total")
    return [
        OldRun(pk, name, status, kind or "", golden or "", ended, steps, words.size(total))
        for pk, name, status, kind, golden, ended, steps, total in runs.annotate(
            output_bytes=size
        ).values_list(*fields, "output_bytes")
    ]
