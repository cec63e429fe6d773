"""What each tab of a run's page shows, beside the graph. Each function asks one projection."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from runs.models import Run
from runs.projections import lineage, run_detail
from runs.projections.step_states import StepState
from runs.projections.step_table import step_table
from runs.projections.timeline import timeline
from runs.web import run_query
from runs.web.gantt_svg import axis_svg, gantt_svg

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
    return {"steps": step_table(run, states, now, run_query.number(request, "from"))}


def _checkpoints(request: HttpRequest, run: Run, states: States, now: datetime) -> dict[str, Any]:
    return {"checkpoints": run_detail.checkpoints(run)}


def _lineage(request: HttpRequest, run: Run, states: States, now: datetime) -> dict[str, Any]:
    return {"family": lineage.in_tree(lineage.family(run.pk), now)}


def _log(request: HttpRequest, run: Run, states: States, now: datetime) -> dict[str, Any]:
    lines, cut = run_detail.log_of_run(run)
    return {"lines": lines, "log_cut": cut}


def _nothing(request: HttpRequest, run: Run, states: States, now: datetime) -> dict[str, Any]:
    return {}


TABS: Mapping[str, Tab] = {
    "timeline": _timeline,
    "steps": _steps,
    "io": _nothing,
    "checkpoints": _checkpoints,
    "lineage": _lineage,
    "log": _log,
}
