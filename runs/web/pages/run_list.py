"""The dashboard: the run list, its rows as a fragment, and what it suggests while one types."""

import re
from dataclasses import replace

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from runs.ids import MOST
from runs.projections import run_list as projection
from runs.projections.run_filter import RunFilter
from runs.projections.saved_views import Views, tabs, views_of
from runs.projections.suggestions import suggest
from runs.web.api_call import api_call
from runs.web.commands import actor, may_operate, new_key
from runs.web.htmx import part_of

COLUMN_WORDS = (
    ("id", "Run"),
    ("progress", "Progress"),
    ("duration", "Duration"),
    ("started", "Started"),
    ("ended", "Ended"),
    ("by", "Started by"),
    ("labels", "Labels"),
)


@login_required
@require_safe
def run_list(request: HttpRequest) -> HttpResponse:
    """``GET /runs``; ``?part=list`` is the whole list, ``?part=rows&ids=`` some rows,
    ``?part=news&newest=&had=`` what it lacks by now."""
    part = part_of(request)
    me = actor(request)
    views = views_of(str(me)) if part != "news" else Views((), ())
    asked = asked_of(request, views)
    if not part and not request.GET and views.default and views.default.search:
        return HttpResponseRedirect(reverse("run-list") + views.default.query)
    now = timezone.localtime()
    columns = columns_of(asked, views)
    context = {
        "filter": asked,
        "columns": columns,
        "all_columns": COLUMN_WORDS,
        "key": new_key(),
        "nav": "runs",
        "may": may_operate(request),
    }
    if part == "rows":
        ids = [name for name in request.GET.get("ids", "").split(",") if name][:100]
        context["rows"] = projection.rows_by_id(ids, now)
        return render(request, "runs/parts/_run_rows.html", context)
    if part == "news":
        # On an older page everything above is newer, and none of it is news.
        first = not (asked.before or asked.after)
        newest = request.GET.get("newest", "")[:MOST] if first else ""
        # A capped number ("2,000+") compares with nothing.
        count = re.fullmatch(r"\d{1,3}(,\d{3})?", request.GET.get("had", ""), re.ASCII)
        had = int(count[0].replace(",", "")) if first and count else None
        news = projection.news(asked, newest, had, now, me.name)
        return render(request, "runs/parts/_run_news.html", {**context, "page": news})
    page = projection.run_list(asked, now, me.name)
    template = "runs/parts/_run_list.html" if part == "list" else "runs/run_list.html"
    more = {
        "page": page,
        "rows": page.rows,
        "tabs": tabs(asked, views),
        "view": views.get(asked.view),
        "views": views,
        "call": api_call(request, asked),
    }
    return render(request, template, {**context, **more})


def asked_of(request: HttpRequest, views: Views) -> RunFilter:
    """What the address asks for; a bare ``?view=`` is what the view says."""
    asked = RunFilter.from_query(dict(request.GET.lists()))
    view = views.get(asked.view)
    if view is not None and asked.is_empty:
        shown = view.filter
        return replace(asked, terms=shown.terms, text=shown.text)
    return asked


def columns_of(asked: RunFilter, views: Views) -> tuple[str, ...]:
    """The columns to show: what the address says, else the view, else the reader's own."""
    view = views.get(asked.view)
    return asked.columns or (view.columns if view else ()) or views.columns


@login_required
@require_safe
def suggestions(request: HttpRequest) -> HttpResponse:
    """``GET /runs/suggest?word=sta``: what the word may become."""
    found = suggest(request.GET.get("word", "")[:200])
    return JsonResponse({"items": [{"value": one.value, "says": one.says} for one in found]})
