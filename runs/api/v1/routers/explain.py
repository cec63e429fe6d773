"""What is told about runs beside what they did: how two of them differ."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from runs.api.v1.routes import route
from runs.api.v1.schemas.base import reply
from runs.api.v1.schemas.compare import ComparisonOut
from runs.projections.compare import compare_runs

router = Router()


@router.get(
    "/{run_id}/compare/{other}",
    **route("compareRuns", ComparisonOut, summary="Two runs side by side", tag="Recovery"),
)
def compare(
    request: HttpRequest,
    run_id: str,
    other: str,
    path: Annotated[
        str,
        Query(
            "",
            max_length=1000,
            description="Only this step and what stands inside it, with all values.",
        ),
    ],
) -> HttpResponse:
    """Steps aligned by path, turns of a loop by their item. Without `path` the values of at most
    100 steps are told place by place, causes first."""
    return reply(ComparisonOut, compare_runs(run_id, other, path=path))
