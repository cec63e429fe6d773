"""The words for where a run or an execution stands, and which moves between them are legal.

Source of the words: product page, section 1. The tables below are the only place that says
which status may follow which; ``record`` turns a move into one guarded UPDATE. One thing is outside
of them: a container that is tried again sets back what is inside it (``record/again.py``).
"""

from enum import StrEnum


class RunStatus(StrEnum):
    """Where a run stands."""

    QUEUED = "queued"  # recorded; no step has started yet
    RUNNING = "running"  # at least one step runs or is ready to run
    WAITING = "waiting"  # every open step waits for a timer or a report; no worker is held
    PAUSED = "paused"  # a person stopped it; running steps end, nothing new starts
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMEOUT = "timeout"  # a step ran out of time and nothing caught it


class StepStatus(StrEnum):
    """Where an execution (one node of a run) stands."""

    PENDING = "pending"  # something it needs is not settled
    QUEUED = "queued"  # everything it needs is settled; nobody has it yet
    RUNNING = "running"  # one worker holds its lease, or its children run (containers)
    WAITING = "waiting"  # parked until `due_at`; no worker is held
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMEOUT = "timeout"
    SKIPPED = "skipped"  # its condition was false, or its branch arm was not taken


RUN_OVER = frozenset(
    {RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.TIMEOUT}
)
STEP_OVER = frozenset(
    {
        StepStatus.SUCCEEDED,
        StepStatus.FAILED,
        StepStatus.CANCELLED,
        StepStatus.TIMEOUT,
        StepStatus.SKIPPED,
    }
)
STEP_BAD = frozenset({StepStatus.FAILED, StepStatus.CANCELLED, StepStatus.TIMEOUT})

_OPEN_RUN = frozenset(RunStatus) - RUN_OVER
_OPEN_STEP = frozenset(StepStatus) - STEP_OVER

RUN_MOVES: dict[RunStatus, frozenset[RunStatus]] = {
    **{old: frozenset(set(RunStatus) - {old, RunStatus.QUEUED}) for old in _OPEN_RUN},
    **{old: frozenset() for old in RUN_OVER},
}
STEP_MOVES: dict[StepStatus, frozenset[StepStatus]] = {
    StepStatus.PENDING: frozenset(set(StepStatus) - {StepStatus.PENDING}),
    StepStatus.QUEUED: frozenset(
        {
            StepStatus.RUNNING,
            StepStatus.WAITING,
            StepStatus.FAILED,
            StepStatus.CANCELLED,
            StepStatus.SKIPPED,  # the time of what is around it is over
        }
    ),
    StepStatus.RUNNING: frozenset(
        {StepStatus.QUEUED, StepStatus.WAITING} | (STEP_OVER - {StepStatus.SKIPPED})
    ),
    StepStatus.WAITING: frozenset(
        {StepStatus.QUEUED, StepStatus.RUNNING} | (STEP_OVER - {StepStatus.SKIPPED})
    ),
    **{old: frozenset() for old in STEP_OVER},
}


def may_move_run(old: RunStatus, new: RunStatus) -> bool:
    """Whether a run may go from ``old`` to ``new``."""
    return new in RUN_MOVES[old]


def may_move_step(old: StepStatus, new: StepStatus) -> bool:
    """Whether an execution may go from ``old`` to ``new``."""
    return new in STEP_MOVES[old]
