"""Golden runs: mark, assertions, accept a new value, and check a run against one."""

import json
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from runs.api.v1.auth import asker
from runs.api.v1.routes import READING, WRITING, route
from runs.api.v1.schemas.base import reply
from runs.api.v1.schemas.golden import (
    AcceptIn,
    AssertionsIn,
    CheckIn,
    CheckOut,
    GoldenIn,
    GoldenPageOut,
    GoldenRunOut,
)
from runs.api.v1.schemas.runs import RunOut
from runs.errors import NotAllowed
from runs.operations import golden as operations
from runs.operations.golden import NotGolden
from runs.projections.api_runs import get_run, require_run
from runs.projections.golden import check_run, get_golden, list_golden

router = Router()
names = Router()


@names.get(
    "",
    **route("listGolden", GoldenPageOut, refusals=(401, 422), summary="Golden runs", tag="Golden"),
)
def list_all(
    request: HttpRequest,
    workflow: Annotated[str, Query("", max_length=200, description="A workflow's name.")],
) -> HttpResponse:
    """By name, with their assertions and accepted values; at most 500."""
    return reply(GoldenPageOut, {"items": list_golden(workflow), "next_cursor": None})


@router.get(
    "/{run_id}/golden",
    **route("getGolden", GoldenRunOut, refusals=READING, summary="A golden run", tag="Golden"),
)
def get(request: HttpRequest, run_id: str) -> HttpResponse:
    """404 when the run is not golden."""
    return _golden(run_id)


@router.put(
    "/{run_id}/golden",
    **route(
        "markGolden",
        RunOut,
        role="operator",
        refusals=WRITING,
        summary="Keep a run as golden",
        tag="Golden",
    ),
)
def mark(request: HttpRequest, run_id: str, body: GoldenIn | None = None) -> HttpResponse:
    """Keep a run that succeeded as the baseline for later ones. One run has a name: 409 when
    another one has it, unless `replace` is true."""
    body = body or GoldenIn.model_validate({})
    operations.mark_golden(
        run_id,
        body.name,
        by=asker(request),
        tags=body.tags,
        note=body.note,
        replace=body.replace,
    )
    return reply(RunOut, get_run(run_id))


@router.delete(
    "/{run_id}/golden",
    **route(
        "unmarkGolden",
        RunOut,
        role="operator",
        refusals=(401, 403, 404, 422),
        summary="No longer keep a run as golden",
        tag="Golden",
    ),
)
def unmark(request: HttpRequest, run_id: str) -> HttpResponse:
    """Harmless when the run was not golden. Its assertions and accepted values go with it."""
    operations.unmark_golden(run_id, by=asker(request))
    return reply(RunOut, get_run(run_id))


@router.put(
    "/{run_id}/golden/assertions",
    **route(
        "setGoldenAssertions",
        GoldenRunOut,
        role="operator",
        refusals=WRITING,
        summary="Set what checks against a golden run mind",
        tag="Golden",
    ),
)
def set_assertions(request: HttpRequest, run_id: str, body: AssertionsIn) -> HttpResponse:
    """Everything that is wrong comes at once, each with its line when a text was given."""
    text = body.text
    if text is None:
        text = json.dumps({"version": body.version, "nodes": body.nodes})
    operations.set_assertions(run_id, text, file=body.file, by=asker(request))
    return _golden(run_id)


@router.delete(
    "/{run_id}/golden/assertions",
    **route(
        "dropGoldenAssertions",
        GoldenRunOut,
        role="operator",
        refusals=(401, 403, 404, 422),
        summary="All outputs are to be equal again",
        tag="Golden",
    ),
)
def drop_assertions(request: HttpRequest, run_id: str) -> HttpResponse:
    """Harmless when there are none."""
    operations.set_assertions(run_id, None, by=asker(request))
    return _golden(run_id)


@router.post(
    "/{run_id}/golden/accept",
    **route(
        "acceptGoldenValue",
        GoldenRunOut,
        role="operator",
        refusals=WRITING,
        summary="Accept a new value",
        tag="Golden",
    ),
)
def accept(request: HttpRequest, run_id: str, body: AcceptIn) -> HttpResponse:
    """Checks against this golden run expect the named run's output at the path from now on. The
    golden run itself stays as it is; the reason is in the audit log."""
    operations.accept_value(run_id, body.from_, body.path, body.reason, by=asker(request))
    return _golden(run_id)


@router.post(
    "/{run_id}/check",
    **route(
        "checkRun",
        CheckOut,
        refusals=WRITING,
        summary="Check a run against a golden one",
        tag="Golden",
    ),
)
def check(request: HttpRequest, run_id: str, body: CheckIn) -> HttpResponse:
    """Node by node; nothing is changed. 200 whether it passed or not: see `passed`.

    Assertions of one's own take the role operator: they say what the server has to compute."""
    if body.assertions is not None and not asker(request).may("operator"):
        raise NotAllowed(
            f"Assertions of one's own take the role operator; {asker(request).name} is a viewer.",
            hint="Without `assertions` those count that are kept with the golden run.",
        )
    found = check_run(run_id, body.against, assertions=body.assertions, file=body.file)
    return reply(CheckOut, found)


def _golden(run_id: str) -> HttpResponse:
    found = get_golden(run_id)
    if found is None:
        require_run(run_id)
        raise NotGolden(f"{run_id} is not golden.", hint="Mark it first.")
    return reply(GoldenRunOut, found)
