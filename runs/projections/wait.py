"""Block until a run is over, or time is up."""

import time
from collections.abc import Callable

from runs.errors import UnknownRun
from runs.projections.event_feed import Head, read_heads


def wait_until_over(
    run_id: str,
    timeout: float,
    *,
    every: float = 0.1,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Head:
    """The run's head once it is over, or as it stands after ``timeout`` seconds.

    Raises UnknownRun.
    """
    end = clock() + timeout
    while True:
        head = read_heads([run_id]).get(run_id)
        if head is None:
            raise UnknownRun(f"There is no run {run_id!r}.")
        left = end - clock()
        if head.over or left <= 0:
            return head
        sleep(min(every, left))
