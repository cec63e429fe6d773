"""Why a step ran, was reused, waits, was skipped or failed; and a run's story in a few sentences.

The words are those of the stored decisions and reasons. A handful of queries, whatever the size of
the run.
"""

from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone

from runs import steppath
from runs.errors import UnknownExecution, UnknownRun
from runs.models import Execution, Run
from runs.models.stored import drawable_version
from runs.planning.graph import Compiled, Node
from runs.projections import clauses, why_parts, words
from runs.projections.approvals import ASKED
from runs.projections.failures import FAILED
from runs.projections.run_facts import Decision, Reuse, decision, reuse
from runs.projections.step_states import StepState, states_of
from runs.projections.why_parts import (
    Root,
    SeenValue,
    States,
    Waits,
    ended,
    listed,
    sentence,
    short,
)
from runs.states import RUN_OVER, STEP_OVER

TOLD = 50  # paths in a list


@dataclass(frozen=True, slots=True)
class Why:
    """An answer: sentences for people, and the same as facts."""

    run_id: str
    path: str | None  # None: of the run
    execution_id: str | None
    status: str
    verdict: str  # ran, runs, reused, waits, skipped, failed, cancelled, not-reached
    sentences: tuple[str, ...]
    decision: Decision | None = None
    reuse: Reuse | None = None
    condition: str = ""
    values: tuple[SeenValue, ...] = ()
    waits_for: tuple[Waits, ...] = ()
    root: Root | None = None
    consequences: tuple[str, ...] = ()  # at most 50 of them
    consequence_count: int = 0


@dataclass(slots=True)
class _Told:
    """An answer that is being put together."""

    verdict: str
    sentences: list[str]
    condition: str = ""
    values: tuple[SeenValue, ...] = ()
    waits_for: list[Waits] = field(default_factory=list)
    root: Root | None = None
    consequences: list[str] = field(default_factory=list)


def why(run_id: str, path: str = "") -> Why:
    """Why the step at ``path`` (or with that execution id) is as it is; without one, the run.

    Raises UnknownRun, UnknownExecution.
    """
    run = Run.objects.filter(pk=run_id.replace("\x00", "")).defer("decisions").first()
    if run is None:
        raise UnknownRun(f"There is no run {run_id[:60]!r}.")
    states = states_of(run)
    made = drawable_version(run.version_id)
    path = path.replace("\x00", "")
    if path.startswith("exec_"):
        path = next((one.path for one in states.values() if one.id == path), path)
    asked = _Asked(run, states, made, timezone.now())
    return asked.step(path) if path else asked.run_story()


def why_of(run: Run, states: States, path: str, row: Execution | None) -> Why | None:
    """The same for a page that has read the states and the step's row already (None: it has no
    row); None when there is no such step. At most one query."""
    asked = _Asked(run, states, drawable_version(run.version_id), timezone.now(), row)
    try:
        return asked.step(path)
    except UnknownExecution:
        return None


