"""Parts of an answer to *why*: the root of a failure, what it kept from running, what a condition
saw, and who could do the work."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models.functions import Now

from runs import conf, steppath
from runs.definition.spec import BranchStep
from runs.expressions import ExpressionError, Reference, condition_references
from runs.models import Execution, Run, WorkerProcess
from runs.planning.graph import Compiled, Node
from runs.projections import clauses, words
from runs.projections.failures import FAILED
from runs.projections.step_states import StepState
from runs.states import STEP_OVER

States = Mapping[str, StepState]


@dataclass(frozen=True, slots=True)
class Root:
    """The failure that a failure comes from."""

    path: str
    execution_id: str
    status: str
    code: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Waits:
    """One thing that is waited for."""

    kind: str  # step, container, turn, worker, lease, timer, retry, approval, pause
    on: str  # a step path, a worker, or ""
    until: datetime | None
    hint: str


@dataclass(frozen=True, slots=True)
class SeenValue:
    """What an expression read, and what it got."""

    name: str
    value: Any


def root_path(path: str, states: States) -> str:
    """The step inside a failed container that failed first, or the step itself."""
    seen: set[str] = set()
    while path not in seen:
        seen.add(path)
        state = states.get(path)
        if state is None:
            break
        word, _, inner = state.reason.partition(": ")
        if word != "failed" or inner not in states:
            inner = _failed_inside(state, states)
        path = inner or path
    return path


def _failed_inside(container: StepState, states: States) -> str:
    """The first failure inside a container whose reason does not name it."""
    if container.type not in words.CONTAINERS or container.status not in FAILED:
        return ""
    bad = [
        one
        for one in states.values()
        if one.status in FAILED
        and not one.handled
        and steppath.parent_of(one.path) == container.path
    ]
    bad.sort(key=lambda one: (one.finished_at is None, one.finished_at, one.path))
    return bad[0].path if bad else ""


def root_of(run: Run, path: str, states: States, row: Execution | None = None) -> Root | None:
    """The root of the failure of ``path``, with its message. One query, none when ``row`` is it."""
    word, _, rest = run.status_reason.partition(": ")
    blamed = rest.partition(": ")[0] if word == "step-failed" else ""
    # Where several steps failed in one container, the one that the run names.
    inside = blamed.startswith(steppath.below(path)) and blamed in states
    path = blamed if inside else root_path(path, states)
    state = states.get(path)
    if state is None:
        return None
    if row is not None and row.pk == state.id:
        error = row.error or {}
    else:
        error = Execution.objects.filter(pk=state.id).values_list("error", flat=True).first() or {}
    return Root(
        path,
        state.id,
        state.status,
        str(error.get("code") or ""),
        str(error.get("message") or state.reason),
        str(error.get("hint") or ""),
    )


def needs_of(node: Node, path: str) -> tuple[str, ...]:
    """The paths that a step needs, beside it."""
    scope = steppath.scope_of(path)
    return tuple(steppath.child(scope, need) for need in node.needs)


def failed_above(path: str, made: Compiled | None, states: States) -> str:
    """The failed step that kept ``path`` from running, however far above it; "" if none did."""
    todo, seen = [path], {path}
    while todo and made is not None:
        at = todo.pop()
        node = made.nodes.get(steppath.pattern(at))
        if node is None:
            continue
        above = [*needs_of(node, at)]
        if not above or at not in states:
            above += [parent] if (parent := steppath.parent_of(at)) else []
        for one in above:
            state = states.get(one)
            if state is not None and state.status in (*FAILED, "cancelled") and not state.handled:
                return one
            if one not in seen:
                seen.add(one)
                todo.append(one)
    return ""


def skipped_around(path: str, states: States) -> str:
    """The loop, branch or workflow around ``path`` that was skipped; "" if none was."""
    while path := steppath.parent_of(path) or "":
        state = states.get(path)
        if state is not None:
            return path if state.status == "skipped" else ""
    return ""


def consequences(path: str, made: Compiled | None, states: States) -> list[str]:
    """What the failure of ``path`` kept from running, in graph order, outwards."""
    found: list[str] = []
    while path and made is not None:
        scope = steppath.scope_of(path)
        spec = made.scopes.get(steppath.pattern(scope))
        if spec is not None:
            behind = _behind(steppath.name_of(path), spec.dependents)
            for name, node in spec.nodes.items():
                other = steppath.child(scope, name)
                state = states.get(other)
                if (
                    name in behind
                    and not node.handles
                    and (state is None or state.status in ("pending", "cancelled"))
                ):
                    found.append(other)
        path = steppath.parent_of(path)
        state = states.get(path)
        if state is None or state.status not in FAILED or state.handled:
            break
    return found


def _behind(name: str, dependents: Mapping[str, tuple[str, ...]]) -> set[str]:
    found: set[str] = set()
    todo = [name]
    while todo:
        for other in dependents.get(todo.pop(), ()):
            if other not in found:
                found.add(other)
                todo.append(other)
    return found


def condition_of(node: Node, path: str, made: Compiled) -> tuple[str, str]:
    """The condition that decided whether the step runs, and the path whose names it saw."""
    if node.step.when is not None:
        return node.step.when, path
    parent = made.nodes.get(steppath.pattern(steppath.parent_of(path)))
    if parent is not None and isinstance(parent.step, BranchStep):
        for option in parent.step.options:
            if option.step.name == node.name:
                return option.when, steppath.parent_of(path)
    return "", path


def values_seen(
    run: Run, condition: str, path: str, made: Compiled, states: States
) -> tuple[SeenValue, ...]:
    """What the condition of the step at ``path`` read, as it is recorded: secrets are masked.

    One query. What stands nowhere in the ledger (secrets, the environment) is left out.
    """
    try:
        read = sorted(condition_references(condition))
    except ExpressionError:
        return ()
    sources = {one: _source(one, path, made, states) for one in read}
    wanted = {source[0] for source in sources.values() if source is not None and source[0]}
    rows = (
        {
            row.path: row
            for row in Execution.objects.select_related("payload").filter(
                run_id=run.pk, path__in=wanted
            )
        }
        if wanted
        else {}
    )
    found = []
    for one in read:
        source = sources[one]
        if source is None:
            continue
        where, keys = source
        base = run if not where else rows.get(where)
        found.append(SeenValue(_name(one), _dig(_document(base), keys)))
    return tuple(found)


Keys = tuple[str | int, ...]


def _source(one: Reference, path: str, made: Compiled, states: States) -> tuple[str, Keys] | None:
    """Where a name is recorded: an execution's path ("" is the run) and the keys in it."""
    if one.root == "inputs":
        for scope in _scopes(path):
            node = made.nodes.get(steppath.pattern(scope))
            if node is not None and node.type == "subworkflow":
                return scope, ("input", *one.path)
        return "", ("inputs", *one.path)
    if one.root == "run" and one.path[:1] == ("context",):
        return "", one.path
    if one.root in ("item", "index"):
        for scope in _scopes(path):
            container, turn = steppath.split_turn(scope)
            if turn is not None:
                key: Keys = ("turn", turn) if one.root == "index" else ("input", "items", turn)
                return container, (*key, *one.path)
        return None
    if one.root == "steps" and one.path:
        name = str(one.path[0])
        for scope in (*_scopes(path), ""):
            spec = made.scopes.get(steppath.pattern(scope))
            if spec is not None and name in spec.nodes:
                return steppath.child(scope, name), tuple(one.path[1:])
    return None


