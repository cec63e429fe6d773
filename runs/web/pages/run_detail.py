"""One run: its header, its tabs, and the fragments that change while somebody looks."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from runs.errors import NotFound, UnknownRun
from runs.models import Run
from runs.projections import lineage
from runs.projections import run_detail as projection
from runs.projections.checkpoints import checkpoint_file
from runs.projections.node_panel import document_of, node_panel
from runs.projections.origin import origin
from runs.projections.run_header import header
from runs.projections.step_states import states_of
from runs.projections.step_table import step_table
from runs.projections.why import why_of
from runs.states import RUN_OVER
from runs.web.commands import actor, may_operate, new_key
from runs.web.graph_page import found_context, graph_context
from runs.web.htmx import part_of

TABS = ("graph", "steps", "io", "checkpoints", "lineage", "log")


@login_required
@require_safe
def run_detail(request: HttpRequest, run_id: str) -> HttpResponse:
    """``GET /runs/{id}?tab=&node=``; ``?part=head|graph|find|tab|panel`` is one fragment of it."""
    run = _run(run_id)
    now = timezone.now()
    part = part_of(request)
    tab = request.GET.get("tab", "graph")
    tab = tab if tab in TABS else "graph"
    chosen = request.GET.get("node", "")
    context: dict[str, Any] = {
        "run": run,
        "tab": tab,
        "chosen": chosen,
        "key": new_key(),
        "nav": "runs",
        "rail": True,
        "may": may_operate(request),
        "run_over": run.status in RUN_OVER,
    }
    if part == "panel":
        context |= _panel(request, run, chosen)
        return render(request, "runs/parts/_node_panel.html", context)
    states = states_of(run)
    if part in ("", "head"):
        context["head"] = header(run, states, now)
        if part == "head":
            return render(request, "runs/parts/_run_head.html", context)
    if tab == "graph":
        if part == "find":
            found = found_context(request, run, states)
            return render(request, "runs/parts/_graph_found.html", found)
        context |= graph_context(request, run, states, now, chosen)
        chosen = context["chosen"]
        if part == "graph":
            return render(request, "runs/parts/_graph.html", context)
    elif tab == "steps":
        first = request.GET.get("from", "0")
        start = int(first) if first.isdecimal() and len(first) < 9 else 0
        context["steps"] = step_table(run, states, now, start)
    elif tab == "checkpoints":
        context["checkpoints"] = projection.checkpoints(run)
    elif tab == "lineage":
        context["family"] = lineage.in_tree(lineage.family(run.pk), now)
    elif tab == "log":
        context["lines"], context["log_cut"] = projection.log_of_run(run)
    if part == "tab":
        return render(request, f"runs/parts/_tab_{tab}.html", context)
    if chosen and tab in ("graph", "steps"):
        context |= _panel(request, run, chosen)
    return render(request, "runs/run_detail.html", context)


@login_required
@require_safe
def document(request: HttpRequest, run_id: str, what: str) -> HttpResponse:
    """``GET /runs/{id}/output?node=`` (or ``input``): the whole value as a file.

    Without ``node`` it is the run's own. The pages shorten what is long; this does not.
    """
    run = _run(run_id)
    path = request.GET.get("node", "")
    if path:
        there, value = document_of(run.pk, path, what)
        if not there:
            raise Http404("There is no such step.")
    else:
        value = run.inputs if what == "input" else run.outputs
    name = "".join(sign if sign.isalnum() or sign in "-_" else "-" for sign in path or what)[:80]
    answer = JsonResponse(value, safe=False, json_dumps_params={"indent": 2, "ensure_ascii": False})
    answer["Content-Disposition"] = f'attachment; filename="{run.pk}-{name}.json"'
    return answer


@login_required
@require_safe
def checkpoint(request: HttpRequest, run_id: str, checkpoint_id: str) -> HttpResponse:
    """``GET /runs/{id}/checkpoints/{checkpoint}``: the checkpoint as its file."""
    try:
        name, text = checkpoint_file(run_id, checkpoint_id)
    except NotFound as unknown:
        raise Http404(str(unknown)) from unknown
    answer = HttpResponse(text.encode(), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _run(run_id: str) -> Run:
    try:
        return projection.load_run(run_id)
    except UnknownRun as unknown:
        raise Http404(str(unknown)) from unknown


def _panel(request: HttpRequest, run: Run, path: str) -> dict[str, Any]:
    """The panel of a step, and why it is as it is."""
    if not path:
        return {"panel": None}
    made = projection.definition_of(run)
    found = node_panel(run, made, path, timezone.now(), actor(request))
    if found is None:
        return {"panel": None}
    # Asked only where the panel itself does not say it.
    if found.status in ("pending", "queued", "skipped", "failed", "timeout"):
        return {"panel": found, "why": why_of(run, states_of(run), found.path)}
    return {"panel": found, "origin": origin(found.execution_id)}
