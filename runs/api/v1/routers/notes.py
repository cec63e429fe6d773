"""What people write on a run: notes and labels."""

from django.http import HttpRequest, HttpResponse
from ninja import Router

from runs.api.v1.auth import asker
from runs.api.v1.routes import READING, WRITING, route
from runs.api.v1.schemas.base import reply
from runs.api.v1.schemas.notes import LabelsIn, NoteIn, NoteOut
from runs.api.v1.schemas.runs import RunOut
from runs.operations.label_run import set_labels
from runs.operations.note_run import write_note
from runs.projections.api_runs import get_run, require_run
from runs.projections.run_note import get_note, note_facts

router = Router()


@router.get(
    "/{run_id}/note",
    **route("getNote", NoteOut, refusals=READING, summary="A run's notes", tag="Runs"),
)
def note(request: HttpRequest, run_id: str) -> HttpResponse:
    """In Markdown. A run without notes answers an empty text of revision 0."""
    require_run(run_id)
    return reply(NoteOut, get_note(run_id))


@router.put(
    "/{run_id}/note",
    **route(
        "writeNote",
        NoteOut,
        role="operator",
        refusals=WRITING,
        summary="Write a run's notes",
        tag="Runs",
    ),
)
def put_note(request: HttpRequest, run_id: str, body: NoteIn) -> HttpResponse:
    """Name the `revision` that was read, and nothing is written over that was not seen: 409
    `note-changed` otherwise. An empty text takes the notes away."""
    written = write_note(run_id, body.text, by=asker(request), revision=body.revision)
    return reply(NoteOut, note_facts(written))


@router.put(
    "/{run_id}/labels",
    **route(
        "setLabels",
        RunOut,
        role="operator",
        refusals=WRITING,
        summary="Set a run's labels",
        tag="Runs",
    ),
)
def labels(request: HttpRequest, run_id: str, body: LabelsIn) -> HttpResponse:
    """At most 50, names of 63 and values of 200 characters. Also while the run goes on."""
    set_labels(run_id, dict(body.labels), by=asker(request))
    return reply(RunOut, get_run(run_id))
