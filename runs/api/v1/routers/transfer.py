"""Runs as files: export and import."""

import io
import tempfile
from typing import Annotated

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import Query, Router

from runs.api.v1.auth import asker
from runs.api.v1.routes import WRITING, route
from runs.api.v1.schemas.base import reply
from runs.api.v1.schemas.runs import ImportedRunOut
from runs.errors import WrongMediaType
from runs.operations.import_run import import_run
from runs.projections.api_runs import get_run
from runs.projections.export import export_run

router = Router()
ZIP = "application/zip"
_IN_MEMORY = 8 * 2**20  # a larger export goes by way of a temporary file


@router.post(
    "/import",
    **route(
        "importRun",
        ImportedRunOut,
        status=201,
        role="operator",
        refusals=WRITING,
        summary="Take an exported run in",
        tag="Runs",
    ),
)
def import_(
    request: HttpRequest,
    new_id: Annotated[bool, Query(False, description="Give the run and its steps new ids.")],
) -> HttpResponse:
    """The body is the file, as `application/zip`. 409 when a run with its id is here; 422 when it
    is damaged or none of ours. Nothing is written unless all of it is."""
    if (request.content_type or "").lower() not in (ZIP, "application/octet-stream"):
        raise WrongMediaType(
            f"The body was sent as {request.content_type or 'nothing in particular'}.",
            hint=f"Send `Content-Type: {ZIP}`.",
        )
    made = import_run(io.BytesIO(request.body), by=asker(request), new_id=new_id)
    told = {"run": get_run(made.run.pk), "notes": list(made.notes)}
    return reply(ImportedRunOut, told, 201, Location=f"/api/v1/runs/{made.run.pk}")


@router.get(
    "/{run_id}/export",
    **route("exportRun", None, refusals=(401, 404, 409), summary="A run as one file", tag="Runs"),
)
def export(request: HttpRequest, run_id: str) -> HttpResponseBase:
    """A zip with run, graph, steps, journal, logs, workflow, checkpoints, digests and RO-Crate
    metadata. Secrets are masked. 409 while the run goes on."""
    file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - the answer closes it
    try:
        export_run(run_id, file)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return FileResponse(file, as_attachment=True, filename=f"{run_id}.zip", content_type=ZIP)
