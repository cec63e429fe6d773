"""A run's graph as a file: an SVG that needs nothing else."""

import re

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from runs.errors import UnknownRun
from runs.projections import run_detail as projection
from runs.projections.step_states import states_of
from runs.web.graph_query import GraphQuery
from runs.web.graph_svg import graph_file

_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # no file may hold these


@login_required
@require_safe
def graph_svg_file(request: HttpRequest, run_id: str) -> HttpResponse:
    """``GET /runs/{id}/graph.svg?dir=&open=&status=…``: as the page draws it, in light colours."""
    try:
        run = projection.load_run(run_id)
    except UnknownRun as unknown:
        raise Http404(str(unknown)) from unknown
    query = GraphQuery.from_query(request.GET)
    view = projection.graph(run, states_of(run), timezone.now(), asked=query.asked())
    # In a page the sprite hides itself; here it stands in `defs`, and `hidden` is no XML.
    style = render_to_string("runs/parts/_graph_style.svg").replace("<svg hidden>", "<svg>")
    text = _NO_XML.sub("\ufffd", graph_file(view, query, mark_safe(style)))  # noqa: S308 - ours
    answer = HttpResponse(text, content_type="image/svg+xml")
    answer["Content-Disposition"] = f'attachment; filename="{run.pk}-graph.svg"'
    return answer
