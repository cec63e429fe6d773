"""A run's family over all generations, and what was changed on the way from each run to the next.

Two queries, whatever the size of the family.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Case, OuterRef, Q, Subquery, Value, When

from runs.errors import UnknownRun
from runs.json_diff import differences
from runs.models import Event, Run
from runs.models.run import NEWEST_FIRST
from runs.projections import words
from runs.projections.progress import run_duration
from runs.projections.run_facts import RUN_COLUMNS, RunFacts, run_facts
from runs.states import RUN_OVER

MOST = 1000  # members that are told
FIELDS = 20  # changed fields that are told of one step from run to run


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of inputs or context that is another than in the source. Secrets are masked."""

    field: str  # inputs.topic, context.model
    kind: str  # added, removed, changed
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Change:
    """What makes a run another than its source."""

    words: str
    source_deleted: bool
    from_step: str | None  # the step that it was restarted from
    alone: bool  # that step and nothing else
    reuse: str | None
    checkpoint: str | None
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class Relative:
    """One run of a family, with its place in it."""

    run: RunFacts
    generation: int  # 0 is the first ancestor
    reason: str
    by: str
    change: Change | None  # None: it has no source


@dataclass(frozen=True, slots=True)
class Family:
    """All runs that descend from one, oldest first, and where the asked one stands."""

    run_id: str
    root_run_id: str
    ancestors: tuple[str, ...]  # from the direct source back to the root
    more: bool  # the family has members that are not told
    items: tuple[Relative, ...]


_ANCESTORS = """
WITH RECURSIVE up(id, source_id, family_id, n) AS (
  SELECT id, source_id, family_id, 0 FROM runs_run WHERE id = %s
  UNION ALL
  SELECT r.id, r.source_id, r.family_id, up.n + 1
  FROM up JOIN runs_run r ON r.id = up.source_id WHERE up.n < 100000
)
SELECT id, family_id FROM up ORDER BY n
"""


def family(run_id: str) -> Family:
    """The family of a run over all generations. Raises UnknownRun."""
    with connection.cursor() as cursor:
        cursor.execute(_ANCESTORS, [run_id.replace("\x00", "")])
        line = cursor.fetchall()
    if not line:
        raise UnknownRun(f"There is no run {run_id[:60]!r}.")
    root = line[0][1] or run_id
    ancestors = tuple(pk for pk, _ in line[1:])
    near = [run_id, *ancestors[:MOST]]
    # What was asked for when a run was made, as its first journal entry has it.
    first = Event.objects.filter(run_id=OuterRef("pk"), seq=1).values("data")
    rows = list(
        Run.objects.filter(Q(family_id=root) | Q(pk__in=near))
        .annotate(asked=Subquery(first))
        # Those that the asked one comes from first: of a large family they must not be missing.
        .order_by(Case(When(pk__in=near, then=Value(0)), default=Value(1)), *NEWEST_FIRST)
        .values(*RUN_COLUMNS, "reason", "context", "created_by", "asked")[: MOST + 1]
    )
    more = len(rows) > MOST
    rows = sorted(rows[:MOST], key=lambda row: (row["created_at"], row["id"]))
    by_id = {row["id"]: row for row in rows}
    generations = _generations(by_id)
    items = tuple(
        Relative(
            run_facts(row),
            generations[row["id"]],
            row["reason"],
            row["created_by"],
            _change(row, by_id.get(row["source_id"]), row["asked"] or {}),
        )
        for row in rows
    )
    return Family(run_id, root, ancestors, more, items)


