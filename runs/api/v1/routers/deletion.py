"""What a deletion takes, and cleaning up what is old. (`DELETE /runs/{id}` is in runs.py: the
methods of one address stand in one router.)"""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from ninja import Router

from runs.api.v1.auth import asker
from runs.api.v1.routes import READING, route
from runs.api.v1.schemas.base import reply
from runs.api.v1.schemas.deletion import CleanedOut, CleanUpIn, DeletionOut
from runs.operations.delete_run import clean_up
from runs.projections.deletion import deletion_of

router = Router()
cleaning = Router()


@router.get(
    "/{run_id}/deletion",
    **route(
        "getDeletion", DeletionOut, refusals=READING, summary="What a deletion takes", tag="Runs"
    ),
)
def deletion(request: HttpRequest, run_id: str) -> HttpResponse:
    """What would be lost, and what stays with the runs that reused it."""
    return reply(DeletionOut, deletion_of(run_id))


@cleaning.post(
    "",
    **route(
        "cleanUp",
        CleanedOut,
        role="admin",
        refusals=(400, 401, 403, 413, 415, 422),
        summary="Delete old runs",
        tag="Runs",
    ),
)
def clean(request: HttpRequest, body: CleanUpIn) -> HttpResponse:
    """Runs that ended longer ago, and large outputs that nobody uses any more. Golden runs stay."""
    age = timedelta(days=body.older_than_days)
    found = clean_up(age, keep=body.keep, dry_run=body.dry_run, by=asker(request))
    return reply(CleanedOut, found)
