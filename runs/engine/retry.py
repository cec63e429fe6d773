"""Whether and when a failed step is tried again. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from runs.definition.spec import Retry
from runs.engine.outcome import Failed


def since_given_up(tries: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The tries that count: those since a container around the step began anew."""
    marks = [n for n, one in enumerate(tries, start=1) if one.get("given_up")]
    return list(tries[marks[-1] if marks else 0 :])


def next_try(policy: Retry | None, tries: int, failed: Failed) -> float | None:
    """Seconds until the next attempt after ``tries`` of them, or None when there is none.

    The wait grows by ``factor`` with each try, up to ``max_backoff``. An error that another
    attempt cannot help (wrong input, output that is not JSON) is not tried again.
    """
    if policy is None or failed.permanent or tries >= policy.max_attempts:
        return None
    if policy.on and failed.code not in policy.on:
        return None
    return float(min(policy.backoff * policy.factor ** max(tries - 1, 0), policy.max_backoff))
