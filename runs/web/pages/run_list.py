"""The dashboard: the run list, and its rows as a fragment."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from runs.projections import run_list as projection
from runs.projections.run_filter import RunFilter
from runs.web.commands import may_operate, new_key
from runs.web.htmx import part_of


@login_required
@require_safe
def run_list(request: HttpRequest) -> HttpResponse:
    """``GET /runs``; ``?part=list`` is all below the title, ``?part=rows&ids=`` some rows."""
    now = timezone.now()
    part = part_of(request)
    if part == "rows":
        ids = [name for name in request.GET.get("ids", "").split(",") if name][:100]
        rows = projection.rows_by_id(ids, now)
        return render(
            request,
            "runs/parts/_run_rows.html",
            {"rows": rows, "key": new_key(), "may": may_operate(request)},
        )
    asked = RunFilter.from_query(request.GET.dict())
    page = projection.run_list(asked, now)
    template = "runs/parts/_run_list.html" if part == "list" else "runs/run_list.html"
    return render(
        request,
        template,
        {
            "page": page,
            "rows": page.rows,
            "filter": asked,
            "key": new_key(),
            "nav": "runs",
            "may": may_operate(request),
        },
    )
