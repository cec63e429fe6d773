"""Two runs side by side."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from runs.errors import NotFound
from runs.models import Run
from runs.projections.compare import ComparedNode, Comparison, comparison, two_runs
from runs.projections.compare_graph import SHOW, STEPS, inside_of, mark_of, merged_graph
from runs.projections.run_order import OLDEST_FIRST
from runs.web.graph_svg import graph_svg, minimap_svg
from runs.web.htmx import part_of

TABS = ("graph", "steps", "io", "definition")
VERDICTS = (
    ("changed", "changed"),
    ("only_a", "only in A"),
    ("only_b", "only in B"),
    ("reused", "reused"),
    ("same", "same"),
)


@login_required
@require_safe
def compare(request: HttpRequest, run_id: str, other: str) -> HttpResponse:
    """``GET /runs/{a}/compare/{b}?tab=&node=&show=&only=``; ``&part=panel`` is the step alone."""
    tab, show = request.GET.get("tab", "graph"), request.GET.get("show", "both")
    only, chosen = request.GET.get("only", ""), request.GET.get("node", "")[:1000]
    try:
        runs = two_runs(run_id, other)
    except NotFound as unknown:
        raise Http404(str(unknown)) from unknown
    found = comparison(runs, values_at=chosen)
    context: dict[str, Any] = {
        "found": found,
        "tab": tab if tab in TABS else "graph",
        "show": show if show in SHOW else "both",
        "only": only,
        "chosen": chosen,
        "counts": [(key, word, getattr(found.counts, key)) for key, word in VERDICTS],
        "sides": (("A", found.a), ("B", found.b)),
        "values": (
            ("Input", found.inputs),
            ("Context", found.context),
            ("Output", found.outputs),
        ),
        "nav": "runs",
        "rail": True,
    }
    if chosen and context["tab"] in ("graph", "steps"):
        context["panel"] = inside_of(found, chosen)
    if part_of(request) == "panel":
        return render(request, "runs/parts/_compare_panel.html", context)
    if context["tab"] == "graph":
        merged = merged_graph(runs, found, context["show"], timezone.now())
        keep = f"&show={context['show']}" if context["show"] != "both" else ""
        context |= {
            "graph": merged.view,
            "svg": graph_svg(merged.view, chosen, keep, merged.marks),
            "minimap": minimap_svg(merged.view),
        }
    elif context["tab"] == "steps":
        rows = _rows(found, only)
        context |= {"rows": rows[:STEPS], "more": max(0, len(rows) - STEPS)}
    return render(request, "runs/compare.html", context)


@login_required
@require_safe
def chosen(request: HttpRequest) -> HttpResponse:
    """``GET /compare?run=…&run=…``: two rows of the list; the older one is A.

    ``ids`` is what the boxes of the list are called.
    """
    named = {*request.GET.getlist("run"), *request.GET.getlist("ids")}
    runs = []
    if len(named) == 2:
        found = Run.objects.filter(pk__in=named).order_by(*OLDEST_FIRST)
        # From the rows: what is no run's id may be nothing that an address can hold.
        runs = list(found.values_list("id", flat=True))
    if len(runs) != 2:
        raise Http404("Two runs are compared, and both have to be there.")
    return redirect("compare", *runs)


def _rows(found: Comparison, only: str) -> list[tuple[ComparedNode, str]]:
    """The rows of the table: what differs, or what was asked for."""
    known = {key for key, _ in VERDICTS}
    return [
        (node, mark_of(node))
        for node in found.nodes
        if (node.verdict == only if only in known else only == "all" or node.role)
    ]
