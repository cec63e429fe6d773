"""The catalogue: every workflow that is known here, and how its runs went."""

from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from runs.models.stored import stored_errors
from runs.projections.workflow_catalog import newest_versions
from runs.projections.workflow_stats import LAST, NO_RUNS, WorkflowStats, stats_of
from runs.web.commands import may_operate
from runs.web.workflow_files import place_of, workflow_files

MOST = 200


@dataclass(frozen=True, slots=True)
class WorkflowRow:
    """One workflow of the page."""

    name: str
    description: str
    version: int  # 0: it has not been published or run
    place: str
    errors: int  # of its file, or of the newest version
    stats: WorkflowStats


@login_required
@require_safe
def workflow_list(request: HttpRequest) -> HttpResponse:
    """``GET /workflows``, ``?q=`` part of a name or a description."""
    words = request.GET.get("q", "").strip()[:200]
    rows = [row for row in _rows() if _fits(row, words)]
    stats = stats_of([row.name for row in rows])
    context = {
        "rows": [_with(row, stats.get(row.name, NO_RUNS)) for row in rows],
        "words": words,
        "last": LAST,
        "nav": "workflows",
        "may": may_operate(request),
    }
    return render(request, "runs/workflow_list.html", context)


def _rows() -> list[WorkflowRow]:
    versions = newest_versions(MOST)
    rows = {
        name: WorkflowRow(
            name,
            file.spec.description if file.spec else "",
            versions[name].number if name in versions else 0,
            file.place,
            file.errors,
            NO_RUNS,
        )
        for name, file in workflow_files().items()
    }
    stored = {name: version for name, version in versions.items() if name not in rows}
    errors = stored_errors([version.id for version in stored.values()])
    for name, version in stored.items():
        rows[name] = WorkflowRow(
            name,
            version.description,
            version.number,
            place_of(version.file),
            errors.get(version.id, 0),
            NO_RUNS,
        )
    return sorted(rows.values(), key=lambda row: row.name)


def _fits(row: WorkflowRow, words: str) -> bool:
    return words.casefold() in f"{row.name}\n{row.description}".casefold()


def _with(row: WorkflowRow, stats: WorkflowStats) -> WorkflowRow:
    return WorkflowRow(row.name, row.description, row.version, row.place, row.errors, stats)
