"""A run, what it reuses, and its first journal entries, in one transaction."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction

from runs import ids, steppath
from runs.errors import UnknownRun
from runs.models import Event, Run, WorkflowVersion
from runs.planning.graph import Compiled
from runs.planning.plan import Action, Plan
from runs.record import workers
from runs.states import RunStatus


@dataclass(frozen=True)
class NewRun:
    """Everything that is known of a run before it starts."""

    version: WorkflowVersion
    compiled: Compiled
    inputs: dict[str, Any]  # masked
    sealed: bytes | None
    created_by: str
    workspace: str
    labels: dict[str, Any] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)
    placement: str = ""
    kind: str = ""
    source: Run | None = None
    reason: str = ""
    plan: Plan | None = None
    # What was asked for, as far as lineage tells it: from, scope, reuse, changed, checkpoint.
    asked: dict[str, Any] = field(default_factory=dict)


def create_run(new: NewRun) -> Run:
    """Write the run and its reused executions. Raises IntegrityError for a second resume."""
    with transaction.atomic():
        if new.source is not None:
            hold(new.source.id)
        decisions, reused_ids = _decisions(new)
        inside = sum(1 for path in reused_ids if steppath.parent_of(path) in reused_ids)
        run_id = ids.run_id()
        now = datetime.now(UTC)
        if new.placement:
            # In the same transaction: nobody ever sees this run without a sign of its command.
            workers.beat(new.placement, workers.COMMAND)
        run = Run.objects.create(
            id=run_id,
            # Of a direct call it is the target, which is no name for a file.
            workflow_name=new.source.workflow_name if new.source else new.compiled.spec.name,
            version=new.version,
            status=RunStatus.QUEUED,
            kind=new.kind,
            source=new.source,
            family_id=(new.source.family_id or new.source.id) if new.source else run_id,
            reason=new.reason,
            inputs=new.inputs,
            sealed=new.sealed,
            context=new.context,
            labels=new.labels,
            decisions=decisions,
            n_total=len(new.compiled.scopes[""].nodes) + inside,
            n_succeeded=len(reused_ids),
            n_reused=len(reused_ids),
            event_seq=2 if reused_ids else 1,
            created_at=now,
            created_by=new.created_by,
            workspace=new.workspace,
            placement=new.placement,
        )
        data = {"source_run_id": new.source.id, "kind": new.kind} if new.source else {}
        data |= {name: value for name, value in new.asked.items() if value}
        events = [Event(run=run, seq=1, kind="run.created", data=data, at=now)]
        if reused_ids:
            counts = {"count": len(reused_ids)}
            events.append(Event(run=run, seq=2, kind="steps.reused", data=counts, at=now))
        Event.objects.bulk_create(events)
        if reused_ids:
            _copy_reused(new, run, reused_ids, decisions or {})
            _count(run)
    return run


def hold(source: str) -> None:
    """The source is not deleted before this run is committed; afterwards only when it is over."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM runs_run WHERE id = %s FOR KEY SHARE", [source])
        if cursor.fetchone() is None:
            raise UnknownRun(f"{source} was deleted.")


def _decisions(new: NewRun) -> tuple[dict[str, Any] | None, dict[str, str]]:
    """The stored plan, and the new execution id of every reused path."""
    if new.plan is None:
        return None, {}
    reused = {item.path: ids.execution_id() for item in new.plan.reused()}
    decisions = new.plan.to_json()
    for path in reused:
        parent = steppath.parent_of(path)
        if parent and parent not in reused:
            # A container that opens again: its id is fixed now, so that the reused steps inside
            # can name it before it has a row.
            entry = decisions.setdefault(parent, {"action": Action.RUN.value, "because": ""})
            entry.setdefault("execution_id", ids.execution_id())
    return decisions, reused


def _parent_id(path: str, reused: dict[str, str], decisions: dict[str, Any]) -> str | None:
    parent = steppath.parent_of(path)
    if not parent:
        return None
    return reused.get(parent) or decisions.get(parent, {}).get("execution_id")


# Outputs are inline JSON up to 64 KiB or a reference: nothing large is copied. What was skipped,
# or failed and was passed over, is taken over as it was; it is nobody's work that is reused.
_COPY = """
INSERT INTO runs_execution (
  id, run_id, parent_id, path, name, type, position, status, status_reason, seq, fence, worker,
  tries, input, input_digest, match_key, output, payload_id, output_size, error, created_at,
  started_at, finished_at, duration_ms, reused_from, reused_run, origin_execution, origin_run,
  decision, code_version)
SELECT n.id, %s, nullif(n.parent_id, ''), n.path, s.name, s.type, n.position, s.status,
  CASE WHEN d.done THEN 'reused' ELSE s.status_reason END, 2, 0, '', '[]',
  s.input, s.input_digest, s.match_key, s.output, s.payload_id, s.output_size, s.error,
  now(), now(), now(), s.duration_ms,
  CASE WHEN d.done THEN s.id ELSE '' END,
  CASE WHEN d.done THEN s.run_id ELSE '' END,
  CASE WHEN d.done THEN coalesce(nullif(s.origin_execution, ''), s.id) ELSE '' END,
  CASE WHEN d.done THEN CASE WHEN s.origin_execution = '' THEN s.run_id ELSE s.origin_run END
    ELSE '' END,
  jsonb_build_object('action', 'reuse', 'because', n.because), s.code_version
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::int[])
  AS n(id, path, parent_id, source, because, position)
JOIN runs_execution s ON s.id = n.source
CROSS JOIN LATERAL (SELECT s.status = 'succeeded' AS done) d
"""


def _copy_reused(new: NewRun, run: Run, reused: dict[str, str], decisions: dict[str, Any]) -> None:
    paths = list(reused)
    with connection.cursor() as cursor:
        cursor.execute(
            _COPY,
            [
                run.id,
                [reused[path] for path in paths],
                paths,
                [_parent_id(path, reused, decisions) or "" for path in paths],
                [decisions[path]["source_execution_id"] for path in paths],
                [decisions[path]["because"] for path in paths],
                [new.compiled.node(path).position for path in paths],
            ],
        )
        if cursor.rowcount != len(paths):
            raise RuntimeError(f"{len(paths) - cursor.rowcount} executions to reuse are gone")


def _count(run: Run) -> None:
    """What stays skipped or failed is copied, but it is not reused work."""
    counts = Counter(run.executions.exclude(status="succeeded").values_list("status", flat=True))
    if counts:
        run.n_skipped = counts["skipped"]
        run.n_failed = counts["failed"] + counts["timeout"]
        others = counts.total()
        run.n_succeeded -= others
        run.n_reused -= others
        run.save(update_fields=["n_skipped", "n_failed", "n_succeeded", "n_reused"])
