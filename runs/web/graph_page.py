"""The graph on a run's page: what its template needs, for the whole page and for a fragment."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from runs.models import Run
from runs.projections import run_detail as projection
from runs.projections import words
from runs.projections.graph_inside import failures, next_of
from runs.projections.graph_search import search
from runs.projections.graph_view import GraphView
from runs.projections.step_states import StepState
from runs.web.graph_query import GraphQuery
from runs.web.graph_svg import graph_svg, minimap_svg

LONGEST = 300  # a longer view is not repeated in the link of every node


@dataclass(frozen=True, slots=True)
class StatusChoice:
    """One box of the filter."""

    status: str
    word: str
    count: int
    chosen: bool


def graph_context(
    request: HttpRequest, run: Run, states: Mapping[str, StepState], now: datetime, chosen: str
) -> dict[str, Any]:
    """What ``_graph.html`` and the toolbar show. ``chosen`` in it may be another step than asked
    for: ``?next=failed`` chooses the failure behind it."""
    failed = failures(states)
    jumps = request.GET.get("next") == "failed"
    if jumps:
        chosen = next_of(failed, chosen) or chosen
    # A page that is opened shows its step, wherever it is; a redraw opens nothing by itself.
    seen = jumps or "part" not in request.GET or "reveal" in request.GET
    query = GraphQuery.from_query(request.GET)
    view = projection.graph(run, states, now, asked=query.asked(chosen if seen else ""))
    text = query.text(view)
    keep = f"&{text}" if text and len(text) <= LONGEST else ""
    return {
        "graph": view,
        "svg": graph_svg(view, chosen, keep, query=query),
        "minimap": minimap_svg(view),
        "chosen": chosen,
        "graph_look": query,  # `look` is how the reader wants every page
        "look_text": text,
        "failures": len(failed),
        "statuses": _choices(view, states, query),
        "has_groups": any(node.is_group for node in view.nodes),
        "has_open": any(node.window is not None for node in view.nodes),
        "critical": _critical_words(view),
        "heat": (words.duration(view.heat.least_ms), words.duration(view.heat.most_ms)),
    }


def _choices(
    view: GraphView, states: Mapping[str, StepState], query: GraphQuery
) -> list[StatusChoice]:
    counts = Counter(state.look for state in states.values())
    counts.update(node.status for node in view.nodes if node.path not in states)
    return [
        StatusChoice(status, word, counts[status], status in query.statuses)
        for status, word in words.STATUS_WORDS.items()
        if status != "paused"  # of runs alone
    ]


def _critical_words(view: GraphView) -> str:
    """The critical path as one sentence, for those who do not see it drawn."""
    steps = view.critical.steps
    if not steps:
        return ""
    some = ", ".join(steps[:40]) + (f" and {len(steps) - 40:,} more" if len(steps) > 40 else "")
    return f"{words.count(len(steps), 'step')}, {words.duration(view.critical.took_ms)}: {some}"


def found_context(
    request: HttpRequest, run: Run, states: Mapping[str, StepState]
) -> dict[str, Any]:
    """What the list below the search field shows."""
    text = request.GET.get("q", "")[:200]
    return {"found": search(projection.definition_of(run), states, text), "text": text}
