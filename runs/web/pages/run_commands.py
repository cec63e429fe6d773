"""The buttons: restart and cancel. A form in, one operation, a redirect out."""

from urllib.parse import quote

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from runs.errors import MaverickError, NotFound
from runs.operations.cancel_run import cancel_run
from runs.operations.restart_run import RestartRequest, restart_run
from runs.web.commands import key_of, operator
from runs.web.htmx import go_to
from runs.web.toasts import say, say_refused


@login_required
@require_POST
def restart(request: HttpRequest, run_id: str) -> HttpResponse:
    """Restart run, and Restart from here when the form names a step."""
    path = request.POST.get("from", "")[:1000]
    asked = RestartRequest(from_=path, reuse="unaffected") if path else RestartRequest()
    try:
        made = restart_run(
            run_id, asked, by=operator(request), idempotency_key=key_of(request, f"{run_id}:{path}")
        )
    except NotFound as unknown:
        raise Http404(str(unknown)) from unknown
    except MaverickError as refused:
        return _refused(request, run_id, refused)
    reused = f" {made.n_reused:,} of {made.n_total:,} steps reused." if made.n_reused else ""
    say(request, f"started.{reused}", strong=made.pk)
    return go_to(request, reverse("run", args=[made.pk]))


@login_required
@require_POST
def cancel(request: HttpRequest, run_id: str) -> HttpResponse:
    """Cancel run: no more steps; running ones are told."""
    try:
        cancel_run(run_id, by=operator(request))
    except NotFound as unknown:
        raise Http404(str(unknown)) from unknown
    except MaverickError as refused:
        return _refused(request, run_id, refused)
    say(request, "is cancelled.", strong=run_id)
    return go_to(request, reverse("run", args=[run_id]))


def _refused(request: HttpRequest, run_id: str, refused: MaverickError) -> HttpResponse:
    say_refused(request, refused)
    return go_to(request, reverse("run", args=[quote(run_id, safe="")]))