def _generations(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for pk in rows:
        line: dict[str, None] = {}
        at: str | None = pk
        while at is not None and at in rows and at not in found and at not in line:
            line[at] = None
            at = rows[at]["source_id"]
        start = found.get(at, -1) if at is not None else -1
        for n, one in enumerate(reversed(line), start=1):
            found[one] = start + n
    return found


def _change(
    row: Mapping[str, Any], source: Mapping[str, Any] | None, asked: Mapping[str, Any]
) -> Change | None:
    kind = row["kind"]
    if not kind:
        return None
    fields = _fields(row, source) if source is not None else ()
    known = {one.field for one in fields}
    # A secret is masked in both; that it changed was noted when the run was made.
    hidden = [
        FieldChange(str(field), "changed", "•••", "•••")
        for field in asked.get("changed") or ()
        if not any(one == field or one.startswith((f"{field}.", f"{field}[")) for one in known)
    ]
    from_step, checkpoint = asked.get("from") or None, asked.get("checkpoint") or None
    change = Change(
        words="",
        source_deleted=row["source_id"] is None,
        from_step=from_step,
        alone=asked.get("scope") == "execution",
        reuse=asked.get("reuse") or None,
        checkpoint=checkpoint,
        fields=(*fields, *hidden)[:FIELDS],
    )
    return Change(**{**_parts(change), "words": _words(kind, change, source)})


def _parts(change: Change) -> dict[str, Any]:
    return {name: getattr(change, name) for name in change.__dataclass_fields__}


def _fields(row: Mapping[str, Any], source: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    found = []
    for name in ("inputs", "context"):
        for one in differences(source[name] or {}, row[name] or {}):
            found.append(FieldChange(f"{name}.{one.path}", one.kind, one.before, one.after))
            if len(found) == FIELDS:
                return tuple(found)
    return tuple(found)


def _words(kind: str, change: Change, source: Mapping[str, Any] | None) -> str:
    """``restarted from failed `test```, ``input `topic` changed "a" → "b"``."""
    if kind == "resume":
        said = f"resumed from checkpoint `{change.checkpoint}`" if change.checkpoint else "resumed"
    elif kind == "fork" and change.fields:
        first = change.fields[0]
        said = f"forked: {_field(first)}"
        if len(change.fields) > 1:
            said += f" and {words.count(len(change.fields) - 1, 'more field')}"
        said += f", from `{change.from_step}`" if change.from_step else ""
    elif change.alone:
        said = f"`{change.from_step}` alone ran again"
    else:
        said = "forked" if kind == "fork" else "restarted"
        failed = _failed(source)
        if change.reuse == "none":
            said += " as a whole"
        elif change.from_step:
            said += f" from `{change.from_step}`"
        elif failed:
            said += f" from failed `{failed}`"
    return f"{said}; the source was deleted" if change.source_deleted else said


def _failed(source: Mapping[str, Any] | None) -> str:
    """The step that the source failed at, as its reason names it."""
    word, _, rest = str(source["status_reason"] if source else "").partition(": ")
    return rest.partition(": ")[0] if word == "step-failed" else ""


def _field(one: FieldChange) -> str:
    where, _, path = one.field.partition(".")
    name = f"{'input' if where == 'inputs' else where} `{path}`"
    if one.kind == "added":
        return f"{name} is new: {words.json_short(one.after)}"
    if one.kind == "removed":
        return f"{name} is gone"
    if one.before == one.after:
        return f"{name} changed"
    return f"{name} changed {words.json_short(one.before)} → {words.json_short(one.after)}"


@dataclass(frozen=True, slots=True)
class FamilyMember:
    """One run of the family as the page shows it, in tree order."""

    run: RunFacts
    depth: int  # of the indent
    word: str
    change: str
    why: str
    by: str
    duration_ms: int | None
    current: bool


DEEPEST = 8  # an indent; a family may be deeper


def in_tree(found: Family, now: datetime) -> tuple[FamilyMember, ...]:
    """The members, each below its source."""
    known = {one.run.id for one in found.items}
    below: dict[str, list[Relative]] = {}
    tops = []
    for one in found.items:
        source = one.run.source_run_id
        if source and source in known:
            below.setdefault(source, []).append(one)
        else:
            tops.append(one)
    return tuple(
        FamilyMember(
            run=one.run,
            depth=min(depth, DEEPEST),
            word=words.KIND_WORDS.get(one.run.kind or "", ""),
            change=one.change.words if one.change else "",
            why=one.reason,
            by=one.by,
            duration_ms=run_duration(
                one.run.started_at, one.run.finished_at, one.run.status in RUN_OVER, now
            ),
            current=one.run.id == found.run_id,
        )
        for one, depth in _walk(tops, below)
    )


def _walk(
    tops: Sequence[Relative], below: Mapping[str, Sequence[Relative]]
) -> Iterable[tuple[Relative, int]]:
    stack = [(one, 0) for one in reversed(tops)]
    while stack:
        one, depth = stack.pop()
        yield one, depth
        stack.extend((child, depth + 1) for child in reversed(below.get(one.run.id, ())))
