"""Saved views of the run list and its columns: the buttons over the list."""

from urllib.parse import parse_qs

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from runs.errors import MaverickError
from runs.operations.saved_views import (
    ViewChange,
    change_view,
    choose_columns,
    delete_view,
    forget_default,
    save_view,
)
from runs.projections.run_filter import ALL, RunFilter, known_columns
from runs.projections.saved_views import view_facts
from runs.web.commands import actor
from runs.web.methods import posts_only
from runs.web.toasts import say, say_refused


def _asked(request: HttpRequest) -> RunFilter:
    query = request.POST.get("query", "")[:4000]
    return RunFilter.from_query(parse_qs(query.lstrip("?")))


def _to(query: str) -> HttpResponse:
    return HttpResponseRedirect(reverse("run-list") + query)


@login_required
@posts_only
def save(request: HttpRequest) -> HttpResponse:
    """``POST /runs/views``: the filter that is on, under a name."""
    asked, by = _asked(request), actor(request)
    wanted = ViewChange(
        name=request.POST.get("name", ""),
        search=asked.search,
        columns=asked.columns,
        shared="shared" in request.POST,
        default="default" in request.POST,
    )
    try:
        made = save_view(wanted, by)
    except MaverickError as refused:
        say_refused(request, refused)
        return _to(asked.query())
    say(request, "is saved.", strong=made.name)
    return _to(view_facts(made, str(by)).query)


@login_required
@posts_only
def change(request: HttpRequest, view_id: int) -> HttpResponse:
    """``POST /runs/views/7``: ``do`` is update, rename, delete, default or forget."""
    asked, by = _asked(request), actor(request)
    what = request.POST.get("do", "")
    try:
        if what == "delete":
            delete_view(view_id, by)
            say(request, "The view is deleted. Its runs are as they were.")
            return _to(f"?view={ALL}")
        if what == "forget":
            forget_default(by)
            say(request, "The list opens with all runs.")
            return _to(asked.query())
        made = change_view(view_id, _change(what, asked, request), by)
    except MaverickError as refused:
        say_refused(request, refused)
        return _to(asked.query())
    say(request, "opens with the list." if what == "default" else "is changed.", strong=made.name)
    return _to(view_facts(made, str(by)).query)


def _change(what: str, asked: RunFilter, request: HttpRequest) -> ViewChange:
    if what == "default":
        return ViewChange(default=True)
    if what == "rename":
        return ViewChange(name=request.POST.get("name", ""), shared="shared" in request.POST)
    return ViewChange(search=asked.search, columns=asked.columns or None)


@login_required
@posts_only
def columns(request: HttpRequest) -> HttpResponse:
    """``POST /runs/columns``: kept for who asks; a link with ``?columns=`` says otherwise."""
    asked = _asked(request)
    wanted = known_columns(request.POST.getlist("columns"))
    choose_columns(wanted, actor(request))
    without = RunFilter(asked.terms, asked.text, view=asked.view)
    return _to(without.query())
