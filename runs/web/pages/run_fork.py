"""Fork with changes: the form made from the declared inputs, and beside it what will happen."""

from typing import Any
from urllib.parse import quote

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from runs.errors import MaverickError, NotFound, StalePlan
from runs.models import Run
from runs.models.stored import compiled_version
from runs.operations.restart_run import RestartRequest, plan_restart, restart_run
from runs.planning.preview import Preview
from runs.projections import run_detail as projection
from runs.projections import words
from runs.projections.plan_panel import plan_panel
from runs.projections.step_states import states_of
from runs.web.commands import key_of, may_operate, new_key, operator
from runs.web.fork_form import ForkForm, fork_form
from runs.web.graph_mini import mini_svg
from runs.web.htmx import go_to
from runs.web.toasts import say, say_refused, why

LONGEST = 1000
STALE = "The preview was of something else. This is what would happen now: start it if it is right."


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def fork(request: HttpRequest, run_id: str) -> HttpResponse:
    """``GET`` shows the form (``?part=dialog``: it alone); ``POST`` starts the fork, or with
    ``do=preview`` shows what it would do (``?part=side``: that alone)."""
    try:
        run = projection.load_run(run_id)
        form = fork_form(run, compiled_version(run.version_id), _given(request))
        if request.method == "POST" and not _only_looks(request):
            return _start(request, run, form)
        return _show(request, run, form)
    except NotFound as unknown:
        raise Http404(str(unknown)) from unknown
    except MaverickError as refused:  # the run goes on, or cannot be read any more
        say_refused(request, refused)
        return go_to(request, reverse("run", args=[quote(run_id, safe="")]))


def _given(request: HttpRequest) -> dict[str, str]:
    """The fields that were sent; one that is to be reset is not among them."""
    reset = request.POST.get("reset")
    return {name: str(value) for name, value in request.POST.items() if name != reset}


def _only_looks(request: HttpRequest) -> bool:
    return "reset" in request.POST or request.POST.get("do") == "preview"


def _asked(request: HttpRequest, form: ForkForm, **more: Any) -> RestartRequest:
    sent = request.POST if request.method == "POST" else request.GET
    return RestartRequest(
        fork=True,
        from_=sent.get("from", "")[:LONGEST] or None,
        reuse="unaffected",
        input_patch=form.input_patch or None,
        context_patch=form.context_patch or None,
        **more,
    )


def _start(request: HttpRequest, run: Run, form: ForkForm) -> HttpResponse:
    who = operator(request)
    if form.problem:
        return _show(request, run, form, form.problem, 422)
    sent = request.POST
    asked = _asked(
        request,
        form,
        reason=sent.get("reason", "")[:2000].strip(),
        plan_id=sent.get("plan_id", "")[:200] or None,
        confirm=tuple(sent.getlist("confirm")[:LONGEST]),
    )
    try:
        key = key_of(request, f"{run.pk}:fork:{asked.plan_id}")
        made = restart_run(run.pk, asked, by=who, idempotency_key=key)
    except StalePlan as stale:
        return _show(request, run, form, STALE, stale.status)
    except MaverickError as refused:
        return _show(request, run, form, why(refused), refused.status)
    reused = (
        f" {made.n_reused:,} of {words.count(made.n_total, 'step')} reused."
        if made.n_reused
        else ""
    )
    say(request, f"started.{reused}", strong=made.pk)
    return go_to(request, reverse("run", args=[made.pk]))


def _show(
    request: HttpRequest, run: Run, form: ForkForm, problem: str = "", status: int = 200
) -> HttpResponse:
    """The form with its preview. Raises what a preview raises when it is not about the fields."""
    asked = _asked(request, form)
    preview: Preview | None = None
    problem = problem or form.problem
    if not form.problem:
        try:
            preview = plan_restart(run, asked)
        except MaverickError as refused:
            if not form.changes:
                raise
            problem, status = why(refused), max(status, 200)
    context: dict[str, Any] = {
        "run": run,
        "form": form,
        "from": asked.from_ or "",
        "reason": request.POST.get("reason", "")[:2000],
        "key": request.POST.get("key", "")[:60] or new_key(),
        "problem": problem,
        "nav": "runs",
        "rail": True,
        "may": may_operate(request),
        "confirmed": request.POST.getlist("confirm"),
    }
    if preview is not None:
        plan = plan_panel(preview)
        view = projection.graph(run, states_of(run), timezone.now(), preview)
        said = ", ".join((
            words.count(plan.reuse, "step is reused", "steps are reused"),
            words.count(plan.run, "runs", "run"),
            words.count(plan.unknown, "is not known yet", "are not known yet"),
        ))  # fmt: skip
        context |= {"plan": plan, "mini": mini_svg(view, said)}
    part = request.GET.get("part")
    template = {"side": "parts/_fork_side.html", "dialog": "parts/_fork_form.html"}.get(
        part or "", "run_fork.html"
    )
    return render(request, f"runs/{template}", context, status=status)
