"""What agents and generators used: tokens, and money where prices are known. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# Of one execution, for a SELECT: null for every step that asks nobody.
USAGE_SQL = """CASE WHEN type IN ('agent', 'generate')
    THEN jsonb_path_query_array(tries, '$[*].usage') END"""


@dataclass(frozen=True, slots=True)
class Usage:
    """Of one attempt, of a step, or of a run. None: nobody said."""

    model: str  # several with commas between them
    tokens_in: int | None
    tokens_out: int | None
    cost: float | None  # in the currency of the configured prices


def usage_of(told: Iterable[Any]) -> Usage | None:
    """The sum of what attempts say they used; None when none does."""
    found = [one for one in told if isinstance(one, Mapping)]
    if not found:
        return None
    models = dict.fromkeys(str(one["model"]) for one in found if one.get("model"))
    return Usage(
        ", ".join(models),
        _sum(one.get("tokens_in") for one in found),
        _sum(one.get("tokens_out") for one in found),
        _sum(one.get("cost") for one in found),
    )


def total(parts: Iterable[Usage | None]) -> Usage | None:
    """What several steps used together."""
    return usage_of(
        {
            "model": part.model,
            "tokens_in": part.tokens_in,
            "tokens_out": part.tokens_out,
            "cost": part.cost,
        }
        for part in parts
        if part is not None
    )


def _sum(values: Iterable[Any]) -> Any:
    known = [value for value in values if isinstance(value, int | float)]
    return sum(known) if known else None
