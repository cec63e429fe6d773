"""The same on a server; see Asking."""

from collections.abc import Mapping
from typing import Any, cast

from runs.cli.asking import Json


class AskingThere:
    """A part of There."""

    client: Any

    def agents(self) -> list[Json]:
        return list(self.client.agents())

    def agent(self, name: str) -> Json:
        return cast(Json, self.client.agent(name))

    def call_agent(
        self, target: str, given: Mapping[str, Any], context: Mapping[str, Any] | None
    ) -> Json:
        return cast(Json, self.client.call_agent(target, given, context=context))

    def remove_agent(self, name: str, force: bool) -> Json:
        return cast(Json, self.client.remove_agent(name, force=force))

    def need_workers(self) -> None:
        """The server has its own."""

    def only_workers_drive(self, run_id: str) -> bool:
        return True
