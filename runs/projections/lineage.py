"""A run's family over all generations, as a simple list. Two queries, whatever its size."""

from dataclasses import dataclass
from datetime import datetime

from runs.models import Run
from runs.projections import words
from runs.projections.progress import run_duration
from runs.states import RUN_OVER

MOST = 500


@dataclass(frozen=True, slots=True)
class FamilyMember:
    """One run of the family, in tree order."""

    id: str
    depth: int
    kind: str
    word: str
    status: str
    status_word: str
    golden: str | None
    reused: int
    total: int
    why: str
    duration_ms: int | None
    created_at: datetime
    by: str
    current: bool


def family(run: Run, now: datetime) -> tuple[FamilyMember, ...]:
    """The run's ancestors, itself, and everything that came from them, each below its source."""
    root = run.family_id or run.pk
    rows = list(
        Run.objects.filter(family_id=root)
        .order_by("-id")
        .only(
            "id",
            "source",
            "kind",
            "status",
            "golden_name",
            "n_reused",
            "n_total",
            "reason",
            "started_at",
            "finished_at",
            "created_at",
            "created_by",
        )[:MOST]
    )
    known = {row.pk: row for row in rows}
    missing = {root, run.pk} - set(known)
    for row in Run.objects.filter(pk__in=missing) if missing else ():
        known[row.pk] = row
    below: dict[str, list[Run]] = {}
    tops = []
    for row in sorted(known.values(), key=lambda r: r.pk):
        if row.source_id and row.source_id in known:
            below.setdefault(row.source_id, []).append(row)
        else:
            tops.append(row)
    members: list[FamilyMember] = []
    stack = [(row, 0) for row in reversed(tops)]
    while stack:
        row, depth = stack.pop()
        over = row.status in RUN_OVER
        members.append(
            FamilyMember(
                id=row.pk,
                depth=min(depth, 8),
                kind=row.kind,
                word=words.KIND_WORDS.get(row.kind, ""),
                status=row.status,
                status_word=words.STATUS_WORDS.get(row.status, row.status),
                golden=row.golden_name,
                reused=row.n_reused,
                total=row.n_total,
                why=row.reason,
                duration_ms=run_duration(row.started_at, row.finished_at, over, now),
                created_at=row.created_at,
                by=row.created_by,
                current=row.pk == run.pk,
            )
        )
        stack.extend((child, depth + 1) for child in reversed(below.get(row.pk, [])))
    return tuple(members)
