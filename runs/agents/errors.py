"""How a call to an agent goes wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runs.errors import StepFailure

CODES = {
    "agent-bad-output": "It answered, but not with the JSON or the schema that was asked for.",
    "agent-bad-request": "The endpoint refused the request itself: model, size or parameter.",
    "agent-exit-status": "The agent's program ended with an exit code that is not 0.",
    "agent-not-started": "The agent's program could not be started.",
    "agent-rate-limited": "The endpoint was busy (429, 5xx) at every try.",
    "agent-refused": "The endpoint does not accept the key (401, 403).",
    "agent-reported-failure": "It answered `success: false`.",
    "agent-stopped": "The run was stopped while the agent worked.",
    "agent-timeout": "The agent took longer than its time-out.",
    "agent-unreachable": "There was no connection, or it broke at every try.",
}


class AgentFailed(StepFailure):
    """The agent did not do what it was asked."""

    code = "agent-failed"

    def __init__(
        self,
        code: str,
        message: str,
        hint: str = "",
        permanent: bool = False,
        detail: dict[str, Any] | None = None,
    ) -> None:
        self.code, self.permanent = code, permanent
        self.detail = detail or {}
        super().__init__(message, hint=hint, **self.detail)


class UnknownAgent(StepFailure):
    """There is no such agent. ``close`` has up to five names that look like it."""

    code = "unknown-agent"
    permanent = True

    def __init__(self, role: str, name: str, close: Sequence[str]) -> None:
        self.role, self.name, self.close = role, name, tuple(close)
        meant = f"Did you mean {', '.join(close)}? " if close else ""
        super().__init__(
            f"There is no {role} {name!r}.",
            hint=f"{meant}Configure it as [{role}s.{name}] in maverick.toml.",
        )


class AgentMisconfigured(StepFailure):
    """The settings of the agent cannot be used."""

    code = "agent-misconfigured"
    permanent = True
