"""The state of one run in a worker's memory, kept in step with the ledger."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runs import environment
from runs.canonical import digest
from runs.engine.outcome import Failed
from runs.engine.retry import next_try, since_given_up
from runs.errors import Refused
from runs.masking import Masker, SecretNames, is_masked
from runs.models import Run
from runs.models.stored import compiled_version
from runs.planning.frontier import Fact, Frontier
from runs.planning.graph import Node
from runs.planning.moves import RECEIPT, Recalled
from runs.planning.names import Names
from runs.planning.plan import ONLY
from runs.planning.turns import item_digests, move_receipts
from runs.record import ledger, prior_runs, sealing
from runs.states import RUN_OVER, RunStatus, StepStatus

_CACHED_OUTPUTS = 64


class RecordedOutputs:
    """Outputs of settled steps: the newest few from memory, the rest from the ledger."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._cache: dict[str, Any] = {}
        self._errors: dict[str, Any] = {}

    def get(self, path: str) -> Any:
        """The output of the step at ``path``; None when there is none."""
        if path in self._cache:
            return self._cache[path]
        value = ledger.outputs_of(self._run_id, [path]).get(path)
        self.put(path, value)
        return value

    def error(self, path: str) -> Any:
        """The error of the failed step at ``path``."""
        return self._errors.get(path) or ledger.error_of(self._run_id, path)

    def input(self, path: str) -> Any:
        """What the step at ``path`` was given. Raises Refused when that held a secret."""
        value = ledger.input_of(self._run_id, path)
        if is_masked(value):
            raise Refused(
                f"What {path} was given held a secret, and secrets are not recorded.",
                hint="Give its rollback arguments of its own: rollback: {action: …, kwargs: {…}}.",
            )
        return value

    def put_error(self, path: str, error: Any) -> None:
        """Remember an error until it is recorded, for the step that handles it."""
        self._errors = {path: error}

    def put(self, path: str, value: Any) -> None:
        """Remember an output. Oldest out: a run of ten thousand steps keeps sixty-four."""
        self._cache.pop(path, None)
        self._cache[path] = value
        if len(self._cache) > _CACHED_OUTPUTS:
            del self._cache[next(iter(self._cache))]

    def tree(self, paths: list[list[str]]) -> list[list[Any]]:
        """Many outputs at once."""
        flat = [path for row in paths for path in row]
        fresh = dict(self._cache)
        missing = [path for path in flat if path not in fresh]
        if missing:
            fresh.update(ledger.outputs_of(self._run_id, missing))
        return [[fresh.get(path) for path in row] for row in paths]


@dataclass(slots=True)
class Held:
    """What is known of an execution that has a row and is not over."""

    id: str
    fence: int
    tries: list[dict[str, Any]]
    input: Any = None  # of what is set back: what its last attempt had


