"""Every address of the AgentField protocol. None ends in a slash, and none redirects."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, re_path
from django.views.decorators.csrf import csrf_exempt

from runs.api.agentfield import execute, executions, nodes
from runs.api.agentfield.manners import guarded, refused_in_both, speaks
from runs.projections.agent_calls import is_call, is_known

V1 = "api/v1/"
ONE = f"{V1}executions/<str:call_id>"


def _absent(view: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """A view of what is not there, whatever the address says of it."""

    def told(request: HttpRequest, what: str = "") -> HttpResponse:
        return view(request)

    return told


def _any(view: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    told = _absent(view)
    return speaks(GET=told, POST=told, PUT=told, DELETE=told)


urlpatterns = [
    path(f"{V1}nodes", speaks(GET=nodes.every)),
    path(f"{V1}nodes/register", speaks(POST=nodes.register)),
    path(f"{V1}nodes/<str:node>", speaks(GET=nodes.one)),
    path(f"{V1}nodes/<str:node>/heartbeat", speaks(POST=nodes.beat)),
    path(f"{V1}nodes/<str:node>/health", speaks(PUT=nodes.health, POST=nodes.health)),
    path(f"{V1}nodes/<str:node>/shutdown", speaks(POST=nodes.shutdown)),
    path(f"{V1}execute/async/<str:target>", speaks(POST=execute.submit)),
    path(f"{V1}execute/<str:target>", speaks(POST=execute.wait_here)),
    path(f"{V1}executions/note", speaks(POST=executions.note)),
    path(f"{V1}executions/batch-status", speaks(POST=executions.batch)),
    path(f"{V1}workflows/<str:run_id>/cancel-tree", speaks(POST=executions.cancel_tree)),
    path(ONE, speaks(GET=executions.poll)),
    path(f"{ONE}/status", speaks(POST=executions.status)),
    path(f"{ONE}/logs", speaks(POST=executions.logs)),
    path(f"{ONE}/notes", speaks(GET=executions.notes)),
    path(f"{ONE}/cancel", speaks(POST=executions.cancel)),
    path(f"{ONE}/pause", speaks(POST=executions.pause)),
    path(f"{ONE}/resume", speaks(POST=executions.resume)),
    path(f"{V1}workflow/executions/events", speaks(POST=executions.event)),
    path(f"{V1}workflow/executions", speaks(POST=executions.local)),
    path(
        f"{V1}agents/<str:node>/executions/<str:call_id>/awaiter-status",
        speaks(POST=executions.awaiter),
    ),
    path(
        f"{V1}agents/<str:node>/executions/<str:call_id>/request-approval",
        speaks(POST=executions.ask_approval),
    ),
    path(
        f"{V1}agents/<str:node>/executions/<str:call_id>/approval-status",
        speaks(GET=executions.approval_status),
    ),
    path(f"{V1}discovery/capabilities", speaks(GET=nodes.discover)),
    path(f"{V1}memory/set", speaks(POST=nodes.memory_set)),
    path(f"{V1}memory/get", speaks(POST=nodes.memory_get)),
    path(f"{V1}memory/delete", speaks(POST=nodes.memory_delete)),
    path(f"{V1}memory/list", speaks(GET=nodes.memory_list)),
    path(
        f"{V1}memory/vector/<str:what>",
        speaks(POST=_absent(nodes.no_vectors), GET=_absent(nodes.no_vectors)),
    ),
    path(f"{V1}memory/events/history", speaks(GET=nodes.memory_history)),
    path(f"{V1}memory/events/<str:what>", speaks(GET=_absent(nodes.no_events))),
    path(f"{V1}did/<path:what>", _any(nodes.no_identities)),
    path(f"{V1}execution/vc", _any(nodes.no_identities)),
    path("api/ui/v1/workflows/<str:run_id>/dag", speaks(GET=nodes.dag)),
    path("api/ui/v1/executions/note", speaks(POST=executions.note)),
    path("api/ui/v1/executions/<str:call_id>/restart", speaks(POST=executions.restart)),
]


# Addresses below AgentField's that are not there: neither a page nor the other API's refusal.
LEFT = re_path(
    r"^api/(?:ui|v1/(?:nodes|execute|workflow|memory|discovery|did"
    r"|policies|revocations|registered-dids|admin))(?P<what>/.*)?$"
    r"|^api/v1/executions/[^/]+/$",
    _any(nodes.no_address),
)


def with_restart(ours: list[URLPattern | Any]) -> list[URLPattern]:
    """The one address that both protocols have, `/executions/{id}/restart`; and what is left.

    Which of them answers, the execution says: the call of an agent is restarted in AgentField's
    way, a step of a workflow in ours. What nobody knows is refused in both manners. ``ours`` are
    our own API's patterns.
    """
    own: Callable[..., HttpResponse] = next(
        one.callback for one in ours if str(one.pattern) == "executions/<execution_id>/restart"
    )

    def restart(request: HttpRequest, call_id: str) -> HttpResponse:
        if request.method == "POST" and is_call(call_id):
            return guarded(executions.restart)(request, call_id)
        if request.method == "POST" and not is_known(call_id):
            return refused_in_both(executions.restart)(request, call_id)
        return own(request, execution_id=call_id)

    return [path(f"{ONE}/restart", csrf_exempt(restart)), LEFT]
