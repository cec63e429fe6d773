"""Which labels many runs have, and how many of them each."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from runs.models import Run

MOST = 30


@dataclass(frozen=True, slots=True)
class LabelCount:
    """One label, and on how many of the runs it stands."""

    name: str
    value: str
    runs: int


def labels_on(ids: Sequence[str]) -> tuple[LabelCount, ...]:
    """The labels of these runs, the most common first. One query."""
    found = Run.objects.filter(pk__in=ids).values_list("labels", flat=True)
    seen = Counter(pair for labels in found for pair in (labels or {}).items())
    order = sorted(seen.items(), key=lambda one: (-one[1], one[0]))
    return tuple(LabelCount(name, str(value), n) for (name, value), n in order[:MOST])
