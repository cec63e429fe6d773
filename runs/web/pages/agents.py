"""Agents: who has registered, how they are, and the forms that call them."""

from urllib.parse import quote

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from runs.errors import MaverickError, NotFound
from runs.operations.call_agent import call_agent
from runs.operations.remove_agent import remove_agent
from runs.projections.agents import AgentDetail, get_agent, list_agents
from runs.web.call_form import CallForm, empty_form, given_by, typed_form
from runs.web.commands import actor, key_of, may_operate, new_key, operator
from runs.web.htmx import part_of
from runs.web.toasts import say, say_refused, why


@login_required
@require_safe
def agent_list(request: HttpRequest) -> HttpResponse:
    """``GET /agents``; ``?part=live`` is what changes by itself."""
    after = request.GET.get("after", "").replace("\x00", "")[:200]
    page = list_agents(after=after, limit=100)
    live = part_of(request) == "live"
    template = "runs/parts/_agent_rows.html" if live else "runs/agent_list.html"
    server = request.build_absolute_uri("/").rstrip("/")
    return render(request, template, {"page": page, "nav": "agents", "server": server})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def agent(request: HttpRequest, name: str) -> HttpResponse:
    """``GET /agents/{name}``; ``POST`` calls the reasoner that its form is of."""
    if request.method == "POST":
        return _call(request, name)
    found = _found(name)
    if part_of(request) == "live":
        return render(request, "runs/parts/_agent_live.html", {"detail": found, "nav": "agents"})
    wanted = request.GET.get("call", "")
    alone = len(found.agent.reasoners) == 1
    forms = [empty_form(one, is_open=alone or one.name == wanted) for one in found.agent.reasoners]
    return _page(request, found, forms)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, name: str) -> HttpResponse:
    """``GET /agents/{name}/remove`` asks, ``POST`` does it."""
    who = actor(request)
    if not who.may("admin"):
        raise PermissionDenied("Only admins remove agents; operators may not.")
    found = _found(name)
    if request.method != "POST":
        return render(request, "runs/agent_remove.html", {"detail": found, "nav": "agents"})
    try:
        remove_agent(name, force=request.POST.get("force") == "1", by=who)
    except MaverickError as refused:
        say_refused(request, refused)
        return HttpResponseRedirect(reverse("agent-remove", args=[name]))
    say(request, "is removed.", strong=name)
    return HttpResponseRedirect(reverse("agent-list"))


def _call(request: HttpRequest, name: str) -> HttpResponse:
    who = operator(request)
    found = _found(name)
    chosen = request.POST.get("reasoner", "")
    reasoner = next((one for one in found.agent.reasoners if one.name == chosen), None)
    if reasoner is None:
        raise Http404(f"The agent has no reasoner {chosen[:100]!r}.")
    try:
        run = call_agent(
            reasoner.target,
            given_by(reasoner, request.POST),
            by=who,
            idempotency_key=key_of(request, reasoner.target),
        )
    except MaverickError as refused:
        problems = {
            str(one["path"]): str(one["message"])
            for one in getattr(refused, "problems", ())
            if isinstance(one, dict)
        }
        typed = typed_form(reasoner, request.POST, why(refused), problems)
        forms = [typed if one.name == chosen else empty_form(one) for one in found.agent.reasoners]
        return _page(request, found, forms, status=refused.status)
    say(request, "started.", strong=run.pk)
    return HttpResponseRedirect(reverse("run", args=[quote(run.pk, safe="")]))


def _page(
    request: HttpRequest, found: AgentDetail, forms: list[CallForm], status: int = 200
) -> HttpResponse:
    context = {
        "detail": found,
        "forms": forms,
        "key": new_key(),
        "may": may_operate(request),
        "nav": "agents",
    }
    return render(request, "runs/agent.html", context, status=status)


def _found(name: str) -> AgentDetail:
    try:
        return get_agent(name)
    except NotFound as unknown:
        raise Http404(unknown.message) from unknown
