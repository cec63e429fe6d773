"""Runs: list, start, read, preview, restart, cancel."""

import re
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Header, Query, Router

from runs.api.v1 import paging
from runs.api.v1.auth import asker
from runs.api.v1.routes import WRITING, route
from runs.api.v1.schemas.base import reply
from runs.api.v1.schemas.executions import GraphOut
from runs.api.v1.schemas.runs import (
    CancelIn,
    LineageOut,
    OneRunOut,
    PlanOut,
    RestartIn,
    RunIn,
    RunOut,
    RunPageOut,
)
from runs.definition.spec import WORKFLOW_NAME_PATTERN
from runs.errors import InvalidFields, UnknownWorkflow
from runs.operations.cancel_run import cancel_run
from runs.operations.delete_run import delete_run
from runs.operations.pause_run import pause_run, unpause_run
from runs.operations.restart_run import RestartRequest, plan_restart, restart_run
from runs.operations.start_run import start_run
from runs.projections.api_runs import RunFilter, RunPage, get_run, list_runs, understood
from runs.projections.lineage import family
from runs.projections.run_graph import run_graph
from runs.projections.run_order import is_place
from runs.states import RunStatus

router = Router()

Limit = Annotated[int, Query(50, ge=1, le=200)]
Cursor = Annotated[str | None, Query(None, description="`next_cursor` of the page before.")]
IdempotencyKey = Annotated[
    str | None,
    Header(
        None,
        alias="Idempotency-Key",
        # Printable ASCII without blanks, so that logs and headers show it as it is.
        pattern=r"^[\x21-\x7e]{1,255}$",
        description="The same key and body answers the same run; another body is 422.",
    ),
]

STATUSES = tuple(status.value for status in RunStatus)
KINDS = {"restart": "restart", "fork": "fork", "resume": "resume", "none": ""}


@router.get(
    "",
    **route("listRuns", RunPageOut, summary="Runs, newest first", tag="Runs", refusals=(401, 422)),
)
def list_all(
    request: HttpRequest,
    status: Annotated[
        list[str],
        Query(
            [],
            description="One or more statuses, repeated or with commas.",
            examples=["failed,timeout"],
        ),
    ],
    workflow: Annotated[str, Query("", description="A workflow's name.")],
    kind: Annotated[
        list[str], Query([], description="`restart`, `fork`, `resume`, or `none` for plain runs.")
    ],
    golden: Annotated[bool | None, Query(None)],
    tag: Annotated[str, Query("", max_length=50, description="Only golden runs with this tag.")],
    source: Annotated[str, Query("", description="Only what was started from this run.")],
    text: Annotated[
        str,
        Query(
            "", max_length=200, description="The start of a run id, or a part of a workflow's name."
        ),
    ],
    filter: Annotated[
        str,
        Query(
            "",
            max_length=2000,
            description="The search of the run list: `key:value` and words, `-key:value` excludes. "
            "Keys: `status`, `workflow` (`*` stands for anything), `kind`, `golden`, `tag`, `label` "
            "(`name=value` or `name`), `agent`, `by`, `source`, `started` (`<24h`, `>7d`, `today`, "
            "`2026-11-20`, `from..to`).",
            examples=["status:failed -workflow:probe-* label:env=staging started:<24h"],
        ),
    ],
    cursor: Cursor,
    limit: Limit,
) -> HttpResponse:
    """Filters add up. The answer carries no total: with 100,000 runs counting would cost more
    than the page."""
    wanted = RunFilter(
        statuses=words("status", status, {one: one for one in STATUSES}),
        workflow=workflow,
        kinds=words("kind", kind, KINDS),
        golden=golden,
        source=source,
        tag=tag.strip(),
        text=text.strip(),
        before=paging.decode("runs", cursor),
        search=understood(filter, "query: filter"),
        me=asker(request).name,
    )
    page = list_runs(wanted, limit)
    if wanted.before and not page.items and not is_place(wanted.before):
        # Not "the end": who copies everything would believe to have everything.
        raise paging.BadCursor(
            "The run where the page before ended was deleted, and its id tells no time.",
            hint="Begin again without a cursor.",
        )
    return reply(RunPageOut, page_of(page))


def page_of(page: RunPage) -> dict[str, Any]:
    """A page with its cursor."""
    return {"items": page.items, "next_cursor": paging.encode("runs", page.next_before)}


def words(name: str, given: list[str], known: dict[str, str]) -> tuple[str, ...]:
    """Values given repeatedly or with commas; raises InvalidFields for one that is not known."""
    found = [word for part in given for word in part.split(",") if word]
    unknown = [word for word in found if word not in known]
    if unknown:
        raise InvalidFields(
            {
                "code": "enum",
                "message": f"{word[:100]!r} is none of {', '.join(known)}.",
                "path": f"query: {name}",
                "hint": "",
            }
            for word in unknown
        )
    return tuple(dict.fromkeys(known[word] for word in found))


