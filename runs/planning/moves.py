"""Facts go into a frontier, moves come out: plain values that one can print."""

from dataclasses import dataclass
from typing import Any, TypeAlias

from runs.planning.graph import Node
from runs.states import RunStatus, StepStatus

# How the reason of an execution begins that an earlier attempt of a container around it has left:
# set back to pending, with how it had ended; or done once and for all, and not come to yet.
SET_BACK = "again"
DONE_BEFORE = f"{SET_BACK}: succeeded"
RECEIPT = "receipt"


@dataclass(frozen=True, slots=True)
class Fact:
    """What is recorded about one execution."""

    path: str
    status: StepStatus
    input: Any = None  # containers only: {"items": […]} of a loop, {"arm": name} of a branch
    reason: str = ""  # of what an earlier attempt has left, as above
    order: int = 0  # when it was recorded, ascending; 0: not by this run's own work


@dataclass(slots=True)
class Queue:
    """A step is ready: a row with the status queued."""

    path: str
    node: Node
    input: Any


@dataclass(slots=True)
class Open:
    """A container starts: a row with the status running, held by nobody."""

    path: str
    node: Node
    input: Any


@dataclass(frozen=True, slots=True)
class Recalled:
    """What an earlier run recorded for the same step with the same input."""

    execution_id: str
    run_id: str
    origin_execution_id: str
    origin_run_id: str
    output: Any
    payload: str | None
    size: int
    code_version: str
    duration_ms: int | None
    input: Any
    input_digest: str


@dataclass(slots=True)
class Settle:
    """An execution ends without a worker: skipped, failed before it began, or a container closed."""

    path: str
    node: Node
    status: StepStatus
    reason: str = ""
    output: Any = None
    error: dict[str, Any] | None = None
    is_new: bool = True  # no row yet
    recalled: Recalled | None = None


@dataclass(slots=True)
class Stop:
    """A step that has a row and is not over ends, because the time of what is around it is."""

    path: str
    node: Node
    status: StepStatus  # cancelled; skipped, if it was only ready
    reason: str
    was_running: bool


@dataclass(slots=True)
class Again:
    """An attempt at a container has failed, and another one follows in ``wait`` seconds."""

    path: str
    node: Node
    wait: float
    reason: str
    error: dict[str, Any]


@dataclass(slots=True)
class Keep:
    """A step with the effect `once` was done in an earlier attempt of what is around it."""

    path: str
    node: Node


@dataclass(slots=True)
class RunEnd:
    """Nothing is left to do."""

    status: RunStatus
    reason: str
    outputs: Any
    cause: str = ""  # the path of the step that is the root of the failure


# Moves are recorded by one statement, together with the event that they follow from.
Move: TypeAlias = Queue | Open | Settle | Stop | Again | Keep | RunEnd
