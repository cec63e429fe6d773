"""What follows from an event in a run: rows, changes and journal entries of one statement."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from runs import ids, steppath
from runs.canonical import digest, storable
from runs.engine.state import Held, RunState
from runs.planning.fingerprint import match_key
from runs.planning.frontier import Move, Open, Queue, RunEnd, Settle
from runs.planning.graph import Node
from runs.planning.moves import Again, Keep, Recalled, Stop
from runs.planning.plan import RECEIPT
from runs.record import ledger
from runs.record.ledger import Change, Entry, NewRow, RunPatch
from runs.record.payloads import store
from runs.states import STEP_BAD, RunStatus, StepStatus


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
    again: list[str] = field(default_factory=list)  # containers that begin anew at once
    # Of the rows, those that an earlier attempt of a container has left, with their fence: they are
    # there already.
    revived: dict[str, int] = field(default_factory=dict)

    def recorded(self) -> tuple[list[Change], list[NewRow]]:
        """The changes and the new rows, as the ledger takes them."""
        if not self.revived:
            return self.changes, self.rows
        made = {row.id: row for row in self.rows if row.id in self.revived}
        changes = [*self.changes, *(_revival(row, self.revived[row.id]) for row in made.values())]
        return changes, [row for row in self.rows if row.id not in made]


def _revival(row: NewRow, fence: int) -> Change:
    return Change(
        row.id,
        row.status,
        row.reason,
        fence_up=row.fence - fence,
        worker=row.worker,
        lease=row.lease,
        due=row.due,
        tries=row.tries,
        output=row.output,
        payload=row.payload,
        size=row.size,
        error=row.error,
        start=row.start,
        finish=row.finish,
        given=True,
        input=row.input,
        input_digest=row.input_digest,
        match_key=row.match_key,
    )


def now_text() -> str:
    """The time as it stands in attempts and checkpoints (for people; leases use the database's)."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Consequences:
    """Turns the frontier's moves into one Writing."""

    def __init__(self, state: RunState) -> None:
        self.state = state
        self.w = Writing(RunPatch(state.status))
        self._inputs: dict[str, Any] = {}

    def _consequences(self, moves: list[Move]) -> None:
        for move in moves:
            if isinstance(move, Queue):
                self._queue(move)
            elif isinstance(move, Open):
                self._opened(move)
            elif isinstance(move, Settle):
                self._settled(move)
            elif isinstance(move, Stop):
                self._stopped(move)
            elif isinstance(move, Again):
                self._tried(move)
            elif isinstance(move, Keep):
                self._keep(move)
            else:
                self._ended(move)
        self.w.patch.total += self.state.frontier.total
        self.state.frontier.total = 0
        if not self.w.patch.finish:
            self._open_status()

    def _row(self, move: Queue | Open | Settle, status: StepStatus) -> NewRow:
        planned = self.state.decisions.get(move.path, {})
        left = self.state.pending.pop(move.path, None)
        row = NewRow(
            left.id if left else planned.get("execution_id") or ids.execution_id(),
            self._parent(move.path),
            move.path,
            move.node.name,
            move.node.type,
            move.node.position,
            status,
            decision=self._decision(move.path),
        )
        if left is not None:
            row.fence, row.tries = left.fence, left.tries
            self.w.revived[row.id] = left.fence
            if status in STEP_BAD:
                row.input = left.input  # it did not come to a new one
        return row

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
        self.state.held[move.path] = Held(row.id, row.fence, row.tries)
        self.w.rows.append(row)
        self.w.entries.append(Entry("step.queued", row.id, move.path))
        self.w.newly_ready += 1

    def _opened(self, move: Open) -> None:
        row = self._row(move, StepStatus.RUNNING)
        row.input = self.state.masker.value(move.input)
        row.input_digest = digest(row.input)
        row.match_key = match_key(move.node.digest, "", row.input)
        row.start, row.due = True, move.node.limit
        data: dict[str, Any] = {}
        if move.node.retry is not None:
            row.tries = [*row.tries, {"n": len(row.tries) + 1, "started_at": now_text()}]
            data = {"attempt": len(row.tries)}
        self.state.held[move.path] = Held(row.id, row.fence, row.tries)
        self.w.rows.append(row)
        self.w.patch.running += 1
        self.w.entries.append(Entry("step.started", row.id, move.path, data))

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
            if move.recalled is not None:
                self._recalled(row, move.recalled)
            self.w.rows.append(row)
            execution_id = row.id
        else:
            execution_id = self._close_container(move, reason, error)
        data = {"error": error} if error else {"reason": reason} if reason else {}
        self.w.entries.append(Entry(f"step.{move.status.value}", execution_id, move.path, data))

    def _leave_out(self, move: Settle, attempt: int) -> None:
        """What only an earlier attempt of a container that has succeeded came to."""
        inside = steppath.below(move.path)
        left = [path for path in self.state.pending if path.startswith(inside)]
        reason = f"not in attempt {attempt} of `{move.node.name}`"
        for path in left:
            known = self.state.pending.pop(path)
            self.w.changes.append(Change(known.id, StepStatus.SKIPPED, reason, finish=True))
            self.w.entries.append(Entry("step.skipped", known.id, path, {"reason": reason}))
        self.w.patch.skipped += len(left)
        self.w.patch.total += len(left)

    def _tried(self, move: Again) -> None:
        """An attempt at a container has failed; the next one follows."""
        held = self.state.held[move.path]
        said = storable(self.state.masker.text(move.reason))
        ended = {"finished_at": now_text(), "outcome": "failed", "reason": said}
        if move.error["code"] == "timeout":
            ended["outcome"] = "timeout"
        tries = [*held.tries[:-1], {**held.tries[-1], **ended}]
        reason = f"retry: attempt {len(tries) + 1} follows; {said}"
        error = storable(self.state.masker.value(move.error))
        self.state.held[move.path] = Held(held.id, held.fence, tries)
        self.w.patch.running -= 1
        new = next((row for row in self.w.rows if row.id == held.id), None)
        if new is not None:  # opened by the same statement
            new.status, new.reason, new.due = StepStatus.WAITING, reason, move.wait
            new.error, new.tries = error, tries
        else:
            change = Change(
                held.id, StepStatus.WAITING, reason, tries=tries, due=move.wait, error=error
            )
            self.w.changes.append(change)
        data = {"wait_s": move.wait, "reason": reason}
        self.w.entries.append(Entry("step.retrying", held.id, move.path, data))
        if move.wait <= 0:
            self.w.again.append(move.path)

    def _keep(self, move: Keep) -> None:
        execution_id = self.state.kept.pop(move.path)
        reason = "kept: it has the effect `once`, and was done in an earlier attempt"
        self.w.changes.append(Change(execution_id, StepStatus.SUCCEEDED, reason, keep=True))
        self.w.entries.append(Entry("step.succeeded", execution_id, move.path, {"reason": reason}))

    def _stopped(self, move: Stop) -> None:
        held = self.state.held.pop(move.path)
        patch, skipped = self.w.patch, move.status is StepStatus.SKIPPED
        # What was stopped has not failed: it counts with what is not done, as in a cancelled run.
        patch.skipped += skipped
        patch.running -= move.was_running
        error = None if skipped else {"code": "cancelled", "message": move.reason, "hint": ""}
        tries = held.tries
        if move.was_running and tries:
            stopped = {"finished_at": now_text(), "outcome": "interrupted", "reason": move.reason}
            tries = [*tries[:-1], {**tries[-1], **stopped}]
        self.w.changes.append(
            Change(
                held.id,
                move.status,
                move.reason,
                fence_up=1,  # whoever has it can write nothing, and stops with the next heartbeat
                tries=tries,
                error=error,
                finish=True,
            )
        )
        entry = Entry(f"step.{move.status.value}", held.id, move.path, {"reason": move.reason})
        self.w.entries.append(entry)

    def _recalled(self, row: NewRow, known: Recalled) -> None:
        row.output, row.payload, row.size = known.output, known.payload, known.size
        if known.payload is not None:
            row.output = None
        row.input, row.input_digest = known.input, known.input_digest
        row.code_version, row.duration_ms = known.code_version, known.duration_ms
        row.reused_from, row.reused_run = known.execution_id, known.run_id
        row.origin_execution, row.origin_run = known.origin_execution_id, known.origin_run_id
        is_receipt = self.state.decisions[row.path].get("receipt")
        because = RECEIPT if is_receipt else "its input came out the same"
        row.decision = {"action": "reuse", "because": because}
        self.w.patch.reused += 1

    def _close_container(self, move: Settle, reason: str, error: dict[str, Any] | None) -> str:
        held = self.state.held.pop(move.path)
        self.w.patch.running -= 1
        inline, payload, size = store(self.state.masker.value(move.output))
        new = next((row for row in self.w.rows if row.id == held.id), None)
        tries = held.tries
        if tries:
            ended = {"finished_at": now_text(), "outcome": move.status.value, "reason": reason}
            tries = [*tries[:-1], {**tries[-1], **ended}]
        if move.status is StepStatus.SUCCEEDED and len(tries) > 1:
            self._leave_out(move, len(tries))
        if new is not None:
            new.due, new.tries = None, tries
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
                    tries=tries or None,
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
        error = ledger.error_of(self.state.run_id, path)
        return str(error["message"]) if error else ""

    def _open_status(self) -> None:
        patch = self.w.patch
        if patch.finish or self.state.status == RunStatus.PAUSED:
            return
        status = self.state.frontier.open_status
        if patch.status != RunStatus.QUEUED or self.state.frontier.running:
            patch.status = status.value
        if status is RunStatus.WAITING:
            patch.reason = f"step-waiting: {min(self.state.frontier.waiting)}"
        self.state.status = patch.status