class RunState:
    """One run: its definition, its frontier, and the ids of its open executions."""

    def __init__(self, run: Run) -> None:
        self.run_id = run.id
        self.compiled = compiled_version(run.version_id)
        self.workspace = Path(run.workspace) if run.workspace else Path.cwd()
        self.masker = Masker(environment.secrets().values(), keys=environment.mask_keys())
        self.secrets: Mapping[str, str] = SecretNames(environment.secrets(), self.masker)
        sealed = sealing.unseal(run.sealed)
        self.secrets_lost = bool(run.sealed) and not sealed
        sealing.learn(self.masker, self.compiled.spec, sealed)
        self.inputs = {**run.inputs, **sealed}
        self.run_names = {
            "id": run.id,
            "workflow": run.workflow_name,
            "workspace": str(self.workspace),
            "context": run.context or {},
        }
        self._planned: dict[str, Any] = run.decisions or {}
        self.seq = run.event_seq
        self.fence = run.fence
        self.status = run.status
        self.placement = run.placement
        self.is_guest = False  # others were at work in the run when this worker came
        self._start_over()

    def _start_over(self) -> None:
        self.outputs = RecordedOutputs(self.run_id)
        names = Names(
            self.inputs, self.run_names, self.outputs, self.secrets, environment.allowed()
        )
        self.frontier = Frontier(self.compiled, names, self.outputs)
        self.frontier.recall = self._recall
        self.frontier.receipt = self._receipt
        self.frontier.opens_loop = self._opens_loop
        self.decisions = self._planned
        self.frontier.only = self.decisions.get(ONLY, {}).get("because", "")
        self.frontier.next_attempt = self._next_attempt
        self.frontier.may_open = self._may_open
        self.held: dict[str, Held] = {}
        self.pending: dict[str, Held] = {}  # set back: a container around it has begun anew
        self.kept: dict[str, str] = {}  # done once in an earlier attempt: the execution

    @classmethod
    def load(cls, run_id: str) -> "RunState | None":
        """Read a run and all its executions; None when there is no such run."""
        run = Run.objects.filter(pk=run_id).first()
        if run is None:
            return None
        state = cls(run)
        if run.state not in RUN_OVER:  # a late message for a run that is over costs one query
            state._read_all()
        return state

    def _recall(self, path: str, given: Any) -> Recalled | None:
        """What the source run has for this step, if the plan left it open and the input is the
        same. What holds a secret is recorded with the mask in its place, so it never is."""
        planned = self.decisions.get(path)
        if path in self.pending:
            return None  # it was reused, and the container that it is in has failed
        if planned is None or planned["action"] != "unknown" or "input_digest" not in planned:
            return None
        masked = self.masker.value(given)
        if is_masked(masked) or digest(masked) != planned["input_digest"]:
            return None
        return prior_runs.recalled(planned["source_execution_id"])

    def _receipt(self, path: str) -> Recalled | None:
        """What a step with the effect `once` did for the same item, if the plan left that open."""
        planned = self.decisions.get(path, {})
        return prior_runs.recalled(planned["source_execution_id"]) if "receipt" in planned else None

    def _next_attempt(self, path: str, node: Node, codes: tuple[str, ...]) -> float | None:
        """Seconds until the next attempt at the container that failed with these codes."""
        known = self.held.get(path) or self.pending.get(path)
        made = len(since_given_up(known.tries)) if known else 0
        made += path not in self.held  # opened by the statement that is being made
        waits = (next_try(node.retry, made, Failed(code, "")) for code in codes if code)
        return next((wait for wait in waits if wait is not None), None)

    def _may_open(self, path: str, node: Node, items: list[Any]) -> None:
        """Raises Refused when the receipts of an earlier attempt would stand at other items."""
        left = self.pending.get(path)
        inside = [kept for kept in self.kept if kept.startswith(f"{path}[")] if left else []
        if left is None or not inside:
            return
        before = item_digests((left.input or {}).get("items") or [])
        now = item_digests([self.masker.value(item) for item in items])
        for kept in inside:
            turn = int(kept.removeprefix(f"{path}[").partition("]")[0])
            if before[turn : turn + 1] != now[turn : turn + 1]:
                raise Refused(
                    f"{kept} was done once, for an item that is not there any more in the list of "
                    f"{path}.",
                    hint="Restart the run: a restart finds what was done by its item.",
                )

    def _opens_loop(self, node: Node, path: str, items: list[Any]) -> None:
        if "items" in self.decisions.get(path, {}):
            assert node.loop is not None
            now = item_digests([self.masker.value(item) for item in items])
            self.decisions = move_receipts(self.decisions, path, node.loop, now)

    def reload(self) -> bool:
        """Forget everything and read again. False when the run is gone."""
        head = (
            Run.objects.filter(pk=self.run_id)
            .values_list("event_seq", "fence", "status", "placement")
            .first()
        )
        if head is None:
            return False
        self.seq, self.fence, self.status, self.placement = head
        self._start_over()
        self._read_all()
        return True

    def _read_all(self) -> None:
        rows = ledger.rows(self.run_id)
        self._hold(rows)
        self.frontier.load(_fact(row) for row in rows)
        self.frontier.total = 0  # what the run row counts already

    def catch_up(
        self, head: ledger.RunHead, rows: list[ledger.Row], seq: int | None = None
    ) -> None:
        """Take in what others recorded since; now everything up to ``seq`` is known, which is the
        head's. The caller holds the run's row lock, or has just recorded something itself."""
        if head.fence != self.fence:  # what is inside a container was set back
            self.reload()
            return
        self.status, self.placement = head.status, head.placement
        seq = head.seq if seq is None else seq
        if seq == self.seq:
            return
        self._hold(rows)
        self.frontier.observe(_fact(row) for row in rows)
        self.frontier.total = 0
        self.seq = seq

    def _hold(self, rows: list[ledger.Row]) -> None:
        for row in rows:
            if row.status in (StepStatus.QUEUED, StepStatus.RUNNING, StepStatus.WAITING):
                self.held[row.path] = Held(row.id, row.fence, row.tries)
            else:
                self.held.pop(row.path, None)
            if row.status is StepStatus.PENDING:
                self.pending[row.path] = Held(row.id, row.fence, row.tries, row.input)
            else:
                self.pending.pop(row.path, None)
            if row.status is StepStatus.SUCCEEDED and row.reason.startswith(RECEIPT):
                self.kept[row.path] = row.id
            else:
                self.kept.pop(row.path, None)

    @property
    def is_open(self) -> bool:
        """Whether the run may still go on."""
        return self.status in (RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.WAITING)

    @property
    def is_shared(self) -> bool:
        """Whether another worker holds a step of this run, as far as this one knows."""
        return len(self.frontier.running) > 1


def _fact(row: ledger.Row) -> Fact:
    return Fact(row.path, row.status, row.input, row.reason, row.order)


_HOST = os.uname().nodename


def worker_name() -> str:
    """Who this process is: ``host:pid``, as leases name it."""
    return f"{_HOST}:{os.getpid()}"


__all__ = ["Held", "RecordedOutputs", "RunState", "worker_name"]