@router.post(
    "",
    **route(
        "startRun",
        RunOut,
        status=201,
        role="operator",
        refusals=WRITING,
        summary="Start a run",
        tag="Runs",
    ),
)
def start(request: HttpRequest, body: RunIn, key: IdempotencyKey) -> HttpResponse:
    """Start a known workflow by its name, or a workflow by its YAML text."""
    # The operation also takes a path, for the command line; over the network only names count,
    # or a token could have any file of the server read and quoted in a problem.
    if body.workflow is not None and not re.fullmatch(WORKFLOW_NAME_PATTERN, body.workflow):
        raise UnknownWorkflow(f"There is no workflow {body.workflow!r}.")
    run = start_run(
        workflow=body.workflow,
        definition=body.definition,
        inputs=body.inputs,
        labels=body.labels,
        by=asker(request),
        idempotency_key=key,
    )
    return created(run.id)


def created(run_id: str) -> HttpResponse:
    """201 with the run and where it is found."""
    return reply(RunOut, get_run(run_id), 201, Location=f"/api/v1/runs/{run_id}")


@router.get("/{run_id}", **route("getRun", OneRunOut, summary="One run", tag="Runs"))
def get(request: HttpRequest, run_id: str) -> HttpResponse:
    """How one run stands."""
    return reply(OneRunOut, get_run(run_id))


@router.delete(
    "/{run_id}",
    **route(
        "deleteRun",
        None,
        status=204,
        role="admin",
        refusals=(401, 403, 404, 409),
        summary="Delete a run",
        tag="Runs",
    ),
)
def delete(request: HttpRequest, run_id: str) -> HttpResponse:
    """With its steps, logs and checkpoints. What others reused stays with them. 409 for a golden
    run, and while the run or one that was started from it goes on."""
    delete_run(run_id, by=asker(request))
    return HttpResponse(status=204)


def restart_request(body: RestartIn | None) -> RestartRequest:
    """The body as the operation takes it."""
    given = (body or RestartIn.model_validate({})).model_dump()
    return RestartRequest(**{**given, "confirm": tuple(given["confirm"])})


@router.post(
    "/{run_id}/restart",
    **route(
        "restartRun",
        RunOut,
        status=201,
        role="operator",
        refusals=WRITING,
        summary="Restart a run",
        tag="Recovery",
    ),
)
def restart(
    request: HttpRequest, run_id: str, key: IdempotencyKey, body: RestartIn | None = None
) -> HttpResponse:
    """A new run that reuses what the source recorded. The source is never changed."""
    run = restart_run(run_id, restart_request(body), by=asker(request), idempotency_key=key)
    return created(run.id)


@router.post(
    "/{run_id}/restart-plan",
    **route(
        "planRestart", PlanOut, refusals=WRITING, summary="What a restart would do", tag="Recovery"
    ),
)
def plan(request: HttpRequest, run_id: str, body: RestartIn | None = None) -> HttpResponse:
    """The decision about every step, with its reason. Nothing is started."""
    return reply(PlanOut, plan_restart(run_id, restart_request(body)))


@router.post(
    "/{run_id}/cancel",
    **route(
        "cancelRun", RunOut, role="operator", refusals=WRITING, summary="Cancel a run", tag="Runs"
    ),
)
def cancel(request: HttpRequest, run_id: str, body: CancelIn | None = None) -> HttpResponse:
    """No step starts any more; running ones are told to end. 409 when the run is over."""
    cancel_run(run_id, by=asker(request), reason=body.reason if body else "")
    return reply(RunOut, get_run(run_id))


@router.post(
    "/{run_id}/pause",
    **route(
        "pauseRun", RunOut, role="operator", refusals=WRITING, summary="Pause a run", tag="Runs"
    ),
)
def pause(request: HttpRequest, run_id: str, body: CancelIn | None = None) -> HttpResponse:
    """Steps that run go on to their end; nothing new starts. 409 when the run is over."""
    pause_run(run_id, by=asker(request), reason=body.reason if body else "")
    return reply(RunOut, get_run(run_id))


@router.post(
    "/{run_id}/resume",
    **route(
        "resumeRun",
        RunOut,
        role="operator",
        refusals=WRITING,
        summary="Let a paused run go on",
        tag="Runs",
    ),
)
def resume(request: HttpRequest, run_id: str) -> HttpResponse:
    """409 when the run is not paused. A run that has ended is restarted, or continued from a
    checkpoint, by a new run."""
    unpause_run(run_id, by=asker(request))
    return reply(RunOut, get_run(run_id))


@router.get(
    "/{run_id}/graph", **route("getRunGraph", GraphOut, summary="A run as a graph", tag="Runs")
)
def graph(request: HttpRequest, run_id: str) -> HttpResponse:
    """Every node: what was executed, and the steps of the definition that never started."""
    return reply(GraphOut, run_graph(run_id))


@router.get(
    "/{run_id}/lineage",
    **route("getRunLineage", LineageOut, summary="A run's family", tag="Recovery"),
)
def lineage(request: HttpRequest, run_id: str) -> HttpResponse:
    """All runs that descend from the same first run, and what was changed from each to the next. Of
    a family of more than 1,000 the asked run's ancestors and the newest."""
    return reply(LineageOut, family(run_id))
