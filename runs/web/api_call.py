"""The list as a call of the API and as a command."""

import shlex
from dataclasses import dataclass
from urllib.parse import quote

from django.http import HttpRequest

from runs.projections.run_filter import RunFilter


@dataclass(frozen=True, slots=True)
class ApiCall:
    """How a program gets what the page shows."""

    curl: str
    command: str


def api_call(request: HttpRequest, asked: RunFilter) -> ApiCall:
    """For a shell: everything that somebody typed is quoted."""
    search = f"?filter={quote(asked.search)}" if asked.search else ""
    address = request.build_absolute_uri(f"/api/v1/runs{search}")
    option = f" --filter {shlex.quote(asked.search)}" if asked.search else ""
    return ApiCall(
        curl=f'curl -H "Authorization: Bearer $MAVERICK_TOKEN" {shlex.quote(address)}',
        command=f"maverick runs list{option}",
    )
