"""What each tab of a run's page shows, beside the graph. Each function asks one projection."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from runs.models import Run
from runs.projections import lineage, run_detail
from runs.projections.run_events import GROUPS, event_list
from runs.projections.run_io import source_changes
from runs.projections.run_log import LEVELS, log_page
from runs.projections.step_states import StepState
from runs.projections.step_table import step_table
from runs.projections.timeline import timeline
from runs.web import run_query
from runs.web.gantt_svg import axis_svg, gantt_svg
from runs.web.json_view import json_view
from runs.web.markdown import markdown_html

States = Mapping[str, StepState]
Tab = Callable[[HttpRequest, Run, States, datetime], dict[str, Any]]


def _timeline(request: HttpRequest, run: Run, states: States, now: datetime) -> dict[str, Any]:
    asked = run_query.timeline_asked(request)
    made = timeline(run, states, now, asked)
    zoom = run_query.zoom(request)
    return {
        "timeline": made,
        "asked": asked,
        "opened": asked.opened,
        "axis": axis_svg(made),
        "gantt": gantt_svg(made, asked.chosen),
        "zoom": zoom,
        "wider": min(zoom * 2, run_query.ZOOMS[-1]),
        "narrower": max(zoom // 2, 1),
    }


def _steps(request: HttpRequest, run: Run, states: States, now: datetime) -> dict[str, Any]:
    asked = run_query.steps_asked(request)
    return {
        "steps": step_table(run, states, now, asked),
        "asked": asked,
        "opened": asked.opened,
    }


def _checkpoints(request: HttpRequest, run: Run, states: States, now: datetime) -> dict[str, Any]:
    return {
        "checkpoints": run_detail.checkpoints(run),
        "finished_as": run_detail.finished_as(run),
    }


def _lineage(request: HttpRequest, run: Run, states: States, now: datetime) -> dict[str, Any]:
    return {"family": lineage.in_tree(lineage.family(run.pk), now)}


def _log(request: HttpRequest, run: Run, states: States, now: datetime) -> dict[str, Any]:
    asked = run_query.log_asked(request)
    return {
        "log": log_page(run.pk, asked),
        "asked": asked,
        "levels": LEVELS,
        "wrap": request.GET.get("wrap") == "on",
    }


def _events(request: HttpRequest, run: Run, states: States, now: datetime) -> dict[str, Any]:
    group = request.GET.get("group", "")
    find = run_query.text(request, "q")
    before = run_query.number(request, "before") or None
    return {
        "events": event_list(run.pk, group if group in GROUPS else "", find, before),
        "groups": GROUPS,
        "group": group,
        "find": find,
        "before": before,
    }


def _io(request: HttpRequest, run: Run, states: States, now: datetime) -> dict[str, Any]:
    find = run_query.text(request, "q")
    against = request.GET.get("against") == "source" and run.source_id is not None
    here = reverse("input", args=[run.pk]), reverse("output", args=[run.pk])
    return {
        "find": find,
        "against": against,
        "changes": source_changes(run) if against else None,
        "input_view": json_view(run.inputs, "inputs", here[0], find),
        "output_view": json_view(run.outputs, "", here[1], find),
    }


def _notes(request: HttpRequest, run: Run, states: States, now: datetime) -> dict[str, Any]:
    note = getattr(run, "notes", None)
    return {
        "note": note,
        "note_html": markdown_html(note.text) if note and note.text else "",
        "edit": request.GET.get("edit", ""),
        "note_text": note.text if note else "",
        "note_revision": note.revision if note else 0,
        "label_text": "\n".join(f"{name}={value}" for name, value in run.labels.items()),
    }


TABS: Mapping[str, Tab] = {
    "timeline": _timeline,
    "steps": _steps,
    "io": _io,
    "checkpoints": _checkpoints,
    "lineage": _lineage,
    "log": _log,
    "events": _events,
    "notes": _notes,
}
