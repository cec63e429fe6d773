"""One worker in one run: claims, records, goes on. Every write goes through here.

While this worker is the only one with something to do in the run, it records optimistically: one
statement, one commit, refused if anybody else recorded something in between. When others are at
work as well, it still does so if what it records is true whatever they recorded (planning.commuting), and
learns of theirs by the answer. Otherwise it takes the run's row lock first, takes in what they
recorded, and then records.
"""

import logging
import time
from collections.abc import Callable

from django.db import DatabaseError, connection, transaction

from runs import dispatch
from runs.engine import calling
from runs.engine.again import begin_again
from runs.engine.consequences import Job, Writing
from runs.engine.crashpoints import reach
from runs.engine.outcome import Outcome, Parked, Succeeded
from runs.engine.state import RunState
from runs.engine.steps import Writer
from runs.planning.commuting import made_ready
from runs.record import claims, ledger, retiring
from runs.record.statements import in_transaction
from runs.states import RUN_OVER, STEP_OVER, RunStatus, StepStatus

log = logging.getLogger(__name__)

# More wake-ups than this for one event would only make workers find nothing: each worker that
# wakes goes on with the run's other ready steps by itself, and wakes one more while there are any.
MOST_HINTS = 2


class Session:
    """A worker's hold on one run."""

    def __init__(self, state: RunState) -> None:
        self.state = state
        self.is_crowded = False  # see `_crowds`
        self._waited = 0.0  # seconds, for the row lock of the last step
        self._news = False  # whether others had recorded something meanwhile
        self._in_turn = False  # whether the last step had to be recorded in turn with others'

    def claim(self) -> Job | None:
        """Take a ready step of the run, beginning the run if nobody has yet.

        None when nothing is ready or the run does not go on.
        """

        def build(writer: Writer) -> None:
            self.state.is_guest = bool(self.state.frontier.running)
            if self.state.status == RunStatus.QUEUED:
                writer.begin()
            writer.take_next()

        if self.state.status == RunStatus.QUEUED:
            # Most often nobody else begins it: then all its first rows are worked out before the
            # transaction, and one round trip begins it.
            writing = self._alone(build, "") or self._locked(build)
        else:
            writing = self._locked(build)
        if writing is None:
            return None
        if writing.next is not None and not writing.newly_ready and self.state.frontier.queued:
            writing.newly_ready = 1  # there is work for one more
        self._hint(writing, "")
        return writing.next

    def finish(
        self, job: Job, outcome: Outcome, *, go_on: bool = True, worked: float = 1.0
    ) -> Job | None:
        """Record how ``job`` ended, with all that follows, and take the next ready step.

        ``worked`` is how many seconds the step itself took. None when there is nothing to go on
        with, or the step or the run was taken away: then nothing was written, and what the new
        holder says counts.
        """

        def build(writer: Writer) -> None:
            held = self.state.held.get(job.path)
            if held is not None and held.id == job.execution_id and held.fence == job.fence:
                self.is_crowded = self._crowds(worked)
                writer.finish(job, outcome, go_on=go_on and not self.is_crowded)

        reach("after-step", job.path)
        self._in_turn = False
        writing: Writing | None
        if not self.state.is_shared:
            writing = self._alone(build, job.path)
        elif go_on and isinstance(outcome, Succeeded):
            writing = self._commuting(build, job)
        else:
            writing = None
        writing = writing or self._locked(build, job.path)
        reach("after-commit", job.path)
        if writing is None:
            return None
        if isinstance(outcome, Parked) and outcome.call:
            # Not before: a report that came sooner would find a step that does not wait.
            calling.start(outcome.call)
        self._hint(writing, job.path)
        self._begin_again(writing.again)  # at once is at once; else a sweep does it
        return writing.next

    def interrupt(self, path: str, fence: int, reason: str) -> bool:
        """Take a step away from a worker that is gone; whether it was still that worker's."""

        def build(writer: Writer) -> None:
            held = self.state.held.get(path)
            if held is not None and held.fence == fence and path in self.state.frontier.running:
                writer.interrupted(path, reason)

        reach("before-takeover", path)
        writing = self._locked(build)
        if writing:
            reach("after-takeover", path)
            self._hint(writing, "")
        return writing is not None

    def wake_due(self, paths: list[str]) -> None:
        """Queue waiting steps whose time has come, and end containers whose time is over."""
        told: list[str] = []
        again: list[str] = []

        def build(writer: Writer) -> None:
            node = self.state.compiled.node
            around = claims.still_due(
                self.state.run_id, [path for path in paths if node(path).is_container]
            )
            for path in paths:
                is_waiting = path in self.state.frontier.waiting
                if not node(path).is_container:
                    if is_waiting:
                        writer.due(path)
                elif path not in around:
                    continue
                elif is_waiting:
                    again.append(path)
                elif self.state.frontier.is_open(path):
                    told.extend(writer.expired(path))

        with transaction.atomic():  # the calls of agents end with the steps that made them
            writing = self._locked(build)
            if told:
                dispatch.cancel_calls(told)
        if writing:
            self._hint(writing, "")
            again += writing.again
        self._begin_again(again)

    def _begin_again(self, paths: list[str]) -> None:
        """Open containers for their next attempt, where that is still to be done."""
        todo = list(paths)
        while todo:
            path = todo.pop(0)

            def build(writer: Writer, path: str = path) -> None:
                if path in self.state.frontier.waiting:
                    begin_again(writer, path)
                    reach("before-again", path)

            with transaction.atomic():
                writing = self._locked(build)
            if writing:
                reach("after-again", path)
                self._hint(writing, "")
                todo += writing.again

    def _crowds(self, worked: float) -> bool:
        """Whether this worker only stands in the way of another one that works in this run.

        Steps that take less time than the wait for the run's row lock are done faster by one
        worker than by two: recording is what takes the time, and that is one after the other. So
        who had to wait longer than it worked, and finds another worker at it that has recorded
        something in between, leaves the rest to that one. Should the rest be slow after all, the
        sweep brings the idle back within two seconds.
        """
        in_the_way = self._in_turn and self._news and self._waited > worked
        return in_the_way and self.state.is_shared

    # ---- the two ways of recording ----------------------------------------------------------

    def _alone(self, build: Callable[[Writer], None], path: str) -> Writing | None:
        self._news, self._waited = False, 0.0
        writer = Writer(self.state)
        build(writer)
        if not self._record(writer.w, path):
            # What was worked out rests on an old state: start from what is recorded.
            self.state.reload()
            return None
        return writer.w

    def _commuting(self, build: Callable[[Writer], None], job: Job) -> Writing | None:
        state, writer = self.state, Writer(self.state)
        writer.first = writer.pick()
        ready = made_ready(state.compiled, job.path, writer.first)
        if ready is None or in_transaction():
            self._in_turn = True
            return None
        build(writer)
        w = writer.w
        if w.revived or w.again:
            state.reload()
            return None
        opened = {row.path for row in w.rows if row.status not in STEP_OVER}
        if w.next is None or opened != ready or len(opened) < len(w.rows):
            state.reload()  # not this worker's any more, or a step that is ready was reused
            return None
        expected = [ledger.Expected(job.execution_id, job.fence, StepStatus.RUNNING)]
        if w.next.execution_id not in {row.id for row in w.rows}:
            expected.append(
                ledger.Expected(w.next.execution_id, w.next.fence - 1, StepStatus.QUEUED)
            )
        reach("before-commit", job.path)
        recorded = ledger.write_commuting(
            state.run_id,
            seq=state.seq,
            fence=state.fence,
            patch=w.patch,
            changes=w.changes,
            rows=w.rows,
            entries=w.entries,
            expected=expected,
        )
        if recorded is None:
            state.reload()
            return None
        number, head, news = recorded
        state.catch_up(head, news, number)
        return w

    def _locked(self, build: Callable[[Writer], None], path: str = "") -> Writing | None:
        asked = time.perf_counter()
        with ledger.locked(self.state.run_id, self.state.seq) as (head, rows):
            self._news, self._waited = bool(rows), time.perf_counter() - asked
            if head is None or head.status in RUN_OVER:
                return None
            self.state.catch_up(head, rows)
            writer = Writer(self.state)
            build(writer)
            if not self._record(writer.w, path, commit=True):
                return None
            return writer.w

    def _record(self, w: Writing, path: str, *, commit: bool = False) -> bool:
        if not (w.changes or w.rows or w.entries):
            return False
        if path:
            reach("before-commit", path)
        changes, rows = w.recorded()
        seq = ledger.write(
            self.state.run_id,
            seq=self.state.seq,
            fence=self.state.fence,
            patch=w.patch,
            changes=changes,
            rows=rows,
            entries=w.entries,
            commit=commit,
        )
        if seq is None:
            return False
        self.state.seq = seq
        self.state.fence += w.patch.fence_up
        return True

    def _hint(self, w: Writing, path: str) -> None:
        if w.patch.finish and w.patch.status == RunStatus.SUCCEEDED:
            self._retire_checkpoints()
        if path:
            reach("before-hints", path)
        if w.newly_ready > 0 and not self.state.placement:
            for _ in range(min(w.newly_ready, MOST_HINTS)):
                dispatch.wake_run(self.state.run_id)

    def _retire_checkpoints(self) -> None:
        """The run has succeeded: nobody goes on from its checkpoints, or from those it came from."""
        nodes = self.state.compiled.nodes.values()
        if not any(node.type == "checkpoint" for node in nodes):
            return
        try:
            retiring.retire_line(self.state.run_id)
        except DatabaseError:
            # The run is recorded; the next one that succeeds clears up after this one, too.
            log.exception("The checkpoints of %s were not cleared up", self.state.run_id)
            connection.close()
