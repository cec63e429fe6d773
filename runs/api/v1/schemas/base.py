"""What all shapes have in common."""

from typing import Any

from django.http import HttpResponse
from pydantic import BaseModel, ConfigDict, Field


class In(BaseModel):
    """A body: unknown keys and wrong types are refused, nothing is guessed."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Out(BaseModel):
    """An answer: made from a projection, of which it shows the declared fields only."""

    model_config = ConfigDict(from_attributes=True)


def shown(*examples: dict[str, Any]) -> ConfigDict:
    """The configuration of an answer that has examples in the API's description."""
    return ConfigDict(from_attributes=True, json_schema_extra={"examples": list(examples)})


def reply(shape: type[Out], value: Any, status: int = 200, **headers: str) -> HttpResponse:
    """``value`` (a projection) told as ``shape``.

    Checked and written by pydantic's core at once; ninja's own way asks Python for every field
    and takes longer for a graph of 1,000 nodes than everything else together.
    """
    body = shape.model_validate(value).model_dump_json(by_alias=True)
    return HttpResponse(
        body.encode(), status=status, content_type="application/json", headers=headers
    )


class ProblemItem(Out):
    """One thing that is wrong, and where."""

    file: str | None = None
    line: int | None = None
    column: int | None = None
    code: str = Field(examples=["unknown-field"])
    message: str | None = None
    hint: str | None = None
    path: str | None = Field(None, description="The field of the request, e.g. `inputs.topic`.")
    severity: str | None = Field(None, description="`error` or `warning`, of a workflow's text.")


class Problem(Out):
    """Why a request was refused or failed (RFC 9457, `application/problem+json`)."""

    type: str = Field(examples=["/api/v1/docs#error-run-not-found"])
    title: str = Field(examples=["There is no such run."])
    status: int = Field(examples=[404])
    code: str = Field(examples=["run-not-found"], description="A stable word for programs.")
    detail: str = Field(examples=["There is no run 'run_00000000000000'."])
    hint: str = Field("", description="What to do about it.")
    instance: str = Field(examples=["/api/v1/runs/run_00000000000000"])
    problems: list[ProblemItem] = []
    error_id: str | None = Field(None, description="With status 500: the id in the server's log.")
