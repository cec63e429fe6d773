"""Restart: the preview on the graph (GET), and the button that commits it or restarts at once (POST)."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from runs.errors import MaverickError, NotFound, StalePlan
from runs.operations.restart_run import NotConfirmed, RestartRequest, plan_restart, restart_run
from runs.projections import run_detail as projection
from runs.projections import words
from runs.projections.plan_panel import plan_panel
from runs.projections.run_header import header
from runs.projections.step_states import states_of
from runs.states import RunStatus
from runs.web.commands import key_of, may_operate, new_key, operator
from runs.web.graph_svg import graph_svg, minimap_svg
from runs.web.htmx import go_to
from runs.web.toasts import say, say_refused

ALONE = "only"  # on the page, the scope `execution` is one more choice of what is kept
LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of what the restart keeps."""

    value: str
    label: str


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def restart(request: HttpRequest, run_id: str) -> HttpResponse:
    """``GET`` shows what ``?from=&reuse=`` would do; ``POST`` does it, by its plan if it names one."""
    if request.method != "POST":
        return _preview(request, run_id)
    return _start(request, run_id)


def _start(request: HttpRequest, run_id: str) -> HttpResponse:
    sent = request.POST
    path, reuse = sent.get("from", "")[:LONGEST], sent.get("reuse", "")[:20]
    turn = sent.get("turn", "")
    if turn.isdecimal() and len(turn) < 9:
        path = f"{path}[{int(turn)}]"
    plan_id = sent.get("plan_id", "")[:200]
    reason = sent.get("reason", "")[:2000].strip()
    asked = request_of(
        path,
        reuse,
        reason=reason,
        plan_id=plan_id or None,
        confirm=tuple(sent.getlist("confirm")[:LONGEST]),
    )
    key = key_of(request, f"{run_id}:{reuse}:{plan_id}:{path}")
    try:
        made = restart_run(run_id, asked, by=operator(request), idempotency_key=key)
    except NotFound as unknown:
        raise Http404(str(unknown)) from unknown
    except StalePlan:
        say(request, "Something has changed since this preview. Here is a new one.", error=True)
        return go_to(request, preview_address(run_id, path, reuse, reason))
    except NotConfirmed as ask:
        steps = ", ".join(ask.paths)
        asks = "asks" if len(ask.paths) == 1 else "ask"
        say(request, f"{asks} first: confirm it here, then start.", strong=steps, error=True)
        return go_to(request, preview_address(run_id, path, reuse, reason))
    except MaverickError as refused:
        say_refused(request, refused)
        return go_to(request, reverse("run", args=[quote(run_id, safe="")]))
    reused = (
        f" {made.n_reused:,} of {words.count(made.n_total, 'step')} reused."
        if made.n_reused
        else ""
    )
    say(request, f"started.{reused}", strong=made.pk)
    return go_to(request, reverse("run", args=[made.pk]))


def request_of(path: str, reuse: str, **more: Any) -> RestartRequest:
    """What a page asks for. From a step and without more, it keeps what does not depend on it."""
    if reuse == ALONE:
        return RestartRequest(from_=path, scope="execution", **more)
    return RestartRequest(
        from_=path or None, reuse=reuse or ("unaffected" if path else None), **more
    )


def preview_address(run_id: str, path: str, reuse: str, reason: str = "") -> str:
    """Where the preview of a restart stands; with what was typed into it."""
    fields = (("from", path), ("reuse", reuse), ("reason", reason))
    asked = {name: value for name, value in fields if value}
    address = reverse("run-restart", args=[quote(run_id, safe="")])
    return f"{address}?{urlencode(asked)}" if asked else address


def _preview(request: HttpRequest, run_id: str) -> HttpResponse:
    path, reuse = request.GET.get("from", "")[:LONGEST], request.GET.get("reuse", "")[:20]
    try:
        run = projection.load_run(run_id)
        if not path and not reuse:
            # As "Restart run" does it.
            reuse = "none" if run.status == RunStatus.SUCCEEDED else "all-succeeded"
        reuse = reuse or "unaffected"
        preview = plan_restart(run, request_of(path, reuse))
    except NotFound as unknown:
        raise Http404(str(unknown)) from unknown
    except MaverickError as refused:
        say_refused(request, refused)
        return go_to(request, reverse("run", args=[quote(run_id, safe="")]))
    now = timezone.now()
    states = states_of(run)
    chosen = request.GET.get("node", "")[:LONGEST]
    view = projection.graph(run, states, now, preview)
    keep = "&" + urlencode({k: v for k, v in (("from", path), ("reuse", reuse)) if v})
    head = header(run, states, now)
    context = {
        "run": run,
        "head": head,
        "plan": plan_panel(preview),
        "graph": view,
        "svg": graph_svg(view, chosen, keep),
        "minimap": minimap_svg(view),
        "chosen": chosen,
        "from": path,
        "reuse": reuse,
        "choices": _choices(path, reuse, bool(head.checkpoints)),
        "keep": keep,
        "reason": request.GET.get("reason", "")[:2000],
        "key": new_key(),
        "nav": "runs",
        "rail": True,
        "may": may_operate(request),
    }
    return render(request, "runs/run_restart.html", context)


def _choices(path: str, reuse: str, has_checkpoints: bool) -> list[Choice]:
    """What the restart may keep; a mode that only the API offers stands there when it is asked."""
    if path:
        choices = [
            Choice("unaffected", f"what does not depend on {path}"),
            Choice("all-succeeded", "everything that comes out the same"),
            Choice("succeeded-before", f"what started before {path}"),
            Choice(ALONE, f"everything else: {path} runs alone"),
            Choice("none", "nothing"),
        ]
    else:
        choices = [Choice("all-succeeded", "everything that succeeded")]
        if has_checkpoints or reuse == "checkpoint":
            choices.append(Choice("checkpoint", "what the last checkpoint holds"))
        choices.append(Choice("none", "nothing"))
        if reuse == "unaffected":
            choices.insert(0, Choice("unaffected", "what does not depend on what runs"))
    return choices
