"""A container begins anew: what its last attempt recorded inside is set back, and stays to be seen.

An execution keeps its row, its tries, its log and its last input and output until the new attempt
comes to it. What has the effect `once` and succeeded is not set back: its receipt waits there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Q

from runs.models import Execution
from runs.planning.moves import RECEIPT, SET_BACK
from runs.states import StepStatus


@dataclass(frozen=True, slots=True)
class Inside:
    """One execution in a container, or the container itself."""

    id: str
    path: str
    status: StepStatus
    reason: str
    input: Any
    is_reused: bool


def recorded(run_id: str, container: str) -> list[Inside]:
    """The container and what is recorded in it, without calls of agents."""
    where = Q(path=container) | Q(path__startswith=f"{container}/")
    where |= Q(path__startswith=f"{container}[")
    rows = Execution.objects.filter(where, run_id=run_id).exclude(type="call").order_by("id")
    return [
        Inside(pk, path, StepStatus(status), reason, given, bool(reused))
        for pk, path, status, reason, given, reused in rows.values_list(
            "id", "path", "status", "status_reason", "input", "reused_from"
        )
    ]


# The last of its tries is marked, so that what counts tries, or reads what one of them was told,
# stops there. Output and input stay for who looks, and for a rollback.
_SET_BACK = """
UPDATE runs_execution SET
  status = 'pending', status_reason = %s || ': ' || status, fence = fence + 1, worker = '',
  lease_until = NULL, due_at = NULL, error = NULL,
  started_at = NULL, finished_at = NULL, duration_ms = NULL,
  tries = CASE WHEN jsonb_array_length(tries) > 0
    THEN jsonb_set(tries, '{-1,given_up}', 'true') ELSE tries END,
  reused_from = '', reused_run = '', origin_execution = '', origin_run = '',
  decision = CASE WHEN decision IS NOT NULL
    THEN jsonb_build_object('action', 'run', 'because', %s::text) END
WHERE id = ANY(%s)
"""


def set_back(back: Sequence[str], kept: Sequence[str], because: str) -> None:
    """Record that the executions ``back`` have not begun, and that ``kept`` have a receipt.

    The caller holds the run's row lock in a transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SET_BACK, [SET_BACK, because, list(back)])
        cursor.execute(
            "UPDATE runs_execution SET status_reason = %s WHERE id = ANY(%s)",
            [f"{RECEIPT}: done in an earlier attempt", list(kept)],
        )
