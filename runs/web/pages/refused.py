"""What stands in the place of a page that somebody may not have, or of a form that is too old.

A script that asked shows the answer beside the button, so it gets the sentence alone.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from runs.web.htmx import by_script, shown_page

OLD = "Nothing was done: this page is older than your sign-in. Load it again, and repeat it."
ROLE = "Your role does not allow this."


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's ``handler403``."""
    said = str(exception) or ROLE
    if by_script(request):
        return HttpResponse(said, status=403, content_type="text/plain; charset=utf-8")
    return render(request, "403.html", {"said": said}, status=403)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's ``CSRF_FAILURE_VIEW``."""
    if by_script(request):
        return HttpResponse(OLD, status=403, content_type="text/plain; charset=utf-8")
    return render(request, "403_csrf.html", {"shown": shown_page(request)}, status=403)
