"""Saved views of the run list: one's own, and those that are shared."""

from django.http import HttpRequest, HttpResponse
from ninja import Router

from runs.api.v1.auth import asker
from runs.api.v1.routes import WRITING, route
from runs.api.v1.schemas.base import reply
from runs.api.v1.schemas.views import ViewChangeIn, ViewIn, ViewOut, ViewPageOut
from runs.operations.saved_views import ViewChange, change_view, delete_view, save_view
from runs.projections.api_runs import understood
from runs.projections.saved_views import view_facts, views_of

router = Router()


@router.get(
    "",
    **route("listViews", ViewPageOut, refusals=(401,), summary="Saved views", tag="Views"),
)
def list_all(request: HttpRequest) -> HttpResponse:
    """One's own first, then what others share."""
    found = views_of(str(asker(request)))
    return reply(ViewPageOut, {"items": found.items, "next_cursor": None})


@router.post(
    "",
    **route(
        "createView", ViewOut, status=201, refusals=WRITING, summary="Save a view", tag="Views"
    ),
)
def create(request: HttpRequest, body: ViewIn) -> HttpResponse:
    """Everybody saves views for himself; operators share them. 409 when the name is taken."""
    understood(body.search, "search")
    by = asker(request)
    made = save_view(ViewChange(**body.model_dump()), by)
    return reply(ViewOut, view_facts(made, str(by)), 201)


@router.patch(
    "/{int:view_id}",
    **route("changeView", ViewOut, refusals=WRITING, summary="Change a view", tag="Views"),
)
def change(request: HttpRequest, view_id: int, body: ViewChangeIn) -> HttpResponse:
    """A shared view is changed by its owner and by admins. The default is everybody's own."""
    understood(body.search or "", "search")
    by = asker(request)
    made = change_view(view_id, ViewChange(**body.model_dump()), by)
    return reply(ViewOut, view_facts(made, str(by)))


@router.delete(
    "/{int:view_id}",
    **route(
        "deleteView",
        None,
        status=204,
        refusals=(401, 403, 404),
        summary="Delete a view",
        tag="Views",
    ),
)
def delete(request: HttpRequest, view_id: int) -> HttpResponse:
    """One's own; admins delete shared ones as well. Runs are not touched."""
    delete_view(view_id, asker(request))
    return HttpResponse(status=204)
