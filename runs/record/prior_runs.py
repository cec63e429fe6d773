"""An earlier run's rows, or a checkpoint's content, as plain facts for the planner."""

from collections.abc import Mapping
from typing import Any

from runs.models import Execution, Run
from runs.planning.graph import Compiled
from runs.planning.moves import Recalled
from runs.planning.prior import PriorRun, PriorStep
from runs.states import StepStatus


def prior_run(run: Run, compiled: Compiled, kept: frozenset[str] | None = None) -> PriorRun:
    """What ``run`` recorded. ``compiled``: the workflow as that run had it."""
    rows = Execution.objects.filter(run=run).values_list(
        "path",
        "id",
        "type",
        "status",
        "duration_ms",
        "status_reason",
        "code_version",
        "input_digest",
        "started_at",
    )
    steps = {}
    for path, pk, kind, status, duration, reason, version, given, started in rows:
        definition, condition = _digests(compiled, path)
        steps[path] = PriorStep(
            path=path,
            execution_id=pk,
            type=kind,
            status=StepStatus(status),
            definition=definition,
            condition=condition,
            code_version=version,
            duration_ms=duration or 0,
            reason=reason,
            input_digest=given,
            started=started.timestamp() if started else 0.0,
        )
    return PriorRun(run.id, steps, kept)


def recalled(execution_id: str) -> Recalled | None:
    """A succeeded execution as another run may take it over; None when it is gone."""
    row = (
        Execution.objects.select_related("payload")
        .filter(pk=execution_id, status=StepStatus.SUCCEEDED)
        .first()
    )
    if row is None:
        return None
    return Recalled(
        execution_id=row.id,
        run_id=row.run_id,
        origin_execution_id=row.origin_execution or row.id,
        origin_run_id=row.origin_run or row.run_id,
        output=row.payload.value if row.payload else row.output,
        payload=row.payload_id,
        size=row.output_size,
        code_version=row.code_version,
        duration_ms=row.duration_ms,
    )


def prior_from_file(content: Mapping[str, Any]) -> PriorRun:
    """What a checkpoint file holds: succeeded steps with the digests they ran with."""
    steps = {
        path: PriorStep(
            path=path,
            execution_id=str(step.get("execution_id", "")),
            type=str(step.get("type", "")),
            status=StepStatus(step.get("status", "succeeded")),
            definition=str(step.get("definition", "")),
            condition=str(step.get("condition", "")),
            code_version=str(step.get("code_version", "")),
            duration_ms=int(step.get("duration_ms") or 0),
        )
        for path, step in content["steps"].items()
    }
    done = frozenset(p for p, s in steps.items() if s.status is StepStatus.SUCCEEDED)
    return PriorRun(str(content["run_id"]), steps, done)


def _digests(compiled: Compiled, path: str) -> tuple[str, str]:
    try:
        node = compiled.node(path)
    except KeyError:
        return "", ""
    return node.digest, node.condition
