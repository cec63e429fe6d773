"""Each person's time zone and look on every page; the name of this installation in the frame."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from maverick_site.problems import is_api
from runs.look import Look
from runs.web.preferences import is_chosen, look_of

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def preferences(get_response: GetResponse) -> GetResponse:
    """Sets ``request.look`` and the time zone. A page is sent as it is wanted: nothing is put
    right by a script, so nothing flashes."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if is_api(request.path) or request.path.startswith(settings.STATIC_URL):
            return get_response(request)
        look = look_of(request)
        request.look = look  # type: ignore[attr-defined]
        request.look_chosen = is_chosen(request)  # type: ignore[attr-defined]
        with timezone.override(ZoneInfo(look.time_zone)):
            return get_response(request)

    return middleware


def frame(request: HttpRequest) -> dict[str, object]:
    """What the frame of every page needs."""
    return {
        "look": getattr(request, "look", Look()),
        "look_chosen": getattr(request, "look_chosen", False),
        "environment": settings.MAVERICK_ENVIRONMENT,
        "environment_color": settings.MAVERICK_ENVIRONMENT_COLOR,
    }
