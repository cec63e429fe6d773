"""What is kept and cleaned up: a part of the client, in a file of its own."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from maverick_client.models import AuditEntry


class KeepingCalls:
    """Methods of Client."""

    def _json(self, method: str, path: str, **request: Any) -> Any:
        raise NotImplementedError  # Client's

    def _all(self, path: str, params: Mapping[str, Any]) -> Iterator[Any]:
        raise NotImplementedError  # Client's

    def audit(self, *, who: str = "", action: str = "", target: str = "") -> Iterator[AuditEntry]:
        """Who changed what, newest first. For admins."""
        wanted = {"who": who, "action": action, "target": target}
        filters = {name: value for name, value in wanted.items() if value}
        return cast(Iterator[AuditEntry], self._all("audit", {"limit": 200, **filters}))
