"""Plan: what a run with a source will reuse, run, or decide later, each with its reason."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from runs.canonical import digest

RECEIPT = "it has the effect `once` and succeeded; its receipt is reused"
ASKED_AGAIN = "skipped last time; its condition is evaluated again"
ONLY = "*"  # stands among the paths of a stored plan; no step can be called that


class Action(StrEnum):
    """What the plan says of one step."""

    REUSE = "reuse"  # its recorded output is taken over
    RUN = "run"  # it does its work again
    UNKNOWN = "unknown"  # decided when what it depends on has run


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """The decision about one step path."""

    path: str
    action: Action
    because: str
    source_execution_id: str | None = None
    saved_ms: int = 0
    input_digest: str = ""  # unknown: reused if its input is this one again
    receipt: bool = False  # unknown: reused whatever its input, in the turn that has its item
    was: str = ""  # its path in the earlier run, where that is another
    items: tuple[str, ...] = ()  # of a loop with receipts: digests of the items it had


@dataclass(frozen=True, slots=True)
class Plan:
    """Every decision, in the order of the graph."""

    source_run_id: str
    items: tuple[PlannedStep, ...]
    basis: str  # digest of what the plan was made from: source state, definition, request
    only: str = ""  # the one step, or container, that does its work; the rest is skipped

    @property
    def plan_id(self) -> str:
        """Names this plan: the same basis and decisions give the same id."""
        return (
            "plan_" + digest([self.basis, [(i.path, i.action, i.because) for i in self.items]])[:24]
        )

    @property
    def counts(self) -> dict[str, int]:
        """How many steps for each action: ``{"reuse": …, "run": …, "unknown": …}``."""
        counts = {action.value: 0 for action in Action}
        for item in self.items:
            counts[item.action.value] += 1
        return counts

    @property
    def saved_ms(self) -> int:
        """Milliseconds of work that need not be done again."""
        return sum(item.saved_ms for item in self.items)

    def reused(self) -> Iterable[PlannedStep]:
        """The decisions that take a recorded output over."""
        return (item for item in self.items if item.action is Action.REUSE)

    def to_json(self) -> dict[str, Any]:
        """As stored with the run: path → decision."""
        decisions = self._decisions()
        return (
            {ONLY: {"action": "only", "because": self.only}, **decisions}
            if self.only
            else decisions
        )

    def _decisions(self) -> dict[str, Any]:
        return {
            item.path: {
                "action": item.action.value,
                "because": item.because,
                **(
                    {"source_execution_id": item.source_execution_id}
                    if item.source_execution_id
                    else {}
                ),
                **({"input_digest": item.input_digest} if item.input_digest else {}),
                **({"receipt": True} if item.receipt else {}),
                **({"items": list(item.items)} if item.items else {}),
            }
            for item in self.items
        }
