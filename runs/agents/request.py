"""What an agent is asked, and what comes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# A text (whole lines where there are lines) and its stream: stdout, stderr or log.
Log = Callable[[str, str], None]


@dataclass(frozen=True)
class AgentRequest:
    """One call. ``timeout`` in seconds; the shorter of it and the agent's own counts."""

    prompt: str
    context: Mapping[str, Any]
    schema: Mapping[str, Any] | None
    workspace: Path
    run_id: str
    execution_id: str  # the idempotency key: the same for every attempt
    attempt: int = 1
    timeout: float | None = None
    path: str = ""  # of the step


@dataclass(frozen=True)
class AgentResult:
    """An answer. What is not known is None: tokens, and cost in the currency of the prices."""

    output: Any
    text: str
    model: str
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost: float | None = None
    seconds: float = 0.0
