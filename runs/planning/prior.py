"""Plain facts about an earlier run, as ``record.prior_runs`` reads them from rows or a file."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from runs.states import StepStatus


@dataclass(frozen=True, slots=True)
class PriorStep:
    """One execution of an earlier run."""

    path: str
    execution_id: str
    type: str
    status: StepStatus
    definition: str = ""  # definition digest it ran with
    condition: str = ""  # digest of the condition it ran or was skipped by
    code_version: str = ""
    duration_ms: int = 0
    reason: str = ""  # status_reason
    input_digest: str = ""  # of the input that it had
    started: float = 0.0  # epoch seconds; 0: it did not start


@dataclass(frozen=True, slots=True)
class PriorRun:
    """An earlier run: its executions by path."""

    run_id: str
    steps: Mapping[str, PriorStep]
    kept: frozenset[str] | None = None  # the paths a checkpoint holds; None = no checkpoint
    inputs: Mapping[str, Any] = field(default_factory=dict)
    # Of loops over a list: one digest for each item. Compared by a resume, by a fork, and where a
    # workflow reads the environment; otherwise the lists are the same, and this is empty.
    loop_items: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # Of a run: the number of its journal's last entry about its work, of the same moment.
    change: int = 0

    def with_items(self, items: Mapping[str, tuple[str, ...]]) -> "PriorRun":
        """The same, with the lists that its loops went through."""
        return replace(self, loop_items=items)
