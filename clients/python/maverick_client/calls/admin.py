"""Tokens and the audit log. For admins."""

from collections.abc import Iterator
from typing import cast

from maverick_client.models import AuditEntry, NewToken, Role, Token
from maverick_client.sending import Sending, part


class AdminCalls(Sending):
    """Methods of Client."""

    def audit(self, *, who: str = "", action: str = "", target: str = "") -> Iterator[AuditEntry]:
        """Who changed what, newest first. For admins."""
        wanted = {"who": who, "action": action, "target": target}
        filters = {name: value for name, value in wanted.items() if value}
        return cast(Iterator[AuditEntry], self._all("audit", {"limit": 200, **filters}))

    def tokens(self) -> Iterator[Token]:
        """All tokens, without their secrets."""
        return cast(Iterator[Token], self._all("tokens", {}))

    def create_token(
        self, name: str, role: Role = "operator", *, expires_in_days: int | None = None
    ) -> NewToken:
        """Make a token. Its secret is in the answer, this once; so a lost answer is not asked
        for again."""
        body = {"name": name, "role": role, "expires_in_days": expires_in_days}
        return cast(NewToken, self._json("POST", "tokens", json=body))

    def revoke_token(self, name_or_id: str | int) -> None:
        """From now on the token opens nothing."""
        self._json("DELETE", f"tokens/{part(str(name_or_id))}")
