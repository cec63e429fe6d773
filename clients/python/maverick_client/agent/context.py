"""The call that a reasoner is answering: its ids, and what its own calls carry on."""

import threading
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field

# What Maverick sends with a call and wants back with every call that is made meanwhile.
_KEPT = (
    "X-Session-ID",
    "X-Actor-ID",
    "X-AgentField-Replay-Source-Run-ID",
    "X-AgentField-Replay-Before-Execution-ID",
    "X-AgentField-Replay-Mode",
)


@dataclass(frozen=True)
class Call:
    """One call of a reasoner, as Maverick sent it."""

    execution_id: str
    run_id: str
    target: str  # agent.reasoner
    parent_execution_id: str = ""
    session: str = ""
    actor: str = ""
    kept: Mapping[str, str] = field(default_factory=dict, repr=False)
    _cancelled: threading.Event = field(default_factory=threading.Event, repr=False, compare=False)

    @classmethod
    def of(cls, headers: Mapping[str, str], target: str) -> "Call":
        """Read from the headers of a request."""
        return cls(
            execution_id=headers.get("X-Execution-ID") or "",
            run_id=headers.get("X-Run-ID") or "",
            target=target,
            parent_execution_id=headers.get("X-Parent-Execution-ID") or "",
            session=headers.get("X-Session-ID") or "",
            actor=headers.get("X-Actor-ID") or "",
            kept={name: value for name in _KEPT if (value := headers.get(name))},
        )

    @property
    def cancelled(self) -> bool:
        """Nobody waits for the result any more. A thread cannot be stopped, so a reasoner that is
        no coroutine looks here."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Note that nobody waits any more."""
        self._cancelled.set()

    def headers(self) -> dict[str, str]:
        """Of a call that is made while this one is answered: it becomes its child."""
        own = {
            "X-Run-ID": self.run_id,
            "X-Workflow-ID": self.run_id,
            "X-Parent-Execution-ID": self.execution_id,
            "X-Caller-Agent-ID": self.target.partition(".")[0],
        }
        return {**self.kept, **{name: value for name, value in own.items() if value}}


current: ContextVar[Call | None] = ContextVar("maverick_call", default=None)


def current_call() -> Call | None:
    """The call that is being answered; None outside a reasoner."""
    return current.get()
