"""One step of a run in full: why, source and origin, input, output, log, attempts, timing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runs import steppath
from runs.actor import Actor
from runs.definition.spec import ApprovalStep
from runs.models import Execution, Run
from runs.planning.graph import Compiled
from runs.projections import clauses, panel_parts, words
from runs.projections.approvals import (
    ASKED,
    Approval,
    approval_of,
    began_to_wait,
    question_of,
)
from runs.projections.failures import FAILED
from runs.projections.panel_parts import Attempt, Beside, Decided, Document, Inside, States
from runs.projections.panel_step import PanelLine, PanelStep
from runs.projections.step_states import states_near, states_of
from runs.projections.validation_view import Validation, validation_of


@dataclass(frozen=True, slots=True)
class NodePanel:
    """What the panel beside the graph shows."""

    run_id: str
    path: str
    name: str
    type: str
    status: str
    reused: bool
    handled: bool  # it failed, and the run went on from that
    begins: str  # "Reused because"
    because: str
    reason: str
    source_run: str
    source_path: str
    origin_run: str
    origin_at: datetime | None
    origin_differs: bool
    execution_id: str
    effect: str
    target: str  # what it calls, in one line
    file: str
    line: int
    beside: tuple[Beside, ...]
    until: datetime | None  # of what waits for a time, or at most so long
    approval: Approval | None  # while it waits for a decision
    decided: Decided | None
    validation: Validation | None
    inside: tuple[Inside, ...]
    inside_more: int
    input: Document
    output: Document
    error: Mapping[str, Any] | None
    log: tuple[PanelLine, ...]
    log_cut: bool
    log_from_source: bool
    attempts: tuple[Attempt, ...]
    attempts_run: str  # "" when they are this run's
    started_at: datetime | None
    finished_at: datetime | None
    duration_ms: int | None
    can_restart_from: bool
    turn: str  # the turn of a loop that it stands in, as a restart names it; else empty
    turns: int  # of what repeats its steps: how many turns there are, as far as is known; else 0
    first_bad: int  # and the first of them that is not well
    may_retry: bool  # it failed, and waits for its next try
    is_kept: bool  # it had the effect `once` and succeeded: no restart repeats it


# Where the panel itself does not say why: the page asks `why_of`, which knows the whole run.
TELLS_WHY = FAILED | {"pending", "queued", "skipped"}


def panel_states(run: Run, made: Compiled | None, path: str, read: PanelStep | None) -> States:
    """The states that the panel of a step is made from, for who has not read all of the run: of
    what stands inside and beside it; all where one failed or the step has to tell why."""
    if read is None or read.row.status in TELLS_WHY:
        return states_of(run)
    beside = [other for _, other in panel_parts.besides(made, path)]
    node = made.nodes.get(steppath.pattern(path)) if made else None
    inside = path if node is not None and node.is_container else ""
    near = states_near(run, beside, inside) if beside or inside else {}
    return states_of(run) if any(one.status in FAILED for one in near.values()) else near


def node_panel(
    run: Run,
    made: Compiled | None,
    path: str,
    read: PanelStep | None,
    states: States,
    now: datetime,
    by: Actor,
) -> NodePanel | None:
    """The panel of the step at ``path`` as ``by`` sees it; None when the run knows no such step.

    ``read`` is the step as ``panel_step`` gives it, ``states`` those of the run or the near ones.
    One query when an agent asks for a decision, else none.
    """
    execution, source = (read.row, read.source) if read is not None else (None, None)
    node = made.nodes.get(steppath.pattern(path)) if made else None
    if execution is None and (node is None or node.undoes):
        return None
    status = execution.status if execution else "pending"
    begins, because = clauses.because(execution.decision if execution else None, status)
    step = node.step if node else None
    finished = execution.finished_at if execution else None
    started = execution.started_at if execution else None
    duration = execution.duration_ms if execution else None
    if duration is None and started and not finished and status == "running":
        duration = max(0, round((now - started).total_seconds() * 1000))
    reused = bool(execution and execution.reused_from)
    kind = execution.type if execution else node.type if node else ""
    output = panel_parts.output_of(execution)
    error = execution.error if execution else None
    inside, more = tuple[Inside, ...](), 0
    if execution is not None and node is not None and node.is_container:
        inside, more = panel_parts.inside_of(execution.type, path, states)
    return NodePanel(
        run_id=run.pk,
        path=path,
        name=steppath.name_of(path),
        type=kind,
        status=status,
        reused=reused,
        handled=path in states and states[path].handled,
        begins=begins,
        because=because,
        reason=words.reason(execution.status_reason) if execution else "",
        source_run=execution.reused_run if execution and reused else "",
        source_path=source.path if source else path,
        origin_run=execution.origin_run if execution and reused else "",
        origin_at=source.finished_at if source else None,
        origin_differs=bool(
            execution and execution.origin_run and execution.origin_run != execution.reused_run
        ),
        execution_id=execution.pk if execution else "",
        effect=step.effect if step else "",
        target=_target(step) if step else _called(kind, path),
        file=node.file if node else "",
        line=step.mark.line if step else 0,
        beside=tuple(panel_parts.beside_of(made, path, states)),
        until=execution.due_at if execution and status == "waiting" else None,
        approval=_approval(execution, step, by),
        decided=panel_parts.decided(read.tries if read else ()),
        validation=validation_of(output.value, error) if kind == "validate" else None,
        inside=inside,
        inside_more=more,
        input=panel_parts.document(execution.input if execution else None, execution is not None),
        output=output,
        error=error,
        log=read.log if read else (),
        log_cut=read is not None and read.log_cut,
        log_from_source=read is not None and source is not None and bool(read.log),
        attempts=panel_parts.attempts_of(read.tries if read else ()),
        attempts_run=source.run_id if source else "",
        started_at=started,
        finished_at=finished,
        duration_ms=duration,
        can_restart_from=execution is not None and not (node and node.undoes),
        turn=_turn(path),
        turns=_turns(execution, inside) if node is not None and node.loop is not None else 0,
        first_bad=next((_number(one) for one in inside if one.status in FAILED), 0),
        may_retry=bool(
            execution and status == "waiting" and execution.status_reason.startswith("retry")
        ),
        is_kept=bool(step and step.effect == "once" and status == "succeeded"),
    )


def _turns(execution: Execution | None, inside: Sequence[Inside]) -> int:
    given = execution.input if execution is not None else None
    items = given.get("items") if isinstance(given, Mapping) else None
    listed = max((_number(one) + 1 for one in inside), default=0)
    return max(listed, len(items)) if isinstance(items, list) else listed


def _number(one: Inside) -> int:
    return int(one.turn.strip("[]") or 0)


def _turn(path: str) -> str:
    scope = steppath.scope_of(path)
    return scope if steppath.split_turn(scope)[1] is not None else ""


def _approval(execution: Execution | None, step: object, by: Actor) -> Approval | None:
    if execution is None or execution.status != "waiting":
        return None
    if execution.status_reason == ASKED:
        return question_of(execution, by)
    if execution.type != "approval":
        return None
    return approval_of(
        step if isinstance(step, ApprovalStep) else None,
        execution_id=execution.pk,
        path=execution.path,
        given=execution.input,
        since=began_to_wait(execution.tries) or execution.started_at,
        due=execution.due_at,
        by=by,
    )


def _target(step: object) -> str:
    for name in ("action", "workflow", "run", "agent", "generator"):
        said = getattr(step, name, None)
        if isinstance(said, str):
            first, *rest = said.strip().split("\n")
            return words.shorten(first, 60) + (" …" if rest else "")
    return ""


def _called(kind: str, path: str) -> str:
    """Of an agent's call, which no file defines: its reasoner, from the name (the nth is ``…~n``)."""
    return steppath.name_of(path).partition("~")[0] if kind == "call" else ""


def document_of(run_id: str, path: str, what: str) -> tuple[bool, Any]:
    """A step's whole input or output, and whether there is such a step."""
    path = path.replace("\x00", "")
    row = Execution.objects.select_related("payload").filter(run_id=run_id, path=path).first()
    if row is None:
        return False, None
    if what == "input":
        return True, row.input
    return True, row.payload.value if row.payload is not None else row.output
