"""Two runs side by side: which steps are the same, which differ, what came first, and what follows.

A handful of queries, whatever the size of the runs: values are compared by digest where they lie,
and only those that differ are read.
"""

import difflib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Subquery

from runs.errors import UnknownExecution, UnknownRun
from runs.json_diff import differences
from runs.models import Event, Run, WorkflowVersion
from runs.models.stored import drawable_version
from runs.planning.align import Pair, Verdict, align, first_divergence
from runs.planning.changes import changes, outlines
from runs.planning.fields import changed_fields
from runs.planning.outline import readers
from runs.projections.compare_rows import Row, Values, rows_of, sides_of, values_of
from runs.projections.run_facts import milliseconds

DIFFS = 100  # steps whose values are shown place by place, unless one of them is asked for
PLACES = 50  # places told of one value
VALUE_CHARS = 2000  # of one value as JSON; more is cut
DIFF_LINES = 1000  # of two texts


@dataclass(frozen=True, slots=True)
class ComparedRun:
    """One of the two runs."""

    id: str
    workflow: str
    version: int
    status: str
    status_reason: str
    kind: str | None
    source_run_id: str | None
    created_at: datetime
    duration_ms: int | None


@dataclass(frozen=True, slots=True)
class Place:
    """One place where two values differ; ``is_cut`` says that a value is only the beginning."""

    path: str
    kind: str  # added, removed, changed
    a: Any
    b: Any
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Places:
    """Where two values differ; ``more`` says that not all of it is told, ``note`` why not."""

    items: tuple[Place, ...]
    more: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class ComparedStep:
    """One execution on one side."""

    execution_id: str
    path: str
    status: str
    status_reason: str
    duration_ms: int | None
    reused: bool


@dataclass(frozen=True, slots=True)
class ComparedNode:
    """One step of both runs, or of one of them."""

    path: str  # in B, or in A if only that one has it
    name: str
    type: str
    verdict: str  # same, changed, only_a, only_b, reused
    differs: tuple[str, ...]
    role: str | None  # cause, consequence
    because: str
    root: str | None  # the path of the cause
    a: ComparedStep | None
    b: ComparedStep | None
    duration_difference_ms: int | None  # B's less A's, when both did their own work
    input: Places | None  # None: not different, or not among those that are told
    output: Places | None
    error: Places | None

    def stands_at(self, path: str) -> bool:
        """Whether it is the step at ``path``, in either run."""
        return any(one is not None and one.path == path for one in (self.a, self.b))


