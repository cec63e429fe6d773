"""From an event in a run to the one statement that records it with its consequences."""

from itertools import islice
from random import randrange
from typing import Any

from runs import conf
from runs.canonical import storable
from runs.engine.consequences import Consequences, Job, now_text
from runs.engine.outcome import Failed, GivenBack, Outcome, Parked, Succeeded
from runs.engine.retry import next_try, since_given_up
from runs.engine.state import Held, RunState, worker_name
from runs.planning.stopping import TIME_OF
from runs.record.ending import end_calls_inside
from runs.record.ledger import Change, Entry
from runs.record.payloads import store
from runs.states import RunStatus, StepStatus

# Workers that came to a run that others were in choose among so many of the last steps.
APART = 16


class Writer(Consequences):
    """Builds one Writing for one run: what happened, and what follows from it."""

    def __init__(self, state: RunState) -> None:
        super().__init__(state)
        self.first: str | None = None  # the step to go on with, unless one becomes ready

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
        elif isinstance(outcome, Parked):
            self._parked(job, outcome, tries)
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
        counted = since_given_up(tries)
        lost = sum(1 for one in counted if one.get("reason") == "worker-lost")
        if lost >= conf.max_takeovers():  # it may be the step that kills them
            failed = Failed(
                "worker-lost",
                f"The process that ran this step died {lost} times.",
                "Look into the worker's log: the step may crash the interpreter, never give it "
                "back, or use up memory.",
            )
            job = Job(held.id, path, self.state.compiled.node(path), held.fence, tries)
            self._settle_leaf(job, StepStatus.FAILED, failed, tries, fence_up=1)
        else:
            self._again(held.id, path, held.fence, tries, reason)

    def due(self, path: str) -> None:
        """The time of a waiting step has come."""
        held = self.state.held[path]
        node = self.state.compiled.node(path)
        job = Job(held.id, path, node, held.fence, held.tries)
        if node.type == "wait":
            tries = [*held.tries[:-1], {**held.tries[-1], "finished_at": now_text()}]
            self._succeeded(job, Succeeded(tries[-1].get("parked")), tries, fence_up=1)
            return
        if node.type == "approval":
            failed = Failed(
                "timeout", "Nobody decided in time.", "Start the run again, or restart it."
            )
            tries = [*held.tries[:-1], {**held.tries[-1], "finished_at": now_text()}]
            self._settle_leaf(job, StepStatus.TIMEOUT, failed, tries, fence_up=1)
            return
        self.state.frontier.requeue(path)
        self.w.changes.append(Change(held.id, StepStatus.QUEUED, "time for the next try"))
        self.w.entries.append(Entry("step.queued", held.id, path))
        self.w.newly_ready += 1
        self._open_status()

    def begin_again(self, path: str) -> None:
        """The container at ``path`` opens for its next attempt (`engine.again` has set it back)."""
        self._consequences(self.state.frontier.begin_again(path))

    def expired(self, path: str) -> list[str]:
        """The time of the open container at ``path`` is over. The calls that agents may still be
        working on inside it; the caller holds the run's row lock in a transaction."""
        reason = f"{TIME_OF}`{self.state.compiled.node(path).name}`"
        told, changes, entries, running = end_calls_inside(self.state.run_id, path, reason)
        self.w.changes += changes
        self.w.entries += entries
        self.w.patch.running -= running
        self._consequences(self.state.frontier.expire(path))
        return told

    def pick(self) -> str | None:
        """A queued step for this worker, if there is one: the first, or one of the last if others
        were there before it, so that they seldom want the same."""
        queued = self.state.frontier.queued
        if self.state.is_guest and queued:
            return next(islice(reversed(queued), randrange(min(len(queued), APART)), None))
        return next(iter(queued), None)

    def take_next(self) -> None:
        """Claim a ready step for this worker, if there is one: what has just become ready by its
        own last step before what is ready longer."""
        frontier = self.state.frontier
        fresh = (row.path for row in self.w.rows if row.path in frontier.queued)
        path = next(fresh, None) or self.first or self.pick()
        if path is None or not self.state.is_open or self.w.patch.finish:
            return
        frontier.claim(path)
        node = self.state.compiled.node(path)
        entry_id: str
        new = next((row for row in self.w.rows if row.path == path), None)
        if new is not None:
            self.w.newly_ready -= 1
            new.status, new.lease, new.start = StepStatus.RUNNING, True, True
            new.worker = worker_name()
            new.fence += 1
            new.tries = [*new.tries, self._try(len(new.tries) + 1)]
            held = Held(new.id, new.fence, new.tries)
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

    def _parked(self, job: Job, parked: Parked, tries: list[dict[str, Any]]) -> None:
        """It waits for a time or for somebody, and holds no worker while it does."""
        reason = storable(self.state.masker.text(parked.reason))
        tries[-1] |= {"outcome": "waiting", "reason": reason, "parked": parked.data}
        self.state.frontier.park(job.path)
        self.state.held[job.path] = Held(job.execution_id, job.fence, tries)
        self.w.changes.append(
            Change(job.execution_id, StepStatus.WAITING, reason, tries=tries, due=parked.due)
        )
        self.w.entries.append(Entry("step.waiting", job.execution_id, job.path, {"reason": reason}))
        self._open_status()

    def _succeeded(
        self, job: Job, outcome: Succeeded, tries: list[dict[str, Any]], fence_up: int = 0
    ) -> None:
        masked = self.state.masker.value(outcome.output)
        inline, payload, size = store(masked)
        tries[-1]["outcome"] = "succeeded"
        if outcome.usage is not None:
            tries[-1]["usage"] = outcome.usage
        self.w.changes.append(
            Change(
                job.execution_id,
                StepStatus.SUCCEEDED,
                tries=tries,
                output=inline,
                payload=payload,
                size=size,
                finish=True,
                fence_up=fence_up,
                code_version=outcome.code_version or None,
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
        made = sum(
            1
            for one in since_given_up(tries)
            if one.get("outcome") not in ("interrupted", "waiting")
        )
        wait = next_try(job.node.step.retry, made, failed)
        if wait is None:
            status = StepStatus.TIMEOUT if timed_out else StepStatus.FAILED
            self._settle_leaf(job, status, failed, tries)
            return
        reason = f"retry: attempt {len(tries) + 1} follows; {failed.code}: {failed.message}"
        if wait <= 0:
            self._again(job.execution_id, job.path, job.fence, tries, reason, "step.retrying")
            self.first = job.path  # at once is at once, whatever else is ready
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
        status = self.state.frontier.recorded_as(job.node, status)
        if status is StepStatus.SKIPPED:
            reason = f"on-error-skip: {reason}"
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
        self.w.patch.failed += status is not StepStatus.SKIPPED
        self.w.patch.skipped += status is StepStatus.SKIPPED
        self.w.entries.append(
            Entry(f"step.{status.value}", job.execution_id, job.path, {"error": failed.error})
        )
        self.state.outputs.put_error(job.path, failed.error)
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

    def _try(self, number: int) -> dict[str, Any]:
        return {"n": number, "started_at": now_text(), "worker": worker_name()}
