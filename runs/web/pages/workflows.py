"""The catalogue: every workflow that is known here, its last runs, and the form that starts it."""

import json
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import F, Window
from django.db.models.functions import RowNumber
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from runs import environment
from runs.definition.spec import InputSpec
from runs.errors import MaverickError
from runs.models import Run, WorkflowVersion
from runs.models.stored import drawable_version
from runs.operations.start_run import start_run
from runs.web.commands import key_of, may_operate, new_key, operator
from runs.web.toasts import say, say_refused
from runs.web.workflow_files import place_of, workflow_files

LAST_RUNS = 5
MOST = 200


@dataclass(frozen=True, slots=True)
class InputField:
    """One field of the form that starts a workflow."""

    name: str
    type: str
    description: str
    required: bool
    secret: bool
    value: str
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WorkflowCard:
    """One workflow of the page."""

    name: str
    description: str
    version: int
    origin: str
    inputs: tuple[InputField, ...]
    last: tuple[Run, ...]


@login_required
@require_safe
def workflow_list(request: HttpRequest) -> HttpResponse:
    """``GET /workflows``."""
    cards = _cards()
    return render(
        request,
        "runs/workflow_list.html",
        {"workflows": cards, "key": new_key(), "nav": "workflows", "may": may_operate(request)},
    )


@login_required
@require_safe
def source(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """``GET /workflows/{name}/versions/{n}``: the text as it was, one anchor a line."""
    version = (
        WorkflowVersion.objects.select_related("workflow")
        .filter(workflow__name=name, number=number)
        .first()
    )
    if version is None:
        raise Http404("There is no such version.")
    context = {
        "version": version,
        "place": place_of(version.file),
        "lines": version.source.split("\n"),
        "nav": "workflows",
    }
    return render(request, "runs/workflow_source.html", context)


@login_required
@require_POST
def start(request: HttpRequest, name: str) -> HttpResponse:
    """Start a workflow with what the form holds; a field left empty takes its default."""
    who = operator(request)
    given: dict[str, Any] = {
        key.removeprefix("input."): value
        for key, value in request.POST.items()
        if key.startswith("input.") and value != ""
    }
    try:
        run = start_run(workflow=name, inputs=given, by=who, idempotency_key=key_of(request, name))
    except MaverickError as refused:
        say_refused(request, refused)
        return HttpResponseRedirect(reverse("workflow-list"))
    say(request, "started.", strong=run.pk)
    return HttpResponseRedirect(reverse("run", args=[run.pk]))


def _cards() -> list[WorkflowCard]:
    newest = {
        version.workflow.name: version
        for version in WorkflowVersion.objects.select_related("workflow")
        .order_by("workflow_id", "number")
        .defer("source", "bundle")[: MOST * 5]
    }
    ranked = Run.objects.annotate(
        rank=Window(RowNumber(), partition_by=F("workflow_name"), order_by=F("id").desc())
    )
    last: dict[str, list[Run]] = {}
    names = list(newest)[:MOST]
    for run in (
        ranked.filter(workflow_name__in=names, rank__lte=LAST_RUNS)
        .only("id", "workflow_name", "status", "created_at")
        .order_by("-id")
    ):
        last.setdefault(run.workflow_name, []).append(run)
    cards = []
    for name, file in workflow_files().items():
        spec = file.spec
        version = newest.pop(name, None)
        cards.append(
            WorkflowCard(
                name,
                spec.description,
                version.number if version else 0,
                file.place,
                tuple(_field(one) for one in spec.inputs.values()),
                tuple(last.get(name, ())),
            )
        )
    for name, version in list(newest.items())[:MOST]:
        made = drawable_version(version.pk)
        inputs = made.spec.inputs.values() if made else ()
        cards.append(
            WorkflowCard(
                name,
                made.spec.description if made else version.workflow.description,
                version.number,
                place_of(version.file),
                tuple(_field(one) for one in inputs),
                tuple(last.get(name, ())),
            )
        )
    return sorted(cards, key=lambda card: card.name)


def _field(declared: InputSpec) -> InputField:
    value = declared.default
    secret = declared.secret or environment.is_secret_key(declared.name)
    shown = "" if value is None or secret else value
    if isinstance(shown, bool):
        shown = "true" if shown else "false"
    elif not isinstance(shown, str | int | float):
        shown = json.dumps(shown)
    choices = tuple(str(one) for one in declared.enum or ())
    if declared.type == "boolean" and not choices:
        choices = ("true", "false")
    return InputField(
        name=declared.name,
        type=str(declared.type),
        description=declared.description,
        required=declared.required and not declared.has_default,
        secret=secret,
        value=str(shown),
        choices=choices,
    )
