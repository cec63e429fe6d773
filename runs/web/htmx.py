"""Which part of a page is asked for, and answers that both a browser and a script understand."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

PARTS = frozenset(
    {"head", "graph", "find", "panel", "tab", "rows", "list", "lines", "live", "news"}
)


def part_of(request: HttpRequest) -> str:
    """The fragment that ``?part=`` names, or "" for the whole page.

    In the address and not only in a header, so that caches keep page and fragment apart.
    """
    part = request.GET.get("part", "")
    return part if part in PARTS else ""


def go_to(request: HttpRequest, address: str) -> HttpResponse:
    """A redirect; htmx is told in its own way, else it would swap the page into a fragment."""
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)
