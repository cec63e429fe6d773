"""The same in this process; see Keeping."""

from typing import cast

from runs.cli.keeping import Json
from runs.cli.local import plain


class KeepingHere:
    """A part of Here."""

    def audit(self, *, who: str, action: str, target: str, limit: int) -> list[Json]:
        from runs.projections.audit import AuditFilter, list_audit

        page = list_audit(AuditFilter(who, action, target), limit)
        return cast(list[Json], plain(page.items))
