"""The docs inside the app: pages, their navigation, and a search over all of them."""

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from runs.web import documents

GROUPS = {"steps": "Kinds of step", "decisions": "Decisions", "transcripts": "Transcripts"}


@login_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """``GET /docs``, ``/docs?q=WORDS``."""
    words = request.GET.get("q", "").strip()[:200]
    return _show(request, "index", words)


@login_required
@require_safe
def page(request: HttpRequest, name: str) -> HttpResponseBase:
    """``GET /docs/steps/loop``; pictures lie beside the pages."""
    drawn = documents.picture(name)
    if drawn is not None:
        return FileResponse(drawn.open("rb"))
    if name.endswith(".md"):  # an address out of a text
        return HttpResponseRedirect(reverse("docs-page", args=[name.removesuffix(".md")]))
    return _show(request, name, "")


def _show(request: HttpRequest, name: str, words: str) -> HttpResponse:
    made = documents.document(name)
    if made is None:
        raise Http404("There is no such page in the docs.")
    groups: dict[str, list[tuple[str, str]]] = {"": []}
    for one in documents.outlines():
        group = GROUPS.get(one.name.partition("/")[0] if "/" in one.name else "", "")
        groups.setdefault(group, []).append((one.name, one.title))
    context = {
        "doc": made,
        "groups": groups,
        "words": words,
        "hits": documents.search(words) if words else (),
        "nav": "docs",
    }
    return render(request, "runs/docs.html", context)
