"""From an event in a run to the one statement that records it with its consequences."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from runs import ids, steppath
from runs.canonical import digest, storable
from runs.engine.outcome import Failed, GivenBack, Outcome, Succeeded
from runs.engine.retry import next_try
from runs.engine.state import Held, RunState, worker_name
from runs.planning.fingerprint import match_key
from runs.planning.frontier import Move, Open, Queue, RunEnd, Settle
from runs.planning.graph import Node
from runs.record import ledger
from runs.record.ledger import Change, Entry, NewRow, RunPatch
from runs.record.payloads import store
from runs.states import STEP_BAD, RunStatus, StepStatus

MAX_INTERRUPTIONS = 3  # a step that kills its worker every time ends as failed after these


@dataclass(slots=True)
class Job:
    """A step that this worker holds."""

    execution_id: str
    path: str
    node: Node
    fence: int
    tries: list[dict[str, Any]]
    input: Any = None  # with real secrets
    has_input: bool = False  # False: to be resolved again (the ledger's copy is masked)

    @property
    def attempt(self) -> int:
        """Which attempt this is, from 1. Interrupted ones count as attempts made."""
        return len(self.tries)


@dataclass(slots=True)
class Writing:
    """What one statement will record."""

    patch: RunPatch
    changes: list[Change] = field(default_factory=list)
    rows: list[NewRow] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    next: Job | None = None
    newly_ready: int = 0  # steps that other workers may take


def now_text() -> str:
    """The time as it stands in attempts and checkpoints (for people; leases use the database's)."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Writer:
    """Builds one Writing for one run."""

    def __init__(self, state: RunState) -> None:
        self.state = state
        self.w = Writing(RunPatch(state.status))
        self._inputs: dict[str, Any] = {}

    # ---- events ---------------------------------------------------------------------------

    def begin(self) -> None:
        """The first moves of a new run (what it reuses is loaded already)."""
        self.w.patch.status = self.state.status = RunStatus.RUNNING.value
        self.w.entries.append(Entry("run.started"))
        self._consequences(self.state.frontier.begin())

    def finish(self, job: Job, outcome: Outcome, *, go_on: bool) -> None:
        """An attempt has ended; take the next ready step if ``go_on``."""
        state = self.state
        tries = [*job.tries[:-1], {**job.tries[-1], "finished_at": now_text()}]
        state.held.pop(job.path, None)
        self.w.patch.running -= 1
        if isinstance(outcome, Succeeded):
            self._succeeded(job, outcome, tries)
        elif isinstance(outcome, GivenBack):
            tries[-1] |= {"outcome": "interrupted", "reason": outcome.reason}
            self._again(job.execution_id, job.path, job.fence, tries, outcome.reason)
        else:
            self._failed(job, outcome, tries)
        if go_on:
            self.take_next()

    def interrupted(self, path: str, reason: str) -> None:
        """The worker that held the step at ``path`` is gone."""
        held = self.state.held.pop(path)
        tries = [
            *held.tries[:-1],
            {
                **(held.tries[-1] if held.tries else {"n": 1}),
                "finished_at": now_text(),
                "outcome": "interrupted",
                "reason": reason,
            },
        ]
        self.w.patch.running -= 1
        lost = sum(1 for one in tries if one.get("reason") == "worker-lost")
        if lost >= MAX_INTERRUPTIONS:
            failed = Failed(
                "worker-lost",
                f"The process that ran this step died {lost} times.",
                "Look into the worker's log: the step may crash the interpreter or use up memory.",
            )
            job = Job(held.id, path, self.state.compiled.node(path), held.fence, tries)
            self._settle_leaf(job, StepStatus.FAILED, failed, tries, fence_up=1)
        else:
            self._again(held.id, path, held.fence, tries, reason)

    def due(self, path: str) -> None:
        """The time of a waiting step has come."""
        held = self.state.held[path]
        self.state.frontier.requeue(path)
        self.w.changes.append(Change(held.id, StepStatus.QUEUED, "time for the next try"))
        self.w.entries.append(Entry("step.queued", held.id, path))
        self.w.newly_ready += 1
        self._open_status()

    def take_next(self) -> None:
        """Claim a ready step for this worker, if there is one: the newest ready first."""
        frontier = self.state.frontier
        path = next(reversed(frontier.queued), None)
        if path is None or not self.state.is_open or self.w.patch.finish:
            return
        frontier.claim(path)
        node = self.state.compiled.node(path)
        entry_id: str
        new = next((row for row in self.w.rows if row.path == path), None)
        if new is not None:
            self.w.newly_ready -= 1
            new.status, new.fence, new.lease, new.start = StepStatus.RUNNING, 1, True, True
            new.worker = worker_name()
            new.tries = [self._try(1)]
            held = Held(new.id, 1, new.tries)
            self.w.entries = [e for e in self.w.entries if e.execution_id != new.id]
            entry_id = new.id
        else:
            before = self.state.held[path]
            tries = [*before.tries, self._try(len(before.tries) + 1)]
            held = Held(before.id, before.fence + 1, tries)
            # A step that this statement itself has put back has a change already.
            self.w.changes = [c for c in self.w.changes if c.id != before.id]
            self.w.changes.append(
                Change(
                    before.id,
                    StepStatus.RUNNING,
                    fence_up=1,
                    worker=worker_name(),
                    lease=True,
                    tries=tries,
                    start=True,
                )
            )
            entry_id = before.id
        self.state.held[path] = held
        self.w.patch.running += 1
        self.w.entries.append(Entry("step.started", entry_id, path, {"attempt": len(held.tries)}))
        self.w.next = Job(
            entry_id,
            path,
            node,
            held.fence,
            held.tries,
            self._inputs.get(path),
            path in self._inputs,
        )
        self._open_status()

    # ---- outcomes ---------------------------------------------------------------------------

    def _succeeded(self, job: Job, outcome: Succeeded, tries: list[dict[str, Any]]) -> None:
        masked = self.state.masker.value(outcome.output)
        inline, payload, size = store(masked)
        tries[-1]["outcome"] = "succeeded"
        self.w.changes.append(
            Change(
                job.execution_id,
                StepStatus.SUCCEEDED,
                tries=tries,
                output=inline,
                payload=payload,
                size=size,
                finish=True,
            )
        )
        self.w.patch.succeeded += 1
        self.w.entries.append(Entry("step.succeeded", job.execution_id, job.path))
        self.state.outputs.put(job.path, masked)
        self._consequences(self.state.frontier.settle(job.path, StepStatus.SUCCEEDED))

    def _failed(self, job: Job, failed: Failed, tries: list[dict[str, Any]]) -> None:
        failed = Failed(
            failed.code,
            storable(self.state.masker.text(failed.message)),
            failed.hint,
            failed.permanent,
            storable(self.state.masker.value(failed.detail)),
        )
        timed_out = failed.code == "timeout"
        tries[-1] |= {
            "outcome": "timeout" if timed_out else "failed",
            "reason": f"{failed.code}: {failed.message}",
        }
        made = sum(1 for one in tries if one.get("outcome") != "interrupted")
        wait = next_try(job.node.step.retry, made, failed)
        if wait is None:
            status = StepStatus.TIMEOUT if timed_out else StepStatus.FAILED
            self._settle_leaf(job, status, failed, tries)
            return
        reason = f"retry: attempt {len(tries) + 1} follows; {failed.code}: {failed.message}"
        if wait <= 0:
            self._again(job.execution_id, job.path, job.fence, tries, reason, "step.retrying")
            return
        self.state.frontier.park(job.path)
        self.state.held[job.path] = Held(job.execution_id, job.fence, tries)
        self.w.changes.append(
            Change(
                job.execution_id,
                StepStatus.WAITING,
                reason,
                tries=tries,
                due=wait,
                error=failed.error,
            )
        )
        self.w.entries.append(
            Entry("step.retrying", job.execution_id, job.path, {"wait_s": wait, "reason": reason})
        )
        self._open_status()

    def _settle_leaf(
        self,
        job: Job,
        status: StepStatus,
        failed: Failed,
        tries: list[dict[str, Any]],
        fence_up: int = 0,
    ) -> None:
        reason = f"{failed.code}: {failed.message}"
        self.w.changes.append(
            Change(
                job.execution_id,
                status,
                reason,
                tries=tries,
                error=failed.error,
                finish=True,
                fence_up=fence_up,
            )
        )
        self.w.patch.failed += 1
        self.w.entries.append(
            Entry(f"step.{status.value}", job.execution_id, job.path, {"error": failed.error})
        )
        self._consequences(self.state.frontier.settle(job.path, status))

    def _again(
        self,
        execution_id: str,
        path: str,
        fence: int,
        tries: list[dict[str, Any]],
        reason: str,
        kind: str = "step.interrupted",
    ) -> None:
        self.state.frontier.requeue(path)
        # One up: whoever held it before can write nothing from now on.
        self.state.held[path] = Held(execution_id, fence + 1, tries)
        self.w.changes.append(
            Change(execution_id, StepStatus.QUEUED, reason, fence_up=1, tries=tries)
        )
        self.w.entries.append(Entry(kind, execution_id, path, {"reason": reason}))
        self.w.newly_ready += 1
        self._open_status()

    # ---- consequences -----------------------------------------------------------------------

    def _consequences(self, moves: list[Move]) -> None:
        for move in moves:
            if isinstance(move, Queue):
                self._queue(move)
            elif isinstance(move, Open):
                self._opened(move)
            elif isinstance(move, Settle):
                self._settled(move)
            else:
                self._ended(move)
        self.w.patch.total += self.state.frontier.total
        self.state.frontier.total = 0
        if not self.w.patch.finish:
            self._open_status()

    def _row(self, move: Queue | Open | Settle, status: StepStatus) -> NewRow:
        planned = self.state.decisions.get(move.path, {})
        return NewRow(
            planned.get("execution_id") or ids.execution_id(),
            self._parent(move.path),
            move.path,
            move.node.name,
            move.node.type,
            move.node.position,
            status,
            decision=self._decision(move.path),
        )

    def _parent(self, path: str) -> str | None:
        parent = steppath.parent_of(path)
        held = self.state.held.get(parent) if parent else None
        return held.id if held else None

    def _decision(self, path: str) -> dict[str, str] | None:
        if not self.state.decisions:
            return None
        known = self.state.decisions.get(path)
        because = known["because"] if known else self._why_new(path)
        return {"action": "run", "because": because}

    def _why_new(self, path: str) -> str:
        parent = steppath.parent_of(path)
        known = self.state.decisions.get(parent) if parent else None
        return "never ran last time" if known is None else f"`{parent}` runs again"

    def _queue(self, move: Queue) -> None:
        row = self._row(move, StepStatus.QUEUED)
        row.input = self.state.masker.value(move.input)
        row.input_digest = digest(row.input)
        row.match_key = match_key(move.node.digest, "", row.input)
        self._inputs[move.path] = move.input
        self.state.held[move.path] = Held(row.id, 0, [])
        self.w.rows.append(row)
        self.w.entries.append(Entry("step.queued", row.id, move.path))
        self.w.newly_ready += 1

    def _opened(self, move: Open) -> None:
        row = self._row(move, StepStatus.RUNNING)
        row.input = self.state.masker.value(move.input)
        row.input_digest = digest(row.input)
        row.match_key = match_key(move.node.digest, "", row.input)
        row.start = True
        self.state.held[move.path] = Held(row.id, 0, [])
        self.w.rows.append(row)
        self.w.patch.running += 1
        self.w.entries.append(Entry("step.started", row.id, move.path))

    def _settled(self, move: Settle) -> None:
        skipped = move.status is StepStatus.SKIPPED
        patch = self.w.patch
        patch.skipped += skipped
        patch.succeeded += move.status is StepStatus.SUCCEEDED
        patch.failed += move.status in STEP_BAD
        reason = storable(self.state.masker.text(move.reason))
        error = storable(self.state.masker.value(move.error))
        if move.is_new:
            row = self._row(move, move.status)
            row.reason, row.error = reason, error
            row.finish, row.start = True, not skipped
            self.w.rows.append(row)
            execution_id = row.id
        else:
            execution_id = self._close_container(move, reason, error)
        data = {"error": error} if error else {"reason": reason} if reason else {}
        self.w.entries.append(Entry(f"step.{move.status.value}", execution_id, move.path, data))

    def _close_container(self, move: Settle, reason: str, error: dict[str, Any] | None) -> str:
        held = self.state.held.pop(move.path)
        self.w.patch.running -= 1
        inline, payload, size = store(self.state.masker.value(move.output))
        new = next((row for row in self.w.rows if row.id == held.id), None)
        if new is None or payload is not None:
            if new is not None:
                # Opened and closed by one statement, with an output too large for its row: the
                # insert and the change would not see each other, so it keeps the output inline.
                new.status, new.reason, new.error = move.status, reason, error
                new.output, new.finish = self.state.masker.value(move.output), True
                return held.id
            self.w.changes.append(
                Change(
                    held.id,
                    move.status,
                    reason,
                    output=inline,
                    payload=payload,
                    size=size,
                    error=error,
                    finish=True,
                )
            )
        else:
            new.status, new.reason, new.error = move.status, reason, error
            new.output, new.finish = inline, True
        return held.id

    def _ended(self, move: RunEnd) -> None:
        patch = self.w.patch
        patch.status, patch.finish = move.status.value, True
        patch.reason = self.state.masker.text(move.reason)
        if move.cause:
            said = self._said(move.cause)
            patch.reason += f": {said}" if said else ""
        patch.outputs = self.state.masker.value(move.outputs)
        self.state.status = patch.status
        data = {"reason": patch.reason} if patch.reason else {}
        self.w.entries.append(Entry(f"run.{move.status.value}", data=data))

    def _said(self, path: str) -> str:
        """The message of the failed step at ``path``: from this statement or the ledger."""
        for entry in self.w.entries:
            if entry.path == path and "error" in entry.data:
                return str(entry.data["error"]["message"])
        return ledger.error_message(self.state.run_id, path)

    def _open_status(self) -> None:
        patch = self.w.patch
        if patch.finish or self.state.status == RunStatus.PAUSED:
            return
        status = self.state.frontier.open_status
        if patch.status != RunStatus.QUEUED or self.state.frontier.running:
            patch.status = status.value
        if status is RunStatus.WAITING:
            patch.reason = "a step waits for its next try"
        self.state.status = patch.status

    def _try(self, number: int) -> dict[str, Any]:
        return {"n": number, "started_at": now_text(), "worker": worker_name()}
