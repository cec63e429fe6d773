"""The buttons: resume, cancel, pause, approve, reject. A form in, one operation, a redirect out."""

from urllib.parse import quote

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from runs.errors import MaverickError, NotAllowed, NotFound, Refused
from runs.operations.cancel_run import cancel_run
from runs.operations.decide_approval import decide_approval
from runs.operations.pause_run import pause_run, unpause_run
from runs.operations.resume_checkpoint import resume_checkpoint
from runs.operations.resume_run import ResumeRequest
from runs.operations.retry_step import retry_step
from runs.projections import words
from runs.web.commands import actor, key_of, operator
from runs.web.htmx import by_script, go_to
from runs.web.methods import posts_only
from runs.web.toasts import say, say_refused, why

TEXT = "text/plain; charset=utf-8"
# What helps against a refused resume, in the words of the menu beside the button: the operation
# names the options of the command line.
RESUME_HINTS = {
    "workflow-changed": "With the changed workflow it goes on: tick that in the menu beside the "
    "button.",
    "would-lose-changes": "Commit them or put them aside, or tick “over unsaved changes” in the menu "
    "beside the button.",
    "nothing-to-overwrite": "Tick “with the files as they were” as well, or neither of them.",
    "nothing-to-resume": "Restart run runs it again.",
    "run-still-running": "Wait for it or cancel it, or resume without the files as they were.",
}


@login_required
@posts_only
def resume(request: HttpRequest, run_id: str, checkpoint_id: str) -> HttpResponse:
    """Resume from here, on the tab Checkpoints."""
    asked = ResumeRequest(
        accept_changes="accept" in request.POST,
        restore="restore" in request.POST,
        force="force" in request.POST,
    )
    choice = "".join(word for word in ("accept", "restore", "force") if word in request.POST)
    try:
        made, note = resume_checkpoint(
            run_id,
            checkpoint_id,
            request=asked,
            by=operator(request),
            idempotency_key=key_of(request, f"{run_id}:{checkpoint_id}:{choice}"),
        )
    except NotFound as unknown:
        raise Http404(str(unknown)) from unknown
    except MaverickError as refused:
        if refused.hint:
            refused.hint = RESUME_HINTS.get(refused.code, refused.hint)
        return _refused(request, run_id, refused, "?tab=checkpoints")
    kept = words.count(made.n_reused, "step")
    more = " ".join([note.workspace, *note.warnings]).strip() if note else ""
    say(request, f"resumed: {kept} kept. {more}".strip(), strong=made.pk)
    return go_to(request, reverse("run", args=[made.pk]))


@login_required
@posts_only
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


@login_required
@posts_only
def pause(request: HttpRequest, run_id: str) -> HttpResponse:
    """Pause run, and Let it go on when the form says so."""
    goes_on = "go_on" in request.POST
    try:
        if goes_on:
            unpause_run(run_id, by=operator(request))
        else:
            pause_run(run_id, by=operator(request))
    except NotFound as unknown:
        raise Http404(str(unknown)) from unknown
    except MaverickError as refused:
        return _refused(request, run_id, refused)
    said = "goes on." if goes_on else "is paused: what runs goes on to its end, nothing new starts."
    say(request, said, strong=run_id)
    return go_to(request, reverse("run", args=[run_id]))


@login_required
@posts_only
def retry(request: HttpRequest, run_id: str, where: str) -> HttpResponse:
    """Try now, in the panel of a step that waits for its next try."""
    step = f"?node={quote(where, safe='')}"
    try:
        retry_step(run_id, where, by=operator(request))
    except NotFound as unknown:
        raise Http404(str(unknown)) from unknown
    except MaverickError as refused:
        return _refused(request, run_id, refused, step)
    say(request, "is tried now.", strong=where)
    return go_to(request, reverse("run", args=[quote(run_id, safe="")]) + step)


@login_required
@posts_only
def decide(request: HttpRequest, run_id: str, where: str) -> HttpResponse:
    """Approve or reject the step at ``where``; whoever the step names may, whatever their role.

    A script that sends the form gets 204, or the reason as text, and keeps what was typed.
    """
    said = request.POST.get("decision")
    try:
        if said not in ("approve", "reject"):
            raise Refused("Say approve or reject.")
        decide_approval(
            run_id,
            where,
            approve=said == "approve",
            by=actor(request),
            comment=request.POST.get("comment", "")[:2000],
            values=_filled(request),
        )
    except MaverickError as refused:
        if by_script(request):
            return HttpResponse(why(refused), status=refused.status, content_type=TEXT)
        if isinstance(refused, NotFound):
            raise Http404(str(refused)) from refused
        if isinstance(refused, NotAllowed):
            raise PermissionDenied(refused.message) from refused
        say_refused(request, refused)
    else:
        if by_script(request):
            return HttpResponse(status=204)
        say(request, "is approved." if said == "approve" else "is rejected.", strong=where)
    address = reverse("run", args=[quote(run_id, safe="")])
    return go_to(request, f"{address}?node={quote(where, safe='')}")


def _filled(request: HttpRequest) -> dict[str, str]:
    """The fields of the step's form; what is left empty takes its default."""
    return {
        name.removeprefix("field."): str(value)
        for name, value in request.POST.items()
        if name.startswith("field.") and value != ""
    }


def _refused(
    request: HttpRequest, run_id: str, refused: MaverickError, where: str = ""
) -> HttpResponse:
    say_refused(request, refused)
    return go_to(request, reverse("run", args=[quote(run_id, safe="")]) + where)
