"""The audit log, for admins."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from runs.api.v1 import paging
from runs.api.v1.routes import route
from runs.api.v1.schemas.audit import AuditPageOut
from runs.api.v1.schemas.base import reply
from runs.projections.audit import AuditFilter, list_audit

router = Router()


@router.get(
    "",
    **route(
        "listAudit",
        AuditPageOut,
        role="admin",
        refusals=(401, 403, 422),
        summary="Who changed what",
        tag="Audit",
    ),
)
def list_all(
    request: HttpRequest,
    who: Annotated[str, Query("", max_length=200, description="A user's or a token's name.")],
    action: Annotated[str, Query("", max_length=40, examples=["run.restart"])],
    target: Annotated[str, Query("", max_length=200, description="A run's id, or a name.")],
    cursor: Annotated[str | None, Query(None)],
    limit: Annotated[int, Query(50, ge=1, le=200)],
) -> HttpResponse:
    """Every command that changed something, newest first. Filters add up."""
    place = paging.decode("audit", cursor)
    before = int(place) if place.isdecimal() and len(place) < 19 else 0
    page = list_audit(AuditFilter(who, action, target, before), limit)
    more = None if page.next_before is None else str(page.next_before)
    told = {"items": page.items, "next_cursor": paging.encode("audit", more)}
    return reply(AuditPageOut, told)
