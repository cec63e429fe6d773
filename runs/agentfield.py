"""The AgentField protocol: its headers, its words, and the requests that go to an agent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from runs.canonical import storable
from runs.ids import is_run_id

MODES = ("succeeded-before", "all-succeeded", "none")
OVER = ("succeeded", "failed", "cancelled", "timeout")
STATUSES = ("pending", "queued", "waiting", "running", *OVER)
_ALIASES = {
    **dict.fromkeys(("success", "successful", "completed", "complete", "done", "ok"), "succeeded"),
    **dict.fromkeys(("error", "failure", "errored"), "failed"),
    **dict.fromkeys(("canceled", "cancel"), "cancelled"),
    **dict.fromkeys(("awaiting_approval", "awaiting_human", "approval_pending"), "waiting"),
    **dict.fromkeys(("in_progress", "processing"), "running"),
    "timed_out": "timeout",
    "wait": "queued",
}
LOCAL = "local"  # the kind of a call that an agent made in its own process
MAX_ID = 40
MAX_TEXT = 200
MAX_ERROR = 100_000
_TARGET = re.compile(r"([^./\s]{1,200})\.([^./\s]{1,200})")

# What is AgentField's under /api/: these answer in its manner, also when a middleware refuses.
_PATHS = re.compile(
    r"/api/v1/(nodes|execute|workflow|memory|discovery|did)(/|$)"
    r"|/api/v1/agents/[^/]+/executions(/|$)"
    r"|/api/v1/executions/(note$|[^/]+(/(status|logs|notes|cancel|pause|resume))?$)"
    r"|/api/v1/workflows/[^/]+/cancel-tree$"
    r"|/api/v1/(execution/vc|policies|revocations|registered-dids|admin)(/|$)"
    r"|/api/v1/executions/[^/]+/$"
    r"|/api/ui(/|$)"
)


def text(moment: datetime | None) -> str | None:
    """RFC 3339, or None."""
    return moment.isoformat().replace("+00:00", "Z") if moment else None


def without_none(values: dict[str, Any]) -> dict[str, Any]:
    """What is absent is left out."""
    return {name: value for name, value in values.items() if value is not None}


def shown_text(value: Any, most: int = 2000) -> str:
    """A text that PostgreSQL can keep; empty for what is none."""
    return str(storable(value[:most])) if isinstance(value, str) else ""


class BadCall(ValueError):
    """What was sent is not the protocol's."""


def is_agentfield(path: str) -> bool:
    """Whether the address belongs to the AgentField protocol."""
    return _PATHS.match(path) is not None


def status_of(word: Any) -> str | None:
    """A status in the protocol's words; None for what is none."""
    text = str(word).strip().lower() if isinstance(word, str) else ""
    return text if text in STATUSES else _ALIASES.get(text)


def split_target(target: str) -> tuple[str, str]:
    """``agent.reasoner`` → both. Raises BadCall."""
    found = _TARGET.fullmatch(target)
    if found is None:
        raise BadCall(f"target must be in the form agent.reasoner, not {target[:100]!r}")
    return found[1], found[2]


@dataclass(frozen=True, slots=True)
class Caller:
    """What a submitted call says of where it comes from. `X-Execution-ID` is the caller's own."""

    run_id: str = ""
    parent: str = ""
    session: str = ""
    actor: str = ""
    replay_run: str = ""
    replay_before: str = ""
    replay_mode: str = ""

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Caller:
        """Read from request headers. Raises BadCall."""

        def value(name: str) -> str:
            text = (headers.get(name) or "").strip()
            if len(text) > MAX_TEXT or "\x00" in text:
                raise BadCall(f"{name} is longer than {MAX_TEXT} characters")
            return text

        run_id = value("X-Run-ID")
        if run_id and not is_run_id(run_id):
            raise BadCall(
                f"X-Run-ID takes up to {MAX_ID} letters, digits and . _ : -, not {run_id[:60]!r}"
            )
        mode = value("X-AgentField-Replay-Mode")
        if mode and mode not in MODES:
            raise BadCall(f"X-AgentField-Replay-Mode must be one of: {', '.join(MODES)}")
        return cls(
            run_id,
            value("X-Parent-Execution-ID"),
            value("X-Session-ID"),
            value("X-Actor-ID"),
            value("X-AgentField-Replay-Source-Run-ID"),
            value("X-AgentField-Replay-Before-Execution-ID"),
            mode,
        )


@dataclass(frozen=True, slots=True)
class Order:
    """One request to an agent: where, with which headers, and the bare input."""

    call_id: str
    url: str
    headers: dict[str, str]
    body: Any = field(repr=False)
    kind: str = "reasoner"


def order_headers(call_id: str, run_id: str, caller: Caller) -> dict[str, str]:
    """The headers of a dispatch; those of the replay go down to the calls' calls."""
    named = {
        "X-Run-ID": run_id,
        "X-Workflow-ID": run_id,
        "X-Execution-ID": call_id,
        "X-Parent-Execution-ID": caller.parent,
        "X-Session-ID": caller.session,
        "X-Actor-ID": caller.actor,
        "X-AgentField-Replay-Source-Run-ID": caller.replay_run,
        "X-AgentField-Replay-Before-Execution-ID": caller.replay_before,
        "X-AgentField-Replay-Mode": caller.replay_mode,
    }
    return {name: value for name, value in named.items() if value}


@dataclass(frozen=True, slots=True)
class Report:
    """How an execution ended (or that it goes on), as its agent tells it."""

    status: str
    result: Any = None
    has_result: bool = False
    error: str = ""
    error_details: Any = None
    error_status: int | None = None
    status_reason: str = ""
    usage: Any = None

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Report:
        """Read from a callback's body. Raises BadCall."""
        status = status_of(body.get("status"))
        if status is None:
            raise BadCall(f"status must be one of: {', '.join(STATUSES)}")
        code = body.get("error_status_code")
        error = body.get("error")
        return cls(
            status,
            body.get("result"),
            "result" in body,
            error if isinstance(error, str) else "" if error is None else str(error)[:MAX_ERROR],
            body.get("error_details"),
            code if isinstance(code, int) and 100 <= code <= 599 else None,
            shown_text(body.get("status_reason")),
            body.get("usage"),
        )

    @property
    def reason(self) -> str:
        """The stored `status_reason`: a stable word first."""
        if self.status == "failed" and self.error_status and 400 <= self.error_status < 500:
            return f"agent_client_error:{self.error_status}"
        if self.status == "cancelled" and "graceful shutdown" in self.error:
            return "agent_shutdown_cancelled"
        if self.status == "failed":
            return self.status_reason or "agent_error"
        return self.status_reason
