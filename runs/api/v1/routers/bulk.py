"""One action for many runs."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router

from runs.api.v1.auth import asker
from runs.api.v1.routers.runs import STATUSES, IdempotencyKey, words
from runs.api.v1.routes import WRITING, route
from runs.api.v1.schemas.base import reply
from runs.api.v1.schemas.bulk import BulkFilterIn, BulkIn, BulkOut
from runs.operations.bulk_runs import MOST, bulk_runs
from runs.projections.api_runs import RunFilter, matching_ids

router = Router()


@router.post(
    "/bulk",
    **route(
        "bulkRuns",
        BulkOut,
        role="operator",
        refusals=WRITING,
        summary="Do one thing to many runs",
        tag="Runs",
    ),
)
def bulk(request: HttpRequest, body: BulkIn, key: IdempotencyKey) -> HttpResponse:
    """Restart, cancel, pause, resume, golden, label or delete; at most 1,000 runs, each with its
    result. What cannot be done to one run does not keep the others from it. The same `Idempotency-Key`
    and body answers the same; a dry run does nothing and has no use for a key."""
    ids = body.ids if body.ids is not None else matching_ids(_filter(body.filter), MOST + 1)
    found = bulk_runs(
        body.action,
        ids,
        by=asker(request),
        dry_run=body.dry_run,
        reason=body.reason,
        idempotency_key=key,
        asked=None if body.ids is not None else _asked(body),
        labels=body.labels,
    )
    return reply(BulkOut, found)


def _asked(body: BulkIn) -> dict[str, Any]:
    """The filter as the request's identity: the runs that it finds may be others next time."""
    return {"all": body.all} if body.filter is None else body.filter.model_dump()


def _filter(given: BulkFilterIn | None) -> RunFilter:
    given = given or BulkFilterIn.model_validate({})
    return RunFilter(
        statuses=words("status", given.status, {one: one for one in STATUSES}),
        workflow=given.workflow,
        golden=given.golden,
        text=given.text.strip(),
        tag=given.tag,
    )
