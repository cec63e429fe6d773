"""The API: its routes, its one shape of errors, its document and its page."""

from collections.abc import Callable
from functools import cached_property, wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, URLResolver, re_path
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from runs.api.v1.docs_page import DocsPage, document, only_signed_in
from runs.api.v1.errors import DOCS_HINT, problem, to_response
from runs.api.v1.parsing import JsonParser, refuse_large
from runs.api.v1.routers import (
    agents,
    approvals,
    audit,
    bulk,
    checkpoints,
    deletion,
    events,
    executions,
    explain,
    golden,
    notes,
    recovery,
    runs,
    tokens,
    transfer,
    views,
    webhooks,
    workflows,
)
from runs.errors import Refused, UnknownPath, WrongMethod

View = Callable[..., HttpResponseBase]


class MaverickApi(NinjaAPI):
    """Ninja's API with problem+json where ninja and Django answer in manners of their own."""

    def _get_urls(self) -> list[URLResolver | URLPattern]:
        patterns = super()._get_urls()
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                pattern.callback = with_manners(pattern.callback)
        # Last of all: what nobody answers to. An API of other manners under the same prefix
        # (AgentField's paths) is to be included before this one.
        return [*patterns, re_path(r"^.*$", with_manners(_nothing_here), name="nothing-here")]

    @cached_property
    def _document(self) -> Any:
        return document(super().get_openapi_schema())

    def get_openapi_schema(self, **kwargs: Any) -> Any:
        """The document, with every refusal in it. Made once a process: of a visit to its page it
        would be four fifths of the time. Nobody may change what this returns."""
        if any(kwargs.values()):  # for another prefix
            return document(super().get_openapi_schema(**kwargs))
        return self._document


def _nothing_here(request: HttpRequest, **_: Any) -> HttpResponse:
    raise UnknownPath(f"There is nothing at {request.path}.", hint=DOCS_HINT)


def _told(request: HttpRequest, error: Any) -> HttpResponse:
    return to_response(request, error)


def with_manners(view: View) -> View:
    """The view, with everything that goes wrong told as a problem."""

    @wraps(view, updated=())
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            refuse_large(request)
            if "\x00" in request.path:
                raise UnknownPath("There is nothing at an address with a NUL character.")
            if any("\x00" in value for values in request.GET.lists() for value in values[1]):
                raise Refused("A query value has a NUL character.")
            head = request.method == "HEAD"
            if head:
                request.method = "GET"
                request.META.pop("HTTP_ACCEPT", None)  # no stream for somebody who reads nothing
            response = view(request, *args, **kwargs)
        except Exception as error:
            # The last frame before Django's own answer, which is HTML: what nobody foresaw is
            # logged under an id there and told as a problem.
            return to_response(request, error)
        if response.status_code == 405:
            methods = set(response["Allow"].split(", "))
            allowed = ", ".join(sorted(methods | {"HEAD"} if "GET" in methods else methods))
            return problem(
                request,
                WrongMethod(
                    f"{request.path} does not answer to {request.method}.",
                    hint=f"It answers to {allowed}.",
                    allow=allowed,
                ),
            )
        if head and isinstance(response, HttpResponse):
            response["Content-Length"] = str(len(response.content))
            response.content = b""
        return response

    answered.csrf_exempt = True  # type: ignore[attr-defined]  # auth.py checks logins itself
    return answered


api = MaverickApi(  # type: ignore[misc]  # of ninja's own default for a decorator
    title="Maverick",
    version="1",
    description="Restart a workflow from any point, reuse the work that is already recorded, "
    "and see exactly what was reused and why.",
    urls_namespace="api-v1",
    parser=JsonParser(),
    docs=DocsPage(),
    docs_url="/docs",
    docs_decorator=only_signed_in,
    openapi_url="/openapi.json",
)
# Ninja has handlers of its own for these; the last one takes everything else.
for kind in (AuthenticationError, ValidationError, HttpError, Http404, Exception):
    api.add_exception_handler(kind, _told)

api.add_router("/runs", bulk.router)
api.add_router("/runs", transfer.router)  # before `/runs/{id}`
api.add_router("/runs", runs.router)
api.add_router("/runs", executions.router)
api.add_router("/runs", explain.router)
api.add_router("/executions", explain.executions)
api.add_router("/runs", events.router)
api.add_router("/runs", checkpoints.router)
api.add_router("/checkpoints", checkpoints.files)
api.add_router("/runs", approvals.router)
api.add_router("/executions", recovery.router)
api.add_router("/runs", golden.router)
api.add_router("/golden", golden.names)
api.add_router("/runs", notes.router)
api.add_router("/runs", deletion.router)
api.add_router("/gc", deletion.cleaning)
api.add_router("/workflows", workflows.router)
api.add_router("/agents", agents.router)
api.add_router("/views", views.router)
api.add_router("/tokens", tokens.router)
api.add_router("/audit", audit.router)
api.add_router("/webhooks", webhooks.router)
