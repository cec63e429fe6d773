"""Agents that have registered themselves: which there are, calling them, removing them."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from maverick_client.models import AgentDetail, AgentRemoved, RegisteredAgent, Run
from maverick_client.sending import Sending, part


class AgentCalls(Sending):
    """Methods of Client."""

    def agents(self) -> Iterator[RegisteredAgent]:
        """Every agent, by name, with its reasoners and its calls of the last 24 hours."""
        return cast(Iterator[RegisteredAgent], self._all("agents", {"limit": 200}))

    def agent(self, name: str) -> AgentDetail:
        """One agent and its last calls."""
        return cast(AgentDetail, self._json("GET", f"agents/{part(name)}"))

    def call_agent(
        self,
        target: str,
        input: Mapping[str, Any] | None = None,
        *,
        context: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> Run:
        """Call `agent.reasoner`: a run of one step. `wait` waits for it, and the run's `outputs`
        or its execution has the result."""
        agent, _, reasoner = target.partition(".")
        body: dict[str, Any] = {"reasoner": reasoner, "input": dict(input or {})}
        if context is not None:
            body["context"] = dict(context)
        return cast(Run, self._start(f"agents/{part(agent)}/calls", body, idempotency_key))

    def remove_agent(self, name: str, *, force: bool = False) -> AgentRemoved:
        """Take an agent out of the list; with `force` although calls of it are open, which fail.
        For admins."""
        params = {"force": "true"} if force else {}
        return cast(AgentRemoved, self._json("DELETE", f"agents/{part(name)}", params=params))