@dataclass(slots=True)
class _Asked:
    run: Run
    states: States
    made: Compiled | None
    now: datetime
    read: Execution | None = None  # a row that is there already

    @property
    def is_over(self) -> bool:
        return self.run.status in RUN_OVER

    # ---- a step -----------------------------------------------------------------------------

    def step(self, path: str) -> Why:
        state = self.states.get(path)
        node = self.made.nodes.get(steppath.pattern(path)) if self.made else None
        if state is None and (node is None or node.undoes):
            raise UnknownExecution(f"Run {self.run.pk} has no step {path[:200]!r}.")
        row = self._row(state) if state else None
        if state is None or row is None or state.status == "pending":
            told = self._not_begun(path, node)
        elif state.reused:
            told = self._reused(row)
        else:
            told = {
                "queued": self._queued,
                "running": self._running,
                "waiting": self._waiting,
                "skipped": self._skipped,
                "failed": self._failed,
                "timeout": self._failed,
                "cancelled": self._cancelled,
            }.get(state.status, self._ran)(path, state, row, node)
        return Why(
            run_id=self.run.pk,
            path=path,
            execution_id=state.id if state else None,
            status=state.status if state else "pending",
            verdict=told.verdict,
            sentences=tuple(told.sentences),
            decision=decision(row.decision) if row else None,
            reuse=reuse(vars(row)) if row else None,
            condition=told.condition,
            values=told.values,
            waits_for=tuple(told.waits_for[:TOLD]),
            root=told.root,
            consequences=tuple(told.consequences[:TOLD]),
            consequence_count=len(told.consequences),
        )

    def _row(self, state: StepState) -> Execution | None:
        if self.read is not None and self.read.pk == state.id:
            return self.read
        return Execution.objects.filter(pk=state.id).defer("input", "output").first()

    def _not_begun(self, path: str, node: Node | None) -> _Told:
        failed = why_parts.failed_above(path, self.made, self.states)
        if failed:
            root = why_parts.root_of(self.run, failed, self.states)
            at = f"`{root.path}`" if root else f"`{failed}`"
            said = f"It did not run because {at}, which it depends on, {ended(root)}."
            return _Told("not-reached", [said], root=root)
        around = why_parts.skipped_around(path, self.states)
        if around:
            because = words.reason(self.states[around].reason)
            said = f"It did not run because `{around}`, which it is part of, was skipped: {because}"
            return _Told("not-reached", [sentence(said)])
        if self.is_over:
            said = f"It did not run: the run {clauses.ended(self.run.status)} before it came to it."
            return _Told("not-reached", [said])
        needs = why_parts.open_needs(node, path, self.states) if node else []
        waits = [Waits("step", need, None, self._how(need)) for need in needs]
        if waits:
            said = f"It waits for {listed(needs)}."
        else:
            parent = steppath.parent_of(path)
            if parent and parent not in self.states:
                waits, said = [Waits("container", parent, None, "")], f"`{parent}` has not begun."
            else:
                waits, said = [Waits("turn", parent, None, "")], "Its turn has not come yet."
        if self.run.status == "paused":
            waits.append(self._pause())
        return _Told("waits", [said, *self._hints(waits)], waits_for=waits)

    def _how(self, need: str) -> str:
        state = self.states.get(need)
        return state.status if state else "has not begun"

    def _reused(self, row: Execution) -> _Told:
        because = clauses.clause(str((row.decision or {}).get("because") or clauses.UNTOUCHED))
        said = [f"It was reused because {because}. It did no work in this run."]
        known = reuse(vars(row))
        assert known is not None
        source, origin = (
            run or "a run that was deleted" for run in (known.source_run_id, known.origin_run_id)
        )
        if known.source_execution_id != known.origin_execution_id:
            said.append(f"The output is that of {source}; the work was done by {origin}.")
        else:
            said.append(f"The output is that of {source}, which did the work.")
        return _Told("reused", said)

    def _ran(self, path: str, state: StepState, row: Execution, node: Node | None) -> _Told:
        again = "again " if row.decision else ""
        said = [f"It ran {again}because {self._because(path, row, node)}."]
        if state.tries > 1 and state.type not in ("wait", "approval"):
            said.append(f"It took {words.count(state.tries, 'attempt')}.")
        if state.passed is False:
            said.append("Its checks did not pass.")
        return _Told("ran", said)

    def _because(self, path: str, row: Execution, node: Node | None) -> str:
        because = str((row.decision or {}).get("because") or "")
        if because:
            return clauses.clause(because)
        if node is not None and node.undoes:
            return f"the run failed, and it undoes `{steppath.scope_of(path)}`"
        if node is not None and node.handles:
            return f"`{node.handles}` failed, which it handles"
        needs = why_parts.needs_of(node, path) if node else ()
        return f"what it needs was done: {listed(needs)}" if needs else "it needs nothing"

    def _queued(self, path: str, state: StepState, row: Execution, node: Node | None) -> _Told:
        said = ["It is ready, and nobody has taken it yet."]
        if state.reason:
            said.append(sentence(words.reason(state.reason)))
        wait = self._pause() if self.run.status == "paused" else self._worker()
        return _Told("waits", [*said, *self._hints([wait])], waits_for=[wait])

    def _pause(self) -> Waits:
        return Waits("pause", "", None, f"The run is paused; `maverick runs resume {self.run.pk}`.")

    def _worker(self) -> Waits:
        placement = self.run.placement
        if placement:
            alive = why_parts.placed_alive(placement)
            hint = "" if alive else (
                "The command that drives this run has not been heard of; a worker adopts the run "
                "when there is one (`maverick up`)."
            )  # fmt: skip
            return Waits("worker", placement, None, hint)
        count = why_parts.living_workers()
        hint = f"{words.count(count, 'worker')} alive." if count else (
            "No worker is alive: `maverick up` starts some."
        )  # fmt: skip
        return Waits("worker", "", None, hint)

    def _running(self, path: str, state: StepState, row: Execution, node: Node | None) -> _Told:
        because = self._because(path, row, node)
        if not row.worker:
            inside = [
                one.path
                for one in self.states.values()
                if steppath.parent_of(one.path) == path and one.status not in STEP_OVER
            ]
            said = f"It is open because {because}."
            waits = [Waits("step", one, None, self._how(one)) for one in inside]
            more = [f"It waits for {listed(inside)} inside it."] if inside else []
            return _Told("runs", [said, *more], waits_for=waits)
        said = f"It runs because {because}."
        on = f"Worker {row.worker} does it"
        on += f", attempt {state.tries}." if state.tries > 1 else "."
        waits = []
        if row.lease_until is not None and row.lease_until < self.now:
            wait = Waits("lease", row.worker, None, "Its lease has run out: the worker is silent.")
            waits = [wait, self._worker()]
        return _Told("runs", [said, on, *self._hints(waits)], waits_for=waits)

    def _waiting(self, path: str, state: StepState, row: Execution, node: Node | None) -> _Told:
        word, _, detail = state.reason.partition(": ")
        word = "approval" if word == ASKED else word
        kind = word if word in ("approval", "timer", "retry") else "timer"
        until = f" until {words.until(state.due_at, self.now)}" if state.due_at else ""
        more = f": {detail}" if detail else ""
        said = sentence({
            "approval": f"It waits for a decision{until}{more}",
            "timer": f"It waits{until}",
            "retry": f"It is tried again{until.replace(' until', ' at')}{more}",
        }[kind])  # fmt: skip
        wait = Waits(kind, "", state.due_at, detail)
        waits = [wait, self._pause()] if self.run.status == "paused" else [wait]
        hints = [f"`maverick approvals {self.run.pk}` tells the question and who may decide."]
        return _Told("waits", [said, *(hints if kind == "approval" else [])], waits_for=waits)

    def _skipped(self, path: str, state: StepState, row: Execution, node: Node | None) -> _Told:
        condition, values = "", tuple[SeenValue, ...]()
        said = [sentence(clauses.skipped(state.reason))]
        if node is not None and self.made is not None and "condition" in state.reason:
            condition, where = why_parts.condition_of(node, path, self.made)
            if condition:
                values = why_parts.values_seen(self.run, condition, where, self.made, self.states)
        if condition:
            shown = ", ".join(f"`{one.name}` was {short(one.value)}" for one in values)
            said.append(f"The condition is `{condition}`" + (f"; {shown}." if shown else "."))
        return _Told("skipped", said, condition=condition, values=values)

    def _failed(self, path: str, state: StepState, row: Execution, node: Node | None) -> _Told:
        root = why_parts.root_of(self.run, path, self.states, row)
        error = row.error or {}
        if root is not None and root.path != path:
            inside = f"It failed because `{root.path}` inside it {ended(root)}: {root.message}"
            said = [sentence(inside)]
        else:
            message = str(error.get("message") or words.reason(state.reason))
            how = "ran out of time" if state.status == "timeout" else "failed"
            tries = f" after {words.count(state.tries, 'attempt')}" if state.tries > 1 else ""
            said = [sentence(f"It {how}{tries}: {message}")]
        if error.get("hint"):
            said.append(sentence(str(error["hint"])))
        behind: list[str] = []
        if state.handled:
            said.append("The run went on from that.")
        else:
            behind = why_parts.consequences(path, self.made, self.states)
            if behind:
                said.append(f"Because of it {listed(behind)} did not run.")
        return _Told("failed", said, root=root, consequences=behind)

    def _cancelled(self, path: str, state: StepState, row: Execution, node: Node | None) -> _Told:
        return _Told(
            "cancelled", [sentence(clauses.cancelled(state.reason or self.run.status_reason))]
        )

    def _hints(self, waits: list[Waits]) -> list[str]:
        return [one.hint for one in waits if one.kind in ("worker", "pause", "lease") and one.hint]

    # ---- the run ----------------------------------------------------------------------------

    def run_story(self) -> Why:
        """How the run stands and why, in a few sentences."""
        run = self.run
        said: list[str] = []
        if run.kind:
            word = {"fork": "fork", "resume": "continuation"}.get(run.kind, "restart")
            source = run.source_id or "a run that was deleted"
            said.append(f"It is a {word} of {source}" + (f": {run.reason}." if run.reason else "."))
        if run.n_reused:
            reused, total = run.n_reused, words.count(run.n_total, "step")
            said.append(f"{reused:,} of {total} {'was' if reused == 1 else 'were'} reused.")
        told = self._run_told()
        return Why(
            run_id=run.pk,
            path=None,
            execution_id=None,
            status=run.status,
            verdict=told.verdict,
            sentences=(*said, *told.sentences),
            waits_for=tuple(told.waits_for[:TOLD]),
            root=told.root,
            consequences=tuple(told.consequences[:TOLD]),
            consequence_count=len(told.consequences),
        )

    def _run_told(self) -> _Told:
        run = self.run
        handled = sum(1 for one in self.states.values() if one.handled)
        went_on = [f"{words.count(handled, 'failure')} in it did not matter."] if handled else []
        if run.status == "succeeded":
            return _Told("ran", ["It succeeded: every step that had to run did.", *went_on])
        if run.status in FAILED:
            return self._run_failed()
        if run.status == "cancelled":
            return _Told("cancelled", [sentence(clauses.cancelled(run.status_reason))])
        return self._run_open()

    def _run_failed(self) -> _Told:
        word, _, rest = self.run.status_reason.partition(": ")
        path = rest.partition(": ")[0] if word == "step-failed" else ""
        if path not in self.states:
            bad = [s for s in self.states.values() if s.status in FAILED and not s.handled]
            bad.sort(key=lambda s: (s.finished_at or self.now, -len(s.path)))
            path = bad[0].path if bad else ""
        if not path:
            return _Told("failed", [sentence(f"It failed: {words.reason(self.run.status_reason)}")])
        root = why_parts.root_of(self.run, path, self.states)
        assert root is not None
        said = [sentence(f"It failed because `{root.path}` {ended(root)}: {root.message}")]
        if root.hint:
            said.append(sentence(root.hint))
        behind = why_parts.consequences(root.path, self.made, self.states)
        if behind:
            said.append(f"Because of it {listed(behind)} did not run.")
        others = [
            one.path
            for one in self.states.values()
            if one.status in FAILED
            and not one.handled
            and one.path != root.path
            and not one.reason.startswith("failed: ")
        ]
        if others:
            said.append(f"{listed(others)} failed as well.")
        return _Told("failed", said, root=root, consequences=behind)

    def _run_open(self) -> _Told:
        live = [one for one in self.states.values() if one.status not in STEP_OVER]
        containers = {steppath.parent_of(one.path) for one in live}
        live = [one for one in live if one.path not in containers]
        running = [one.path for one in live if one.status == "running"]
        queued = [one.path for one in live if one.status == "queued"]
        said: list[str] = []
        waits: list[Waits] = []
        if self.run.status == "paused":
            waits.append(self._pause())
            said.append(sentence(words.reason(self.run.status_reason) or "It is paused"))
        if running:
            said.append(f"{listed(running)} {'run' if len(running) > 1 else 'runs'} now.")
        for one in live:
            if one.status == "waiting":
                told = self.step(one.path)
                waits += [w for w in told.waits_for if w.kind != "pause"]
                said.append(f"`{one.path}`: {told.sentences[0]}")
            if len(said) > 6:
                break
        if queued or not live:
            wait = self._worker()
            if not running and self.run.status != "paused":
                waits.append(wait)
            if queued:
                said.append(f"{listed(queued)} {'are' if len(queued) > 1 else 'is'} ready.")
            if wait.hint and not running:
                said.append(wait.hint)
        verdict = "runs" if running else "waits"
        return _Told(verdict, said or ["It has not begun."], waits_for=waits)
