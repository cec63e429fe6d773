"""Delete run…: the page that says what is lost, and the button on it."""

from urllib.parse import quote

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from runs.errors import MaverickError, NotFound
from runs.operations.delete_run import delete_run
from runs.projections.deletion import deletion_of
from runs.web.commands import actor
from runs.web.htmx import go_to
from runs.web.toasts import say, say_refused


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, run_id: str) -> HttpResponse:
    """``GET /runs/{id}/delete`` asks, ``POST`` does it."""
    who = actor(request)
    if not who.may("admin"):
        raise PermissionDenied("Only admins delete runs; operators may not.")
    try:
        if request.method != "POST":
            context = {"lost": deletion_of(run_id), "nav": "runs"}
            return render(request, "runs/delete.html", context)
        delete_run(run_id, by=who)
    except NotFound as unknown:
        raise Http404(str(unknown)) from unknown
    except MaverickError as refused:
        say_refused(request, refused)
        return go_to(request, reverse("run", args=[quote(run_id, safe="")]))
    say(request, "is deleted.", strong=run_id, href="")
    return go_to(request, reverse("run-list"))
