"""One workflow: its past, source, graph, versions, and the form that starts it."""

import difflib
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from runs import steppath
from runs.definition.drawing.words import notes, what
from runs.definition.inputs import misfits
from runs.definition.problems import Problem
from runs.definition.spec import WorkflowSpec
from runs.errors import InvalidInputs, MaverickError, Refused
from runs.models.stored import drawable_version
from runs.operations.start_run import start_run, with_secret_names
from runs.operations.validate_workflow import drawable_text, validate_workflow
from runs.planning.graph import Compiled
from runs.projections.approvals import form_fields
from runs.projections.graph_defined import definition_view
from runs.projections.workflow_catalog import StoredVersion, stored_versions, version_text
from runs.projections.workflow_stats import NO_RUNS, past_runs, stats_of
from runs.web.commands import key_of, may_operate, new_key, operator
from runs.web.form_input import form_inputs, secret_in, sent_values
from runs.web.graph_svg import graph_svg, minimap_svg
from runs.web.label_text import labels_of
from runs.web.run_charts import durations_chart, success_chart
from runs.web.toasts import say, why
from runs.web.workflow_files import place_of, workflow_file
from runs.web.yaml_colour import yaml_lines

TABS = ("overview", "source", "graph", "versions", "run")
MOST_DIFF = 2000  # lines
MOST_FILE = 1024 * 1024  # bytes of an uploaded input


@dataclass(frozen=True)
class Subject:
    """The workflow of the page: the text that a new run would take."""

    name: str
    text: str
    file: str
    place: str
    versions: tuple[StoredVersion, ...]  # newest first
    in_file: bool

    @property
    def newest(self) -> StoredVersion | None:
        """The newest version, if it was ever published or run."""
        return self.versions[0] if self.versions else None


@login_required
@require_safe
def workflow(request: HttpRequest, name: str) -> HttpResponse:
    """``GET /workflows/{name}?tab=``."""
    subject = _subject(name)
    tab = request.GET.get("tab", "")
    return _show(request, subject, tab if tab in TABS[:-1] else TABS[0])


@sensitive_post_parameters()  # any input may be a secret
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest, name: str) -> HttpResponse:
    """``GET`` shows the form, ``POST`` starts a run; a field left empty takes its default."""
    if request.method != "POST":
        return _show(request, _subject(name), "run")
    who = operator(request)
    try:
        given, labels = _given(request), labels_of(request.POST.get("labels", ""))
        key = key_of(request, name)
        run = start_run(workflow=name, inputs=given, labels=labels, by=who, idempotency_key=key)
    except MaverickError as refused:
        return _show(request, _subject(name), "run", refused)
    say(request, "started.", strong=run.pk)
    return HttpResponseRedirect(reverse("run", args=[run.pk]))