@dataclass(frozen=True, slots=True)
class DefinitionChange:
    """What differs between the texts that the two runs ran."""

    a_version: int
    b_version: int
    steps: tuple[str, ...]  # in words: "plan changed"
    text: str  # as `diff -u` writes it
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Tally:
    """How many steps are what."""

    same: int
    changed: int
    only_a: int
    only_b: int
    reused: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs side by side."""

    a: ComparedRun
    b: ComparedRun
    same: bool  # status, inputs, outputs and every step
    counts: Tally
    first_divergence: str | None
    because: str  # of the first divergence
    duration_difference_ms: int | None
    inputs: Places
    context: Places
    outputs: Places
    definition: DefinitionChange | None
    nodes: tuple[ComparedNode, ...]


def compare_runs(a: str, b: str, *, path: str = "") -> Comparison:
    """Run ``b`` beside run ``a``. Raises UnknownRun, UnknownExecution.

    With ``path`` (in either run) only that step and what stands inside it are told, with all their
    values; the counts are of the whole.
    """
    return comparison(two_runs(a, b), path=path)


def comparison(
    runs: tuple[Run, Run], *, path: str = "", values_at: str | None = None
) -> Comparison:
    """The same of runs that ``two_runs`` has read; with ``values_at`` the values of that step
    alone are told (``""``: of none)."""
    a, b = runs[0].pk, runs[1].pk
    rows = rows_of(a, b)
    secrets = _secrets(runs)
    pairs = _aligned(runs, rows, secrets)
    shown = pairs
    if path:
        shown = [pair for pair in pairs if is_at(pair, path)]
        if not shown:
            raise UnknownExecution(f"Neither {a} nor {b} has a step {path[:200]!r}.")
    nodes = _with_values([_node(pair, rows) for pair in shown], values_at)
    first = first_divergence(pairs)
    inputs, context, outputs = (
        places(getattr(runs[0], name), getattr(runs[1], name))
        for name in ("inputs", "context", "outputs")
    )
    inputs = Places((*inputs.items, *map(_masked, secrets)), inputs.more)
    return Comparison(
        a=_run(runs[0]),
        b=_run(runs[1]),
        same=not (
            any(pair.is_different for pair in pairs)
            or inputs.items
            or outputs.items
            or runs[0].status != runs[1].status
        ),
        counts=tally(pairs),
        first_divergence=first.path if first else None,
        because=first.because if first else "",
        duration_difference_ms=_less(_run(runs[1]).duration_ms, _run(runs[0]).duration_ms),
        inputs=inputs,
        context=context,
        outputs=outputs,
        definition=_definition(runs[0].version, runs[1].version),
        nodes=tuple(nodes),
    )


def two_runs(a: str, b: str) -> tuple[Run, Run]:
    """The rows, with their versions and what was asked for when they were made. Raises
    UnknownRun."""
    wanted = [name.replace("\x00", "") for name in (a, b)]
    first = Event.objects.filter(run_id=OuterRef("pk"), seq=1).values("data")
    rows = Run.objects.select_related("version").annotate(asked=Subquery(first))
    found: dict[str, Run] = {run.pk: run for run in rows.filter(pk__in=wanted)}
    for name in wanted:
        if name not in found:
            raise UnknownRun(f"There is no run {name[:60]!r}.")
    return found[wanted[0]], found[wanted[1]]


def _secrets(runs: tuple[Run, Run]) -> tuple[str, ...]:
    """The secret inputs that one run has changed from the other. They are recorded masked, so only
    what was noted when a fork was made tells of them."""
    for one, other in (runs, runs[::-1]):
        if one.source_id is None or one.source_id != other.pk:
            continue
        said = vars(one)["asked"]
        seen = {".".join(("inputs", *field)) for field in changed_fields(one.inputs, other.inputs)}
        named = {str(field) for field in (said or {}).get("changed") or () if field not in seen}
        return tuple(sorted(f.removeprefix("inputs.") for f in named if f.startswith("inputs.")))
    return ()


def _masked(field: str) -> Place:
    return Place(field, "changed", "•••", "•••", False)


def _aligned(
    runs: tuple[Run, Run],
    rows: tuple[dict[str, Row], dict[str, Row]],
    secrets: Sequence[str],
) -> list[Pair]:
    sides = sides_of(runs, rows)
    inputs = changed_fields(runs[0].inputs or {}, runs[1].inputs or {})
    context = changed_fields(runs[0].context or {}, runs[1].context or {})
    hidden = frozenset(tuple(field.split(".")) for field in secrets)
    read: dict[str, str] = {}
    read_hidden: dict[str, str] = {}
    for run in runs if inputs or context or hidden else ():
        made = drawable_version(run.version_id)
        read |= readers(made, inputs, context)
        read_hidden |= readers(made, hidden, frozenset())
    return align(*sides, read, read_hidden)


def tally(pairs: Iterable[Pair]) -> Tally:
    """How many of the pairs are what."""
    counts = dict.fromkeys(Verdict, 0)
    for pair in pairs:
        counts[pair.verdict] += 1
    return Tally(**{verdict.value: count for verdict, count in counts.items()})


def is_at(pair: Pair | ComparedNode, path: str) -> bool:
    """Whether it is the step at ``path`` or stands inside it, in either run."""
    return any(
        one is not None and (one.path == path or one.path.startswith((f"{path}/", f"{path}[")))
        for one in (pair.a, pair.b)
    )


def _run(run: Run) -> ComparedRun:
    took = None
    if run.started_at and run.finished_at:
        took = milliseconds(run.started_at, run.finished_at)
    return ComparedRun(
        id=run.pk,
        workflow=run.workflow_name,
        version=run.version.number,
        status=run.status,
        status_reason=run.status_reason,
        kind=run.kind or None,
        source_run_id=run.source_id,
        created_at=run.created_at,
        duration_ms=took,
    )


def _node(pair: Pair, rows: tuple[dict[str, Row], dict[str, Row]]) -> ComparedNode:
    mine = [
        side.get(seen.path) if seen is not None else None
        for side, seen in zip(rows, (pair.a, pair.b), strict=True)
    ]
    one = mine[1] or mine[0]
    assert one is not None
    a, b = (None if row is None else _step(row) for row in mine)
    worked = a is not None and b is not None and not (a.reused or b.reused)
    return ComparedNode(
        path=pair.path,
        name=one.name,
        type=one.seen.type,
        verdict=pair.verdict.value,
        differs=pair.differs,
        role=pair.role or None,
        because=pair.because,
        root=pair.root or None,
        a=a,
        b=b,
        duration_difference_ms=_less(b.duration_ms, a.duration_ms) if worked and a and b else None,
        input=None,
        output=None,
        error=None,
    )


def _step(row: Row) -> ComparedStep:
    return ComparedStep(
        row.seen.id, row.seen.path, row.seen.status, row.reason, row.duration_ms, row.reused
    )


def _less(b: int | None, a: int | None) -> int | None:
    return None if a is None or b is None else b - a


def _with_values(nodes: list[ComparedNode], at: str | None) -> list[ComparedNode]:
    """The nodes with the values that differ; causes first where there are too many. One query,
    none where nothing differs."""
    differ = [
        n
        for n, node in enumerate(nodes)
        if {"input", "output", "error"} & set(node.differs) and (at is None or node.stands_at(at))
    ]
    differ.sort(key=lambda n: (nodes[n].role != "cause", n))
    told = differ[:DIFFS]
    values = values_of(
        side.execution_id for n in told for side in (nodes[n].a, nodes[n].b) if side is not None
    )
    for n in told:
        node = nodes[n]
        if node.a is None or node.b is None:
            continue
        a, b = values.get(node.a.execution_id), values.get(node.b.execution_id)
        if a is not None and b is not None:
            nodes[n] = replace(
                node,
                input=_of(node, a, b, "input"),
                output=_of(node, a, b, "output"),
                error=_of(node, a, b, "error"),
            )
    return nodes


def _of(node: ComparedNode, a: Values, b: Values, what: str) -> Places | None:
    if what not in node.differs:
        return None
    if what in a.too_large | b.too_large:
        return Places((), True, "too large to be compared place by place; its digest differs")
    return places(getattr(a, what), getattr(b, what))


def places(a: Any, b: Any) -> Places:
    """Where two values differ, at most so many places, each value cut where it is long."""
    found: list[Place] = []
    for one in differences(a, b):
        if len(found) == PLACES:
            return Places(tuple(found), True)
        before, cut_a = _short(one.before)
        after, cut_b = _short(one.after)
        found.append(Place(one.path, one.kind, before, after, cut_a or cut_b))
    return Places(tuple(found))


def _short(value: Any) -> tuple[Any, bool]:
    if isinstance(value, str):
        return (value, False) if len(value) <= VALUE_CHARS else (value[:VALUE_CHARS] + "…", True)
    if isinstance(value, dict | list):
        text = json.dumps(value, ensure_ascii=False)
        if len(text) > VALUE_CHARS:
            return text[:VALUE_CHARS] + "…", True
    return value, False


def _definition(a: WorkflowVersion, b: WorkflowVersion) -> DefinitionChange | None:
    """What differs between two versions; None when they are one."""
    if a.pk == b.pk:
        return None
    made = drawable_version(a.pk), drawable_version(b.pk)
    said: Sequence[str] = ()
    if made[0] is not None and made[1] is not None:
        said = changes(outlines(made[0]), outlines(made[1]))
    texts = [
        {"": version.source, **{name: one["source"] for name, one in version.bundle.items()}}
        for version in (a, b)
    ]
    lines: list[str] = []
    for name in sorted({*texts[0], *texts[1]}):
        label = name or "workflow"
        lines += difflib.unified_diff(
            texts[0].get(name, "").splitlines(),
            texts[1].get(name, "").splitlines(),
            f"{label} (A, version {a.number})",
            f"{label} (B, version {b.number})",
            lineterm="",
        )
    text = "\n".join(lines[:DIFF_LINES])
    return DefinitionChange(a.number, b.number, tuple(said), text, len(lines) > DIFF_LINES)
