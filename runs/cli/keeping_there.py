"""The same on a server; see Keeping."""

from itertools import islice
from typing import Any

from runs.cli.keeping import Json


class KeepingThere:
    """A part of There."""

    client: Any

    def audit(self, *, who: str, action: str, target: str, limit: int) -> list[Json]:
        return list(islice(self.client.audit(who=who, action=action, target=target), limit))
