"""What is asked of agents that have registered: the part of Backend that `call` and `agents`
need."""

from collections.abc import Mapping
from typing import Any, Protocol

Json = dict[str, Any]


class Asking(Protocol):
    """See Backend."""

    def agents(self) -> list[Json]:
        """The agents by name."""

    def agent(self, name: str) -> Json:
        """One agent and its last calls."""

    def call_agent(
        self, target: str, given: Mapping[str, Any], context: Mapping[str, Any] | None
    ) -> Json:
        """The run of a call; nobody waits for it."""

    def remove_agent(self, name: str, force: bool) -> Json:
        """Take an agent out of the list."""

    def need_workers(self) -> None:
        """Raise CliRefusal where a call would go out to nobody."""

    def only_workers_drive(self, run_id: str) -> bool:
        """Whether a run is none that this process could drive."""
