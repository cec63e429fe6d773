"""What is told about runs beside what they did: why, where an output comes
from, and how two of them differ."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from runs.api.v1.routes import route
from runs.api.v1.schemas.base import reply
from runs.api.v1.schemas.compare import ComparisonOut
from runs.api.v1.schemas.origin import OriginOut
from runs.api.v1.schemas.why import WhyOut
from runs.projections.compare import compare_runs
from runs.projections.origin import origin as origin_of
from runs.projections.why import why as why_of

router = Router()
executions = Router()


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


@router.get(
    "/{run_id}/why",
    **route("why", WhyOut, summary="Why a run or a step is as it is", tag="Runs"),
)
def why(
    request: HttpRequest,
    run_id: str,
    path: Annotated[str, Query("", max_length=1000, description="A step path or an execution id.")],
) -> HttpResponse:
    """Why a step ran, was reused, waits (for what), was skipped (by which condition, and what that
    saw) or failed (from which root, and what it kept from running). Without `path`: the run."""
    return reply(WhyOut, why_of(run_id, path))


@executions.get(
    "/{execution_id}/origin",
    **route("getOrigin", OriginOut, summary="Where an output comes from", tag="Executions"),
)
def origin(request: HttpRequest, execution_id: str) -> HttpResponse:
    """From execution to execution, over all generations, back to the one that did the work; and
    how many runs have its output."""
    return reply(OriginOut, origin_of(execution_id))