@login_required
@require_safe
def source(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """``GET /workflows/{name}/versions/{n}``: the text as it was, one anchor a line."""
    found = version_text(name, number)
    if found is None:
        raise Http404("There is no such version.")
    text, file = found
    context = {
        "name": name,
        "number": number,
        "place": place_of(file),
        "lines": yaml_lines(text),
        "nav": "workflows",
    }
    return render(request, "runs/workflow_source.html", context)


def _subject(name: str) -> Subject:
    versions = stored_versions(name)
    try:
        file = workflow_file(name)
    except MaverickError:  # two files of one name: what ran last is shown
        file = None
    if file is not None:
        path = str(file.path)
        return Subject(name, file.text, path, place_of(path), versions, True)
    if not versions:
        raise Http404(f"There is no workflow {name[:100]}.")
    text, path = version_text(name, versions[0].number) or ("", "")
    return Subject(name, text, path, place_of(path), versions, False)


def _given(request: HttpRequest) -> dict[str, Any]:
    """What the form holds: its fields, files in the place of fields, or all of it as one JSON."""
    given: dict[str, Any] = sent_values(request.POST, "input.") | _from_files(request)
    text = request.POST.get("json", "").strip()
    if text:
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as wrong:
            raise Refused(f"The inputs are no JSON: {wrong}.") from None
        if not isinstance(document, dict):
            raise Refused('The inputs as JSON are an object: {"name": value}.')
        given |= document
    return given


def _from_files(request: HttpRequest) -> dict[str, str]:
    """The texts of the files that were sent in the place of fields."""
    return {name: _text_of(file) for name, file in _files(request)}


def _files(request: HttpRequest) -> Iterator[tuple[str, "UploadedFile[Any]"]]:
    for control, file in request.FILES.items():
        if control.startswith("file.") and isinstance(file, UploadedFile) and file.size:
            yield control.removeprefix("file."), file


def _text_of(file: "UploadedFile[Any]") -> str:
    if (file.size or 0) > MOST_FILE:
        raise Refused(f"{file.name} is larger than 1 MB.", hint="Give its path, or store it.")
    try:
        file.seek(0)  # read to its end before, when the form is shown again
        return bytes(file.read()).decode("utf-8").replace("\x00", "")
    except UnicodeDecodeError:
        raise Refused(f"{file.name} is no UTF-8 text.") from None


def _show(
    request: HttpRequest, subject: Subject, tab: str, refused: MaverickError | None = None
) -> HttpResponse:
    stats = stats_of([subject.name]).get(subject.name, NO_RUNS)
    context: dict[str, Any] = {
        "subject": subject,
        "stats": stats,
        "tab": tab,
        "may": may_operate(request),
        "nav": "workflows",
        **_BUILD[tab](request, subject, refused),
    }
    spec = _spec(subject)
    context["description"] = spec.description if spec else ""
    context["problems_count"] = 0 if spec else _errors(subject)
    return render(request, "runs/workflow.html", context, status=refused.status if refused else 200)


def _errors(subject: Subject) -> int:
    """How many problems keep a text from running; at least one."""
    problems = validate_workflow(subject.text, file=subject.file).problems
    return max(1, sum(1 for one in problems if one.severity == "error"))


def _spec(subject: Subject) -> WorkflowSpec | None:
    """The declaration that a run would take; None when the text has errors."""
    made = _compiled(subject)
    return made.spec if made else None


def _compiled(subject: Subject) -> Compiled | None:
    if subject.in_file:
        return drawable_text(subject.text, file=subject.file)
    return drawable_version(subject.newest.id) if subject.newest else None


def _overview(
    request: HttpRequest, subject: Subject, refused: MaverickError | None
) -> dict[str, Any]:
    runs = past_runs(subject.name)
    return {
        "runs": runs[:20],
        "durations": durations_chart(runs),
        "success": success_chart(subject.name, runs),
    }


def _source(
    request: HttpRequest, subject: Subject, refused: MaverickError | None
) -> dict[str, Any]:
    problems = validate_workflow(subject.text, file=subject.file).problems
    at: dict[int, list[Problem]] = {}
    elsewhere = []
    for problem in problems:
        if problem.line is None or problem.file != subject.file:
            elsewhere.append(problem)
        else:
            at.setdefault(problem.line, []).append(problem)
    lines: list[tuple[SafeString, list[Problem]]] = [
        (line, sorted(at.get(number, []), key=lambda problem: problem.severity != "error"))
        for number, line in enumerate(yaml_lines(subject.text), start=1)
    ]
    return {"lines": lines, "problems": problems, "elsewhere": elsewhere}


def _graph(request: HttpRequest, subject: Subject, refused: MaverickError | None) -> dict[str, Any]:
    made = _compiled(subject)
    if made is None:
        return {"graph": None}
    view = definition_view(subject.name, made)
    chosen = request.GET.get("node", "")[:1000]
    node = made.nodes.get(steppath.pattern(chosen)) if chosen else None
    about = None
    if node is not None:
        mark = node.step.mark
        around = made.undoing if node.undoes else made.scopes
        about = {
            "path": chosen,
            "type": node.step.type,
            "what": what(node.step),
            "notes": notes(node.step),
            "line": mark.line if mark and around[node.parent].workflow is made.spec else None,
        }
    return {
        "graph": view,
        "svg": graph_svg(view, chosen if node else "", "&tab=graph"),
        "minimap": minimap_svg(view),
        "chosen": about,
    }


def _versions(
    request: HttpRequest, subject: Subject, refused: MaverickError | None
) -> dict[str, Any]:
    numbers = [version.number for version in subject.versions]
    asked = [request.GET.get("from", ""), request.GET.get("to", "")]
    chosen = [int(text) for text in asked if text.isascii() and text.isdecimal() and len(text) < 9]
    if len(chosen) != 2 or not set(chosen) <= set(numbers):
        chosen = numbers[1::-1] if len(numbers) > 1 else []
    diff, cut = "", False
    if len(chosen) == 2:
        old, new = (version_text(subject.name, number) or ("", "") for number in chosen)
        lines = list(
            difflib.unified_diff(
                old[0].splitlines(),
                new[0].splitlines(),
                f"version {chosen[0]}",
                f"version {chosen[1]}",
                lineterm="",
            )
        )
        diff, cut = "\n".join(lines[:MOST_DIFF]), len(lines) > MOST_DIFF
    return {"numbers": numbers, "compared": chosen, "diff": diff, "diff_is_cut": cut}


def _run(request: HttpRequest, subject: Subject, refused: MaverickError | None) -> dict[str, Any]:
    spec = _spec(subject)
    if spec is None:
        return {"fields": None, "error": why(refused) if refused else ""}
    typed: dict[str, str] | None = None
    if request.method == "POST":
        typed = request.POST.dict()
        for input_name, file in _files(request):
            # What a file held stands in the field from now on: a browser sends no file again. One
            # that is no text is what the form is refused for.
            with suppress(Refused):
                typed[f"input.{input_name}"] = _text_of(file)
    problems: dict[str, str] = {}
    error = why(refused) if refused else ""
    if isinstance(refused, InvalidInputs):
        try:
            given = _given(request)
        except Refused:
            given = {}
        problems = misfits(with_secret_names(spec).inputs, given)
        if problems and len(problems) == len(refused.problems):
            error = refused.message  # each of them stands beside its field
    fields = form_inputs(
        form_fields(spec.inputs.values()), prefix="input.", at="i", typed=typed, problems=problems
    )
    return {
        "fields": fields,
        "files": True,
        "json": _shown_json(request, spec),
        "label_text": request.POST.get("labels", ""),
        "error": error,
        "key": new_key(),
    }


def _shown_json(request: HttpRequest, spec: WorkflowSpec) -> str:
    """What was typed as JSON, unless there is a secret in it: that does not come back."""
    text = request.POST.get("json", "")
    try:
        return "" if secret_in(spec.inputs, json.loads(text)) else text
    except (ValueError, RecursionError):
        return text


_BUILD = {
    "overview": _overview,
    "source": _source,
    "graph": _graph,
    "versions": _versions,
    "run": _run,
}
