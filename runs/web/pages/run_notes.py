"""Notes and labels of a run: forms in, one operation each, a redirect out."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from runs.errors import MaverickError, NotFound
from runs.operations.label_run import set_labels
from runs.operations.note_run import write_note
from runs.web.commands import operator
from runs.web.htmx import go_to
from runs.web.label_text import labels_of
from runs.web.methods import posts_only
from runs.web.pages.run_detail import run_page
from runs.web.toasts import say, why


@login_required
@posts_only
def note(request: HttpRequest, run_id: str) -> HttpResponse:
    """``POST /runs/{id}/note``: ``text``, and the ``revision`` that was read."""
    by, text = operator(request), request.POST.get("text", "")
    given = request.POST.get("revision", "")
    revision = int(given) if given.isascii() and given.isdecimal() and len(given) < 9 else None
    try:
        write_note(run_id, text, by=by, revision=revision)
    except NotFound as unknown:
        raise Http404(str(unknown)) from unknown
    except MaverickError as refused:
        # What was typed stays in the field; sent once more it is written over the other's.
        shown = {"note_text": text, "note_revision": refused.extra.get("revision", revision)}
        return _again(request, run_id, "note", refused, shown)
    say(request, "Notes saved.")
    return go_to(request, f"{reverse('run', args=[run_id])}?tab=notes")


@login_required
@posts_only
def labels(request: HttpRequest, run_id: str) -> HttpResponse:
    """``POST /runs/{id}/labels``: ``labels``, one ``name=value`` a line."""
    by, text = operator(request), request.POST.get("labels", "")
    try:
        set_labels(run_id, labels_of(text), by=by)
    except NotFound as unknown:
        raise Http404(str(unknown)) from unknown
    except MaverickError as refused:
        return _again(request, run_id, "labels", refused, {"label_text": text})
    say(request, "Labels saved.")
    return go_to(request, f"{reverse('run', args=[run_id])}?tab=notes")


def _again(
    request: HttpRequest, run_id: str, edit: str, error: MaverickError, shown: dict[str, Any]
) -> HttpResponse:
    """The form with what was typed, and why it was refused."""
    extra = {"edit": edit, "error": why(error), **shown}
    return run_page(request, run_id, timezone.now(), tab="notes", extra=extra, status=422)
