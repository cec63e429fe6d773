"""Clean up: what would go and what would stay, and the button that does it."""

from datetime import timedelta

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from runs import conf
from runs.errors import MaverickError
from runs.operations.delete_run import clean_up
from runs.projections import words
from runs.projections.cleaning import golden_that_stay, would_go
from runs.web.commands import actor
from runs.web.toasts import say, say_refused

DAYS, MOST_DAYS, MOST_KEPT = 30, 36_500, 1_000_000
SHOWN = 20


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def cleaning(request: HttpRequest) -> HttpResponse:
    """``GET /cleaning?older_than=DAYS&keep=N`` counts and deletes nothing; ``POST`` deletes."""
    who = actor(request)
    if not who.may("admin"):
        raise PermissionDenied("Only admins clean up; operators may not.")
    retention = conf.retention_days()
    sent = request.POST if request.method == "POST" else request.GET
    days = _number(sent, "older_than", round(retention) or DAYS, MOST_DAYS)
    keep = _number(sent, "keep", 0, MOST_KEPT)
    age = timedelta(days=days)
    if request.method == "POST":
        try:
            done = clean_up(age, keep=keep, by=who)
        except MaverickError as refused:
            say_refused(request, refused)
        else:
            runs = words.count(done.runs, "run")
            outputs = words.count(done.payloads, "large output")
            say(request, f"{runs} and {outputs} ({words.size(done.payload_bytes)}) deleted.")
        return HttpResponseRedirect(reverse("cleaning"))
    would = clean_up(age, keep=keep, dry_run=True, by=who)
    golden, golden_kept = golden_that_stay(age, SHOWN) if would.golden_kept else ([], 0)
    context = {
        "would": would,
        "size": words.size(would.payload_bytes),
        "rows": would_go(would.ids[:SHOWN]),
        "more": max(0, would.runs - SHOWN),
        "golden": golden,
        "golden_kept": golden_kept,  # of that age, as the rows are
        "more_golden": golden_kept - len(golden),
        "days": days,
        "keep": keep,
        "retention": f"{retention:g}" if retention else "",
        "nav": "cleaning",
    }
    return render(request, "runs/cleaning.html", context)


def _number(sent: QueryDict, name: str, default: int, most: int) -> int:
    """A whole number from a form; what is none is the default."""
    text = sent.get(name, "").strip()
    if not (text.isascii() and text.isdecimal() and len(text) < 9):
        return default
    return min(int(text), most)
