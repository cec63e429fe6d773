"""An earlier run's rows, or a checkpoint's content, as plain facts for the planner."""

from collections.abc import Collection, Mapping
from typing import Any

from django.db.models import QuerySet, Subquery

from runs import steppath
from runs.models import Event, Execution, Run
from runs.planning.graph import Compiled
from runs.planning.moves import Recalled
from runs.planning.prior import PriorRun, PriorStep
from runs.planning.turns import item_digests
from runs.record import ledger
from runs.record.golden import MARKED, UNMARKED
from runs.states import StepStatus

Content = Mapping[str, Any]


def prior_run(run: Run, compiled: Compiled, kept: frozenset[str] | None = None) -> PriorRun:
    """What ``run`` recorded. ``compiled``: the workflow as that run had it."""
    rows = (
        Execution.objects.filter(run=run)
        .exclude(type="call")
        .annotate(change=Subquery(_changes(run).values("seq")[:1]))
        .exclude(status=StepStatus.PENDING)  # set back, and not come to again
        .values_list(
            "path",
            "id",
            "type",
            "status",
            "duration_ms",
            "status_reason",
            "code_version",
            "input_digest",
            "started_at",
            "change",
        )
    )
    steps = {}
    change = 0
    for path, pk, kind, status, duration, reason, version, given, started, last in rows:
        change = last or 0
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
    return PriorRun(run.id, steps, kept, change=change)


def _changes(run: Run) -> QuerySet[Event]:
    """The journal's entries that say something about the run's work, newest first.

    A star says nothing about it: a preview that is open while somebody gives one stays good.
    """
    entries = Event.objects.filter(run_id=run.pk).exclude(kind__in=(MARKED, UNMARKED))
    return entries.order_by("-seq")


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
        origin_run_id=row.origin_run if row.origin_execution else row.run_id,
        output=row.payload.value if row.payload else row.output,
        payload=row.payload_id,
        size=row.output_size,
        code_version=row.code_version,
        duration_ms=row.duration_ms,
        input=row.input,
        input_digest=row.input_digest,
    )


def loop_items(run: Run) -> dict[str, tuple[str, ...]]:
    """The digests of the items that the run's loops went through."""
    loops = Execution.objects.filter(run=run, type="loop").values_list("path", "input")
    return {
        path: item_digests(given["items"]) for path, given in loops if given and given.get("items")
    }


def held_paths(run: Run, content: Content) -> frozenset[str]:
    """Where in ``run`` stands what a checkpoint holds: its own, or one of a run that it came from.

    There a turn may have had another number. So what succeeded is found by who did the work; what
    was skipped or failed has no such origin, and is found by its path.
    """
    held = content["steps"]
    if content["run_id"] == run.id:
        return frozenset(held)
    origins = {step.get("origin_execution_id") or step["execution_id"] for step in held.values()}
    rows = Execution.objects.filter(run=run).values_list("path", "id", "origin_execution", "status")
    return frozenset(
        path
        for path, pk, origin, status in rows
        if (origin or pk) in origins
        or (status != "succeeded" and held.get(path, {}).get("status") == status)
    )


def prior_from_file(content: Content, compiled: Compiled | None) -> PriorRun:
    """What a checkpoint file holds. ``compiled``: the workflow as its run had it, if it is known;
    else the steps' digests are those that the file names."""
    steps = {}
    for path, step in content["steps"].items():
        definition, condition = (
            _digests(compiled, path)
            if compiled is not None
            else (str(step.get("definition", "")), str(step.get("condition", "")))
        )
        steps[path] = PriorStep(
            path=path,
            execution_id=str(step["execution_id"]),
            type=str(step.get("type", "")),
            status=StepStatus(step["status"]),
            definition=definition,
            condition=condition,
            code_version=str(step.get("code_version") or ""),
            duration_ms=int(step.get("duration_ms") or 0),
            reason=str(step.get("reason") or ""),
        )
    for path, step in content.get("open", {}).items():
        definition, condition = _digests(compiled, path) if compiled is not None else ("", "")
        steps[path] = PriorStep(
            path,
            str(step["execution_id"]),
            str(step.get("type", "")),
            StepStatus.RUNNING,
            definition,
            condition,
        )
    items = {
        path: tuple(known["items"])
        for path, known in content.get("loops", {}).items()
        if known.get("items")
    }
    return PriorRun(str(content["run_id"]), steps, frozenset(content["steps"]), loop_items=items)


class Results:
    """The outputs and errors of an earlier run, from its rows or from a checkpoint's content."""

    def __init__(self, run: Run | None, content: Content | None) -> None:
        self._run, self._steps = run, content["steps"] if content else {}
        self._outputs: dict[str, Any] = {}

    def read_ahead(self, paths: Collection[str]) -> None:
        """Fetch the outputs of these steps with one question; they will be asked for."""
        if self._run is not None and paths:
            found = ledger.outputs_of(self._run.id, [*paths])
            self._outputs |= {path: found.get(path) for path in paths}

    def output(self, path: str) -> Any:
        """The output of a step; None when there is none."""
        if self._run is None:
            return self._steps.get(path, {}).get("output")
        if path not in self._outputs:
            self._outputs[path] = ledger.outputs_of(self._run.id, [path]).get(path)
        return self._outputs[path]

    def error(self, path: str) -> Any:
        """The error of a failed step."""
        if self._run is None:
            return self._steps.get(path, {}).get("error")
        return ledger.error_of(self._run.id, path)


def _digests(compiled: Compiled, path: str) -> tuple[str, str]:
    node = compiled.nodes.get(steppath.pattern(path))
    return (node.digest, node.condition) if node is not None else ("", "")
