"""Steps that wait for somebody's decision."""

from django.http import HttpRequest, HttpResponse
from ninja import Router

from runs.api.v1.auth import asker
from runs.api.v1.routes import WRITING, route
from runs.api.v1.schemas.approvals import ApprovalPageOut, DecisionIn
from runs.api.v1.schemas.base import reply
from runs.api.v1.schemas.runs import RunOut
from runs.operations.decide_approval import decide_approval
from runs.projections.api_runs import get_run
from runs.projections.approvals import list_approvals

router = Router()


@router.get(
    "/{run_id}/approvals",
    **route("listApprovals", ApprovalPageOut, summary="What waits for a decision", tag="Approvals"),
)
def list_all(request: HttpRequest, run_id: str) -> HttpResponse:
    """The approval steps of a run that wait, with their forms, and whether you may decide."""
    items = list_approvals(run_id, asker(request))
    return reply(ApprovalPageOut, {"items": items, "next_cursor": None})


@router.post(
    "/{run_id}/approvals/{path:where}",
    # Not a matter of the role alone: the step names its approvers, and may name a viewer.
    **route(
        "decideApproval",
        RunOut,
        refusals=WRITING,
        summary="Approve or reject a step",
        tag="Approvals",
    ),
)
def decide(request: HttpRequest, run_id: str, where: str, body: DecisionIn) -> HttpResponse:
    """`where` is an execution id or a step path. 403 for who is not among the step's approvers,
    409 when it does not wait any more, 422 when the values do not fit the form."""
    decide_approval(
        run_id,
        where,
        approve=body.approve,
        comment=body.comment,
        values=body.values,
        by=asker(request),
    )
    return reply(RunOut, get_run(run_id))
