"""When a message is tried again: Standard Webhooks' schedule, about three days in all."""

from random import Random

# Seconds behind the first attempt, the second, …; after the last one it has failed.
WAITS = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
JITTER = 0.1  # a receiver that was down must not be met by all of its messages at once


def next_try(attempts: int, rng: Random) -> float | None:
    """Seconds until the next attempt after ``attempts``; None when there is none."""
    if attempts > len(WAITS):
        return None
    return WAITS[attempts - 1] * rng.uniform(1 - JITTER, 1 + JITTER)
