"""A run is paused and goes on: two entries in its journal, under its row lock."""

from runs.models import Run
from runs.record import ledger
from runs.states import RunStatus


def pause(run: Run, reason: str) -> None:
    """The caller holds the run's row lock in a transaction."""
    _move(run, RunStatus.PAUSED, reason, "run.paused")


def unpause(run: Run, reason: str) -> None:
    """The caller holds the run's row lock in a transaction."""
    begun = run.started_at is not None
    _move(run, RunStatus.RUNNING if begun else RunStatus.QUEUED, "", "run.resumed", reason)


def _move(run: Run, status: RunStatus, shown: str, kind: str, told: str = "") -> None:
    seq = ledger.write(
        run.id,
        seq=run.event_seq,
        fence=run.fence,
        patch=ledger.RunPatch(status.value, shown),
        entries=[ledger.Entry(kind, data={"reason": told or shown})],
    )
    if seq is None:
        raise RuntimeError(f"{run.id} changed under its own row lock")
