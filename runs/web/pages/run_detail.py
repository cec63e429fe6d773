"""One run: its header, its tabs, and the fragments that change while somebody looks."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from runs.errors import NotFound, UnknownRun
from runs.models import Run
from runs.projections import run_detail as projection
from runs.projections.checkpoints import checkpoint_file
from runs.projections.node_panel import TELLS_WHY, document_of, node_panel, panel_states
from runs.projections.origin import origin
from runs.projections.panel_step import panel_step
from runs.projections.run_header import header
from runs.projections.run_log import log_text
from runs.projections.step_states import StepState, states_of
from runs.projections.why import why_of
from runs.states import RUN_OVER
from runs.web import run_query
from runs.web.commands import actor, may_operate, new_key
from runs.web.form_input import form_inputs
from runs.web.graph_page import found_context, graph_context
from runs.web.htmx import part_of
from runs.web.json_view import value_at
from runs.web.pages.run_tabs import TABS
from runs.web.streamed import streamed


@login_required
@require_safe
def run_detail(request: HttpRequest, run_id: str) -> HttpResponse:
    """``GET /runs/{id}?tab=&node=``; ``?part=head|graph|find|tab|panel`` is one fragment of it."""
    tab = request.GET.get("tab", "graph")
    return run_page(request, run_id, timezone.now(), tab=tab if tab in TABS else "graph")


def run_page(
    request: HttpRequest,
    run_id: str,
    now: datetime,
    *,
    tab: str,
    extra: Mapping[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page or a part of it; ``extra`` is said over what the tab says (a refused form)."""
    run = _run(run_id)
    part = part_of(request)
    # The lineage is of runs, and no step stands beside it.
    chosen = "" if tab == "lineage" and part != "panel" else request.GET.get("node", "")
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
        context |= _panel(request, run, chosen, None)
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
    else:
        context |= TABS[tab](request, run, states, now)
    context |= extra or {}
    if part == "tab":
        return render(request, f"runs/parts/_tab_{tab}.html", context)
    if part == "lines" and tab == "log":
        return render(request, "runs/parts/_log_lines.html", context)
    if chosen:
        context |= _panel(request, run, chosen, states)
    return render(request, "runs/run_detail.html", context, status=status)


@login_required
@require_safe
def document(request: HttpRequest, run_id: str, what: str) -> HttpResponse:
    """``GET /runs/{id}/output?node=`` (or ``input``): the whole value as a file.

    Without ``node`` it is the run's own; ``at=`` (a JSON pointer) asks for a part of it. The pages
    shorten what is long; this does not.
    """
    run = _run(run_id)
    path = request.GET.get("node", "")
    if path:
        there, value = document_of(run.pk, path, what)
        if not there:
            raise Http404("There is no such step.")
    else:
        value = run.inputs if what == "input" else run.outputs
    if at := request.GET.get("at", ""):
        try:
            value = value_at(value, at)
        except LookupError:
            raise Http404("There is no such value.") from None
    name = "".join(sign if sign.isalnum() or sign in "-_" else "-" for sign in path or what)[:80]
    answer = JsonResponse(value, safe=False, json_dumps_params={"indent": 2, "ensure_ascii": False})
    answer["Content-Disposition"] = f'attachment; filename="{run.pk}-{name}.json"'
    return answer


@login_required
@require_safe
def log(request: HttpRequest, run_id: str) -> StreamingHttpResponse:
    """``GET /runs/{id}/log?step=&level=&q=``: the log as a text file."""
    run = _run(run_id)
    lines = log_text(run.pk, run_query.log_asked(request))
    answer = streamed(request, lines, "text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{run.pk}.log"'
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


def _panel(
    request: HttpRequest, run: Run, path: str, states: Mapping[str, StepState] | None
) -> dict[str, Any]:
    """The panel of a step, and why it is as it is; ``states`` where the page has read them."""
    if not path:
        return {"panel": None}
    path = path[:1000]
    made = projection.definition_of(run)
    read = panel_step(run.pk, path)
    if states is None:
        states = panel_states(run, made, path, read)
    found = node_panel(run, made, path, read, states, timezone.now(), actor(request))
    context: dict[str, Any] = {"panel": found}
    if found is None:
        return context
    if found.approval is not None:
        context["decide"] = form_inputs(found.approval.form, prefix="field.", at="decide")
    if found.status in TELLS_WHY:
        context["why"] = why_of(run, states, path, read.row if read else None)
    elif found.status == "succeeded":  # nobody has the output of what has not succeeded
        context["origin"] = origin(found.execution_id)
    return context
