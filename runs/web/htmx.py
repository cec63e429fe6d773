"""Which part of a page is asked for, and answers that both a browser and a script understand."""

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from runs.web.methods import answers_readers

PARTS = frozenset(
    {"head", "graph", "find", "panel", "tab", "rows", "list", "lines", "live", "news"}
)


def part_of(request: HttpRequest) -> str:
    """The fragment that ``?part=`` names, or "" for the whole page.

    In the address and not only in a header, so that caches keep page and fragment apart.
    """
    part = request.GET.get("part", "")
    return part if part in PARTS else ""


def by_script(request: HttpRequest) -> bool:
    """Whether htmx, or a script of ours in its manner, asks: it wants a fragment and no page."""
    return request.headers.get("HX-Request") == "true"


def shown_page(request: HttpRequest) -> str:
    """The page of ours that the browser shows while it sends this, to be led back to; "" when it
    does not say, and for what cannot be opened: the address of a form that was shown again.
    """
    shown = request.headers.get("HX-Current-URL") or request.headers.get("Referer", "")
    try:
        parts = urlsplit(shown)
    except ValueError:
        return ""
    # To a browser "//name" is another host, and so is "/\\name".
    if parts.netloc != request.get_host() or parts.path[1:2] in ("/", "\\"):
        return ""
    if not answers_readers(parts.path):
        return ""
    return parts.path + (f"?{parts.query}" if parts.query else "")


def go_to(request: HttpRequest, address: str) -> HttpResponse:
    """A redirect; htmx is told in its own way, else it would swap the page into a fragment."""
    if by_script(request):
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)
