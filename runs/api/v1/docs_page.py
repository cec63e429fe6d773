"""The OpenAPI document made whole, and a page made from it.

A page of our own instead of Swagger: no script, nothing from elsewhere, so it stands under the
site's content security policy and works without a network.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from ninja.openapi.docs import DocsBase

from runs.api.v1.auth import actor_of
from runs.api.v1.schemas.base import Problem
from runs.errors import MaverickError, NotSignedIn, StepFailure, WrongMethod
from runs.problem_json import CONTENT_TYPE

REFUSALS = {
    400: "The body is not JSON.",
    401: "No token, or one that is not good.",
    403: "The token or login does not have the role.",
    404: "There is no such thing.",
    409: "It does not fit the state things are in.",
    413: "The body is larger than 10 MB.",
    415: "The body is not sent as JSON.",
    422: "The request cannot be carried out as it is; `problems` says why.",
    500: "Something went wrong on the server; `error_id` is in its log.",
    503: "The server cannot answer at the moment; `Retry-After` says when to ask again.",
}
TAGS = {
    "Runs": "Start runs and see how they stand.",
    "Recovery": "Restart with reuse, preview it, keep good runs, see where a run comes from.",
    "Golden": "Good runs kept as baselines, and checks against them.",
    "Executions": "The nodes of a run: attempts, input, output, log.",
    "Approvals": "Steps that wait for somebody's decision, and the decision.",
    "Events": "What happened, in order, now or as it happens.",
    "Checkpoints": "Saved states of a run.",
    "Workflows": "Known workflows and their versions.",
    "Agents": "Who has registered to do work, and calling them.",
    "Views": "Searches of the run list that are kept under a name, for oneself or for everybody.",
    "Tokens": "Who may use this API.",
    "Audit": "Who changed what, when and from where.",
    "Webhooks": "Addresses that are told when a run ends, and what was sent to them.",
}


def document(schema: dict[str, Any]) -> dict[str, Any]:
    """Ninja's document with every refusal, the stream and the tags in it."""
    template = "#/components/schemas/{model}"
    shape = Problem.model_json_schema(ref_template=template, mode="serialization")
    schemas = schema["components"]["schemas"]
    schemas.update(shape.pop("$defs"))
    schemas["Problem"] = shape
    told = {CONTENT_TYPE: {"schema": {"$ref": template.format(model="Problem")}}}
    for operations in schema["paths"].values():
        for operation in operations.values():
            answers = operation["responses"]
            for status in (*operation.pop("x-refusals", ()), 500, 503):
                answers[status] = {"description": REFUSALS[status], "content": told}
            if 201 in answers:
                answers[201]["headers"] = {
                    "Location": {"schema": {"type": "string"}, "description": "Where it is found."}
                }
            if operation["operationId"] == "listEvents":
                answers[200]["content"]["text/event-stream"] = {"schema": {"type": "string"}}
            operation["responses"] = {str(status): answers[status] for status in sorted(answers)}
    schema["components"]["schemas"] = dict(sorted(schemas.items()))
    schema["tags"] = [{"name": name, "description": text} for name, text in TAGS.items()]
    return schema


def only_signed_in(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponseBase]:
    """Document and page need a login or a token, like everything else."""

    @wraps(view, updated=())
    def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        if request.method != "GET":
            raise WrongMethod(f"{request.path} is for reading.", allow="GET, HEAD")
        if actor_of(request) is None:
            raise NotSignedIn(hint="Send `Authorization: Bearer TOKEN`.")
        return view(request, **kwargs)

    return guarded


class DocsPage(DocsBase):
    """The document as a page."""

    def render_page(self, request: HttpRequest, api: Any, **kwargs: Any) -> HttpResponse:
        schema = json.loads(json.dumps(api.get_openapi_schema(), default=str))
        context = {
            "nav": "api",
            "info": schema["info"],
            "sections": list(sections(schema)),
            "refused": codes(MaverickError, without=StepFailure),
            "failed": codes(StepFailure),
        }
        return render(request, "api/docs.html", context)


def sections(schema: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The operations by tag, each with what a reader wants to see of it."""
    for tag in schema["tags"]:
        found = [
            _shown(schema, method, path, operation)
            for path, operations in schema["paths"].items()
            for method, operation in operations.items()
            if tag["name"] in operation["tags"]
        ]
        yield {**tag, "operations": found}


def _shown(
    schema: Mapping[str, Any], method: str, path: str, operation: Mapping[str, Any]
) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    shape = _resolved(schema, body.get("schema", {}))
    good = next(status for status in operation["responses"] if status < "300")
    answer = operation["responses"][good].get("content", {}).get("application/json", {})
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation["summary"],
        "description": operation.get("description", ""),
        "role": operation["x-role"],
        "parameters": [
            {
                "name": one["name"],
                "in": one["in"],
                "type": _type(one["schema"]),
                "required": one["required"],
                "description": one.get("description", ""),
            }
            for one in operation["parameters"]
        ],
        "fields": list(_fields(shape)),
        "examples": [_pretty(one) for one in _examples(shape)],
        "good": good,
        "answer": list(_fields(_resolved(schema, answer.get("schema", {})))),
        "answer_examples": [
            _pretty(one) for one in _examples(_resolved(schema, answer.get("schema", {})))
        ],
        "refusals": [
            {"status": status, "description": one["description"]}
            for status, one in operation["responses"].items()
            if status >= "400"
        ],
    }


def _resolved(schema: Mapping[str, Any], shape: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema behind a reference; of `X | null` the X."""
    choices = [one for one in shape.get("anyOf", ()) if one.get("type") != "null"]
    if len(choices) == 1:
        return _resolved(schema, choices[0])
    name = shape.get("$ref", "").rpartition("/")[2]
    return schema["components"]["schemas"][name] if name else shape


def _fields(shape: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    required = shape.get("required", ())
    for name, field in shape.get("properties", {}).items():
        yield {
            "name": name,
            "type": _type(field),
            "required": name in required,
            "description": field.get("description", ""),
        }


def _type(field: Mapping[str, Any]) -> str:
    if "$ref" in field:
        return str(field["$ref"].rpartition("/")[2]).removesuffix("Out").removesuffix("In")
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(_type(one) for one in field["anyOf"]))
    if "enum" in field:
        return " | ".join(str(one) for one in field["enum"])
    if field.get("type") == "array":
        return f"list of {_type(field.get('items', {}))}"
    return str(field.get("format") or field.get("type") or "any JSON")


def _examples(shape: Mapping[str, Any]) -> list[Any]:
    return [shape["example"]] if "example" in shape else list(shape.get("examples", ()))


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def codes(
    root: type[MaverickError], without: type[MaverickError] | None = None
) -> list[dict[str, Any]]:
    """Every code that errors below ``root`` are told under, with its meaning."""
    found: dict[str, dict[str, Any]] = {}
    todo = [root]
    while todo:
        kind = todo.pop()
        if kind is without:
            continue
        todo.extend(kind.__subclasses__())
        # Somewhere a test may derive its own; what is public lives in this project's packages.
        if kind.__module__.startswith("runs."):
            meaning = (kind.__doc__ or "").strip().splitlines()[0]
            found.setdefault(
                kind.code, {"code": kind.code, "status": kind.status, "meaning": meaning}
            )
    return sorted(found.values(), key=lambda one: (one["status"], one["code"]))
