"""Mark golden…, and Check against golden…: forms in, one operation, a redirect out."""

from typing import Any
from urllib.parse import quote, urlencode

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from runs.definition.assertions import assertions_text
from runs.errors import InvalidAssertions, MaverickError, NotFound
from runs.models import Run
from runs.operations import golden as operations
from runs.projections.golden import GoldenFacts, check_run, get_golden, list_golden
from runs.projections.run_detail import load_run
from runs.web.commands import actor, may_operate, operator
from runs.web.htmx import go_to
from runs.web.methods import posts_only
from runs.web.toasts import say, why


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def golden(request: HttpRequest, run_id: str) -> HttpResponse:
    """``GET /runs/{id}/golden``: name, tags, note, assertions; ``POST`` does what its button says."""
    run = _run(run_id)
    error: MaverickError | None = None
    given: dict[str, str] = {}
    if request.method == "POST":
        # Only what was sent: a field that was not is not one that was emptied.
        sent = {name: request.POST.get(name) for name in _FIELDS}
        given = {name: str(text)[:100_000] for name, text in sent.items() if text is not None}
        try:
            said = _do(request, run, given)
        except MaverickError as refused:
            error = refused
        else:
            say(request, said, strong=run.pk)
            return go_to(request, reverse("run-golden", args=[run.pk]))
    kept = get_golden(run.pk)
    shown = {
        "name": kept.name if kept else run.workflow_name,
        "tags": ", ".join(kept.tags) if kept else "",
        "note": kept.note if kept else "",
        "assertions": assertions_text(kept.assertions) if kept and kept.assertions else "",
        **given,
    }
    context = {
        "run": run,
        "kept": kept,
        "shown": shown,
        "error": why(error) if error else "",
        "wrong": _field_of(error),
        "replace": isinstance(error, operations.GoldenNameTaken),
        "may": may_operate(request),
        "nav": "runs",
    }
    return render(request, "runs/golden.html", context, status=422 if error else 200)


def _field_of(error: MaverickError | None) -> str:
    """The field that something was refused for."""
    if isinstance(error, InvalidAssertions):
        return "assertions"
    return str(error.extra.get("field") or "") if error else ""


_FIELDS = ("name", "tags", "note", "assertions")


def _do(request: HttpRequest, run: Run, given: dict[str, str]) -> str:
    by, deed = operator(request), request.POST.get("do", "mark")
    if deed == "unmark":
        operations.unmark_golden(run.pk, by=by)
        return "is no longer golden."
    if deed == "assertions":
        text = given.get("assertions", "").strip()
        operations.set_assertions(run.pk, text or None, by=by)
        return "has new assertions." if text else "has no assertions: all outputs must be equal."
    operations.mark_golden(
        run.pk,
        given.get("name", ""),
        by=by,
        tags=given["tags"].split(",") if "tags" in given else None,
        note=given["note"].replace("\r\n", "\n") if "note" in given else None,
        replace="replace" in request.POST,
    )
    return "is golden."


@login_required
@require_safe
def check(request: HttpRequest, run_id: str) -> HttpResponse:
    """``GET /runs/{id}/check?against=golden:NAME``."""
    run = _run(run_id)
    mine: list[GoldenFacts] = []
    others: list[GoldenFacts] = []
    for one in list_golden():
        if one.run_id != run.pk:
            (mine if one.workflow == run.workflow_name else others).append(one)
    against = request.GET.get("against", "")[:300]
    if not against and (mine or others):
        against = f"golden:{(mine or others)[0].name}"
    context: dict[str, Any] = {
        "run": run,
        "mine": mine,
        "others": others,
        "against": against,
        "may": may_operate(request),
        "nav": "runs",
        "asker": actor(request),
    }
    status = 200
    if against:
        try:
            found = check_run(run.pk, against)
            context |= {"found": found, "told": [(w, n) for w, n in found.counts.items() if n]}
        except MaverickError as refused:
            context["error"], status = why(refused), refused.status
    return render(request, "runs/check.html", context, status=status)


@login_required
@posts_only
def accept(request: HttpRequest, run_id: str) -> HttpResponse:
    """``POST /runs/{id}/check/accept?against=``: checks expect what this run gave at a path."""
    run, against = _run(run_id), request.GET.get("against", "")[:300]
    path = request.POST.get("path", "")[:4000]
    try:
        base = check_run(run.pk, against).baseline.run_id
        reason = request.POST.get("reason", "")[:2000]
        operations.accept_value(base, run.pk, path, reason, by=operator(request))
    except MaverickError as refused:
        say(request, why(refused), error=True)
    else:
        say(request, "is expected as this run gave it.", strong=path)
    address = reverse("run-check", args=[quote(run.pk, safe="")])
    return go_to(request, f"{address}?{urlencode({'against': against})}")


def _run(run_id: str) -> Run:
    try:
        return load_run(run_id)
    except NotFound as unknown:
        raise Http404(str(unknown)) from unknown