def _scopes(path: str) -> Iterator[str]:
    """The scopes around a step, innermost first, without the top."""
    scope = steppath.scope_of(path)
    while scope:
        yield scope
        scope = steppath.scope_of(scope)


def _document(row: Run | Execution | None) -> Mapping[str, Any]:
    if row is None:
        return {}
    if isinstance(row, Run):
        return {"inputs": row.inputs, "context": row.context}
    output = row.payload.value if row.payload is not None else row.output
    return {
        "input": row.input,
        "output": output,
        "status": row.status,
        "skipped": row.status == "skipped",
        "error": row.error,
    }


def _dig(value: Any, keys: Keys) -> Any:
    if keys[:1] == ("turn",):
        return keys[1]
    for key in keys:
        if isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and -len(value) <= key < len(value):
            value = value[key]
        else:
            return None
    return value


def _name(one: Reference) -> str:
    text = one.root
    for key in one.path:
        text += f"[{key}]" if isinstance(key, int) else f".{key}"
    return text


def living_workers() -> int:
    """How many worker processes were heard of lately."""
    since = Now() - timedelta(seconds=conf.worker_silence_seconds())
    return WorkerProcess.objects.filter(kind="celery", seen_at__gt=since).count()


def placed_alive(placement: str) -> bool:
    """Whether the command that drives a run was heard of lately."""
    since = Now() - timedelta(seconds=conf.worker_silence_seconds())
    return WorkerProcess.objects.filter(pk=placement, seen_at__gt=since).exists()


def open_needs(node: Node, path: str, states: States) -> list[str]:
    """The steps that ``path`` needs and that have not ended."""
    return [
        need
        for need in needs_of(node, path)
        if need not in states or states[need].status not in STEP_OVER
    ]


def ended(root: Root | None) -> str:
    """How a failure is told: failed, ran out of time, was cancelled."""
    return clauses.ended(root.status if root else "failed")


def listed(paths: Iterable[str]) -> str:
    """`` `a`, `b` and 3 more ``, `` `a` and `b` ``."""
    known = list(paths)
    told = [f"`{path}`" for path in known[:4]]
    if len(known) > 4:
        told.append(f"{len(known) - 4} more")
    return " and ".join([", ".join(told[:-1]), told[-1]] if told[1:] else told)


def sentence(text: str) -> str:
    """A text that begins with a capital letter and has an end."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?", "…")) else ".")


def short(value: Any) -> str:
    """A value as JSON, cut in the middle when it is long."""
    return words.json_short(value, 80)
