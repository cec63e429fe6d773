"""What is told of a run and of an execution everywhere: the fields of product page, section 9."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runs.models import Payload


@dataclass(frozen=True, slots=True)
class Golden:
    """The run is kept as a baseline, under this name."""

    name: str
    tags: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of the run's nodes stand where."""

    total: int
    pending: int
    running: int
    succeeded: int
    failed: int
    skipped: int
    reused: int  # these are among `succeeded`: they are done and did no work


@dataclass(frozen=True, slots=True)
class RunFacts:
    """One run, as list, page, API and command line tell it."""

    id: str
    workflow: str
    status: str
    status_reason: str
    kind: str | None  # None, restart, fork, resume
    source_run_id: str | None
    golden: Golden | None
    counts: Counts
    inputs: dict[str, Any]
    labels: dict[str, Any]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    duration_ms: int | None  # None until the run is over


@dataclass(frozen=True, slots=True)
class OneRun(RunFacts):
    """A run that was asked for by itself: with what it gave, which lists leave out."""

    outputs: Any  # None before it has succeeded, and when the workflow declares none


@dataclass(frozen=True, slots=True)
class Reuse:
    """Where a reused output came from: the run restarted from, and who really did the work."""

    source_execution_id: str
    source_run_id: str | None  # None: the run was deleted
    origin_execution_id: str
    origin_run_id: str | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What the planner decided about a node, and why."""

    action: str
    because: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at an execution."""

    n: int
    outcome: str | None  # None while it runs
    reason: str
    worker: str
    started_at: str | None
    finished_at: str | None
    usage: Mapping[str, Any] | None  # of an agent


@dataclass(frozen=True, slots=True)
class ExecutionFacts:
    """One node of a run."""

    id: str
    run_id: str
    parent_id: str | None
    path: str
    name: str
    type: str
    status: str
    status_reason: str
    attempts: tuple[Attempt, ...]
    input: Any
    output: Any
    error: dict[str, Any] | None
    started_at: datetime | None
    finished_at: datetime | None
    duration_ms: int | None
    reuse: Reuse | None
    decision: Decision | None


# Read with `.values(*RUN_COLUMNS)`: one narrow row and no model instance for each run of a list.
RUN_COLUMNS = (
    "id",
    "workflow_name",
    "status",
    "status_reason",
    "kind",
    "source_id",
    "golden_name",
    "golden__tags",
    "golden__note",
    "n_total",
    "n_running",
    "n_succeeded",
    "n_failed",
    "n_skipped",
    "n_reused",
    "inputs",
    "labels",
    "created_at",
    "started_at",
    "finished_at",
)

EXECUTION_COLUMNS = (
    "id",
    "run_id",
    "parent_id",
    "path",
    "name",
    "type",
    "status",
    "status_reason",
    "tries",
    "input",
    "output",
    "payload_id",
    "error",
    "started_at",
    "finished_at",
    "duration_ms",
    "reused_from",
    "reused_run",
    "origin_execution",
    "origin_run",
    "decision",
)


def run_facts(row: Mapping[str, Any]) -> RunFacts:
    """The facts in a row read with RUN_COLUMNS."""
    total, running = row["n_total"], row["n_running"]
    succeeded, failed, skipped = row["n_succeeded"], row["n_failed"], row["n_skipped"]
    started, finished = row["started_at"], row["finished_at"]
    return RunFacts(
        id=row["id"],
        workflow=row["workflow_name"],
        status=row["status"],
        status_reason=row["status_reason"],
        kind=row["kind"] or None,
        source_run_id=row["source_id"],
        golden=_golden(row),
        counts=Counts(
            total=total,
            pending=max(0, total - running - succeeded - failed - skipped),
            running=running,
            succeeded=succeeded,
            failed=failed,
            skipped=skipped,
            reused=row["n_reused"],
        ),
        inputs=row["inputs"] or {},
        labels=row["labels"] or {},
        created_at=row["created_at"],
        started_at=started,
        finished_at=finished,
        duration_ms=None if not (started and finished) else milliseconds(started, finished),
    )


def _golden(row: Mapping[str, Any]) -> Golden | None:
    name = row["golden_name"]
    if name is None:
        return None
    return Golden(name, tuple(row["golden__tags"] or ()), row["golden__note"] or "")


def execution_facts(row: Mapping[str, Any], payloads: Mapping[str, Any]) -> ExecutionFacts:
    """The facts in a row read with EXECUTION_COLUMNS; ``payloads`` holds large outputs by hash."""
    payload = row["payload_id"]
    return ExecutionFacts(
        id=row["id"],
        run_id=row["run_id"],
        parent_id=row["parent_id"] or None,
        path=row["path"],
        name=row["name"],
        type=row["type"],
        status=row["status"],
        status_reason=row["status_reason"],
        attempts=attempts(row["tries"]),
        input=row["input"],
        output=row["output"] if payload is None else payloads.get(payload),
        error=row["error"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        duration_ms=row["duration_ms"],
        reuse=reuse(row),
        decision=decision(row["decision"]),
    )


def reuse(row: Mapping[str, Any]) -> Reuse | None:
    """Where the row's output came from, or None when it did its own work."""
    if not row["reused_from"]:
        return None
    return came_from(
        row["reused_from"], row["reused_run"], row["origin_execution"], row["origin_run"]
    )


def came_from(source: str, source_run: str, origin: str, origin_run: str) -> Reuse:
    """The pointers of a reused execution as they are told; a deleted run's is None."""
    done_by = origin_run if origin else source_run
    return Reuse(source, source_run or None, origin or source, done_by or None)


def decision(value: Mapping[str, Any] | None) -> Decision | None:
    """The planner's decision as stored, or None for a run without a source."""
    if not value:
        return None
    return Decision(action=str(value.get("action", "")), because=str(value.get("because", "")))


def attempts(tries: Any) -> tuple[Attempt, ...]:
    """The stored tries, oldest first."""
    return tuple(
        Attempt(
            n=int(one.get("n") or number),
            outcome=one.get("outcome") or None,
            reason=str(one.get("reason") or ""),
            worker=str(one.get("worker") or ""),
            started_at=one.get("started_at"),
            finished_at=one.get("finished_at"),
            usage=one.get("usage"),
        )
        for number, one in enumerate(tries or (), 1)
    )


def payloads_of(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The large outputs that ``rows`` point at, by hash; no query when there are none."""
    wanted = {row["payload_id"] for row in rows if row["payload_id"] is not None}
    if not wanted:
        return {}
    return dict(Payload.objects.filter(pk__in=wanted).values_list("pk", "value"))


def milliseconds(start: datetime, end: datetime) -> int:
    """Whole milliseconds between two times."""
    return round((end - start).total_seconds() * 1000)
