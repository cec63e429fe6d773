"""What is kept, checked, cleaned up and told afterwards: the part of Backend that golden, audit,
delete, gc, export and import need."""

from typing import Any, Protocol

Json = dict[str, Any]


class Keeping(Protocol):
    """See Backend."""

    def audit(self, *, who: str, action: str, target: str, limit: int) -> list[Json]:
        """Who changed what, newest first."""
