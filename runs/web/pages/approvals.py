"""The inbox: every step that waits for somebody's decision, with its form."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from runs.definition.inputs import misfits
from runs.errors import InvalidInputs, MaverickError, Refused
from runs.operations.decide_approval import decide_approval
from runs.projections.approvals import Approval, Waiting, count_waiting, declared_form, inbox
from runs.web.commands import actor
from runs.web.form_input import FormInput, form_inputs, sent_values
from runs.web.toasts import say, why

LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Question:
    """One sheet of the page."""

    waiting: Waiting
    fields: tuple[FormInput, ...]
    comment: str
    error: str

    @property
    def approval(self) -> Approval:
        """What is asked."""
        return self.waiting.approval


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def approvals(request: HttpRequest) -> HttpResponse:
    """``GET`` (``?part=list``: the questions alone, ``?part=count``: how many wait for the asker);
    ``POST decision=approve | reject`` for one of them, by whoever its step names."""
    if request.method == "POST":
        return _decide(request)
    if request.GET.get("part") == "count":
        return HttpResponse(str(count_waiting(actor(request)) or ""), content_type="text/plain")
    return _show(request)


def _decide(request: HttpRequest) -> HttpResponse:
    sent = request.POST
    run_id, where = sent.get("run", "")[:LONGEST], sent.get("where", "")[:LONGEST]
    said = sent.get("decision")
    try:
        if said not in ("approve", "reject"):
            raise Refused("Say approve or reject.")
        decide_approval(
            run_id,
            where,
            approve=said == "approve",
            by=actor(request),
            comment=sent.get("comment", "")[:2000],
            values=sent_values(sent, "field."),
        )
    except MaverickError as refused:
        return _show(request, refused, where)
    step = f"{reverse('run', args=[run_id])}?{urlencode({'node': where})}"
    word = "is approved." if said == "approve" else "is rejected."
    say(request, word, strong=where, href=step)
    return HttpResponseRedirect(reverse("approvals"))


def _show(
    request: HttpRequest, refused: MaverickError | None = None, where: str = ""
) -> HttpResponse:
    found = inbox(actor(request))
    run_id = request.POST.get("run", "")
    questions = [
        _question(one, request.POST, refused)
        if refused is not None and (one.run_id, one.approval.path) == (run_id, where)
        else _question(one)
        for one in found.items
    ]
    context = {
        "questions": questions,
        "more": found.more,
        "mine": found.mine,
        "waiting_count": found.mine,
        "error": why(refused) if refused and not any(one.error for one in questions) else "",
        "nav": "approvals",
    }
    part = request.GET.get("part") == "list"
    template = "runs/parts/_inbox.html" if part else "runs/approvals.html"
    return render(request, template, context, status=refused.status if refused else 200)


def _question(
    one: Waiting, typed: Mapping[str, str] | None = None, refused: MaverickError | None = None
) -> Question:
    problems: dict[str, str] = {}
    if isinstance(refused, InvalidInputs):
        problems = misfits(declared_form(one), sent_values(typed or {}, "field."))
    fields = form_inputs(
        one.approval.form,
        prefix="field.",
        at=one.approval.execution_id,
        typed=typed,
        problems=problems,
    )
    error = "" if refused is None else "Look at the marked fields." if problems else why(refused)
    return Question(one, fields, str((typed or {}).get("comment", "")), error)
